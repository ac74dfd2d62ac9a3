"""Cards: the Slack messages that show prompts, and which of them are missing or out of date.

The transaction that changes a prompt marks its card as due. A dispatcher claims due cards, posts or updates them, and
records the result. A claim is kept as long as the worker lives: when a dispatcher died between the call to Slack and
the record of it, the next one knows that the card may have been posted (`Card.in_doubt`) and searches before it posts.
"""

from datetime import datetime

from sqlalchemy import case, func, select, update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.leases import is_claimable
from signoff.store.records import Card, Prompt
from signoff.store.rows import prompt, select_prompts
from signoff.store.sql.statements import Statement, insert_into, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import cards, notices, prompts

_OF_PROMPT = cards.c.prompt_id == param("prompt_id")
_ADD = insert_into(cards, "prompt_id", "due_at")
_TOUCH = Statement(update(cards).where(_OF_PROMPT).values(due_at=param("due_at")))


def add(tx: Transaction, prompt_id: str, now: datetime) -> None:
    """Have a card posted for a new prompt, within an open transaction."""
    tx.run(_ADD, prompt_id=prompt_id, due_at=now)
    tx.touch(Topic.CARDS)


def touch(tx: Transaction, prompt_id: str, now: datetime) -> None:
    """Have the card of a changed prompt updated, within an open transaction."""
    tx.run(_TOUCH, prompt_id=prompt_id, due_at=now)
    tx.touch(Topic.CARDS)


def claim_due(db: Database, worker: str, *, now: datetime, limit: int = 50) -> list[Card]:
    """Claim cards that are missing or out of date.

    Nobody else can claim one until `worker` has recorded the result, or has expired. `attempts` counts the claims since
    the card was last up to date.
    """
    due = (
        select(cards.c.prompt_id, cards.c.claimed_by)
        .where(cards.c.due_at <= now, is_claimable(cards.c.claimed_by, worker))
        .order_by(cards.c.due_at)
        .limit(limit)
    )
    with db.read() as connection:
        if connection.execute(due.limit(1)).first() is None:
            return []
    with db.write() as tx:
        # Locked by one statement and changed by the next: within an UPDATE, PostgreSQL may evaluate a subquery with a
        # LIMIT more than once, and so change more rows than the limit.
        before = {row.prompt_id: row.claimed_by for row in tx.execute(due.with_for_update(skip_locked=True))}
        ids = list(before)
        rows = tx.execute(
            update(cards)
            .where(cards.c.prompt_id.in_(ids))
            .values(claimed_by=worker, attempts=cards.c.attempts + 1)
            .returning(cards)
        ).all()
        asked = tx.execute(select_prompts().where(prompts.c.id.in_(ids)))
        by_id = {row.id: prompt(row) for row in asked}
    taken = [
        Card(
            by_id[row.prompt_id],
            row.channel,
            row.ts,
            row.attempts,
            row.error,
            in_doubt=before[row.prompt_id] is not None,
        )
        for row in rows
    ]
    return sorted(taken, key=lambda card: card.prompt.opened_at)


def drawn(db: Database, shown: Prompt, *, channel: str, ts: str, now: datetime, updated_ts: str | None = None) -> None:
    """Record that the card in Slack shows `shown`. It stays due if the prompt has changed since.

    Args:
        updated_ts: The timestamp of the message that was updated; `None` for one that was posted. Nothing is recorded
            if the card is another message by now, because this one was deleted.
    """
    current = select(prompts.c.revision).where(prompts.c.id == shown.id).scalar_subquery()
    with db.write() as tx:
        # Settling updates this row too. Once it is locked, the next statement sees the newest revision of the prompt.
        before = tx.execute(select(cards.c.ts).where(cards.c.prompt_id == shown.id).with_for_update()).scalar()
        if updated_ts is not None and before != updated_ts:
            return
        tx.execute(
            update(cards)
            .where(cards.c.prompt_id == shown.id)
            .values(
                channel=channel,
                ts=ts,
                shown_revision=shown.revision,
                claimed_by=None,
                attempts=0,
                error=None,
                due_at=case((current == shown.revision, None), else_=now),
            )
        )
        if before != ts:
            ledger.add(tx, shown.id, "card_posted", now=now, detail={"channel": channel, "ts": ts})
        # Notices that waited for the card can be posted now.
        tx.touch(Topic.CARDS)


def failed(db: Database, prompt_id: str, *, error: str, retry_at: datetime, in_doubt: bool, now: datetime) -> None:
    """Record why a card could not be posted or updated, and when to try again.

    The ledger gets a line only if the reason is another one than the last time.

    Args:
        in_doubt: Whether the card may have been posted after all. If so, it stays claimed.
    """
    with db.write() as tx:
        known = tx.execute(select(cards.c.error).where(cards.c.prompt_id == prompt_id)).scalar()
        claimed_by = cards.c.claimed_by if in_doubt else None
        tx.execute(
            update(cards)
            .where(cards.c.prompt_id == prompt_id)
            .values(error=error, due_at=retry_at, claimed_by=claimed_by)
        )
        if known != error:
            ledger.add(tx, prompt_id, "card_failed", now=now, detail={"error": error})


def lost(db: Database, *, channel: str, ts: str, now: datetime) -> bool:
    """Record that a card was deleted in Slack, and have it posted again.

    Returns:
        Whether it is the card of an open prompt. That of a settled one is not posted again.
    """
    # Found through the open prompts, which are few and have an index. Cards have no index on the timestamp.
    wanted = (
        select(cards.c.prompt_id)
        .join(prompts, prompts.c.id == cards.c.prompt_id)
        .where(prompts.c.outcome.is_(None), cards.c.channel == channel, cards.c.ts == ts)
    )
    with db.read() as connection:
        if connection.execute(wanted).first() is None:
            return False
    with db.write() as tx:
        found = tx.execute(
            update(cards)
            .where(cards.c.prompt_id.in_(wanted))
            .values(channel=None, ts=None, shown_revision=0, claimed_by=None, attempts=0, due_at=now)
            .returning(cards.c.prompt_id)
        ).first()
        if found is not None:
            ledger.add(tx, found.prompt_id, "card_lost", now=now)
            tx.touch(Topic.CARDS)
    return True


def is_any_being_posted(db: Database) -> bool:
    """Whether a card may be in Slack already although its timestamp is not known yet."""
    posting = cards.c.due_at.is_not(None) & cards.c.claimed_by.is_not(None) & cards.c.ts.is_(None)
    with db.read() as connection:
        return connection.execute(select(cards.c.prompt_id).where(posting).limit(1)).first() is not None


def redraw(db: Database, prompt_id: str, *, now: datetime) -> None:
    """Have a card updated although its prompt has not changed, because somebody has seen an old one."""
    with db.write() as tx:
        touch(tx, prompt_id, now)


def next_due_at(db: Database) -> datetime | None:
    """When the next card or notice is due; `None` if Slack is up to date."""
    # A notice whose card is missing is not due by time: `drawn` announces the card.
    ready = cards.c.ts.is_not(None) & notices.c.due_at.is_not(None)
    soonest = (
        select(func.min(cards.c.due_at))
        .where(cards.c.due_at.is_not(None))
        .union_all(
            select(func.min(notices.c.due_at)).join(cards, cards.c.prompt_id == notices.c.prompt_id).where(ready)
        )
    )
    with db.read() as connection:
        moments = [moment for (moment,) in connection.execute(soonest) if moment is not None]
    return min(moments, default=None)
