"""Which worker runs which run. A claim gives a worker a lease and the run a new fencing token, longest runnable first.

Several workers claim at the same time. On PostgreSQL they do not wait for each other: the query that finds runs locks
them and skips those that another worker has locked (`FOR UPDATE SKIP LOCKED`), so two workers never get the same run
and none of them stands in a queue for a row that it will not get. But people's answers lock runs too, for a moment:
a run whose prompt is pressed twice may be skipped although no worker is claiming it. So what was skipped is looked for
again soon. On SQLite there is one writer at a time, and the clause is left out.

Claiming is what an idle worker does again and again, so it first reads without a lock, and begins a writing transaction
only if there is something to claim.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import Boolean, ColumnElement, and_, case, false, func, or_, select, update

from signoff.store.database import Database
from signoff.store.leases import LOCK_WORKER
from signoff.store.records.runs import FlowIdentity, FlowRun, RunState
from signoff.store.rows import flow_run
from signoff.store.runs.journal import History, history_queries
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import Statement, param
from signoff.store.sql.transactions import DeferredResult
from signoff.store.tables import flow_runs

RETRY_AFTER = timedelta(seconds=1)
"""When a worker that has expired is to try again. Until then its heartbeat may have given it a new id."""

RETRY_LOCKED_AFTER = timedelta(milliseconds=10)
"""When to try again if others had locked runnable runs. A transaction holds its locks for some milliseconds."""

_LEASED_TO = Statement(select(flow_runs).where(flow_runs.c.lease_owner == param("worker")))
_IS_OVER = flow_runs.c.finished_at.is_not(None)
_IS_HELD = flow_runs.c.lease_owner == param("worker")
# A run that is held continues in memory, and one that is over does not continue.
_IS_REPLAYED = and_(flow_runs.c.fencing_token > 0, flow_runs.c.lease_owner.is_(None), ~_IS_OVER)
_NOW = param("now", flow_runs.c.started_at.type)
_CLAIM = Statement(
    update(flow_runs)
    .where(flow_runs.c.id == param("run_id"))
    .values(
        state=case((_IS_OVER, flow_runs.c.state), else_=RunState.RUNNING),
        lease_owner=param("worker"),
        fencing_token=case((_IS_HELD, flow_runs.c.fencing_token), else_=flow_runs.c.fencing_token + 1),
        runnable_at=None,
        message=case((_IS_OVER, flow_runs.c.message), else_=""),
        started_at=case((_IS_OVER, flow_runs.c.started_at), else_=func.coalesce(flow_runs.c.started_at, _NOW)),
    )
    .returning(flow_runs)
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claimed run.

    Attributes:
        was_held: Whether the worker had the run already, because it waited in memory.
        history: Reads what the run has recorded and asked so far, which a replay needs; `None` for a run that is not
            replayed.
    """

    run: FlowRun
    was_held: bool = False
    history: Callable[[], History] | None = None


@dataclass(frozen=True, slots=True)
class ClaimRequest:
    """What a worker would run.

    Attributes:
        worker: Its id.
        flows: The flows that it has.
        only: The only run to claim, for a worker that was started for a single run.
        with_new: Whether to claim runs that have not started yet.
        with_quarantined: Whether to claim one of the runs whose workers died.
    """

    worker: str
    flows: tuple[FlowIdentity, ...]
    only: str | None = None
    with_new: bool = True
    with_quarantined: bool = True

    def parameters(self, limit: int, now: datetime) -> dict[str, Any]:
        """The values for `ClaimQueries.claimable`."""
        return {
            "worker": self.worker,
            "with_new": self.with_new,
            "with_quarantined": self.with_quarantined,
            "limit": limit,
            "now": now,
        }

    def left(self, now: datetime, *, has_quarantined: bool = False) -> dict[str, Any]:
        """The values for `ClaimQueries.next_runnable`.

        Args:
            has_quarantined: Whether it has claimed one of the runs whose workers died, so that it takes no other.
        """
        with_quarantined = self.with_quarantined and not has_quarantined
        return {"worker": self.worker, "with_new": self.with_new, "with_quarantined": with_quarantined, "now": now}


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """What a worker got.

    Attributes:
        next_poll_at: When to ask again, unless a change is announced before; `None` if no run becomes runnable by the
            passing of time.
    """

    claimed: list[Claimed]
    next_poll_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClaimQueries:
    """The queries of a worker with certain flows.

    Attributes:
        claimable: Runs that it may claim, longest runnable first.
        locked: The same, locked until the transaction has ended. Runs that others have locked are skipped.
        next_runnable: When the first of the runs that it has not claimed becomes runnable. Past, if it could claim one
            now; it reads without a lock, so it sees the runs that `locked` has skipped.
    """

    claimable: Statement
    locked: Statement
    next_runnable: Statement


