"""A run goes on although nobody has answered, because its flow waits no longer."""

from datetime import datetime

from sqlalchemy import update

from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.leases import hold
from signoff.store.prompts.settle import OPEN_OF_RUN, cancel_all
from signoff.store.records import SIGNOFF, RunState
from signoff.store.tables import flow_runs


def give_up(db: Database, run_id: str, prompt_id: str | None, *, fence: int, now: datetime) -> None:
    """Have a run that waits in memory go on, and cancel the prompt that it waited for, unless that is settled.

    Others of its waits may go on: they have to let it wait again.

    Args:
        prompt_id: `None` where the flow may still come back to what it asked.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    with db.write() as tx:
        (still_open,) = hold(tx, run_id, fence, (OPEN_OF_RUN, {"run_id": run_id}))
        tx.execute(update(flow_runs).where(flow_runs.c.id == run_id).values(state=RunState.RUNNING))
        tx.touch(Topic.STATES)
        given_up = [row for row in still_open if row.id == prompt_id]
        cancel_all(tx, given_up, actor=SIGNOFF, reason="The flow no longer waits for an answer.", now=now)
