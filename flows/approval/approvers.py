"""Who may answer a prompt, and who may see it: the directory that is asked, and what it makes of the policy."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from enum import StrEnum
from itertools import chain
from typing import NoReturn, Protocol

from signoff.flows.schema.slack_ids import is_channel_id, is_user_group_id, is_user_id
from signoff.store.places import PlaceKind
from signoff.store.records.absence import Absence, covered_by
from signoff.store.records.actors import Actor
from signoff.store.records.approvers import Approver
from signoff.store.records.outbox import CardPlace
from signoff.store.records.prompts import Prompt


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
        zone: Their time zone; UTC if it is not known.
    """

    id: str
    name: str
    names: frozenset[str] = frozenset()
    zone: tzinfo = UTC


class Directory(Protocol):
    """Who people are, and where they belong. It is asked when somebody acts, not when the card was drawn."""

    def person(self, reference: str) -> Person | Unknowable | None:
        """The person with this id, e-mail address or `@handle`; `None` if there is nobody."""
        ...

    def is_person(self, actor: Actor, reference: str) -> bool | Unknowable:
        """Whether `actor` is the person with this id, e-mail address or `@handle`."""
        ...

    def is_approver(self, actor: Actor, approver: Approver) -> bool | Unknowable:
        """Whether `actor` is the person whom a policy names, or is in the user group or channel that it names."""
        ...

    def absences(self) -> Sequence[Absence]:
        """Who is away now until when, and who covers for them."""
        ...

    def is_colleague(self, actor: Actor) -> bool | Unknowable:
        """Whether `actor` is an active person of the app's own workspace: no app, nobody of another organisation."""
        ...

    def members_of(self, group: str) -> frozenset[str] | Unknowable | None:
        """The ids of the people in a user group, given its id or `@handle`, or in a channel, given its id; `None` if
        there is no such group.

        Of a large channel there may be some only, and apps may be among them.
        """
        ...

    def can_read(self, actor: Actor, card: CardPlace) -> bool | Unknowable:
        """Whether `actor` is in the place where a card goes, and belongs to the organisation whose card it is."""
        ...

    def find(self, approver: str, *, max_age: float = math.inf) -> Approver | Unknowable:
        """The person, user group or channel that a policy names, or what is wrong with the name. May take minutes.

        Args:
            max_age: Seconds. An older answer is not enough to say that nobody has a handle or an address.
        """
        ...


def may_answer(prompt: Prompt, actor: Actor, directory: Directory, cards: Sequence[CardPlace]) -> bool | Unknowable:
    """Whether a prompt's policy lets this person answer: as one of its approvers or, if it has none, as somebody who
    is where one of its cards is; or, if it may be delegated, in the place of such a person. And not as its requester,
    where that one may not.

    Args:
        cards: Where its cards go.

    Raises:
        UnreadablePolicy: If this version cannot read the policy.
    """
    own = may_answer_themselves(prompt, actor, directory, cards)
    if own is True or not prompt.policy.may_delegate:
        return own
    match _in_place_of(prompt, actor, directory, cards):
        case Unknowable() as unknown:
            return unknown
        case None:
            return own
        case _:
            return True


def may_answer_themselves(
    prompt: Prompt, actor: Actor, directory: Directory, cards: Sequence[CardPlace]
) -> bool | Unknowable:
    """The same, in their own right."""
    by_name = (directory.is_approver(actor, each) for each in prompt.approvers)
    places = () if prompt.policy.named else _open_to_members(prompt, cards)
    may = _any(chain(by_name, _in_places(actor, directory, places)))
    if may is False or prompt.policy.requester_may_answer:
        return may
    match is_requester(prompt, actor, directory):
        case Unknowable() as unknown:
            return unknown
        case is_theirs:
            return False if is_theirs else may


def in_place_of(
    prompt: Prompt, actor: Actor, directory: Directory, cards: Sequence[CardPlace]
) -> Actor | Unknowable | None:
    """The person in whose place somebody may answer who may not in their own right; `None` if there is none."""
    if not prompt.policy.may_delegate or may_answer_themselves(prompt, actor, directory, cards) is True:
        return None
    return _in_place_of(prompt, actor, directory, cards)


