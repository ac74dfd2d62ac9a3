"""Messages about prompts: each is written with what it reports, and posted once."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, update

from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.outbox.cards import IS_FIRST
from signoff.store.outbox.claiming import ClaimedRow, OutboxClaims, is_claimable, release
from signoff.store.places import Place, PlaceKind
from signoff.store.records.outbox import Notice, NoticeKind
from signoff.store.sql.conflicts import transactional
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

FIRST_CARD = and_(cards.c.prompt_id == notices.c.prompt_id, IS_FIRST)
"""Joins a notice with the card in whose thread it is posted, unless it has a place of its own."""

_SHOWS_ITS_PROMPT = and_(cards.c.ts.is_not(None), or_(cards.c.due_at.is_(None), cards.c.due_at > param("now")))
HAS_PLACE = or_(notices.c.place_kind.is_not(None), _SHOWS_ITS_PROMPT)
"""Whether a notice can be posted. A reply follows what its card has to show first."""

_CLAIMS = OutboxClaims(
    notices,
    select(notices, cards.c.channel.label("card_channel"), cards.c.ts.label("card_ts"))
    .select_from(notices)
    .outerjoin(cards, FIRST_CARD)
    .where(notices.c.due_at <= param("now"), is_claimable(notices.c.claimed_by), HAS_PLACE),
    notices.c.id,
)

_POSTED = Statement(
    update(notices)
    .where(notices.c.id == param("id"), notices.c.claimed_by == param("worker"))
    .values(ts=param("ts"), due_at=None, claimed_by=None, error=None)
)


def add(
    tx: Transaction,
    prompt_id: str,
    *,
    kind: NoticeKind,
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


def claim(db: Database, worker: str, ids: Collection[int], *, now: datetime) -> list[Notice]:
    """Claim those of these messages that are due, in this order. A reply is not due before its card is up to date.

    Nobody else can claim one until `worker` has recorded what came of it, or has expired.
    """
    return list(map(_notice, _CLAIMS.claim_these(db, worker, ids, now=now)))


@transactional
def released(db: Database, notice: Notice) -> None:
    """Give a message back that was not posted, as if it had not been claimed: only its turn has not come."""
    with db.write() as tx:
        tx.execute(update(notices).where(_is_held(notice)).values(**release(notices, in_doubt=notice.in_doubt)))


@transactional
def posted(db: Database, notice: Notice, *, ts: str) -> None:
    """Record that a message is in Slack, unless another worker has claimed it since."""
    with db.write() as tx:
        tx.run(_POSTED, id=notice.id, worker=notice.worker, ts=ts)


@transactional
def dropped(db: Database, notice: Notice) -> None:
    """Record that a message is not posted, since what it says is over. Nothing if another worker has claimed it."""
    with db.write() as tx:
        tx.execute(update(notices).where(_is_held(notice)).values(due_at=None, claimed_by=None))


@transactional
def failed(db: Database, notice: Notice, *, error: str, retry_at: datetime | None, in_doubt: bool) -> None:
    """Record why a message could not be posted, and when to try again; `None` for never.

    Nothing is recorded if another worker has claimed it since.

    Args:
        in_doubt: Whether it may have been posted after all. Then the claim stays on it.
    """
    with db.write() as tx:
        claimed_by = notices.c.claimed_by if in_doubt else None
        tx.execute(update(notices).where(_is_held(notice)).values(error=error, due_at=retry_at, claimed_by=claimed_by))


def _is_held(notice: Notice) -> ColumnElement[bool]:
    """Whether the claim with which a message was given out is still on it."""
    return (notices.c.id == notice.id) & (notices.c.claimed_by == notice.worker)


def _notice(claimed: ClaimedRow) -> Notice:
    row = claimed.row
    is_reply = row.place_kind is None
    if is_reply:
        place = Place.thread(row.card_channel, row.card_ts)
    else:
        place = Place(PlaceKind(row.place_kind), row.place_target)
    return Notice(
        id=row.id,
        prompt=claimed.prompt,
        kind=NoticeKind(row.kind),
        detail=row.detail,
        created_at=row.created_at,
        attempts=claimed.attempts,
        place=place,
        is_reply=is_reply,
        worker=claimed.worker,
        in_doubt=claimed.in_doubt,
    )
