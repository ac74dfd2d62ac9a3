"""Orphaned runs: their flow was renamed or deleted perhaps, or its worker was not started, so no worker runs them."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import func, select

from signoff.store.database import Database
from signoff.store.records.runs import EMBEDDED, FlowRun
from signoff.store.sql.statements import Statement, param
from signoff.store.tables import flow_runs, workers

_COUNTED = (
    select(flow_runs.c.flow, func.count().label("runs"))
    .where(flow_runs.c.finished_at.is_(None), flow_runs.c.lease_owner.is_(None), flow_runs.c.engine == EMBEDDED)
    .group_by(flow_runs.c.flow)
    .order_by(flow_runs.c.flow)
)
_UNCLAIMED = Statement(_COUNTED)
_UNCLAIMED_SINCE = Statement(_COUNTED.where(flow_runs.c.runnable_at <= param("since")))
_SERVED = Statement(select(workers.c.flows).where(workers.c.flows.is_not(None), workers.c.expires_at > param("now")))


def served_flows(db: Database, *, now: datetime) -> set[str]:
    """The names of the flows that a live worker runs."""
    with db.read() as reading:
        return {flow for row in reading.rows(_SERVED, now=now) for flow in row.flows}


def is_orphaned(run: FlowRun, served: Collection[str]) -> bool:
    """Whether no worker will continue a run. A run of another engine needs none.

    Args:
        served: The `served_flows`.
    """
    is_free = run.engine == EMBEDDED and not run.state.is_final and run.lease_owner is None
    return is_free and run.flow not in served


def count_orphaned(db: Database, *, now: datetime, since: datetime | None = None) -> Mapping[str, int]:
    """The number of orphaned runs by flow.

    Args:
        since: Count only runs that were runnable at this moment already; `None` for all that are not over.
    """
    with db.read() as reading:
        unclaimed = reading.rows(_UNCLAIMED) if since is None else reading.rows(_UNCLAIMED_SINCE, since=since)
    served = served_flows(db, now=now) if unclaimed else set()
    return {row.flow: row.runs for row in unclaimed if row.flow not in served}
