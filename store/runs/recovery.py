"""What becomes of the runs of a worker that stops or dies: they are free, and continue from their journals.

A run whose workers die again and again is given up, because it may be what kills them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, null, select, update

from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.records.actors import SIGNOFF
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.rows import flow_run
from signoff.store.runs.runs import end
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import Statement, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import flow_runs, prompts, steps, workers

MAX_CRASHES = 3
"""How many workers in a row may die while they run a flow or its hooks, with nothing recorded in between."""

_CONTINUES = "The run continues from its journal when a worker has its flow."

_IS_OVER = flow_runs.c.finished_at.is_not(None)
_STEPS = select(func.count()).where(steps.c.run_id == flow_runs.c.id).scalar_subquery()
_PROMPTS = (
    select(func.count(prompts.c.id) + func.count(prompts.c.outcome))
    .where(prompts.c.run_id == flow_runs.c.id)
    .scalar_subquery()
)
# Only compared for equality. Negative once the run is over, so that reaching the end counts as progress too.
_PROGRESS = case((_IS_OVER, -1 - (_STEPS + _PROMPTS)), else_=_STEPS + _PROMPTS)

# The runs that the worker executed, and those whose hooks it had begun to call.
_INTERRUPTED = Statement(
    select(
        *flow_runs.c["id", "name", "message", "finished_at", "crashes", "progress_at_crash"],
        _PROGRESS.label("progress"),
    )
    .where(
        flow_runs.c.lease_owner == param("worker"),
        (flow_runs.c.state == RunState.RUNNING) | (_IS_OVER & flow_runs.c.runnable_at.is_(None)),
    )
    .with_for_update(of=flow_runs)
)


@dataclass(frozen=True, slots=True)
class ExpiredWorker:
    """What became of the runs of a dead worker.

    Attributes:
        held: How many it held.
        given_up: Those that are not tried again: they are `Crashed`, or were over and their hooks are not called.
    """

    held: int
    given_up: list[FlowRun]


@transactional
def deregister(db: Database, worker: str, *, now: datetime) -> None:
    """Remove a worker that stops in good order. Its unfinished runs are free; those that wait go on waiting."""
    with db.write() as tx:
        tx.execute(delete(workers).where(workers.c.id == worker))
        _free(tx, flow_runs.c.lease_owner == worker, message=f"Its worker stopped. {_CONTINUES}", now=now)


@transactional
def release_runs(db: Database, worker: str, run_ids: Collection[str], *, now: datetime) -> None:
    """Free some of the runs of a live worker."""
    with db.write() as tx:
        _free(tx, (flow_runs.c.lease_owner == worker) & flow_runs.c.id.in_(run_ids), message="", now=now)


@transactional
def expire_worker(db: Database, worker: str, *, now: datetime) -> ExpiredWorker:
    """Remove a dead worker and free its runs, unless another process has done so already.

    Runs that it held while they waited go on waiting, and are replayed once they are answered.
    """
    with db.write() as tx:
        tx.execute(delete(workers).where(workers.c.id == worker))
        interrupted = tx.rows(_INTERRUPTED, worker=worker)
        held = _free(tx, flow_runs.c.lease_owner == worker, message=f"{_died(1)} {_CONTINUES}", now=now)
        given_up = [run for row in interrupted if (run := _count_crash(tx, row, now)) is not None]
        return ExpiredWorker(held, given_up)


def _free(tx: Transaction, which: ColumnElement[bool], *, message: str, now: datetime) -> int:
    """Free runs from their worker, whose claims lose their fencing tokens; how many."""
    is_running = flow_runs.c.state == RunState.RUNNING
    is_waiting = flow_runs.c.state.in_((RunState.PAUSED, RunState.SUSPENDED))
    freed = tx.execute(
        update(flow_runs)
        .where(which)
        .values(
            lease_owner=None,
            fencing_token=flow_runs.c.fencing_token + 1,
            runnable_at=case((is_waiting, flow_runs.c.runnable_at), else_=now),
            state=case((is_running, RunState.SCHEDULED), else_=flow_runs.c.state),
            message=case((is_running, message), else_=flow_runs.c.message),
            error=case((is_running, null()), else_=flow_runs.c.error),
        )
    )
    tx.touch(Topic.RUNS, Topic.CARDS)
    return freed.rowcount


def _count_crash(tx: Transaction, row: Any, now: datetime) -> FlowRun | None:
    """Count one more crash of a run that was freed; the run, if it is given up."""
    crashes = row.crashes + 1 if row.progress == row.progress_at_crash else 1
    is_over = row.finished_at is not None
    _change(tx, row.id, crashes=crashes, progress_at_crash=row.progress)
    if crashes >= MAX_CRASHES and is_over:
        tx.touch(Topic.STATES)
        message = f"{row.message} Its hooks were given up: their worker died {crashes} times in a row.".strip()
        return _change(tx, row.id, runnable_at=None, message=message)
    if crashes >= MAX_CRASHES:
        message = f"{_died(crashes)} `signoff retry {row.name}` tries again."
        return end(tx, row.id, state=RunState.CRASHED, message=message, actor=SIGNOFF, now=now)
    if not is_over:
        _change(tx, row.id, message=f"{_died(crashes)} {_CONTINUES}")
    return None


def _change(tx: Transaction, run_id: str, **values: Any) -> FlowRun:
    changed = tx.execute(update(flow_runs).where(flow_runs.c.id == run_id).values(**values).returning(flow_runs))
    return flow_run(changed.one())


def _died(crashes: int) -> str:
    if crashes == 1:
        return "Its worker died."
    return f"Its worker died {crashes} times in a row with nothing recorded in between."
