"""Acting on runs from code: `resume_flow_run` answers a prompt, `retry_flow_run` runs a failed run again."""

from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import AlreadySettled, Invalid, Refused, Unconfirmed, Unverified
from signoff.flows.approval.users import this_user
from signoff.flows.current_database import current_database
from signoff.flows.durable.pending_calls import must_be_awaited, sync_or_async
from signoff.flows.errors import FlowPauseTimeout, InvalidInput, NotAllowed, NotPausedError
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Outcome
from signoff.store.runs import runs


def resume_flow_run(
    flow_run_id: UUID | str, run_input: Mapping[str, Any] | BaseModel | None = None, *, confirm: str = ""
) -> None:
    """Answer the open prompt of a run, as the operating-system user that runs this program.

    In an event loop this returns an awaitable. If several prompts are open, the oldest one is answered.

    Args:
        flow_run_id: The run.
        run_input: The values by field name.
        confirm: What the policy wants typed before a yes counts, if it has `confirm="…"`.

    Raises:
        NotPausedError: If the run is not waiting for an answer.
        FlowPauseTimeout: If the deadline has passed.
        NotAllowed: If the policy does not let this user answer, or if only Slack can tell whether it does.
        InvalidInput: If the values are not valid. It lists every error by field. Also if `confirm` is missing or wrong.
        NoSuchRun: If there is no such run.
    """
    return sync_or_async("resume_flow_run()", partial(_resume, str(flow_run_id), run_input, confirm))


@must_be_awaited
async def aresume_flow_run(
    flow_run_id: UUID | str, run_input: Mapping[str, Any] | BaseModel | None = None, *, confirm: str = ""
) -> None:
    """`resume_flow_run`, awaited."""
    await resume_flow_run(flow_run_id, run_input, confirm=confirm)  # type: ignore[misc, func-returns-value]


def retry_flow_run(flow_run_id: UUID | str) -> None:
    """Run a failed run again from its journal, as the operating-system user that runs this program.

    Finished tasks do not run again, answers are kept, and prompts that were rejected or timed out are asked again. The
    run continues once a worker with this flow takes it. In an event loop this returns an awaitable.

    Args:
        flow_run_id: A run that is `Failed`, `Crashed`, `TimedOut` or `NeedsAttention`.

    Raises:
        NoSuchRun: If there is no such run.
        RunNotFailed: If it has not ended, completed, or was cancelled.
    """
    return sync_or_async("retry_flow_run()", partial(_retry, str(flow_run_id)))


@must_be_awaited
async def aretry_flow_run(flow_run_id: UUID | str) -> None:
    """`retry_flow_run`, awaited."""
    await retry_flow_run(flow_run_id)  # type: ignore[misc, func-returns-value]


def _resume(flow_run_id: str, run_input: Mapping[str, Any] | BaseModel | None, confirm: str) -> None:
    db = current_database()
    run = runs.get(db, flow_run_id)
    waiting = [prompt for prompt in prompts.of_run(db, run.id) if prompt.is_open]
    if not waiting:
        raise NotPausedError(f"The run {run.name} is not waiting for an answer: it is {run.state}.")
    values = to_jsonable_python(run_input or {}, by_alias=True)
    actor = this_user()
    match Desk(db).submit(waiting[0].id, actor, values, via="flow", confirmation=confirm):
        case AlreadySettled(prompt) if prompt.outcome is Outcome.TIMED_OUT:
            raise FlowPauseTimeout(f"The deadline of {prompt.title!r} has passed.")
        case AlreadySettled(prompt):
            raise NotPausedError(f"{prompt.title!r} is already settled: {prompt.outcome}.")
        case Refused(reason=reason) if reason:
            raise NotAllowed(reason)
        case Refused() as refused:
            raise NotAllowed(f"{actor.id} may not answer; {', '.join(refused.may)} may.")
        case Unverified(prompt, reason):
            may = ", ".join(prompt.policy.named) or "members of its channel"
            raise NotAllowed(f"Whether {actor.id} may answer cannot be checked here; {may} may. {reason}")
        case Unconfirmed(prompt):
            raise InvalidInput(f"A yes has to be confirmed: pass confirm={prompt.policy.word!r}.")
        case Invalid(_, errors):
            raise InvalidInput("; ".join(map(str, errors)))
        case _:
            return


def _retry(flow_run_id: str) -> None:
    db = current_database()
    Desk(db).retry(runs.get(db, flow_run_id).id, this_user())
