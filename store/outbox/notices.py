"""Notices: messages in the threads of cards. Each is written in the transaction that it reports, and posted once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.leases import is_claimable
from signoff.store.records import Notice
from signoff.store.rows import prompt, select_prompts
from signoff.store.sql.statements import Statement, insert_into, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import cards, notices, prompts

_ADD = insert_into(notices, "prompt_id", "kind", "detail", "created_at", "due_at")
NEWEST_OF_RUN = Statement(
    select(prompts.c.id)
    .where(prompts.c.run_id == param("run_id"))
    .order_by(prompts.c.opened_at.desc(), prompts.c.id)
    .limit(1)
)
"""Finds the prompt whose thread gets the notice of a run's end."""


def add(tx: Transaction, prompt_id: str, *, kind: str, detail: Mapping[str, Any], now: datetime) -> None:
    """Have a notice posted, within an open transaction."""
    tx.run(_ADD, prompt_id=prompt_id, kind=kind, detail=dict(detail), created_at=now, due_at=now)
    tx.touch(Topic.CARDS)


def claim_due(db: Database, worker: str, *, now: datetime, limit: int = 50) -> list[Notice]:
    """Claim notices that are due. A notice waits until its card has been posted.

    Nobody else can claim one until `worker` has recorded the result, or has expired.
    """
    ready = (
        select(notices.c.id, notices.c.claimed_by)
        .join(cards, cards.c.prompt_id == notices.c.prompt_id)
        .where(notices.c.due_at <= now, is_claimable(notices.c.claimed_by, worker), cards.c.ts.is_not(None))
        .order_by(notices.c.due_at, notices.c.id)
        .limit(limit)
    )
    with db.read() as connection:
        if connection.execute(ready.limit(1)).first() is None:
            return []
    with db.write() as tx:
        # Locked by one statement and changed by the next: within an UPDATE, PostgreSQL may evaluate a subquery with a
        # LIMIT more than once, and so change more rows than the limit.
        before = {row.id: row.claimed_by for row in tx.execute(ready.with_for_update(of=notices, skip_locked=True))}
        rows = tx.execute(
            update(notices)
            .where(notices.c.id.in_(list(before)))
            .values(claimed_by=worker, attempts=notices.c.attempts + 1)
            .returning(notices)
        ).all()
        return [_notice(tx, row, before[row.id] is not None) for row in sorted(rows, key=lambda row: row.id)]


def posted(db: Database, notice_id: int, *, ts: str) -> None:
    """Record that a notice was posted."""
    with db.write() as tx:
        tx.execute(
            update(notices).where(notices.c.id == notice_id).values(ts=ts, due_at=None, claimed_by=None, error=None)
        )


def failed(db: Database, notice_id: int, *, error: str, retry_at: datetime | None, in_doubt: bool) -> None:
    """Record why a notice could not be posted.

    Args:
        retry_at: When to try again; `None` to give it up.
        in_doubt: Whether the notice may have been posted after all. If so, it stays claimed.
    """
    with db.write() as tx:
        claimed_by = notices.c.claimed_by if in_doubt else None
        tx.execute(
            update(notices).where(notices.c.id == notice_id).values(error=error, due_at=retry_at, claimed_by=claimed_by)
        )


def _notice(tx: Transaction, row: Any, in_doubt: bool) -> Notice:
    asked = prompt(tx.execute(select_prompts().where(prompts.c.id == row.prompt_id)).one())
    card = tx.execute(select(cards.c.channel, cards.c.ts).where(cards.c.prompt_id == row.prompt_id)).one()
    return Notice(
        id=row.id,
        prompt=asked,
        kind=row.kind,
        detail=row.detail,
        created_at=row.created_at,
        attempts=row.attempts,
        card_channel=card.channel,
        card_ts=card.ts,
        in_doubt=in_doubt,
    )
