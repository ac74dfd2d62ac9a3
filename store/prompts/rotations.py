"""Whose turn it is among the people of a group. Each function that takes a `Database` is one transaction.

A rotation is a row for each person with the number of their last turn, and one without a person with the number of the
last turn of all. Whoever takes a turn locks that one first, so of two processes that do so at once one comes second.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from signoff.store.database import Database
from signoff.store.prompts.assignments import Change, apply
from signoff.store.prompts.prompts import lock
from signoff.store.records.actors import SIGNOFF, Actor
from signoff.store.records.prompts import Prompt
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.transactions import ReadTransaction, Transaction
from signoff.store.tables import prompts, rotations

_NOBODY = ""


def ranked(db: Database, rotation: str, people: Sequence[Actor], *, by_load: bool) -> list[Actor]:
    """These people, the one whose turn it is first.

    Args:
        rotation: Its name.
        by_load: Whether those who have the fewest open prompts come first.
    """
    with db.read() as reading:
        return _ranked(reading, rotation, people, by_load=by_load)


@transactional
def take_turn(
    db: Database,
    prompt_id: str,
    rotation: str,
    people: Sequence[Actor],
    plan: Callable[[Prompt, Actor], Change],
    *,
    by_load: bool,
    now: datetime,
) -> Actor | None:
    """Give an open prompt that nobody has to the one of these people whose turn it is.

    Returns:
        The person; `None` if somebody has the prompt already, or it is settled.

    Raises:
        NoSuchPrompt: If there is no such prompt.
    """
    with db.write() as tx:
        current = lock(tx, prompt_id)
        if not current.is_open or current.assignment.assignee is not None:
            return None
        turn = _next_turn(tx, rotation)
        chosen = _ranked(tx, rotation, people, by_load=by_load)[0]
        _set_turn(tx, rotation, chosen.id, turn)
        apply(tx, current, plan(current, chosen), actor=SIGNOFF, now=now)
        return chosen


def _ranked(reading: ReadTransaction, rotation: str, people: Sequence[Actor], *, by_load: bool) -> list[Actor]:
    of_rotation = select(rotations.c.person, rotations.c.turn).where(rotations.c.rotation == rotation)
    turns = {row.person: row.turn for row in reading.execute(of_rotation)}
    loads = _loads(reading, [each.id for each in people]) if by_load else {}
    return sorted(people, key=lambda each: (loads.get(each.id, 0), turns.get(each.id, 0), each.id))


def _loads(reading: ReadTransaction, people: Sequence[str]) -> Mapping[str, int]:
    """How many open prompts each of these people has; those who have none are left out."""
    query = (
        select(prompts.c.assignee, func.count().label("number"))
        .where(prompts.c.assignee.in_(people), prompts.c.outcome.is_(None))
        .group_by(prompts.c.assignee)
    )
    return {row.assignee: row.number for row in reading.execute(query)}


def _next_turn(tx: Transaction, rotation: str) -> int:
    of_all = (rotations.c.rotation == rotation) & (rotations.c.person == _NOBODY)
    raised = update(rotations).where(of_all).values(turn=rotations.c.turn + 1).returning(rotations.c.turn)
    turn: int | None = tx.execute(raised).scalar()
    if turn is not None:
        return turn
    try:
        with tx.connection.begin_nested():
            tx.execute(rotations.insert().values(rotation=rotation, person=_NOBODY, turn=1))
    except IntegrityError:
        # Another process has begun this rotation in the same moment.
        return int(tx.execute(raised).scalar_one())
    return 1


def _set_turn(tx: Transaction, rotation: str, person_id: str, turn: int) -> None:
    theirs = (rotations.c.rotation == rotation) & (rotations.c.person == person_id)
    if tx.execute(update(rotations).where(theirs).values(turn=turn)).rowcount == 0:
        tx.execute(rotations.insert().values(rotation=rotation, person=person_id, turn=turn))
