"""Which runs wait for a worker that nobody has started: of a flow that was renamed or deleted, perhaps."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import func, select

from signoff.store.database import Database
from signoff.store.records import EMBEDDED, FlowRun
from signoff.store.sql.statements import Statement, param
from signoff.store.tables import flow_runs, workers

_COUNTED = (
    select(flow_runs.c.flow, func.count().label("runs"))
    .where(flow_runs.c.finished_at.is_(None), flow_runs.c.lease_owner.is_(None), flow_runs.c.engine == EMBEDDED)
    .group_by(flow_runs.c.flow)
    .order_by(flow_runs.c.flow)
)
_FREE = Statement(_COUNTED)
_LEFT_LYING = Statement(_COUNTED.where(flow_runs.c.runnable_at <= param("since")))
_KNOWN = Statement(select(workers.c.flows).where(workers.c.flows.is_not(None), workers.c.expires_at > param("now")))


def served(db: Database, *, now: datetime) -> set[str]:
    """The flows that a worker knows which lives."""
    with db.read() as reading:
        return {flow for row in reading.rows(_KNOWN, now=now) for flow in row.flows}


def is_unserved(run: FlowRun, served: Collection[str]) -> bool:
    """Whether no worker will go on with a run. A run of another engine needs none."""
    is_free = run.engine == EMBEDDED and not run.state.is_final and run.lease_owner is None
    return is_free and run.flow not in served


def unserved(db: Database, *, now: datetime, since: datetime | None = None) -> Mapping[str, int]:
    """How many runs no worker will go on with, by flow.

    Args:
        since: Count only runs that a worker could have taken ever since; `None` for all that are not over.
    """
    with db.read() as reading:
        waiting = reading.rows(_FREE) if since is None else reading.rows(_LEFT_LYING, since=since)
    known = served(db, now=now) if waiting else set()
    return {row.flow: row.runs for row in waiting if row.flow not in known}