def _in_place_of(
    prompt: Prompt, actor: Actor, directory: Directory, cards: Sequence[CardPlace]
) -> Actor | Unknowable | None:
    """The same, of somebody who may not in their own right.

    They are the delegate of that person, or cover for that person who is away. It counts what holds now: the one in
    whose place it is must still be allowed to answer, and the other has to be an active person of the workspace, and
    not a requester who may not answer. One who counts in an earlier stage is named only if there is no other.
    """
    own = prompt.ballot.person(actor.id)
    principals = [each.by for each in prompt.assignment.delegations if prompt.ballot.person(each.to.id) == own]
    principals += covered_by(own, directory.absences())
    reasons, spent = [], None
    for principal in principals:
        may = may_answer_themselves(prompt, principal, directory, cards)
        if may is True:
            may = may_stand_in(prompt, actor, directory)
        match may:
            case Unknowable(reason):
                reasons.append(reason)
            case True:
                match stage_of(prompt, principal, directory):
                    case Unknowable(reason):
                        reasons.append(reason)
                    case "":
                        return principal
                    case _:
                        spent = spent or principal
    return Unknowable(" ".join(dict.fromkeys(reasons))) if reasons else spent


def stage_of(prompt: Prompt, person: Actor, directory: Directory) -> str | Unknowable:
    """The name of the earlier stage in which somebody counts, if nobody counts in two stages; otherwise empty.

    They do if they have answered in it, in whosever place, or if somebody has in theirs.
    """
    if not prompt.passed or not prompt.policy.distinct:
        return ""
    reasons = []
    for stage in prompt.passed:
        for known in {each.id: each for vote in stage.votes for each in (vote.actor, vote.seat)}.values():
            if is_user_id(known.id) and is_user_id(person.id):
                is_same: bool | Unknowable = known.id == person.id
            else:
                is_same = known.id == person.id or directory.is_person(person, known.id)
            if isinstance(is_same, Unknowable):
                reasons.append(f"{known.name} has answered in the stage {stage.name}, and may be the same person.")
            elif is_same:
                return stage.name
    return Unknowable(" ".join(dict.fromkeys(reasons))) if reasons else ""


def may_stand_in(prompt: Prompt, actor: Actor, directory: Directory) -> bool | Unknowable:
    """Whether somebody whom the policy does not let answer could answer in the place of somebody else."""
    if (is_colleague := directory.is_colleague(actor)) is not True or prompt.policy.requester_may_answer:
        return is_colleague
    match is_requester(prompt, actor, directory):
        case Unknowable() as unknown:
            return unknown
        case is_theirs:
            return not is_theirs


def _open_to_members(prompt: Prompt, cards: Sequence[CardPlace]) -> Sequence[CardPlace]:
    """The cards whose readers may answer. A card of their own, which people get with a prompt, gives no right to it."""
    if prompt.policy.assignment is None and not prompt.policy.may_delegate:
        return cards
    return [each for each in cards if each.place.kind is not PlaceKind.PERSON]


def is_requester(prompt: Prompt, actor: Actor, directory: Directory) -> bool | Unknowable:
    """Whether this person requested the run, by the id that Slack has for the requester wherever that is known.

    A user name of some machine says nothing of who that is in Slack. So a requester whom Slack does not know by the
    name that was given may be anybody.
    """
    requester = prompt.requester
    if requester is None:
        return False
    own = prompt.ballot.person(actor.id)
    known = prompt.reviewers.requester or (requester.id if is_user_id(requester.id) else None)
    if known is not None and is_user_id(own):
        return own == known
    if goes_by((own, actor.id, *actor.aliases), requester.id):
        return True
    if known is not None or actor.claim:
        return directory.is_person(actor, known or requester.id)
    match directory.person(requester.id):
        case Person(id_):
            return id_ == own
        case None:
            return Unknowable(f"Nobody in Slack is known as {requester.id}, who requested the run.")
        case unknown:
            return unknown


def represented_by(prompt: Prompt, actor: Actor, directory: Directory) -> tuple[str, ...] | Unknowable:
    """The entries of the policy's `each_of` that this person is, or belongs to."""
    entries = prompt.policy.each_of
    answers = {each.name: directory.is_approver(actor, each) for each in prompt.approvers if each.name in entries}
    for answer in answers.values():
        if isinstance(answer, Unknowable):
            return answer
    return tuple(name for name, is_one in answers.items() if is_one)


