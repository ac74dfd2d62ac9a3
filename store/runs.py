"""Flow runs: created, claimed with a lease, finished, retried, cancelled.

Each function is one transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Boolean, bindparam, case, false, func, or_, select, update

from store import ledger, notices
from store.changes import Topic
from store.database import Database
from store.errors import NoSuchRun, RunFinished
from store.journal import set_failed_aside
from store.leases import KNOWN, hold
from store.prompts import close_open_prompts
from store.records import SIGNOFF, Actor, FlowRun, RunState
from store.rows import flow_run
from store.statements import Statement, adding_to
from store.tables import flow_runs
from store.transactions import Transaction

_ID_LENGTH = 36

_THIS = flow_runs.c.id == bindparam("run_id")
_BY_ID = Statement(select(flow_runs).where(_THIS))
_LOCK = Statement(select(flow_runs).where(_THIS).with_for_update())
_CREATE = Statement(
    adding_to(flow_runs, "id", "name", "flow", "parameters", "state", "created_at", "runnable_at").returning(flow_runs)
)
_LEASED_TO = Statement(select(flow_runs).where(flow_runs.c.lease_owner == bindparam("worker")))
_OVER = flow_runs.c.finished_at.is_not(None)
_HELD = flow_runs.c.lease_owner == bindparam("worker")
_NOW = bindparam("now", type_=flow_runs.c.started_at.type)
_TAKE = Statement(
    update(flow_runs)
    .where(_THIS)
    .values(
        state=case((_OVER, flow_runs.c.state), else_=RunState.RUNNING),
        lease_owner=bindparam("worker"),
        fence=case((_HELD, flow_runs.c.fence), else_=flow_runs.c.fence + 1),
        runnable_at=None,
        message=case((_OVER, flow_runs.c.message), else_=""),
        started_at=case((_OVER, flow_runs.c.started_at), else_=func.coalesce(flow_runs.c.started_at, _NOW)),
    )
    .returning(flow_runs)
)
_FINISH = Statement(
    update(flow_runs)
    .where(_THIS)
    .values(
        state=bindparam("state"),
        finished_at=bindparam("finished_at"),
        result=bindparam("result"),
        error=bindparam("error"),
        message=bindparam("message"),
        lease_owner=None,
        runnable_at=bindparam("runnable_at"),
    )
)


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
        select(flow_runs.c.id, flow_runs.c.crashes)
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


def create(
    db: Database,
    *,
    run_id: str,
    name: str,
    flow: str,
    parameters: Mapping[str, Any],
    now: datetime,
) -> FlowRun:
    """Write a run that any worker may take from now on."""
    with db.write() as tx:
        return add(tx, run_id=run_id, name=name, flow=flow, parameters=parameters, runnable_at=now, now=now)


def add(
    tx: Transaction,
    *,
    run_id: str,
    name: str,
    flow: str,
    parameters: Mapping[str, Any],
    runnable_at: datetime,
    now: datetime,
) -> FlowRun:
    """Write a run that any worker may take from `runnable_at` on, within a transaction that is open."""
    row = tx.row(
        _CREATE,
        id=run_id,
        name=name,
        flow=flow,
        parameters=dict(parameters),
        state=RunState.SCHEDULED,
        created_at=now,
        runnable_at=runnable_at,
    )
    tx.touch(Topic.RUNS)
    return flow_run(row)


def get(db: Database, run_id: str) -> FlowRun:
    """The run with this id, or the only one whose id begins so, or whose name it is.

    Raises:
        NoSuchRun: If there is none, or more than one.
    """
    with db.read() as reading:
        if len(run_id) < _ID_LENGTH:
            wanted = flow_runs.c.id.startswith(run_id, autoescape=True) | (flow_runs.c.name == run_id)
            rows: Sequence[Any] = reading.execute(select(flow_runs).where(wanted).limit(2)).all()
        else:
            rows = reading.rows(_BY_ID, run_id=run_id)
    if not rows:
        raise _unknown(run_id)
    if len(rows) > 1:
        raise NoSuchRun(f"More than one run is meant by {run_id!r}. Give more of its id.")
    return flow_run(rows[0])


def newest(db: Database, *, state: RunState | None = None, limit: int = 100) -> list[FlowRun]:
    """The newest runs, newest first."""
    query = select(flow_runs).order_by(flow_runs.c.created_at.desc(), flow_runs.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(flow_runs.c.state == state)
    with db.read() as connection:
        return [flow_run(row) for row in connection.execute(query)]


def leased_to(db: Database, worker: str) -> list[FlowRun]:
    """The runs that the record says a worker holds."""
    with db.read() as reading:
        return [flow_run(row) for row in reading.rows(_LEASED_TO, worker=worker)]


def claim(
    db: Database,
    worker: str,
    *,
    flows: Collection[str],
    limit: int,
    now: datetime,
    only: str | None = None,
    with_new: bool = True,
    with_suspect: bool = True,
) -> list[FlowRun]:
    """Take up to `limit` runnable runs of these flows, oldest first: each gets a lease and a new fence.

    A run that this worker holds already, because it waits in memory, keeps its fence: what runs beside the wait may
    still record. One that is over comes back as it ended, for its hooks, and is held until `let_go`. A worker that was
    buried gets nothing, since nobody would free what it held.

    Args:
        only: The one run to take, if this worker works for a single run.
        with_new: Whether to take runs that wait for their start, too.
        with_suspect: Whether to take, besides, one of those of which workers have died.
    """
    looks = _looks(tuple(flows), only)
    wanted = {"worker": worker, "now": now, "with_new": with_new, "with_suspect": with_suspect}
    with db.read() as reading:
        if reading.row(looks.takeable, **wanted, limit=1) is None:
            return []
    with db.write() as tx:
        # Locked first and changed then: within the UPDATE, PostgreSQL may run the query, and its LIMIT, more than once.
        known, takeable = tx.several((KNOWN, {"worker": worker}), (looks.taken, {**wanted, "limit": limit}))
        if not known:
            return []
        wanted_ids = [row.id for row in _with_one_suspect(takeable)]
        taken = tx.several(*((_TAKE, {"run_id": run_id, "worker": worker, "now": now}) for run_id in wanted_ids))
    return [flow_run(row) for (row,) in taken]


def _with_one_suspect(rows: Sequence[Any]) -> list[Any]:
    suspect = next((row for row in rows if row.crashes), None)
    return [row for row in rows if not row.crashes or row is suspect]


def next_runnable_at(
    db: Database, *, flows: Collection[str], now: datetime, only: str | None = None
) -> datetime | None:
    """When the next run of these flows becomes runnable by the passing of time alone."""
    with db.read() as reading:
        found = reading.row(_looks(tuple(flows), only).soonest, now=now)
    return None if found is None else found.runnable_at


def finish(
    db: Database,
    run_id: str,
    fence: int,
    *,
    state: RunState,
    now: datetime,
    result: Any = None,
    error: str | None = None,
    message: str = "",
    has_hooks: bool = False,
) -> None:
    """End a run, cancel what it still asks, and have its end told in the thread of its last card.

    Args:
        has_hooks: Whether a worker is to take it once more, to run the hooks of this end.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    with db.write() as tx:
        hold(tx, run_id, fence)
        tx.run(
            _FINISH,
            run_id=run_id,
            state=state,
            finished_at=now,
            result=result,
            error=error,
            message=message,
            # Otherwise NULL: it may have asked several at once, and another answer have come just now.
            runnable_at=now if has_hooks else None,
        )
        close_open_prompts(tx, run_id, actor=SIGNOFF, reason="The run has ended.", now=now)
        _tell_end(tx, run_id, state, now, result=result, error=error)
        tx.touch(Topic.STATES)
        if has_hooks:
            tx.touch(Topic.RUNS)


