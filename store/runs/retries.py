"""Retries: a run that has failed runs again from its journal, by itself or because a person says so."""

from datetime import datetime

from sqlalchemy import update

from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.errors import RunNotFailed
from signoff.store.leases import require_lease
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome
from signoff.store.records.runs import EMBEDDED, FlowRun, RunState
from signoff.store.rows import flow_run
from signoff.store.runs.journal import archive_failed
from signoff.store.runs.pauses import supersede
from signoff.store.runs.runs import lock_run
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import flow_runs, prompts

_RETRIABLE = (RunState.FAILED, RunState.CRASHED, RunState.TIMED_OUT, RunState.NEEDS_ATTENTION)


@transactional
def schedule_retry(db: Database, run_id: str, fencing_token: int, *, attempt: int, at: datetime, error: str) -> None:
    """Have the flow function called again at `at`. Failed steps run again, finished ones do not.

    Args:
        attempt: The number of the attempt that has failed. One retry follows it, even if this is called again because
            the first commit was in doubt.
        error: What it failed with.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    with db.write() as tx:
        require_lease(tx, run_id, fencing_token)
        if lock_run(tx, run_id).attempt != attempt:
            return
        _reschedule(tx, run_id, at=at, error=error)
        tx.touch(Topic.RUNS)


@transactional
def retry(db: Database, run_id: str, *, actor: Actor, now: datetime) -> FlowRun:
    """Let a failed run run again. What it has finished stays; what was rejected or timed out is asked again.

    Raises:
        NoSuchRun: If there is no such run.
        RunNotFailed: If it is not over, was completed, or was cancelled; or if another engine runs it.
    """
    with db.write() as tx:
        run = lock_run(tx, run_id)
        if run.engine != EMBEDDED:
            raise RunNotFailed(f"The run {run.name} runs on {run.engine}. Retry it there.")
        if run.state not in _RETRIABLE:
            raise RunNotFailed(f"The run {run.name} is {run.state}. Only a run that has failed can be retried.")
        _supersede_unanswered(tx, run_id, actor=actor, now=now)
        retried = _reschedule(tx, run_id, at=now, error=None)
        tx.touch(Topic.RUNS, Topic.PROMPTS)
    return retried


def _reschedule(tx: Transaction, run_id: str, *, at: datetime, error: str | None) -> FlowRun:
    archive_failed(tx, run_id)
    row = tx.execute(
        update(flow_runs)
        .where(flow_runs.c.id == run_id)
        .values(
            state=RunState.SCHEDULED,
            lease_owner=None,
            finished_at=None,
            runnable_at=at,
            attempt=flow_runs.c.attempt + 1,
            error=error,
            message="",
            crashes=0,
        )
        .returning(flow_runs)
    ).one()
    return flow_run(row)


def _supersede_unanswered(tx: Transaction, run_id: str, *, actor: Actor, now: datetime) -> None:
    """Free the keys of the prompts that have no answer, so that they can be asked again."""
    is_unanswered = prompts.c.answer.is_(None) & (prompts.c.outcome != Outcome.SUBMITTED)
    supersede(tx, (prompts.c.run_id == run_id) & is_unanswered, actor=actor, now=now)
