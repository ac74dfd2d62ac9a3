"""A run that has failed is run again from its journal, because a person says so."""

from datetime import datetime

from sqlalchemy import select, update

from store import ledger
from store.changes import Topic
from store.database import Database, Transaction
from store.errors import NoSuchRun, RunNotFailed
from store.records import SUPERSEDED, Actor, FlowRun, Outcome, RunState
from store.rows import flow_run
from store.tables import flow_runs, prompts, steps

_RETRIABLE = (RunState.FAILED, RunState.CRASHED, RunState.TIMED_OUT, RunState.NEEDS_ATTENTION)


def retry(db: Database, run_id: str, *, actor: Actor, now: datetime) -> FlowRun:
    """Let a run that ended badly be taken again. What it finished stays; what was refused or timed out is asked anew.

    Raises:
        NoSuchRun: If there is no such run.
        RunNotFailed: If it is not over, was completed, or was cancelled.
    """
    with db.write() as tx:
        row = tx.execute(select(flow_runs).where(flow_runs.c.id == run_id).with_for_update()).one_or_none()
        if row is None:
            raise NoSuchRun(f"There is no run {run_id!r}. `signoff runs` lists them.")
        if row.state not in _RETRIABLE:
            raise RunNotFailed(f"The run {row.name} is {row.state}. Only a run that has failed can be retried.")
        tx.execute(steps.delete().where(steps.c.run_id == run_id, steps.c.format == "error"))
        _supersede_unanswered(tx, run_id, actor=actor, now=now)
        retried = tx.execute(
            update(flow_runs)
            .where(flow_runs.c.id == run_id)
            .values(
                state=RunState.SCHEDULED,
                finished_at=None,
                runnable_at=now,
                attempt=flow_runs.c.attempt + 1,
                error=None,
                message="",
            )
            .returning(flow_runs)
        ).one()
        tx.touch(Topic.RUNS, Topic.PROMPTS)
    return flow_run(retried)


def _supersede_unanswered(tx: Transaction, run_id: str, *, actor: Actor, now: datetime) -> None:
    """Free the keys of the prompts that have no answer. They keep their place in the record, and their ledger."""
    unanswered = (
        prompts.c.answer.is_(None) & (prompts.c.outcome != Outcome.SUBMITTED) & ~prompts.c.key.contains(SUPERSEDED)
    )
    rows = tx.execute(
        update(prompts)
        .where(prompts.c.run_id == run_id, unanswered, ~prompts.c.key.contains(SUPERSEDED))
        .values(key=prompts.c.key + SUPERSEDED + prompts.c.id)
        .returning(prompts.c.id)
    )
    for (prompt_id,) in rows.all():
        ledger.add(tx, prompt_id, "superseded", now=now, actor=actor)
