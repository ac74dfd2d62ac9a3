"""Cards: the Slack messages that show prompts, and which of them are missing or out of date.

The transaction that changes a prompt marks its cards as due. A dispatcher claims due cards, posts or updates them, and
records the result. A claim is kept as long as the worker lives: when a dispatcher died between the call to Slack and
the record of it, the next one knows that the card may have been posted (`Card.in_doubt`) and searches before it posts.

A prompt has one card in each of its places. Each is claimed, posted and retried by itself, so a channel that fails
does not hold up the others.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, and_, case, exists, func, null, or_, select, tuple_, update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.outbox.claiming import ClaimedRow, OutboxClaims, is_claimable, release
from signoff.store.places import Place, PlaceKind
from signoff.store.records.outbox import Card, CardPlace, PostedCard, RefusedCards
from signoff.store.rows import approvers
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import Statement, insert_into, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import cards, notices, prompts

OpenedAt = tuple[datetime, str]
"""When a prompt was opened, and its id: the order of open prompts."""

_OF_PROMPT = cards.c.prompt_id == param("prompt_id")
_ADD = insert_into(cards, "prompt_id", "place_kind", "place_target", "due_at")
_TOUCH = Statement(update(cards).where(_OF_PROMPT).values(due_at=param("due_at")))
_others = cards.alias("others")
_REFUSED_ELSEWHERE = (
    select(func.min(_others.c.refusal))
    .where(
        _others.c.prompt_id == cards.c.prompt_id,
        _others.c.id != cards.c.id,
        _others.c.place_kind != PlaceKind.PERSON,
    )
    .scalar_subquery()
)
_CLAIMS = OutboxClaims(
    cards,
    select(cards, _REFUSED_ELSEWHERE.label("refused_elsewhere")).where(
        cards.c.due_at <= param("now"), is_claimable(cards.c.claimed_by)
    ),
    cards.c.id,
)


_HELD = (cards.c.id == param("id")) & (cards.c.claimed_by == param("worker"))
_LOCK_HELD = Statement(select(cards.c.ts).where(_HELD).with_for_update())
_REVISION = select(prompts.c.revision).where(prompts.c.id == param("prompt_id")).scalar_subquery()
_DRAWN = Statement(
    update(cards)
    .where(cards.c.id == param("id"))
    .values(
        channel=param("channel"),
        ts=param("ts"),
        shown_revision=param("shown"),
        shown_hash=param("shown_hash"),
        claimed_by=None,
        attempts=0,
        error=None,
        refusal=None,
        due_at=case((param("expected") == _REVISION, null()), else_=param("now", cards.c.due_at.type)),
    )
)


def _select_places() -> Select[Any]:
    return select(*cards.c["prompt_id", "place_kind", "place_target", "channel"]).order_by(cards.c.id)


PLACES_OF_PROMPT = Statement(_select_places().where(_OF_PROMPT))
"""Where the cards of a prompt go. `place` reads its rows."""


def _rank(table: FromClause) -> ColumnElement[Any]:
    return tuple_(case((table.c.refusal.is_(None), 0), else_=1), table.c.id)


IS_FIRST = ~exists().where(_others.c.prompt_id == cards.c.prompt_id, _rank(_others) < _rank(cards))
"""Whether a card is the first one of its prompt that Slack takes, in whose thread notices are posted."""


def add(tx: Transaction, prompt_id: str, places: Iterable[Place], *, now: datetime) -> None:
    """Make a prompt's cards due in these places, within an open transaction."""
    for place in places:
        tx.run(_ADD, prompt_id=prompt_id, place_kind=place.kind, place_target=place.target, due_at=now)
    tx.touch(Topic.CARDS)


def add_missing(tx: Transaction, prompt_id: str, wanted: Iterable[Place], *, now: datetime) -> None:
    """Make a prompt's cards due in those of these places where it has none, within an open transaction."""
    known = {place(row).place for row in tx.execute(_select_places().where(cards.c.prompt_id == prompt_id))}
    add(tx, prompt_id, [each for each in wanted if each not in known], now=now)


