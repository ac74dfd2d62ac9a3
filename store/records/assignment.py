"""Who has taken a prompt on."""

from dataclasses import dataclass
from datetime import datetime

from signoff.store.records.actors import Actor


@dataclass(frozen=True, slots=True)
class Delegation:
    """Somebody may answer a prompt in the place of somebody whom its policy lets answer. Together they have one vote.

    Attributes:
        by: In whose place.
        to: Who may.
    """

    by: Actor
    to: Actor


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who has a prompt.

    Attributes:
        assignee: The person who has it; `None` if nobody does.
        since: Since when; `None` if nobody does.
        by: Who gave it to them; `None` if they took it themselves.
        note: What that person said to it; may be empty.
        delegations: Who may answer in whose place, one for each person in whose place.
        passed: The ids of those to whom it was assigned, and who gave it back.
        is_for_all: Whether it is assigned to nobody because there was nobody.
    """

    assignee: Actor | None = None
    since: datetime | None = None
    by: Actor | None = None
    note: str = ""
    delegations: tuple[Delegation, ...] = ()
    passed: tuple[str, ...] = ()
    is_for_all: bool = False


UNASSIGNED = Assignment()
"""Nobody has it."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """What somebody wants: that somebody else has a prompt.

    Attributes:
        to: The id of the person who is to have it.
        note: What to tell them; may be empty.
    """

    to: str
    note: str
