"""Who holds which run, card or notice. A worker's claims live as long as the worker does.

A worker renews one row, not one a run. When it is found dead, its runs are free again, and since every
claim grows the run's fencing token, whatever a worker that was only thought dead still tries to record is refused.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Column, ColumnElement, and_, insert, select, update

from signoff.store.database import Database
from signoff.store.errors import LeaseLost
from signoff.store.sql.statements import BoundStatement, Statement, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import flow_runs, workers


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker that holds, or held, runs.

    Attributes:
        domain: Within one domain a process id means the same process.
    """

    id: str
    domain: str
    pid: int
    expires_at: datetime


def join(
    db: Database,
    worker: str,
    *,
    domain: str,
    pid: int,
    now: datetime,
    lease: timedelta,
    flows: Collection[str] | None = None,
) -> None:
    """Announce a worker.

    Args:
        flows: The names of those it takes any run of.
    """
    announced = {
        "id": worker,
        "domain": domain,
        "pid": pid,
        "flows": None if flows is None else sorted(flows),
        "started_at": now,
        "expires_at": now + lease,
    }
    with db.write() as tx:
        tx.execute(insert(workers).values(announced))


def renew(db: Database, worker: str, *, now: datetime, lease: timedelta) -> bool:
    """Keep a worker's claims alive; `False` when it was buried meanwhile and holds none any more."""
    with db.write() as tx:
        return tx.changed(_RENEW, worker=worker, expires_at=now + lease) == 1


def everybody(db: Database) -> list[WorkerRow]:
    """All workers that are not buried."""
    with db.read() as reading:
        return [WorkerRow(row.id, row.domain, row.pid, row.expires_at) for row in reading.rows(_EVERYBODY)]


def is_free(holder: "Column[str | None]", taker: str) -> ColumnElement[bool]:
    """Whether `taker` may take what `holder` names the holder of: nobody, somebody buried, or `taker` itself."""
    return holder.is_(None) | (holder == taker) | holder.not_in(select(workers.c.id))


def hold(tx: Transaction, run_id: str, fencing_token: int, *calls: BoundStatement) -> list[list[Any]]:
    """Make sure, and keep sure until the commit, that the newest claim on the run is the one with `fencing_token`.

    Args:
        calls: Statements that are to be run then.

    Returns:
        What each of them finds.

    Raises:
        LeaseLost: If it is not, or if the run has ended.
    """
    held, *found = tx.execute_many(_HOLD.bind(run_id=run_id), *calls)
    if not held or held[0].fencing_token != fencing_token or held[0].finished_at is not None:
        raise lost(run_id, fencing_token)
    return found


def lost(run_id: str, fencing_token: int) -> LeaseLost:
    """What is to be said to whoever holds a run no longer."""
    return LeaseLost(f"The run {run_id} is no longer held with fencing token {fencing_token}.")


HELD = and_(
    flow_runs.c.id == param("run_id"),
    flow_runs.c.fencing_token == param("fencing_token"),
    flow_runs.c.finished_at.is_(None),
)
"""Whether the newest claim on the run is the one with `fencing_token`, and the run has not ended."""

_MINE = workers.c.id == param("worker")
_RENEW = Statement(update(workers).where(_MINE).values(expires_at=param("expires_at")))
KNOWN = Statement(select(workers.c.id).where(_MINE).with_for_update(read=True, key_share=True))
"""Finds a worker that is not buried; until the commit nobody can bury it."""
_EVERYBODY = Statement(select(workers.c.id, workers.c.domain, workers.c.pid, workers.c.expires_at))
_HOLD = Statement(
    select(flow_runs.c.fencing_token, flow_runs.c.finished_at)
    .where(flow_runs.c.id == param("run_id"))
    .with_for_update()
)