@lru_cache(maxsize=64)
def queries(flows: tuple[FlowIdentity, ...], only: str | None) -> ClaimQueries:
    """The queries for `ClaimRequest.flows` and `ClaimRequest.only`."""
    mine = or_(false(), *map(_is_of, flows))
    if only is not None:
        mine &= flow_runs.c.id == only
    is_free = and_(
        flow_runs.c.lease_owner.is_(None) | _IS_HELD,
        param("with_new", Boolean) | (flow_runs.c.state != RunState.SCHEDULED),
        param("with_quarantined", Boolean) | (flow_runs.c.crashes == 0),
    )
    claimable = (
        select(flow_runs.c.id, flow_runs.c.crashes, _IS_REPLAYED.label("is_replayed"), _IS_HELD.label("is_held"))
        .where(flow_runs.c.runnable_at <= param("now"), mine, is_free)
        .order_by(flow_runs.c.runnable_at)
        .limit(param("limit"))
    )
    next_runnable = (
        select(flow_runs.c.runnable_at)
        .where(flow_runs.c.runnable_at.is_not(None), mine, (flow_runs.c.runnable_at > param("now")) | is_free)
        .order_by(flow_runs.c.runnable_at)
        .limit(1)
    )
    return ClaimQueries(
        Statement(claimable), Statement(claimable.with_for_update(skip_locked=True)), Statement(next_runnable)
    )


def _is_of(flow: FlowIdentity) -> ColumnElement[bool]:
    """`FlowIdentity.is_same`, of a run's flow."""
    named = flow_runs.c.flow == flow.name
    if flow.source is None:
        return named
    return and_(
        named,
        flow_runs.c.source.is_(None)
        | (flow_runs.c.source == flow.source)
        | (flow_runs.c.fingerprint == flow.fingerprint),
    )


def leased_to(db: Database, worker: str) -> list[FlowRun]:
    """The runs that a worker holds, according to the database."""
    with db.read() as reading:
        return [flow_run(row) for row in reading.rows(_LEASED_TO, worker=worker)]


@transactional
def claim(db: Database, request: ClaimRequest, *, limit: int, now: datetime) -> ClaimResult:
    """Claim up to `limit` runnable runs, longest runnable first. Each gets a lease and a new fencing token.

    A run that this worker already holds, because it waits in memory, keeps its fencing token, so that tasks which run
    during the wait can still record their results. A run that is over is claimed for its hooks: it keeps its state, and
    is held until `runs.release`. A worker that has expired gets nothing, since nobody would free what it claims.
    """
    found = queries(request.flows, request.only)
    with db.read() as reading:
        if not reading.rows(found.claimable, **request.parameters(1, now)):
            return ClaimResult(
                [], _first_moment(reading.execute_deferred(found.next_runnable.bind(**request.left(now))))
            )
    with db.write() as tx:
        # Locked by one statement and changed by others: within an UPDATE, PostgreSQL may evaluate a subquery with a
        # LIMIT more than once, and so change more rows than the limit.
        known, claimable = tx.execute_many(
            LOCK_WORKER.bind(worker=request.worker), found.locked.bind(**request.parameters(limit, now))
        )
        if not known or not claimable:
            return ClaimResult([], now + (RETRY_LOCKED_AFTER if known else RETRY_AFTER))
        wanted = _with_one_quarantined(claimable)
        taken = tx.run_at_commit(*(_CLAIM.bind(run_id=row.id, worker=request.worker, now=now) for row in wanted))
        replayed = [row.id for row in wanted if row.is_replayed]
        results = iter(tx.run_at_commit(*(query for run_id in replayed for query in history_queries(run_id))))
        has_quarantined = any(row.crashes for row in wanted)
        next_one = tx.run_at_commit(found.next_runnable.bind(**request.left(now, has_quarantined=has_quarantined)))
    histories = {run_id: partial(History.of, next(results), next(results)) for run_id in replayed}
    held = {row.id for row in wanted if row.is_held}
    claimed = [Claimed(flow_run(row), row.id in held, histories.get(row.id)) for each in taken for row in each.rows()]
    next_poll_at = _first_moment(next_one)
    if next_poll_at is not None and next_poll_at <= now and len(claimable) < limit:
        # Not left behind by the limit, so somebody else had it locked.
        next_poll_at = now + RETRY_LOCKED_AFTER
    return ClaimResult(claimed, next_poll_at)


def _first_moment(found: Sequence[DeferredResult]) -> datetime | None:
    rows = found[0].rows()
    return rows[0].runnable_at if rows else None


def _with_one_quarantined(rows: Sequence[Any]) -> list[Any]:
    """Leave out all but one of the runs whose workers died: if it happens again, it is clear which run did it."""
    quarantined = next((row for row in rows if row.crashes), None)
    return [row for row in rows if not row.crashes or row is quarantined]
