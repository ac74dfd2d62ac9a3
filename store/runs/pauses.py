"""A run begins to wait for prompts of its own."""

from collections.abc import Collection

from sqlalchemy import bindparam, func, select, update

from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.leases import hold
from signoff.store.records import Prompt, RunState
from signoff.store.rows import prompt, select_prompts
from signoff.store.sql.statements import Statement
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import flow_runs, ledger, prompts

# To have come to where it waits is progress: no worker dies of it any more.
_OF_RUN = update(flow_runs).where(flow_runs.c.id == bindparam("run_id")).values(state=bindparam("state"), crashes=0)
_HELD = Statement(_OF_RUN)
_LEFT = Statement(_OF_RUN.values(lease_owner=None))


def let_wait(tx: Transaction, run_id: str, *, state: RunState, held: bool) -> None:
    """Have a run wait, within a transaction that has seen that what it waits for is open.

    Args:
        state: `Paused` or `Suspended`.
        held: Whether the worker keeps the run in memory, and with it its lease.
    """
    tx.run(_HELD if held else _LEFT, run_id=run_id, state=state)
    tx.touch(Topic.STATES)


def wait_for_any(
    db: Database, run_id: str, prompt_ids: Collection[str], *, fence: int, state: RunState, held: bool
) -> list[Prompt]:
    """Those of a run's prompts that are settled, in the order in which they were. If none is, the run waits.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    # Not by `settled_at`, which is taken before the transaction: a replay has to find the order that was seen.
    place = select(func.max(ledger.c.id)).where(ledger.c.prompt_id == prompts.c.id, ledger.c.event == prompts.c.outcome)
    settled = (
        select_prompts()
        .where(prompts.c.id.in_(prompt_ids), prompts.c.outcome.is_not(None))
        .order_by(place.scalar_subquery())
    )
    with db.write() as tx:
        hold(tx, run_id, fence)
        found = [prompt(row) for row in tx.execute(settled)]
        if not found:
            let_wait(tx, run_id, state=state, held=held)
        return found
