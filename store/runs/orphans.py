"""Orphaned runs: their flow was renamed or deleted perhaps, or its worker was not started, so no worker runs them."""

from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from signoff.store.database import Database
from signoff.store.records.runs import EMBEDDED, FlowIdentity, FlowRun
from signoff.store.sql.statements import Statement, param
from signoff.store.tables import flow_runs, workers

_COUNTED = (
    select(*flow_runs.c["flow", "source", "fingerprint"], func.count().label("runs"))
    .where(flow_runs.c.finished_at.is_(None), flow_runs.c.lease_owner.is_(None), flow_runs.c.engine == EMBEDDED)
    .group_by(*flow_runs.c["flow", "source", "fingerprint"])
    .order_by(*flow_runs.c["flow", "source", "fingerprint"])
)
_UNCLAIMED = Statement(_COUNTED)
_UNCLAIMED_SINCE = Statement(_COUNTED.where(flow_runs.c.runnable_at <= param("since")))
_SERVED = Statement(
    select(*workers.c["id", "flows", "parameters"]).where(
        workers.c.flows.is_not(None), workers.c.expires_at > param("now")
    )
)


def served_flows(db: Database, *, now: datetime, without: str | None = None) -> set[FlowIdentity]:
    """The flows that live workers run.

    Args:
        without: The id of a worker to leave out.
    """
    with db.read() as reading:
        return {_identity(flow) for row in reading.rows(_SERVED, now=now) if row.id != without for flow in row.flows}


def askable_flows(db: Database, *, now: datetime) -> dict[str, tuple[FlowIdentity, Mapping[str, Any]]]:
    """The flows that live workers run and whose parameters people can be asked for, by name: each with the JSON Schema
    of its parameters.
    """
    found: dict[str, tuple[FlowIdentity, Mapping[str, Any]]] = {}
    with db.read() as reading:
        for row in reading.rows(_SERVED, now=now):
            for identity in map(_identity, row.flows):
                if (schema := (row.parameters or {}).get(identity.name)) is not None:
                    found[identity.name] = identity, schema
    return found


def is_orphaned(run: FlowRun, served: Collection[FlowIdentity]) -> bool:
    """Whether no worker will continue a run. A run of another engine needs none.

    Args:
        served: The `served_flows`.
    """
    is_free = run.engine == EMBEDDED and not run.state.is_final and run.lease_owner is None
    return is_free and not _is_served(FlowIdentity(run.flow, run.source, run.fingerprint), served)


def count_orphaned(db: Database, *, now: datetime, since: datetime | None = None) -> Mapping[str, int]:
    """The number of orphaned runs by flow, which is shown with its source if there is another flow of that name.

    Args:
        since: Count only runs that were runnable at this moment already; `None` for all that are not over.
    """
    with db.read() as reading:
        unclaimed = reading.rows(_UNCLAIMED) if since is None else reading.rows(_UNCLAIMED_SINCE, since=since)
    served = served_flows(db, now=now) if unclaimed else set()
    names = {flow.name for flow in served}
    counted: Counter[str] = Counter()
    for row in unclaimed:
        flow = FlowIdentity(row.flow, row.source, row.fingerprint)
        if not _is_served(flow, served):
            counted[str(flow) if flow.name in names else flow.name] += row.runs
    return counted


def _is_served(flow: FlowIdentity, served: Collection[FlowIdentity]) -> bool:
    return any(flow.is_same(each) for each in served)


def _identity(stored: Any) -> FlowIdentity:
    # A worker of an earlier version has written the names alone.
    return FlowIdentity(stored) if isinstance(stored, str) else FlowIdentity(*stored)
