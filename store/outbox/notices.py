"""Messages about prompts: each is written with what it reports, and posted once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select, update

from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.leases import is_claimable
from signoff.store.outbox.cards import IS_FIRST
from signoff.store.places import Place, PlaceKind
from signoff.store.records.outbox import Notice
from signoff.store.rows import prompt, select_prompts
from signoff.store.sql.statements import Statement, insert_into, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import cards, notices, prompts

_ADD = insert_into(notices, "prompt_id", "kind", "place_kind", "place_target", "detail", "created_at", "due_at")
NEWEST_OF_RUN = Statement(
    select(prompts.c.id)
    .where(prompts.c.run_id == param("run_id"))
    .order_by(prompts.c.opened_at.desc(), prompts.c.id)
    .limit(1)
)
"""Finds the prompt under whose card the end of a run is reported."""

_FIRST_CARD = and_(cards.c.prompt_id == notices.c.prompt_id, IS_FIRST)


def add(
    tx: Transaction,
    prompt_id: str,
    *,
    kind: str,
    detail: Mapping[str, Any],
    now: datetime,
    place: Place | None = None,
) -> None:
    """Have a message posted, within an open transaction.

    Args:
        place: Where it goes; the thread of the prompt's first card if not given.
    """
    tx.run(
        _ADD,
        prompt_id=prompt_id,
        kind=kind,
        place_kind=None if place is None else place.kind,
        place_target=None if place is None else place.target,
        detail=dict(detail),
        created_at=now,
        due_at=now,
    )
    tx.touch(Topic.CARDS)


def claim_due(db: Database, worker: str, *, now: datetime, limit: int = 50) -> list[Notice]:
    """Claim messages that are due. A reply to a card is not due before that card is posted.

    Nobody else can claim one until `worker` has recorded what came of it, or has expired.
    """
    has_place = or_(notices.c.place_kind.is_not(None), cards.c.ts.is_not(None))
    ready = (
        select(notices.c.id, notices.c.claimed_by, cards.c.channel, cards.c.ts)
        .select_from(notices)
        .outerjoin(cards, _FIRST_CARD)
        .where(notices.c.due_at <= now, is_claimable(notices.c.claimed_by, worker), has_place)
        .order_by(notices.c.due_at, notices.c.id)
        .limit(limit)
    )
    with db.read() as connection:
        if connection.execute(ready.limit(1)).first() is None:
            return []
    with db.write() as tx:
        # Locked by one statement and changed by the next: within an UPDATE, PostgreSQL may evaluate a subquery with a
        # LIMIT more than once, and so change more rows than the limit.
        before = {row.id: row for row in tx.execute(ready.with_for_update(of=notices, skip_locked=True))}
        rows = tx.execute(
            update(notices)
            .where(notices.c.id.in_(list(before)))
            .values(claimed_by=worker, attempts=notices.c.attempts + 1)
            .returning(notices)
        ).all()
        return [_notice(tx, row, before[row.id]) for row in sorted(rows, key=lambda row: row.id)]


def posted(db: Database, notice_id: int, *, ts: str) -> None:
    """Record that a message is in Slack."""
    with db.write() as tx:
        tx.execute(
            update(notices).where(notices.c.id == notice_id).values(ts=ts, due_at=None, claimed_by=None, error=None)
        )


def failed(db: Database, notice_id: int, *, error: str, retry_at: datetime | None, in_doubt: bool) -> None:
    """Record why a message could not be posted, and when to try again; `None` for never.

    Args:
        in_doubt: Whether it may have been posted after all. Then the claim stays on it.
    """
    with db.write() as tx:
        claimed_by = notices.c.claimed_by if in_doubt else None
        tx.execute(
            update(notices).where(notices.c.id == notice_id).values(error=error, due_at=retry_at, claimed_by=claimed_by)
        )


def _notice(tx: Transaction, row: Any, before: Any) -> Notice:
    """The notice of a row that was claimed.

    Args:
        before: What its place and claim were before.
    """
    about = prompt(tx.execute(select_prompts().where(prompts.c.id == row.prompt_id)).one())
    is_reply = row.place_kind is None
    place = Place.thread(before.channel, before.ts) if is_reply else Place(PlaceKind(row.place_kind), row.place_target)
    return Notice(
        id=row.id,
        prompt=about,
        kind=row.kind,
        detail=row.detail,
        created_at=row.created_at,
        attempts=row.attempts,
        place=place,
        is_reply=is_reply,
        in_doubt=before.claimed_by is not None,
    )
