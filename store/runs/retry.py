"""A run that has failed is run again from its journal, because a person says so."""

from datetime import datetime

from sqlalchemy import update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.errors import RunNotFailed
from signoff.store.records import EMBEDDED, SUPERSEDED, Actor, FlowRun, Outcome, RunState
from signoff.store.runs.runs import locked, reschedule
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import prompts

_RETRIABLE = (RunState.FAILED, RunState.CRASHED, RunState.TIMED_OUT, RunState.NEEDS_ATTENTION)


def retry(db: Database, run_id: str, *, actor: Actor, now: datetime) -> FlowRun:
    """Let a run that ended badly be taken again. What it finished stays; what was refused or timed out is asked anew.

    Raises:
        NoSuchRun: If there is no such run.
        RunNotFailed: If it is not over, was completed, or was cancelled; or if another engine runs it.
    """
    with db.write() as tx:
        run = locked(tx, run_id)
        if run.engine != EMBEDDED:
            raise RunNotFailed(f"The run {run.name} runs on {run.engine}. Retry it there.")
        if run.state not in _RETRIABLE:
            raise RunNotFailed(f"The run {run.name} is {run.state}. Only a run that has failed can be retried.")
        _supersede_unanswered(tx, run_id, actor=actor, now=now)
        retried = reschedule(tx, run_id, at=now, error=None)
        tx.touch(Topic.RUNS, Topic.PROMPTS)
    return retried


def _supersede_unanswered(tx: Transaction, run_id: str, *, actor: Actor, now: datetime) -> None:
    """Free the keys of the prompts that have no answer. They keep their place in the record, and their ledger."""
    unanswered = (
        prompts.c.answer.is_(None) & (prompts.c.outcome != Outcome.SUBMITTED) & ~prompts.c.key.contains(SUPERSEDED)
    )
    rows = tx.execute(
        update(prompts)
        .where(prompts.c.run_id == run_id, unanswered)
        .values(key=prompts.c.key + SUPERSEDED + prompts.c.id)
        .returning(prompts.c.id)
    )
    for (prompt_id,) in rows.all():
        ledger.add(tx, prompt_id, "superseded", now=now, actor=actor)
