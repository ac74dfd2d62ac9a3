"""The ledger: the append-only log of everything that happened to a prompt."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select

from signoff.store.database import Database
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import LedgerLine
from signoff.store.rows import ledger_line
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import insert_into
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import ledger

_ADD = insert_into(ledger, "prompt_id", "at", "event", "actor", "detail")


def add(
    tx: Transaction,
    prompt_id: str,
    event: str,
    *,
    now: datetime,
    actor: Actor | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add a line, within an open transaction."""
    tx.run(
        _ADD,
        prompt_id=prompt_id,
        at=now,
        event=event,
        actor=None if actor is None else actor.id,
        detail={**(detail or {}), **({} if actor is None else _described(actor))},
    )


def _described(actor: Actor) -> dict[str, str]:
    return {"name": actor.name, "claim": actor.claim} if actor.claim else {"name": actor.name}


@transactional
def note(
    db: Database,
    prompt_id: str,
    event: str,
    *,
    now: datetime,
    actor: Actor | None = None,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add a line for something that changed nothing else, such as a refusal."""
    with db.write() as tx:
        add(tx, prompt_id, event, now=now, actor=actor, detail=detail)


def lines(db: Database, prompt_id: str) -> list[LedgerLine]:
    """Everything that happened to a prompt, oldest first."""
    with db.read() as connection:
        rows = connection.execute(select(ledger).where(ledger.c.prompt_id == prompt_id).order_by(ledger.c.id))
        return [ledger_line(row) for row in rows]
