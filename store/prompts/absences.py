"""Who is away, and the prompts that it affects. Each function that takes a `Database` is one transaction.

A prompt is affected if its policy names the person, if it is delegated to them, or if they have it. Then its ledger
says so, its cards show it, and whoever covers gets a card of their own if they may answer it only because of that.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Text, cast, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.outbox import cards
from signoff.store.records.absence import Absence, cover_of
from signoff.store.records.actors import Actor
from signoff.store.rows import approvers
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.transactions import ReadTransaction, Transaction
from signoff.store.tables import absences, prompts


def current(db: Database, *, now: datetime) -> list[Absence]:
    """Everybody who is away now."""
    with db.read() as reading:
        return current_in(reading, now=now)


def current_in(reading: ReadTransaction, *, now: datetime) -> list[Absence]:
    """The same, within an open transaction."""
    query = select(absences).where(absences.c.until > now).order_by(absences.c.person)
    return [_absence(row) for row in reading.execute(query)]


def over(db: Database, *, now: datetime) -> list[Absence]:
    """The absences whose time is over, and that have not been ended yet."""
    with db.read() as reading:
        return [_absence(row) for row in reading.execute(select(absences).where(absences.c.until <= now))]


def next_end(db: Database) -> datetime | None:
    """When the next absence is over; `None` if nobody is away."""
    with db.read() as reading:
        found: datetime | None = reading.execute(select(func.min(absences.c.until))).scalar()
    return found


@transactional
def begin(db: Database, absence: Absence, *, now: datetime) -> int:
    """Note that somebody is away, in place of what they have said before. Returns the number of prompts it affects."""
    with db.write() as tx:
        person = absence.person
        _store(tx, absence)
        away = current_in(tx, now=now)
        affected = _affected(tx, person.id)
        for row in affected:
            note(tx, row, absence, cover_of(person.id, away), now=now)
        tx.touch(Topic.ABSENCES, Topic.PROMPTS)
        return len(affected)


def _store(tx: Transaction, absence: Absence) -> None:
    cover = absence.cover
    said = {
        "name": absence.person.name,
        "until": absence.until,
        "cover": None if cover is None else cover.id,
        "cover_name": None if cover is None else cover.name,
    }
    again = update(absences).where(absences.c.person == absence.person.id).values(said)
    if tx.execute(again).rowcount == 0:
        try:
            with tx.connection.begin_nested():
                tx.execute(absences.insert().values(person=absence.person.id, **said))
        except IntegrityError:
            # They have said it twice at once.
            tx.execute(again)


@transactional
def end(db: Database, person_id: str, *, now: datetime, until: datetime | None = None) -> Absence | None:
    """Note that somebody is back. Returns the absence that has ended; `None` if they were here.

    Args:
        until: Only an absence that was to end then: they may have said something else since.
    """
    which = absences.c.person == person_id
    if until is not None:
        which &= absences.c.until == until
    with db.write() as tx:
        row = tx.execute(delete(absences).where(which).returning(absences)).first()
        if row is None:
            return None
        ended = _absence(row)
        for each in _affected(tx, person_id):
            ledger.add(tx, each.id, "back", now=now, actor=ended.person)
            _redraw(tx, each.id, now)
        tx.touch(Topic.ABSENCES, Topic.PROMPTS)
        return ended


@transactional
def without_cover(db: Database, cover_id: str, *, now: datetime) -> None:
    """Have nobody covered by a person who is gone for good, so that whoever is away is asked themselves again."""
    covered = select(absences).where(absences.c.cover == cover_id)
    # Read first: hardly anybody who is deactivated covers for somebody, and a write would wait for its turn.
    with db.read() as reading:
        if reading.execute(covered.limit(1)).first() is None:
            return
    with db.write() as tx:
        rows = tx.execute(covered).all()
        tx.execute(update(absences).where(absences.c.cover == cover_id).values(cover=None, cover_name=None))
        for row in rows:
            for prompt in _affected(tx, row.person):
                note(tx, prompt, replace(_absence(row), cover=None), None, now=now)
        tx.touch(Topic.ABSENCES, Topic.PROMPTS)


def note_found(tx: Transaction, prompt_id: str, people: Collection[str], *, now: datetime) -> None:
    """Note who of the people of whom it is new that they are approvers is away, within an open transaction."""
    if not people or tx.execute(select(absences.c.person).where(absences.c.person.in_(list(people)))).first() is None:
        return
    away = current_in(tx, now=now)
    row = tx.execute(select(prompts).where(prompts.c.id == prompt_id)).one()
    for absence in away:
        if absence.person.id in people:
            note(tx, row, absence, cover_of(absence.person.id, away), now=now)


def note(tx: Transaction, row: Any, absence: Absence, cover: Actor | None, *, now: datetime) -> None:
    """Note in a prompt that somebody is away whom it affects, within an open transaction.

    Args:
        row: The prompt.
    """
    detail: dict[str, Any] = {"until": absence.until.isoformat()}
    if cover is not None:
        detail |= {"cover": cover.name, "cover_id": cover.id}
    ledger.add(tx, row.id, "away", now=now, actor=absence.person, detail=detail)
    _redraw(tx, row.id, now)
    own_right = cover is not None and cover.id in {each.id for each in approvers(row.approvers)}
    if cover is not None and row.policy.get("may_delegate") and not own_right:
        cards.add_for(tx, row.id, [cover.id], now=now)


def _redraw(tx: Transaction, prompt_id: str, now: datetime) -> None:
    # With a new revision, since one of its cards may just be being drawn as it was.
    tx.execute(update(prompts).where(prompts.c.id == prompt_id).values(revision=prompts.c.revision + 1))
    cards.touch(tx, prompt_id, now)


def _affected(tx: Transaction, person_id: str) -> Sequence[Any]:
    """The open prompts to which it matters that somebody is away, as rows."""
    quoted = f'"{person_id}"'
    named = or_(
        cast(prompts.c.approvers, Text).contains(quoted, autoescape=True),
        cast(prompts.c.assignment, Text).contains(quoted, autoescape=True),
    )
    return tx.execute(select(prompts).where(prompts.c.outcome.is_(None), named).order_by(prompts.c.id)).all()


def _absence(row: Any) -> Absence:
    cover = None if row.cover is None else Actor(row.cover, row.cover_name)
    return Absence(Actor(row.person, row.name), row.until, cover)
