"""Outcomes of prompts on their way to other engines: an outbox that is retried until the engine has answered.

A row is written in the transaction that settles its prompt, so no outcome is lost between the two. Whoever hands it
over claims the row first, and the claim stays on the row until it is known what came of it. After a crash the claim
tells the next one that the outcome may have got there already.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select, update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.outbox import cards, notices
from signoff.store.outbox.claiming import OutboxClaims, is_claimable
from signoff.store.records.outbox import ClaimedDelivery, NoticeKind
from signoff.store.records.prompts import DeliveryState, Outcome, Prompt
from signoff.store.records.runs import RunState
from signoff.store.rows import prompt, select_prompts
from signoff.store.run_locks import LOCK_RUN_OF_PROMPT
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import Statement, insert_into, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import deliveries, flow_runs, prompts

SHOW_REFUSED_FOR = timedelta(days=7)
"""How long a refused delivery is listed. The ledger and the card keep it for good."""

_ADD = insert_into(deliveries, "prompt_id", "engine", "outcome", "created_at", "due_at")
_PENDING = deliveries.c.state == DeliveryState.PENDING
_CLAIMS = OutboxClaims(
    deliveries,
    select(deliveries).where(
        deliveries.c.engine == param("engine"),
        deliveries.c.due_at <= param("now"),
        is_claimable(deliveries.c.claimed_by),
    ),
    deliveries.c.prompt_id,
)
_NEXT_DUE_AT = Statement(
    select(func.min(deliveries.c.due_at).label("due_at")).where(
        deliveries.c.engine == param("engine"), deliveries.c.due_at.is_not(None)
    )
)


def add(tx: Transaction, prompt_id: str, *, engine: str, outcome: Outcome, now: datetime) -> None:
    """Have an outcome handed to its engine, within the transaction that settles the prompt."""
    tx.run(_ADD, prompt_id=prompt_id, engine=engine, outcome=outcome, created_at=now, due_at=now)
    tx.touch(Topic.DELIVERIES)


def claim_due(db: Database, engine: str, worker: str, *, now: datetime, limit: int = 1) -> list[ClaimedDelivery]:
    """Claim outcomes that are to be handed to this engine now, the longest due first.

    Nobody else may claim one until `worker` has recorded what came of it, or is dead.
    """
    claimed = _CLAIMS.claim(db, worker, now=now, limit=limit, engine=engine)
    return [ClaimedDelivery(each.prompt, each.attempts, each.worker, each.in_doubt) for each in claimed]


@transactional
def accepted(db: Database, prompt_id: str, *, words: str, now: datetime) -> bool:
    """Record that the engine has taken an outcome: its run goes on there, or is over if it was cancelled.

    Returns:
        Whether this recorded it; `False` if that, or a refusal, is recorded already.
    """
    with db.write() as tx:
        run = _finish(tx, prompt_id, DeliveryState.ACCEPTED, words, now)
        if run is None:
            return False
        if run.outcome == Outcome.CANCELLED:
            _end_run(tx, run, prompt_id, now)
        else:
            still_open = exists().where(prompts.c.run_id == run.id, prompts.c.outcome.is_(None))
            waits = flow_runs.c.state.in_((RunState.PAUSED, RunState.SUSPENDED)) & ~still_open
            tx.execute(update(flow_runs).where(flow_runs.c.id == run.id, waits).values(state=RunState.RUNNING))
        tx.touch(Topic.STATES)
        return True


@transactional
def refused(db: Database, prompt_id: str, *, words: str, now: datetime) -> bool:
    """Record that the engine has refused an outcome for good. The run's message says so.

    Returns:
        Whether this recorded it; `False` if that, or an acceptance, is recorded already.
    """
    with db.write() as tx:
        run = _finish(tx, prompt_id, DeliveryState.REFUSED, words, now)
        if run is None:
            return False
        message = f"{run.engine} refused an outcome: {words}" if words else f"{run.engine} refused an outcome."
        tx.execute(update(flow_runs).where(flow_runs.c.id == run.id).values(message=message))
        return True


@transactional
def failed(
    db: Database, claimed: ClaimedDelivery, *, error: str, retry_at: datetime, in_doubt: bool, now: datetime
) -> None:
    """Record why an outcome could not be handed over, once for each new reason, and when it is tried again.

    Nothing is recorded if another worker has claimed it since, or an answer of the engine is recorded already.

    Args:
        in_doubt: Whether it may have got there after all. Then the claim stays on it.
    """
    prompt_id = claimed.prompt.id
    with db.write() as tx:
        tx.rows(LOCK_RUN_OF_PROMPT, prompt_id=prompt_id)
        known = tx.execute(select(deliveries.c.error).where(deliveries.c.prompt_id == prompt_id)).scalar()
        changed = tx.execute(
            update(deliveries)
            .where(deliveries.c.prompt_id == prompt_id, _PENDING, deliveries.c.claimed_by == claimed.worker)
            .values(error=error, due_at=retry_at, claimed_by=deliveries.c.claimed_by if in_doubt else None)
        )
        if changed.rowcount and known != error:
            _tell(tx, prompt_id, "delivery_failed", {"error": error}, now)


@transactional
def retry_now(db: Database, engine: str, *, now: datetime) -> None:
    """Have everything that is pending for an engine tried at once: it is back."""
    with db.write() as tx:
        waiting = (deliveries.c.engine == engine) & (deliveries.c.due_at > now)
        tx.execute(update(deliveries).where(waiting).values(due_at=now))


def next_due_at(db: Database, engine: str) -> datetime | None:
    """When something is to be handed to this engine next; `None` while nothing is pending."""
    with db.read() as reading:
        found: datetime | None = reading.rows(_NEXT_DUE_AT, engine=engine)[0].due_at
    return found


def stuck(db: Database, *, now: datetime, pending_for: timedelta) -> list[Prompt]:
    """Prompts whose outcome an engine refused lately, or has not taken for `pending_for`; the oldest first."""
    waits = _PENDING & (deliveries.c.created_at <= now - pending_for)
    was_refused = (deliveries.c.state == DeliveryState.REFUSED) & (deliveries.c.finished_at > now - SHOW_REFUSED_FOR)
    query = select_prompts().where(waits | was_refused).order_by(deliveries.c.created_at)
    with db.read() as reading:
        return [prompt(row) for row in reading.execute(query)]


def _finish(tx: Transaction, prompt_id: str, state: DeliveryState, words: str, now: datetime) -> Any:
    """Record the engine's answer; the run, or `None` if an answer is recorded already."""
    (run,) = tx.rows(LOCK_RUN_OF_PROMPT, prompt_id=prompt_id)
    ended = tx.execute(
        update(deliveries)
        .where(deliveries.c.prompt_id == prompt_id, _PENDING)
        .values(state=state, words=words, due_at=None, claimed_by=None, finished_at=now, error=None)
    )
    if ended.rowcount == 0:
        return None
    detail = {"engine": run.engine, **({"words": words} if words else {})}
    _tell(tx, prompt_id, f"delivery_{state}", detail, now)
    return run


def _end_run(tx: Transaction, run: Any, prompt_id: str, now: datetime) -> None:
    """Record, once, that a run was cancelled on its engine."""
    ended = tx.execute(
        update(flow_runs)
        .where(flow_runs.c.id == run.id, flow_runs.c.finished_at.is_(None))
        .values(state=RunState.CANCELLED, finished_at=now, message=run.reason or "")
    )
    if ended.rowcount:
        detail = {"state": RunState.CANCELLED.value, "result": None, "reason": run.reason}
        notices.add(tx, prompt_id, kind=NoticeKind.RUN_ENDED, detail=detail, now=now)
        ledger.add(tx, prompt_id, "run_ended", now=now, detail={"state": RunState.CANCELLED.value})


def _tell(tx: Transaction, prompt_id: str, event: str, detail: dict[str, Any], now: datetime) -> None:
    """Note a change in the ledger, and have the cards drawn with it."""
    ledger.add(tx, prompt_id, event, now=now, detail=detail)
    # A card that is being drawn just now shows an older revision, so it is drawn once more.
    tx.execute(update(prompts).where(prompts.c.id == prompt_id).values(revision=prompts.c.revision + 1))
    cards.touch(tx, prompt_id, now)