def touch(tx: Transaction, prompt_id: str, now: datetime) -> None:
    """Make all cards of a changed prompt due, within an open transaction."""
    tx.run(_TOUCH, prompt_id=prompt_id, due_at=now)
    tx.touch(Topic.CARDS)


def touch_incomplete(tx: Transaction, prompt_id: str, revision: int, now: datetime) -> None:
    """Make those cards of a prompt due that show less than is known of its revision, within an open transaction.

    Cards that were never posted are due already, or wait for an attempt that failed.
    """
    due_at = case((cards.c.ts.is_(None), cards.c.due_at), else_=now)
    # Not limited to posted cards: one may be recorded as posted while this waits for its row.
    tx.execute(
        update(cards).where(cards.c.prompt_id == prompt_id, cards.c.shown_revision < revision).values(due_at=due_at)
    )
    tx.touch(Topic.CARDS)


def touch_refused(tx: Transaction, prompt_id: str, now: datetime) -> None:
    """Make those cards of a prompt due that Slack did not take, within an open transaction."""
    tx.execute(update(cards).where(cards.c.prompt_id == prompt_id, cards.c.refusal.is_not(None)).values(due_at=now))
    tx.touch(Topic.CARDS)


def threads_of_redirected(tx: Transaction, prompt_id: str, *, always: bool = False) -> list[tuple[Place, str]]:
    """The threads of a prompt's cards in direct messages, each with the id of its person, if it has another card that
    Slack does not take.

    Args:
        always: Whether they are meant in any case, since the policy sends each approver a card.
    """
    rows = tx.execute(select(cards).where(cards.c.prompt_id == prompt_id).order_by(cards.c.id)).all()
    if not always and not any(row.refusal for row in rows if row.place_kind != PlaceKind.PERSON):
        return []
    direct = (row for row in rows if row.place_kind == PlaceKind.PERSON and row.ts is not None and not row.refusal)
    return [(Place.thread(row.channel, row.ts), row.place_target) for row in direct]


def own_threads(tx: Transaction, prompt_id: str, person_id: str) -> list[Place]:
    """The thread of a person's own card in direct messages; none if they have none that Slack has taken."""
    own = (cards.c.place_kind == PlaceKind.PERSON) & (cards.c.place_target == person_id)
    is_posted = cards.c.ts.is_not(None) & cards.c.refusal.is_(None)
    query = select(cards.c.channel, cards.c.ts).where(cards.c.prompt_id == prompt_id, own, is_posted)
    return [Place.thread(row.channel, row.ts) for row in tx.execute(query)]


def places(db: Database, prompt_ids: Collection[str]) -> dict[str, list[CardPlace]]:
    """Where the cards of these prompts go, by the prompt's id."""
    found: dict[str, list[CardPlace]] = {prompt_id: [] for prompt_id in prompt_ids}
    query = _select_places().where(cards.c.prompt_id.in_(list(prompt_ids)))
    with db.read() as connection:
        for row in connection.execute(query):
            found[row.prompt_id].append(place(row))
    return found


def place(row: Any) -> CardPlace:
    """A row of `PLACES_OF_PROMPT`."""
    return CardPlace(Place(PlaceKind(row.place_kind), row.place_target), row.channel)


def claim(db: Database, worker: str, ids: Collection[int], *, now: datetime) -> list[Card]:
    """Claim those of these cards that are missing or out of date, in this order.

    Nobody else can claim one until `worker` has recorded the result, or has expired. `attempts` counts the claims
    since the card was last up to date.
    """
    return list(map(_card, _CLAIMS.claim_these(db, worker, ids, now=now)))


def _card(claimed: ClaimedRow) -> Card:
    row = claimed.row
    return Card(
        id=row.id,
        prompt=claimed.prompt,
        place=Place(PlaceKind(row.place_kind), row.place_target),
        channel=row.channel,
        ts=row.ts,
        attempts=claimed.attempts,
        error=row.error,
        worker=claimed.worker,
        in_doubt=claimed.in_doubt,
        refused_elsewhere=row.refused_elsewhere,
    )


