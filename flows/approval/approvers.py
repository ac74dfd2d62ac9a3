"""Who may answer a prompt: the directory that the desk asks, and what it makes of the policy's approvers."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NoReturn, Protocol

from signoff.flows.schema.slack_ids import is_user_group_id, is_user_id
from signoff.store.policy import Policy
from signoff.store.records.actors import Actor


@dataclass(frozen=True, slots=True)
class Unknowable:
    """The answer of a directory that cannot know. It is neither yes nor no, so it has no truth value.

    Attributes:
        reason: Why it cannot know, as a sentence.
    """

    reason: str

    def __bool__(self) -> NoReturn:
        raise TypeError(f"Neither yes nor no: {self.reason}")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who exists and can act.

    Attributes:
        id: The person's id, such as a Slack user id.
        name: What people read.
        names: What else a policy may call them: `@handle`, an e-mail address.
    """

    id: str
    name: str
    names: frozenset[str] = frozenset()


class Directory(Protocol):
    """Who people are, and where they belong. It is asked when somebody acts, not when the card was drawn."""

    def person(self, reference: str) -> Person | Unknowable | None:
        """The person with this id, e-mail address or `@handle`; `None` if there is nobody."""
        ...

    def is_person(self, actor: Actor, reference: str) -> bool | Unknowable:
        """Whether `actor` is the person whom a policy names by an id, an e-mail address or a `@handle`."""
        ...

    def members_of(self, group: str) -> frozenset[str] | Unknowable | None:
        """The ids of the people in a user group, given its id or `@handle`; `None` if there is no such group."""
        ...

    def is_member(self, channel: str, person: str) -> bool | Unknowable:
        """Whether the person with this id is a member of the channel with that id."""
        ...

    def absent_until(self, person: str) -> datetime | Unknowable | None:
        """Until when the person with this id is away; `None` if they are not known to be."""
        ...


def may_answer(policy: Policy, actor: Actor, directory: Directory) -> bool | Unknowable:
    """Whether a policy lets this person answer. One approver whom they are is enough."""
    if not policy.approvers:
        return True
    reasons = []
    for approver in policy.approvers:
        match directory.is_person(actor, approver):
            case Unknowable(reason):
                reasons.append(reason)
            case True:
                return True
    return Unknowable(" ".join(dict.fromkeys(reasons))) if reasons else False


class NameKind(StrEnum):
    """What kind of name a policy uses for an approver."""

    USER_ID = "Slack user id"
    USER_GROUP_ID = "user group id"
    HANDLE = "handle"
    EMAIL = "e-mail address"
    OTHER = "other name"

    @classmethod
    def of(cls, name: str) -> "NameKind":
        """The kind of a name, by how it is written. The handle of a user group looks like a person's."""
        if is_user_id(name):
            return cls.USER_ID
        if is_user_group_id(name):
            return cls.USER_GROUP_ID
        if name.startswith("@"):
            return cls.HANDLE
        return cls.EMAIL if "@" in name else cls.OTHER


def goes_by(names: Iterable[str], reference: str) -> bool:
    """Whether `reference` is one of these names. Capitals do not matter."""
    return reference.casefold() in {name.casefold() for name in names}


class StatedNames:
    """The directory of a program without Slack, such as the command line. It knows only the names that it is given."""

    def person(self, reference: str) -> Unknowable:
        """Cannot be known."""
        return Unknowable(f"Only Slack knows who {reference} is.")

    def is_person(self, actor: Actor, reference: str) -> bool | Unknowable:
        """Whether `reference` is a name of the actor. Of a kind of name that they have not given, nothing is known."""
        names = (actor.id, *actor.aliases)
        if goes_by(names, reference):
            return True
        kind = NameKind.of(reference)
        if kind is NameKind.USER_GROUP_ID:
            return Unknowable(f"Only Slack knows who is in the user group {reference}.")
        if kind is NameKind.OTHER or kind in map(NameKind.of, names):
            return False
        return Unknowable(f"Only Slack knows the {kind} of {actor.id}.")

    def members_of(self, group: str) -> Unknowable:
        """Cannot be known."""
        return Unknowable(f"Only Slack knows who is in the user group {group}.")

    def is_member(self, channel: str, person: str) -> Unknowable:
        """Cannot be known."""
        return Unknowable(f"Only Slack knows whether {person} is a member of {channel}.")

    def absent_until(self, person: str) -> Unknowable:
        """Cannot be known."""
        return Unknowable(f"Only Slack knows whether {person} is away.")
