"""Which worker has which run: taken with a lease and a new fencing token, longest runnable first."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Boolean, and_, bindparam, case, false, func, or_, select, update

from signoff.store.database import Database
from signoff.store.leases import KNOWN
from signoff.store.records import FlowRun, RunState
from signoff.store.rows import flow_run
from signoff.store.runs.journal import Past, looks_for_past
from signoff.store.sql.statements import Statement
from signoff.store.sql.transactions import Later
from signoff.store.tables import flow_runs

AGAIN_AFTER = timedelta(seconds=1)
"""When to look again for what could not be taken: another worker is about to take it, or this one was buried."""

_LEASED_TO = Statement(select(flow_runs).where(flow_runs.c.lease_owner == bindparam("worker")))
_OVER = flow_runs.c.finished_at.is_not(None)
_HELD = flow_runs.c.lease_owner == bindparam("worker")
# One that is held goes on where it stands, and one that is over does not.
_IS_REPLAYED = and_(flow_runs.c.fencing_token > 0, flow_runs.c.lease_owner.is_(None), ~_OVER)
_NOW = bindparam("now", type_=flow_runs.c.started_at.type)
_TAKE = Statement(
    update(flow_runs)
    .where(flow_runs.c.id == bindparam("run_id"))
    .values(
        state=case((_OVER, flow_runs.c.state), else_=RunState.RUNNING),
        lease_owner=bindparam("worker"),
        fencing_token=case((_HELD, flow_runs.c.fencing_token), else_=flow_runs.c.fencing_token + 1),
        runnable_at=None,
        message=case((_OVER, flow_runs.c.message), else_=""),
        started_at=case((_OVER, flow_runs.c.started_at), else_=func.coalesce(flow_runs.c.started_at, _NOW)),
    )
    .returning(flow_runs)
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A run that was taken.

    Attributes:
        past: Reads what it has recorded and asked so far; `None` where the taker knows, or need not.
    """

    run: FlowRun
    past: Callable[[], Past] | None = None


@dataclass(frozen=True, slots=True)
class Catch:
    """What a worker got.

    Attributes:
        again_at: When to look again, unless something tells before; `None` while time alone makes nothing runnable.
    """

    claimed: list[Claimed]
    again_at: datetime | None


@dataclass(frozen=True, slots=True)
class Looks:
    """What a worker that knows certain flows asks again and again.

    Attributes:
        takeable: Runs that it may take, longest runnable first.
        taken: The same, kept as they are until the transaction has ended; those that others keep so are passed over.
        soonest: The run that becomes runnable next by the passing of time alone.
    """

    takeable: Statement
    taken: Statement
    soonest: Statement


@lru_cache(maxsize=64)
def _looks(flows: tuple[str, ...], only: str | None) -> Looks:
    mine = or_(false(), *(flow_runs.c.flow == flow for flow in flows))
    if only is not None:
        mine &= flow_runs.c.id == only
    takeable = (
        select(flow_runs.c.id, flow_runs.c.crashes, _IS_REPLAYED.label("is_replayed"))
        .where(
            flow_runs.c.runnable_at <= bindparam("now"),
            mine,
            flow_runs.c.lease_owner.is_(None) | _HELD,
            bindparam("with_new", type_=Boolean) | (flow_runs.c.state != RunState.SCHEDULED),
            bindparam("with_suspect", type_=Boolean) | (flow_runs.c.crashes == 0),
        )
        .order_by(flow_runs.c.runnable_at)
        .limit(bindparam("limit"))
    )
    soonest = (
        select(flow_runs.c.runnable_at)
        .where(flow_runs.c.runnable_at > bindparam("now"), mine)
        .order_by(flow_runs.c.runnable_at)
        .limit(1)
    )
    return Looks(Statement(takeable), Statement(takeable.with_for_update(skip_locked=True)), Statement(soonest))


def leased_to(db: Database, worker: str) -> list[FlowRun]:
    """The runs that the record says a worker holds."""
    with db.read() as reading:
        return [flow_run(row) for row in reading.rows(_LEASED_TO, worker=worker)]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a worker would take.

    Attributes:
        worker: Its id.
        flows: The names of the flows it knows.
        only: The one run to take, if it works for a single run.
        with_new: Whether to take runs that wait for their start, too.
        with_suspect: Whether to take, besides, one of those of which workers have died.
    """

    worker: str
    flows: tuple[str, ...]
    only: str | None = None
    with_new: bool = True
    with_suspect: bool = True

    def limited(self, limit: int, now: datetime) -> dict[str, Any]:
        """The values that `Looks.takeable` asks for."""
        asked = {"worker": self.worker, "with_new": self.with_new, "with_suspect": self.with_suspect}
        return {**asked, "limit": limit, "now": now}


def claim(db: Database, wish: Wish, *, limit: int, now: datetime) -> Catch:
    """Take up to `limit` runnable runs, oldest first: each gets a lease and a new fencing token.

    A run that this worker holds already, because it waits in memory, keeps its fencing token: what runs beside the
    wait may still record. One that is over comes back as it ended, for its hooks, and is held until `runs.let_go`. A
    worker that was buried gets nothing, since nobody would free what it held.
    """
    looks = _looks(wish.flows, wish.only)
    soonest = (looks.soonest, {"now": now})
    with db.read() as reading:
        if not reading.rows(looks.takeable, **wish.limited(1, now)):
            return Catch([], _at(reading.later(soonest)))
    with db.write() as tx:
        # Locked first and changed then: within the UPDATE, PostgreSQL may run the query, and its LIMIT, more than once.
        known, takeable = tx.several((KNOWN, {"worker": wish.worker}), (looks.taken, wish.limited(limit, now)))
        if not known or not takeable:
            return Catch([], now + AGAIN_AFTER)
        wanted = _with_one_suspect(takeable)
        taken = tx.at_last(*((_TAKE, {"run_id": row.id, "worker": wish.worker, "now": now}) for row in wanted))
        replayed = [row.id for row in wanted if row.is_replayed]
        found = iter(tx.at_last(*(call for run_id in replayed for call in looks_for_past(run_id))))
        next_one = tx.at_last(soonest)
    pasts = {run_id: partial(Past.of, next(found), next(found)) for run_id in replayed}
    claimed = [Claimed(flow_run(row), pasts.get(row.id)) for each in taken for row in each.rows()]
    # Suspects that had to stay behind may have taken the places of others.
    is_all = len(takeable) < limit and not any(row.crashes for row in wanted)
    return Catch(claimed, _at(next_one) if is_all else now)


def _at(found: Sequence[Later]) -> datetime | None:
    rows = found[0].rows()
    return rows[0].runnable_at if rows else None


def _with_one_suspect(rows: Sequence[Any]) -> list[Any]:
    suspect = next((row for row in rows if row.crashes), None)
    return [row for row in rows if not row.crashes or row is suspect]