@transactional
def drawn(
    db: Database,
    card: Card,
    *,
    channel: str,
    ts: str,
    now: datetime,
    is_complete: bool = True,
    shown_hash: str | None = None,
) -> None:
    """Record that a card is in Slack and shows its prompt. It stays due if the prompt has changed since.

    Nothing is recorded for a card that was updated and that somebody deleted in the same moment: it was recorded as
    lost, and is another message by now. Nor is it for a card that another worker has claimed since.

    Args:
        is_complete: Whether it mentions every approver. If not, it becomes due as soon as more of them are known.
        shown_hash: The hash of the message, which the ledger keeps of whoever presses in it.
    """
    with db.write() as tx:
        # Settling a prompt touches this row too. Once it is locked, the next statement sees the newest revision.
        locked = tx.row(_LOCK_HELD, id=card.id, worker=card.worker)
        if locked is None or (card.ts is not None and locked.ts != card.ts):
            return
        revision = card.prompt.revision
        expected: int | None = revision
        if not is_complete:
            stored = tx.execute(select(prompts.c.approvers).where(prompts.c.id == card.prompt.id)).scalar_one()
            expected = revision if approvers(stored) == card.prompt.found_approvers else None
        tx.run(
            _DRAWN,
            id=card.id,
            prompt_id=card.prompt.id,
            channel=channel,
            ts=ts,
            shown=revision - (not is_complete),
            shown_hash=shown_hash,
            expected=expected,
            now=now,
        )
        if locked.ts != ts:
            ledger.add(tx, card.prompt.id, "card_posted", now=now, detail={"channel": channel, "ts": ts})
        # Notices that waited for the card can be posted now.
        tx.touch(Topic.CARDS)


@transactional
def failed(
    db: Database,
    card: Card,
    *,
    error: str,
    retry_at: datetime | None,
    in_doubt: bool,
    now: datetime,
    channel: str | None = None,
    refusal: str | None = None,
    approvers: Collection[str] = (),
) -> None:
    """Record why a card could not be drawn, once for each new reason, and when to try again; `None` for not before
    something changes.

    Nothing is recorded for a card that another worker has claimed since.

    Args:
        in_doubt: Whether it may have been posted after all. Then the claim stays on it.
        channel: The id of the channel in which it may have been posted, if it is known.
        refusal: Slack's name for the error, if only a person can mend it.
        approvers: The ids of people who get a card of their own, in direct messages, as long as the prompt is open.
    """
    with db.write() as tx:
        if approvers:
            # Another card of this prompt may be refused at the same time, and its approvers are the same.
            tx.execute(
                select(cards.c.id).where(cards.c.prompt_id == card.prompt.id).order_by(cards.c.id).with_for_update()
            )
        known = tx.execute(select(cards.c.error).where(cards.c.id == card.id)).scalar()
        tried = {"channel": channel} if in_doubt and channel is not None else {}
        claimed_by = cards.c.claimed_by if in_doubt else None
        changed = tx.execute(
            update(cards)
            .where(_is_held(card))
            .values(error=error, refusal=refusal, due_at=retry_at, claimed_by=claimed_by, **tried)
        )
        if not changed.rowcount:
            return
        if known != error:
            detail = {"error": error} | ({"place": card.place.target} if card.place.target else {})
            ledger.add(tx, card.prompt.id, "card_failed", now=now, detail=detail)
        if approvers:
            send_to(tx, card.prompt.id, approvers, now, event="card_redirected")


def add_for(tx: Transaction, prompt_id: str, people: Iterable[str], *, now: datetime) -> list[str]:
    """Have people get cards of their own in direct messages, within a transaction that has locked the others.

    Returns:
        The ids of those who had none, which may be nobody.
    """
    known = set(tx.execute(select(cards.c.place_target).where(cards.c.prompt_id == prompt_id)).scalars())
    new = [each for each in people if each not in known]
    if new:
        add(tx, prompt_id, [Place(PlaceKind.PERSON, each) for each in new], now=now)
    return new


