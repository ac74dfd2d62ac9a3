"""Drafts: what a person has entered in a prompt's form and not submitted yet."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from signoff.store.database import Database
from signoff.store.sql.statements import Statement, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import drafts, prompts


def load(db: Database, prompt_id: str, actor_id: str) -> Mapping[str, Any] | None:
    """What this person has entered; `None` if there is no draft."""
    query = select(drafts.c["values"]).where(drafts.c.prompt_id == prompt_id, drafts.c.actor == actor_id)
    with db.read() as connection:
        found: Mapping[str, Any] | None = connection.execute(query).scalar()
    return found


def save(db: Database, prompt_id: str, actor_id: str, values: Mapping[str, Any], *, now: datetime) -> bool:
    """Store what this person has entered, in place of the earlier draft.

    Returns:
        Whether it was stored. There are no drafts of a settled prompt.
    """
    with db.write() as tx:
        # Locked, so that nobody can settle it between this query and the write.
        is_open = select(prompts.c.id).where(prompts.c.id == prompt_id, prompts.c.outcome.is_(None)).with_for_update()
        if tx.execute(is_open).first() is None:
            return False
        mine = (drafts.c.prompt_id == prompt_id) & (drafts.c.actor == actor_id)
        kept = tx.execute(update(drafts).where(mine).values({"values": dict(values), "updated_at": now}))
        if kept.rowcount == 0:
            tx.execute(
                drafts.insert().values(
                    {"prompt_id": prompt_id, "actor": actor_id, "values": dict(values), "updated_at": now}
                )
            )
        return True


def discard(db: Database, prompt_id: str, actor_id: str) -> None:
    """Delete this person's draft."""
    with db.write() as tx:
        tx.execute(delete(drafts).where(drafts.c.prompt_id == prompt_id, drafts.c.actor == actor_id))


def discard_all(tx: Transaction, prompt_id: str) -> None:
    """Delete every draft of a prompt, within the transaction that settles it."""
    tx.run(_DISCARD_ALL, prompt_id=prompt_id)


_DISCARD_ALL = Statement(delete(drafts).where(drafts.c.prompt_id == param("prompt_id")))
