"""The ledger: the append-only log of everything that happened to a prompt.

Each line continues the hash chain of its prompt (`store.ledger_chain`). The database computes the hash in the statement
that updates the head of the chain, so two transactions that add lines at the same moment follow each other, and no
round trip is needed to read what came before.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import String, cast, select, update
from sqlalchemy.exc import IntegrityError

from signoff.store.database import Database
from signoff.store.ledger_chain import BEGINNING, content_hash, line_hash
from signoff.store.records.actors import Actor
from signoff.store.records.ledger import LedgerLine
from signoff.store.rows import ledger_line
from signoff.store.sql.column_types import storable
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.functions import sha256_hex
from signoff.store.sql.statements import Statement, insert_into, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import attempts, ledger, ledger_heads

_OF_PROMPT = ledger_heads.c.prompt_id == param("prompt_id")
_LENGTHEN = Statement(
    update(ledger_heads)
    .where(_OF_PROMPT)
    .values(
        number=ledger_heads.c.number + 1,
        hash=sha256_hex(
            ledger_heads.c.hash + " " + cast(ledger_heads.c.number + 1, String) + " " + param("content", String)
        ),
    )
)
_GIVEN = ("prompt_id", "at", "event", "actor", "detail")
_ADD = Statement(
    ledger.insert()
    .values(
        {name: param(name, ledger.c[name].type) for name in _GIVEN}
        # NULL, which the database refuses, if somebody has deleted the head of the chain.
        | {name: select(ledger_heads.c[name]).where(_OF_PROMPT).scalar_subquery() for name in ("number", "hash")}
    )
    .inline()
)
_BEGIN = insert_into(ledger_heads, "prompt_id", "number", "hash")
_ADD_FIRST = insert_into(ledger, *_GIVEN, "number", "hash")


def begin(
    tx: Transaction, prompt_id: str, event: str, *, now: datetime, detail: Mapping[str, Any] | None = None
) -> None:
    """Add the first line of a new prompt, within the transaction that opens it."""
    line = _line(prompt_id, event, now, None, detail)
    chained = {"number": 1, "hash": line_hash(BEGINNING, 1, content_hash(**line))}
    tx.run_last(prompt_id, _BEGIN.bind(prompt_id=prompt_id, **chained), _ADD_FIRST.bind(**line, **chained))


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
    line = _line(prompt_id, event, now, actor, detail)
    # The head of a chain is the last row that any transaction locks, so whoever holds it waits for nobody.
    tx.run_last(prompt_id, _LENGTHEN.bind(prompt_id=prompt_id, content=content_hash(**line)), _ADD.bind(**line))


def _line(
    prompt_id: str, event: str, now: datetime, actor: Actor | None, detail: Mapping[str, Any] | None
) -> dict[str, Any]:
    return {
        "prompt_id": prompt_id,
        "at": now,
        "event": event,
        "actor": None if actor is None else actor.id,
        "detail": {**(detail or {}), **({} if actor is None else _described(actor))},
    }


def _described(actor: Actor) -> dict[str, str]:
    return {"name": actor.name, "claim": actor.claim} if actor.claim else {"name": actor.name}


EACH_OF = 10
"""How many attempts in vain of one person, of one kind and on one prompt, have a line each. After these, there is one
whenever their number has doubled, so that nobody can fill the disk by pressing again and again."""


def note(
    db: Database,
    prompt_id: str,
    event: str,
    *,
    now: datetime,
    actor: Actor,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Add a line for what somebody has tried in vain, such as an answer that was refused.

    If they have tried it often, a line says how often in all (`times`), and most repetitions add none.
    """
    try:
        _note(db, prompt_id, event, now, actor, detail)
    except IntegrityError:
        # Their first two attempts came at the same moment.
        _note(db, prompt_id, event, now, actor, detail)


@transactional
def _note(
    db: Database, prompt_id: str, event: str, now: datetime, actor: Actor, detail: Mapping[str, Any] | None
) -> None:
    mine = {"prompt_id": prompt_id, "actor": storable(actor.id), "event": event}
    with db.write() as tx:
        counted = update(attempts).filter_by(**mine).values(times=attempts.c.times + 1).returning(attempts.c.times)
        times = tx.execute(counted).scalar()
        if times is None:
            times = 1
            tx.execute(attempts.insert().values(**mine, times=times))
        if times <= EACH_OF:
            add(tx, prompt_id, event, now=now, actor=actor, detail=detail)
        elif times.bit_count() == 1:
            add(tx, prompt_id, event, now=now, actor=actor, detail={**(detail or {}), "times": times})


def lines(db: Database, prompt_id: str) -> list[LedgerLine]:
    """Everything that happened to a prompt, oldest first."""
    with db.read() as connection:
        rows = connection.execute(select(ledger).where(ledger.c.prompt_id == prompt_id).order_by(ledger.c.number))
        return [ledger_line(row) for row in rows]
