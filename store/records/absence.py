"""Who is away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from signoff.store.records.actors import Actor


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody is away for a while.

    Attributes:
        until: When they are back.
        cover: Who covers for them; `None` for nobody.
    """

    person: Actor
    until: datetime
    cover: Actor | None = None


def cover_of(person_id: str, away: Sequence[Absence]) -> Actor | None:
    """Who covers for somebody who is away; `None` for nobody, and for somebody who is here.

    If the cover is away, too, it is whoever covers for that one. In a circle nobody does.
    """
    by_person = {each.person.id: each for each in away}
    seen, absence = {person_id}, by_person.get(person_id)
    while absence is not None and absence.cover is not None and absence.cover.id not in seen:
        if absence.cover.id not in by_person:
            return absence.cover
        seen.add(absence.cover.id)
        absence = by_person[absence.cover.id]
    return None


def covered_by(person_id: str, away: Sequence[Absence]) -> list[Actor]:
    """The people who are away and for whom this person covers, directly or because their own cover is away, too."""
    found = ((each.person, cover_of(each.person.id, away)) for each in away)
    return [person for person, cover in found if cover is not None and cover.id == person_id]