def send_to(tx: Transaction, prompt_id: str, approvers: Collection[str], now: datetime, *, event: str) -> None:
    """Have people get cards of their own who have none yet, unless the prompt is settled.

    Args:
        event: What the ledger calls it.
    """
    is_open = select(prompts.c.id).where(prompts.c.id == prompt_id, prompts.c.outcome.is_(None))
    if tx.execute(is_open).first() is None:
        return
    if new := add_for(tx, prompt_id, approvers, now=now):
        ledger.add(tx, prompt_id, event, now=now, detail={"to": new})


@transactional
def released(db: Database, card: Card) -> None:
    """Give a card back that was not drawn, as if it had not been claimed: only its turn has not come."""
    with db.write() as tx:
        tx.execute(update(cards).where(_is_held(card)).values(**release(cards, in_doubt=card.in_doubt)))


def open_prompt_of(db: Database, *, channel: str, ts: str) -> str | None:
    """The id of the open prompt whose card was posted as this message; `None` if there is none."""
    is_open = exists().where(prompts.c.id == cards.c.prompt_id, prompts.c.outcome.is_(None))
    posted = select(cards.c.prompt_id).where(cards.c.channel == channel, cards.c.ts == ts, is_open)
    with db.read() as reading:
        found: str | None = reading.execute(posted).scalar()
    return found


@transactional
def lost(db: Database, *, channel: str, ts: str, now: datetime) -> bool:
    """Record that a card was deleted from Slack. It is posted again while its prompt is open.

    Returns:
        Whether there is an open prompt's card that was posted as this message.
    """
    is_open = exists().where(prompts.c.id == cards.c.prompt_id, prompts.c.outcome.is_(None))
    posted = select(cards.c.id).where(cards.c.channel == channel, cards.c.ts == ts, is_open)
    # Read first: most reports are about other messages, and a write would wait for its turn.
    with db.read() as connection:
        if connection.execute(posted).first() is None:
            return False
    with db.write() as tx:
        gone = tx.execute(
            update(cards)
            .where(cards.c.channel == channel, cards.c.ts == ts, is_open)
            .values(
                channel=None,
                ts=None,
                shown_revision=0,
                shown_hash=None,
                claimed_by=None,
                attempts=0,
                refusal=None,
                due_at=now,
            )
            .returning(cards.c.prompt_id)
        ).all()
        for (prompt_id,) in gone:
            ledger.add(tx, prompt_id, "card_lost", now=now)
        if gone:
            tx.touch(Topic.CARDS)
    return True


def posted_of_open_prompts(
    db: Database, *, after: OpenedAt | None, limit: int
) -> tuple[list[PostedCard], OpenedAt | None]:
    """The cards of a page of open prompts, as far as they are in Slack and up to date, the oldest prompts first.

    Args:
        after: Where the page before ended; `None` for the first page.
        limit: How many prompts a page has.

    Returns:
        The cards, and where the page ends; `None` if it is the last one.
    """
    order = prompts.c.opened_at, prompts.c.id
    open_ones = select(*order).where(prompts.c.outcome.is_(None)).order_by(*order).limit(limit)
    if after is not None:
        open_ones = open_ones.where(tuple_(*order) > tuple_(*after))
    with db.read() as connection:
        page = connection.execute(open_ones).all()
        query = select(*cards.c["prompt_id", "channel", "ts"]).where(
            cards.c.prompt_id.in_([row.id for row in page]), cards.c.ts.is_not(None), cards.c.due_at.is_(None)
        )
        found = [PostedCard(**row._mapping) for row in connection.execute(query)]
    return found, (page[-1].opened_at, page[-1].id) if len(page) == limit else None


def is_any_being_posted(db: Database) -> bool:
    """Whether a card may be in Slack already although its timestamp is not known yet."""
    posting = cards.c.due_at.is_not(None) & cards.c.claimed_by.is_not(None) & cards.c.ts.is_(None)
    with db.read() as connection:
        return connection.execute(select(cards.c.id).where(posting).limit(1)).first() is not None