def may_see(prompt: Prompt, actor: Actor, directory: Directory, cards: Sequence[CardPlace]) -> bool | Unknowable:
    """Whether this person may know of a prompt: as its requester, its approver, or somebody who sees a card of it.

    A requester who is named by a handle does not count: anybody may take it over, and it may also be the name of a user
    of some machine.
    """

    def reasons() -> Iterator[bool | Unknowable]:
        if prompt.requester is not None and NameKind.of(prompt.requester.id) in {NameKind.USER_ID, NameKind.EMAIL}:
            yield directory.is_person(actor, prompt.requester.id)
        yield any(vote.actor.id == actor.id for stage in prompt.passed for vote in stage.votes)
        yield from _in_places(actor, directory, cards)
        # A settled prompt whose policy cannot be read is shown to the others all the same.
        if prompt.policy_fault is None:
            yield from (directory.is_approver(actor, each) for each in prompt.approvers)

    return _any(reasons())


def _in_places(actor: Actor, directory: Directory, cards: Sequence[CardPlace]) -> Iterator[bool | Unknowable]:
    return (directory.can_read(actor, each) for each in cards)


def _any(answers: Iterable[bool | Unknowable]) -> bool | Unknowable:
    """Whether one of the answers is yes. The rest is not asked for then."""
    reasons = []
    for answer in answers:
        match answer:
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
    CHANNEL = "channel"
    OTHER = "other name"

    @classmethod
    def of(cls, name: str) -> "NameKind":
        """The kind of a name, by how it is written. The handle of a user group looks like a person's."""
        if is_user_id(name):
            return cls.USER_ID
        if is_user_group_id(name):
            return cls.USER_GROUP_ID
        if name.startswith("#") or is_channel_id(name):
            return cls.CHANNEL
        if name.startswith("@"):
            return cls.HANDLE
        return cls.EMAIL if "@" in name else cls.OTHER


_KINDS = {NameKind.USER_GROUP_ID: "user group", NameKind.CHANNEL: "channel"}


def names_person(channel: str) -> bool:
    """Whether what a policy names as its channel is a person, whose direct messages are meant."""
    kinds = {NameKind.USER_ID, NameKind.HANDLE, NameKind.EMAIL}
    return not channel.startswith("#") and NameKind.of(channel) in kinds


def goes_by(names: Iterable[str], reference: str) -> bool:
    """Whether `reference` is one of these names. Capitals do not matter."""
    return reference.casefold() in {name.casefold() for name in names}


class StatedNames:
    """The directory of a program without Slack, such as the command line. It knows only the names that it is given.

    Whoever runs such a program can read and write the database, so it shows them every prompt.
    """

    def person(self, reference: str) -> Unknowable:
        """Cannot be known."""
        return Unknowable(f"Only Slack knows who {reference} is.")

    def is_person(self, actor: Actor, reference: str) -> bool | Unknowable:
        """Whether `reference` is a name of the actor. Of a kind of name that they have not given, nothing is known."""
        names = (actor.id, *actor.aliases)
        if goes_by(names, reference):
            return True
        kind = NameKind.of(reference)
        if kind in (NameKind.USER_GROUP_ID, NameKind.CHANNEL):
            return Unknowable(f"Only Slack knows who is in the {_KINDS[kind]} {reference}.")
        if kind is NameKind.OTHER or kind in map(NameKind.of, names):
            return False
        return Unknowable(f"Only Slack knows the {kind} of {actor.id}.")

    def is_approver(self, actor: Actor, approver: Approver) -> bool | Unknowable:
        """Whether the actor has the name that the policy uses, or the id that Slack had for it."""
        if is_user_group_id(approver.id) or is_channel_id(approver.id):
            kind = NameKind.of(str(approver.id))
            return Unknowable(f"Only Slack knows who is in the {_KINDS[kind]} {approver.name}.")
        if approver.id is not None and goes_by((actor.id, *actor.aliases), approver.id):
            return True
        return self.is_person(actor, approver.name)

    def absences(self) -> tuple[Absence, ...]:
        """Nobody, since it cannot be known who somebody is who covers."""
        return ()

    def is_colleague(self, actor: Actor) -> Unknowable:
        """Cannot be known."""
        return Unknowable(f"Only Slack knows whether {actor.id} belongs to the workspace.")

    def members_of(self, group: str) -> Unknowable:
        """Cannot be known."""
        return Unknowable(f"Only Slack knows who is in {group}.")

    def can_read(self, actor: Actor, card: CardPlace) -> bool:
        """Always, since they can read the database."""
        return True

    def find(self, approver: str, *, max_age: float = math.inf) -> Unknowable:
        """Cannot be known."""
        return Unknowable(f"Only Slack knows who {approver} is.")