def let_go(db: Database, run_id: str, fence: int) -> None:
    """Note that the hooks of a run's end have run, unless the run was retried or taken over meanwhile."""
    with db.write() as tx:
        held = (flow_runs.c.id == run_id) & (flow_runs.c.fence == fence) & flow_runs.c.finished_at.is_not(None)
        tx.execute(update(flow_runs).where(held).values(lease_owner=None))
        tx.touch(Topic.STATES)


def retry(db: Database, run_id: str, fence: int, *, attempt: int, at: datetime, error: str) -> None:
    """Have the flow function tried again at `at`; failed steps are forgotten, finished ones stay.

    Args:
        attempt: Which one has failed. That it is followed by a retry is written once, however often it is said.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    with db.write() as tx:
        hold(tx, run_id, fence)
        if locked(tx, run_id).attempt != attempt:
            return
        reschedule(tx, run_id, at=at, error=error)
        tx.touch(Topic.RUNS)


def reschedule(tx: Transaction, run_id: str, *, at: datetime, error: str | None) -> FlowRun:
    """Let a run be taken again at `at`, to try what failed once more, within a transaction that is open."""
    set_failed_aside(tx, run_id)
    row = tx.execute(
        update(flow_runs)
        .where(flow_runs.c.id == run_id)
        .values(
            state=RunState.SCHEDULED,
            lease_owner=None,
            finished_at=None,
            runnable_at=at,
            attempt=flow_runs.c.attempt + 1,
            error=error,
            message="",
            crashes=0,
        )
        .returning(flow_runs)
    ).one()
    return flow_run(row)


def cancel(db: Database, run_id: str, *, actor: Actor, reason: str, now: datetime) -> FlowRun:
    """End a run at once, wherever it stands. Its worker learns of it and stops; it can record nothing more.

    Raises:
        NoSuchRun: If there is no such run.
        RunFinished: If it is over already.
    """
    with db.write() as tx:
        run = locked(tx, run_id)
        if run.state.is_final:
            raise RunFinished(f"The run {run.name} is over already: {run.state}.")
        return end(tx, run_id, state=RunState.CANCELLED, message=reason, actor=actor, now=now)


def end(tx: Transaction, run_id: str, *, state: RunState, message: str, actor: Actor, now: datetime) -> FlowRun:
    """End a run from outside, within a transaction that is open.

    A worker takes it once more, to let go of it where it holds it, and to run its hooks.
    """
    row = tx.execute(
        update(flow_runs)
        .where(flow_runs.c.id == run_id)
        .values(state=state, finished_at=now, message=message, fence=flow_runs.c.fence + 1, runnable_at=now)
        .returning(flow_runs)
    ).one()
    close_open_prompts(tx, run_id, actor=actor, reason=message, now=now)
    _tell_end(tx, run_id, state, now, error=message)
    tx.touch(Topic.RUNS, Topic.STATES)
    return flow_run(row)


def locked(tx: Transaction, run_id: str) -> FlowRun:
    """The run, kept as it is until the transaction that is open has ended.

    Raises:
        NoSuchRun: If there is none.
    """
    row = tx.row(_LOCK, run_id=run_id)
    if row is None:
        raise _unknown(run_id)
    return flow_run(row)


def _unknown(run_id: str) -> NoSuchRun:
    return NoSuchRun(f"There is no run {run_id!r}. `signoff runs` lists them.")


def _tell_end(
    tx: Transaction,
    run_id: str,
    state: RunState,
    now: datetime,
    *,
    result: Any = None,
    error: str | None = None,
) -> None:
    detail = {"state": state.value, "result": result, "error": error}
    prompt_id = notices.add_for_run(tx, run_id, kind="run_ended", detail=detail, now=now)
    if prompt_id is not None:
        ledger.add(tx, prompt_id, "run_ended", now=now, detail={"state": state.value})
