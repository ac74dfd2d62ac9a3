"""Flow runs: created, found, finished, cancelled.

Each function that takes a `Database` is one transaction.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.errors import NoSuchRun, RunElsewhere, RunFinished
from signoff.store.leases import IS_HELD, lease_lost
from signoff.store.outbox import notices
from signoff.store.prompts.settle import OPEN_OF_RUN, cancel_all
from signoff.store.records.actors import SIGNOFF, Actor
from signoff.store.records.outbox import NoticeKind
from signoff.store.records.runs import EMBEDDED, JOURNAL_VERSION, FlowIdentity, FlowRun, RunState
from signoff.store.rows import flow_run
from signoff.store.run_locks import LOCK_RUN
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import BoundStatement, Statement, insert_returning, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import flow_runs

_ID_LENGTH = 36

_WITH_ID = flow_runs.c.id == param("run_id")
_BY_ID = Statement(select(flow_runs).where(_WITH_ID))
_CREATE = Statement(
    insert_returning(
        flow_runs,
        "id",
        "name",
        "flow",
        "parameters",
        "state",
        "created_at",
        "runnable_at",
        "requester",
        "requester_name",
        "source",
        "fingerprint",
        "journal_version",
    ).returning(flow_runs)
)
_FINISH = Statement(
    update(flow_runs)
    .where(IS_HELD)
    .values(
        state=param("state"),
        finished_at=param("finished_at"),
        result=param("result"),
        error=param("error"),
        message=param("message"),
        lease_owner=None,
        runnable_at=param("runnable_at"),
    )
    .returning(flow_runs.c.id)
)


@transactional
def create(
    db: Database,
    *,
    run_id: str,
    name: str,
    flow: FlowIdentity | str,
    parameters: Mapping[str, Any],
    now: datetime,
    requester: Actor | None = None,
) -> FlowRun:
    """Create a run that any worker with its flow may claim from now on.

    Args:
        requester: Who started it; `None` where nobody did.
    """
    with db.write() as tx:
        return add(
            tx,
            run_id=run_id,
            name=name,
            flow=flow,
            parameters=parameters,
            runnable_at=now,
            now=now,
            requester=requester,
        )


def add(
    tx: Transaction,
    *,
    run_id: str,
    name: str,
    flow: FlowIdentity | str,
    parameters: Mapping[str, Any],
    runnable_at: datetime,
    now: datetime,
    requester: Actor | None = None,
) -> FlowRun:
    """Create a run that any worker with its flow may claim from `runnable_at` on, within an open transaction."""
    identity = flow if isinstance(flow, FlowIdentity) else FlowIdentity(flow)
    row = tx.row(
        _CREATE,
        id=run_id,
        name=name,
        flow=identity.name,
        source=identity.source,
        fingerprint=identity.fingerprint,
        journal_version=JOURNAL_VERSION,
        parameters=dict(parameters),
        state=RunState.SCHEDULED,
        created_at=now,
        runnable_at=runnable_at,
        requester=None if requester is None else requester.id,
        requester_name=None if requester is None else requester.name,
    )
    tx.touch(Topic.RUNS)
    return flow_run(row)


def get(db: Database, run_id: str) -> FlowRun:
    """The run with this id or name, or whose id begins like this.

    Raises:
        NoSuchRun: If there is none, or more than one.
    """
    if not run_id.isprintable():
        # Neither an id nor a name has a NUL or half a character, and a database does not take them.
        raise _no_such_run(run_id)
    with db.read() as reading:
        if len(run_id) < _ID_LENGTH:
            wanted = flow_runs.c.id.startswith(run_id, autoescape=True) | (flow_runs.c.name == run_id)
            rows: Sequence[Any] = reading.execute(select(flow_runs).where(wanted).limit(2)).all()
        else:
            rows = reading.rows(_BY_ID, run_id=run_id)
    if not rows:
        raise _no_such_run(run_id)
    if len(rows) > 1:
        raise NoSuchRun(f"More than one run matches {run_id!r}. Give more characters of its id.")
    return flow_run(rows[0])


def newest(db: Database, *, state: RunState | None = None, limit: int = 100) -> list[FlowRun]:
    """The runs that were created last, newest first."""
    query = select(flow_runs).order_by(flow_runs.c.created_at.desc(), flow_runs.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(flow_runs.c.state == state)
    with db.read() as connection:
        return [flow_run(row) for row in connection.execute(query)]


@transactional
def finish(
    db: Database,
    run_id: str,
    fencing_token: int,
    *,
    state: RunState,
    now: datetime,
    result: Any = None,
    error: str | None = None,
    reason: str | None = None,
    message: str = "",
    has_hooks: bool = False,
) -> None:
    """End a run: cancel its open prompts, and post a notice in the thread of its last card.

    Args:
        error: Why it failed, for those who operate it.
        reason: Why it failed, for the people who see the notice.
        has_hooks: Whether a worker has to claim it once more, to call the hooks for this end.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    with db.write() as tx:
        end = {
            "run_id": run_id,
            "fencing_token": fencing_token,
            "state": state,
            "finished_at": now,
            "result": result,
            "error": error,
            "message": message,
            # Otherwise NULL, although an answer to another of its prompts may have made it runnable just now.
            "runnable_at": now if has_hooks else None,
        }
        ended, still_open, newest = tx.execute_many(_FINISH.bind(**end), *end_queries(run_id))
        if not ended:
            raise lease_lost(run_id, fencing_token)
        cancel_all(tx, still_open, actor=SIGNOFF, reason="The run has ended.", now=now)
        add_end_notice(tx, newest, state, now, result=result, reason=reason)
        tx.touch(Topic.STATES)
        if has_hooks:
            tx.touch(Topic.RUNS)