@transactional
def channel_changed(db: Database, channel: str, names: Collection[str], *, is_closed: bool, now: datetime) -> None:
    """Have cards in a channel drawn at once: those that Slack did not take there, and whose prompt is open.

    Args:
        channel: The id of the channel.
        names: How policies may name it.
        is_closed: Whether it is likely that Slack takes no cards there any more. Then those of open prompts that are
            in it are drawn too, so that it is found out.
    """
    is_open = exists().where(prompts.c.id == cards.c.prompt_id, prompts.c.outcome.is_(None))
    is_there = or_(cards.c.channel == channel, cards.c.place_target.in_([channel, *names]))
    wanted = cards.c.refusal.is_not(None) & is_there
    if is_closed:
        wanted |= (cards.c.channel == channel) & cards.c.ts.is_not(None) & is_open
    # Read first: most channels have no cards, and a write would wait for its turn.
    with db.read() as connection:
        if connection.execute(select(cards.c.id).where(wanted).limit(1)).first() is None:
            return
    with db.write() as tx:
        tx.execute(update(cards).where(wanted).values(due_at=now, attempts=0))
        tx.touch(Topic.CARDS)


def refused(db: Database) -> list[RefusedCards]:
    """The cards that Slack does not take until a person mends something, by their places."""
    is_open = case((prompts.c.outcome.is_(None), 1), else_=0)
    place = cards.c["place_kind", "place_target", "channel", "refusal"]
    query = (
        select(*place, func.sum(is_open).label("open"), func.sum(1 - is_open).label("settled"))
        .join(prompts, prompts.c.id == cards.c.prompt_id)
        .where(cards.c.refusal.is_not(None))
        .group_by(*place)
        .order_by(*place)
    )
    with db.read() as connection:
        return [
            RefusedCards(
                Place(PlaceKind(row.place_kind), row.place_target), row.channel, row.refusal, row.open, row.settled
            )
            for row in connection.execute(query)
        ]


@transactional
def retry_refused(db: Database, *, given_up: bool, now: datetime) -> None:
    """Have the cards that Slack did not take drawn at once: somebody may have mended what was wrong.

    Args:
        given_up: Whether those are meant too that are not tried again, because their prompts are settled.
    """
    wanted = update(cards).where(cards.c.refusal.is_not(None))
    if not given_up:
        wanted = wanted.where(cards.c.due_at.is_not(None))
    with db.write() as tx:
        if tx.execute(wanted.values(due_at=now, attempts=0)).rowcount:
            tx.touch(Topic.CARDS)


@transactional
def redraw(db: Database, prompt_id: str, *, now: datetime) -> None:
    """Make the cards of a prompt due although it has not changed: somebody saw a stale one."""
    with db.write() as tx:
        touch(tx, prompt_id, now)


def _is_held(card: Card) -> ColumnElement[bool]:
    """Whether the claim with which a card was given out is still on it."""
    return (cards.c.id == card.id) & (cards.c.claimed_by == card.worker)


def next_due_at(db: Database) -> datetime | None:
    """When the next card or notice is due; `None` when Slack is up to date."""
    # A reply whose card is missing is due at no particular moment: `drawn` announces the card.
    ready = and_(notices.c.due_at.is_not(None), cards.c.ts.is_not(None), IS_FIRST)
    soonest = (
        select(func.min(cards.c.due_at))
        .where(cards.c.due_at.is_not(None))
        .union_all(
            select(func.min(notices.c.due_at))
            .join(cards, cards.c.prompt_id == notices.c.prompt_id)
            .where(ready, notices.c.place_kind.is_(None)),
            select(func.min(notices.c.due_at)).where(notices.c.due_at.is_not(None), notices.c.place_kind.is_not(None)),
        )
    )
    with db.read() as connection:
        moments = [moment for (moment,) in connection.execute(soonest) if moment is not None]
    return min(moments, default=None)
