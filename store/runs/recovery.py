"""A worker does not hold its runs any more: they begin again from their journals.

A run that seems to end its workers is given up.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, case, delete, func, null, select, update

from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.records import SIGNOFF, FlowRun, RunState
from signoff.store.rows import flow_run
from signoff.store.runs.runs import end
from signoff.store.sql.statements import Statement, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import flow_runs, prompts, steps, workers

MOST_CRASHES = 3
"""How many workers in a row may die of a run, or of its hooks, with nothing recorded in between."""

_GOES_ON = "The run goes on from its journal when a worker has its flow."


@dataclass(frozen=True, slots=True)
class Burial:
    """What became of the runs of a worker that died.

    Attributes:
        held: How many it held.
        given_up: Those that are not tried again: they are `Crashed`, or were over and lose their hooks.
    """

    held: int
    given_up: list[FlowRun]


def leave(db: Database, worker: str, *, now: datetime) -> None:
    """Let a worker go that stops: what it has not brought to its end is free, what waits goes on waiting."""
    with db.write() as tx:
        tx.execute(delete(workers).where(workers.c.id == worker))
        _free(tx, flow_runs.c.lease_owner == worker, message=f"Its worker stopped. {_GOES_ON}", now=now)


def give_back(db: Database, worker: str, run_ids: Collection[str], *, now: datetime) -> None:
    """Free some of the runs of a worker that lives."""
    with db.write() as tx:
        _free(tx, (flow_runs.c.lease_owner == worker) & flow_runs.c.id.in_(run_ids), message="", now=now)


def bury(db: Database, worker: str, *, now: datetime) -> Burial:
    """Note that a worker died, unless somebody has: what it ran, hooks included, is free.

    Runs that it held while they waited go on waiting, and are replayed once they are answered.
    """
    with db.write() as tx:
        tx.execute(delete(workers).where(workers.c.id == worker))
        cut_off = tx.rows(_CUT_OFF, worker=worker)
        held = _free(tx, flow_runs.c.lease_owner == worker, message=f"{_died(1)} {_GOES_ON}", now=now)
        given_up = [run for row in cut_off if (run := _count_crash(tx, row, now)) is not None]
        return Burial(held, given_up)


def _free(tx: Transaction, which: ColumnElement[bool], *, message: str, now: datetime) -> int:
    running = flow_runs.c.state == RunState.RUNNING
    waiting = flow_runs.c.state.in_((RunState.PAUSED, RunState.SUSPENDED))
    freed = tx.execute(
        update(flow_runs)
        .where(which)
        .values(
            lease_owner=None,
            fencing_token=flow_runs.c.fencing_token + 1,
            runnable_at=case((waiting, flow_runs.c.runnable_at), else_=now),
            state=case((running, RunState.SCHEDULED), else_=flow_runs.c.state),
            message=case((running, message), else_=flow_runs.c.message),
            error=case((running, null()), else_=flow_runs.c.error),
        )
    )
    tx.touch(Topic.RUNS, Topic.CARDS)
    return freed.rowcount


def _count_crash(tx: Transaction, row: Any, now: datetime) -> FlowRun | None:
    """Count one more crash of a run that was freed; the run, if it is given up."""
    crashes = row.crashes + 1 if row.recorded == row.progress_at_crash else 1
    is_over = row.finished_at is not None
    _change(tx, row.id, crashes=crashes, progress_at_crash=row.recorded)
    if crashes >= MOST_CRASHES and is_over:
        tx.touch(Topic.STATES)
        message = f"{row.message} Its hooks were given up: their worker died {crashes} times in a row.".strip()
        return _change(tx, row.id, runnable_at=None, message=message)
    if crashes >= MOST_CRASHES:
        message = f"{_died(crashes)} `signoff retry {row.name}` tries again."
        return end(tx, row.id, state=RunState.CRASHED, message=message, actor=SIGNOFF, now=now)
    if not is_over:
        _change(tx, row.id, message=f"{_died(crashes)} {_GOES_ON}")
    return None


def _change(tx: Transaction, run_id: str, **values: Any) -> FlowRun:
    changed = tx.execute(update(flow_runs).where(flow_runs.c.id == run_id).values(**values).returning(flow_runs))
    return flow_run(changed.one())


def _died(crashes: int) -> str:
    if crashes == 1:
        return "Its worker died."
    return f"Its worker died {crashes} times in a row with nothing recorded in between."


_over = flow_runs.c.finished_at.is_not(None)
_of_steps = select(func.count()).where(steps.c.run_id == flow_runs.c.id).scalar_subquery()
_of_prompts = (
    select(func.count(prompts.c.id) + func.count(prompts.c.outcome))
    .where(prompts.c.run_id == flow_runs.c.id)
    .scalar_subquery()
)
_recorded = _of_steps + _of_prompts

# What the worker was busy with: runs, and hooks that had begun. To have come to its end is progress, too.
_CUT_OFF = Statement(
    select(
        *flow_runs.c["id", "name", "message", "finished_at", "crashes", "progress_at_crash"],
        case((_over, -1 - _recorded), else_=_recorded).label("recorded"),
    )
    .where(
        flow_runs.c.lease_owner == param("worker"),
        (flow_runs.c.state == RunState.RUNNING) | (_over & flow_runs.c.runnable_at.is_(None)),
    )
    .with_for_update(of=flow_runs)
)
