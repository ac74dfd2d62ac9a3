"""Schedules and their ticks. Each function that takes a `Database` is one transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, case, delete, insert, literal, select, update
from sqlalchemy.exc import IntegrityError

from signoff.store.database import Database
from signoff.store.records.runs import FlowIdentity, Schedule, Tick
from signoff.store.runs import runs
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import Statement, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import schedules, ticks

_IN_FORCE = Statement(select(schedules).order_by(schedules.c.flow, schedules.c.name))
_TICK_OF = Statement(select(ticks.c.at).where(ticks.c.run_id == param("run_id")))


@transactional
def declare(db: Database, schedule: Schedule) -> None:
    """Put a schedule in force, in place of the one that had its name.

    Args:
        schedule: Its `next_at` is the first tick from now on. If the expression and the time zone are those of before,
            an earlier `next_at` stays, so that ticks which are due already are not lost.
    """
    values = {
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "parameters": dict(schedule.parameters),
        "catch_up": schedule.catch_up,
    }
    is_same = (schedules.c.cron == schedule.cron) & (schedules.c.timezone == schedule.timezone)
    is_due_before = is_same & (schedules.c.next_at < schedule.next_at)
    next_at = case((is_due_before, schedules.c.next_at), else_=literal(schedule.next_at, schedules.c.next_at.type))
    replace = update(schedules).where(_called(schedule.flow, schedule.name)).values(**values, next_at=next_at)
    with db.write() as tx:
        if tx.execute(replace).rowcount == 1:
            return
        try:
            with tx.connection.begin_nested():
                tx.execute(
                    insert(schedules).values(**values, flow=schedule.flow, name=schedule.name, next_at=schedule.next_at)
                )
        except IntegrityError:
            # Another process has declared it at the same moment.
            tx.execute(replace)


@transactional
def withdraw(db: Database, flow: str, name: str) -> None:
    """End a schedule. The runs that it has created stay."""
    with db.write() as tx:
        tx.execute(delete(schedules).where(_called(flow, name)))


def in_force(db: Database) -> list[Schedule]:
    """Every schedule, ordered by flow and name."""
    with db.read() as reading:
        return [Schedule(**row._asdict()) for row in reading.rows(_IN_FORCE)]


@transactional
def fire(
    db: Database,
    schedule: Schedule,
    due: Sequence[Tick],
    *,
    next_at: datetime,
    now: datetime,
    flow: FlowIdentity | None = None,
) -> bool:
    """Create the runs of ticks that are due, except for ticks that have one, and advance the schedule.

    Args:
        flow: The schedule's flow, as the calling process has it.

    Returns:
        Whether this call did it. Another process may have been first, or may have changed the schedule.
    """
    is_unchanged = (
        _called(schedule.flow, schedule.name)
        & (schedules.c.cron == schedule.cron)
        & (schedules.c.timezone == schedule.timezone)
        & (schedules.c.next_at == schedule.next_at)
    )
    with db.write() as tx:
        moved = tx.execute(update(schedules).where(is_unchanged).values(next_at=next_at))
        if moved.rowcount == 0:
            return False
        for tick in _without_run(tx, schedule, due):
            runs.add(
                tx,
                run_id=tick.run_id,
                name=tick.run_name,
                flow=flow or schedule.flow,
                parameters=schedule.parameters,
                # Ticks go by the time of day, and what is runnable by a clock that nobody sets.
                runnable_at=min(tick.at, now),
                now=now,
            )
            tx.execute(insert(ticks).values(flow=schedule.flow, schedule=schedule.name, at=tick.at, run_id=tick.run_id))
        return True


def tick_of(db: Database, run_id: str) -> datetime | None:
    """The tick that a run was created for; `None` if it was not created by a schedule."""
    with db.read() as reading:
        tick = reading.row(_TICK_OF, run_id=run_id)
    return None if tick is None else tick.at


def _without_run(tx: Transaction, schedule: Schedule, due: Sequence[Tick]) -> list[Tick]:
    """The ticks that have no run yet. After the system clock was set back, some do."""
    query = select(ticks.c.at).where(
        ticks.c.flow == schedule.flow, ticks.c.schedule == schedule.name, ticks.c.at.in_([tick.at for tick in due])
    )
    fired = set(tx.execute(query).scalars())
    return [tick for tick in due if tick.at not in fired]


def _called(flow: str, name: str) -> ColumnElement[bool]:
    return (schedules.c.flow == flow) & (schedules.c.name == name)
