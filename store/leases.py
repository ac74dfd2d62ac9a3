"""Which worker holds which run, card or notice.

A worker that claims something writes its id beside it. The claims last as long as the worker's row in `workers`, which
it renews: one row, however many runs it holds. When others find that a worker has expired, they delete its row and free
its runs.

A worker may be thought dead although it is only slow, after the machine has slept for instance. That is what fencing
tokens are for: each claim raises the run's token, every write of a worker names the token of its claim, and a write
with an older token is refused. So whatever a worker still does for a run that it has lost, it cannot record it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, insert, select, update

from signoff.store.database import Database
from signoff.store.errors import LeaseLost
from signoff.store.records.runs import FlowIdentity
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import BoundStatement, Statement, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import flow_runs, workers

IS_HELD = and_(
    flow_runs.c.id == param("run_id"),
    flow_runs.c.fencing_token == param("fencing_token"),
    flow_runs.c.finished_at.is_(None),
)
"""Whether the newest claim on a run has this fencing token, and the run has not ended."""

_WITH_ID = workers.c.id == param("worker")
_RENEW = Statement(update(workers).where(_WITH_ID).values(expires_at=param("expires_at")))
LOCK_WORKER = Statement(select(workers.c.id).where(_WITH_ID).with_for_update(read=True, key_share=True))
"""Finds a worker that has not expired. Until the commit nobody else can delete it."""
_ALL = Statement(select(*workers.c["id", "domain", "pid", "pid_started", "expires_at"]))
_LOCK_RUN = Statement(
    select(flow_runs.c.fencing_token, flow_runs.c.finished_at)
    .where(flow_runs.c.id == param("run_id"))
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker that has not been deleted yet. It may be dead.

    Attributes:
        domain: Where a process id means one process: two workers with the same domain run on the same machine.
        pid_started: When its process started, because process ids are used again; `None` if that is unknown.
        expires_at: When its lease ends, unless it renews it.
    """

    id: str
    domain: str
    pid: int
    pid_started: str | None
    expires_at: datetime


@transactional
def register(
    db: Database,
    worker: str,
    *,
    domain: str,
    pid: int,
    now: datetime,
    lease: timedelta,
    pid_started: str | None = None,
    flows: Collection[FlowIdentity] | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> None:
    """Add a worker.

    Args:
        lease: How long it is taken to be alive without `renew`.
        flows: The flows that it runs; `None` if it takes no runs, or only a certain one.
        parameters: The JSON Schemas of their parameters, by the flow's name.
    """
    row = {
        "id": worker,
        "domain": domain,
        "pid": pid,
        "pid_started": pid_started,
        "flows": None if flows is None else sorted([each.name, each.source, each.fingerprint] for each in flows),
        "parameters": None if parameters is None else dict(parameters),
        "started_at": now,
        "expires_at": now + lease,
    }
    with db.write() as tx:
        tx.execute(insert(workers).values(row))


@transactional
def renew(db: Database, worker: str, *, now: datetime, lease: timedelta) -> bool:
    """Extend the lease of a worker.

    Returns:
        Whether it still has one. If it has expired, others have freed its runs.
    """
    with db.write() as tx:
        return tx.changed(_RENEW, worker=worker, expires_at=now + lease) == 1


def all_workers(db: Database) -> list[WorkerRow]:
    """The workers that have not been deleted, dead or alive."""
    with db.read() as reading:
        return [WorkerRow(*row) for row in reading.rows(_ALL)]


def require_lease(tx: Transaction, run_id: str, fencing_token: int, *statements: BoundStatement) -> list[list[Any]]:
    """Make sure that the newest claim on a run has this fencing token. The run stays locked until the commit.

    Args:
        statements: Statements to execute then, in the same round trip.

    Returns:
        The rows of each of them.

    Raises:
        LeaseLost: If the run has been claimed since, or has ended.
    """
    locked, *found = tx.execute_many(_LOCK_RUN.bind(run_id=run_id), *statements)
    if not locked or locked[0].fencing_token != fencing_token or locked[0].finished_at is not None:
        raise lease_lost(run_id, fencing_token)
    return found


def lease_lost(run_id: str, fencing_token: int) -> LeaseLost:
    """The error for a worker that no longer holds a run."""
    return LeaseLost(f"This worker no longer holds the run {run_id} (fencing token {fencing_token}).")
