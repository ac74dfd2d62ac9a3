"""Drafts: what a person has entered in a prompt's form and not submitted yet.

Slack reports a change of an input and the press that follows it at the same moment, so two listeners may read, change
and store one draft side by side. Each save names the revision that it was made from; if that is not the stored one any
more, nothing is written, and the caller reads the draft again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from signoff.store.database import Database
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import Statement, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import drafts, prompts

NO_DRAFT = 0
"""The revision of a draft that is not stored yet."""


class DraftChanged(Exception):
    """The draft has been stored again since it was loaded."""


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """A draft as it is stored.

    Attributes:
        values: What the person has entered.
        revision: Goes up by one with each save.
    """

    values: Mapping[str, Any]
    revision: int


def load(db: Database, prompt_id: str, actor_id: str) -> StoredDraft | None:
    """What this person has entered; `None` if there is no draft."""
    query = select(drafts.c["values"], drafts.c.revision).where(
        drafts.c.prompt_id == prompt_id, drafts.c.actor == actor_id
    )
    with db.read() as connection:
        row = connection.execute(query).first()
    return None if row is None else StoredDraft(**row._mapping)


@transactional
def save(
    db: Database, prompt_id: str, actor_id: str, values: Mapping[str, Any], *, revision: int, now: datetime
) -> int | None:
    """Store what this person has entered, in place of the earlier draft.

    Args:
        revision: That of the earlier draft; `NO_DRAFT` if there was none.

    Returns:
        The draft's new revision; `None` if it was not stored, because the prompt is settled.

    Raises:
        DraftChanged: If the stored draft has another revision. Nothing is written.
    """
    entered = {"values": dict(values), "updated_at": now, "revision": revision + 1}
    with db.write() as tx:
        # Locked, so that nobody can settle it between this query and the write. Rows that refer to it can be added.
        is_open = select(prompts.c.id).where(prompts.c.id == prompt_id, prompts.c.outcome.is_(None))
        if tx.execute(is_open.with_for_update(key_share=True)).first() is None:
            return None
        if revision == NO_DRAFT:
            try:
                tx.execute(drafts.insert().values({"prompt_id": prompt_id, "actor": actor_id, **entered}))
            except IntegrityError:
                raise DraftChanged from None
        else:
            mine = (drafts.c.prompt_id == prompt_id) & (drafts.c.actor == actor_id)
            unchanged = update(drafts).where(mine, drafts.c.revision == revision)
            if tx.execute(unchanged.values(entered)).rowcount == 0:
                raise DraftChanged
    return revision + 1


@transactional
def discard(db: Database, prompt_id: str, actor_id: str) -> None:
    """Delete this person's draft."""
    with db.write() as tx:
        tx.execute(delete(drafts).where(drafts.c.prompt_id == prompt_id, drafts.c.actor == actor_id))


def discard_all(tx: Transaction, prompt_id: str) -> None:
    """Delete every draft of a prompt, within the transaction that settles it."""
    tx.run(_DISCARD_ALL, prompt_id=prompt_id)


_DISCARD_ALL = Statement(delete(drafts).where(drafts.c.prompt_id == param("prompt_id")))