@transactional
def set_message(db: Database, run_id: str, fencing_token: int, message: str) -> None:
    """Say something about a run that has not ended. Nothing happens if another worker holds it now."""
    held = (flow_runs.c.id == run_id) & (flow_runs.c.fencing_token == fencing_token) & flow_runs.c.finished_at.is_(None)
    with db.write() as tx:
        tx.execute(update(flow_runs).where(held).values(message=message))
        tx.touch(Topic.STATES)


@transactional
def release(db: Database, run_id: str, fencing_token: int) -> None:
    """Release a run that is over, once its hooks have been called.

    Nothing happens if it was retried, or claimed by another worker, in the meantime.
    """
    with db.write() as tx:
        held = (
            (flow_runs.c.id == run_id)
            & (flow_runs.c.fencing_token == fencing_token)
            & flow_runs.c.finished_at.is_not(None)
        )
        tx.execute(update(flow_runs).where(held).values(lease_owner=None))
        tx.touch(Topic.STATES)


@transactional
def cancel(db: Database, run_id: str, *, actor: Actor, reason: str, now: datetime, via: str | None = None) -> FlowRun:
    """End a run at once, in whatever state it is. Its worker is told and stops, and can record nothing more.

    A run of another engine is over once that engine has taken the cancellation of what it asks.

    Args:
        via: How the cancellation came: `cli`, for instance.

    Raises:
        NoSuchRun: If there is no such run.
        RunFinished: If it is over already.
        RunElsewhere: If another engine runs it and it asks nothing, so that only that engine can end it.
    """
    with db.write() as tx:
        run = lock_run(tx, run_id)
        if run.state.is_final:
            raise RunFinished(f"The run {run.name} is over already: {run.state}.")
        if run.engine != EMBEDDED:
            return _cancel_elsewhere(tx, run, actor=actor, reason=reason, now=now, via=via)
        return end(tx, run_id, state=RunState.CANCELLED, message=reason, actor=actor, now=now, via=via)


def _cancel_elsewhere(
    tx: Transaction, run: FlowRun, *, actor: Actor, reason: str, now: datetime, via: str | None
) -> FlowRun:
    """Cancel what a run of another engine asks, and have that engine end the run."""
    still_open = tx.rows(OPEN_OF_RUN, run_id=run.id)
    if not still_open:
        raise RunElsewhere(f"The run {run.name} has no open prompt. Cancel it in {run.engine}.")
    cancel_all(tx, still_open, actor=actor, reason=reason, now=now, via=via, tell_engine=run.engine)
    return run


def end(
    tx: Transaction,
    run_id: str,
    *,
    state: RunState,
    message: str,
    actor: Actor,
    now: datetime,
    via: str | None = None,
) -> FlowRun:
    """End a run from outside, within an open transaction.

    A worker claims it once more, to drop it from its memory and to call its hooks.
    """
    row = tx.execute(
        update(flow_runs)
        .where(flow_runs.c.id == run_id)
        .values(
            state=state,
            finished_at=now,
            message=message,
            fencing_token=flow_runs.c.fencing_token + 1,
            runnable_at=now,
        )
        .returning(flow_runs)
    ).one()
    still_open, newest = tx.execute_many(*end_queries(run_id))
    cancel_all(tx, still_open, actor=actor, reason=message, now=now, via=via)
    add_end_notice(tx, newest, state, now, reason=message)
    tx.touch(Topic.RUNS, Topic.STATES)
    return flow_run(row)


def lock_run(tx: Transaction, run_id: str) -> FlowRun:
    """The run, which nobody else can change until the open transaction has ended.

    Raises:
        NoSuchRun: If there is none.
    """
    row = tx.row(LOCK_RUN, run_id=run_id)
    if row is None:
        raise _no_such_run(run_id)
    return flow_run(row)


def _no_such_run(run_id: str) -> NoSuchRun:
    return NoSuchRun(f"There is no run {run_id!r}. To list the runs, use `signoff runs`.")


def end_queries(run_id: str) -> tuple[BoundStatement, BoundStatement]:
    """Queries for the open prompts of a run, and for the prompt whose thread gets the notice of its end."""
    return OPEN_OF_RUN.bind(run_id=run_id), notices.NEWEST_OF_RUN.bind(run_id=run_id)


def add_end_notice(
    tx: Transaction,
    newest: Sequence[Any],
    state: RunState,
    now: datetime,
    *,
    result: Any = None,
    reason: str | None = None,
) -> None:
    """Have the end of a run told under the card of its newest prompt, within an open transaction.

    Args:
        newest: What `end_queries` has found second.
        reason: Why it ended so, for the people who see the notice.
    """
    detail = {"state": state.value, "result": result, "reason": reason}
    for (prompt_id,) in newest:
        notices.add(tx, prompt_id, kind=NoticeKind.RUN_ENDED, detail=detail, now=now)
        ledger.add(tx, prompt_id, "run_ended", now=now, detail={"state": state.value})
