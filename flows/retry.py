"""Running again from code what has failed: `retry_flow_run`."""

from functools import partial
from uuid import UUID

from signoff.flows.approval.desk import Desk, this_user
from signoff.flows.current_database import current_database
from signoff.flows.durable.async_bridge import sync_or_async
from signoff.store.runs import runs


def retry_flow_run(flow_run_id: UUID | str) -> None:
    """Have a run that failed run again from its journal, as the user who runs this program.

    What it finished does not run again, answers stand, and what was rejected or timed out is asked anew. It is for a
    worker that knows the flow to take the run. In an event loop this gives an awaitable.

    Args:
        flow_run_id: A run that is `Failed`, `Crashed`, `TimedOut` or `NeedsAttention`.

    Raises:
        store.errors.NoSuchRun: If there is no such run.
        store.errors.RunNotFailed: If it is not over, was completed, or was cancelled.
    """
    return sync_or_async(partial(_retry, str(flow_run_id)))


async def aretry_flow_run(flow_run_id: UUID | str) -> None:
    """`retry_flow_run`, awaited."""
    await retry_flow_run(flow_run_id)  # type: ignore[misc, func-returns-value]


def _retry(flow_run_id: str) -> None:
    db = current_database()
    Desk(db).retry(runs.get(db, flow_run_id).id, this_user())
