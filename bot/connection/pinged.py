"""Whom a reminder could ping: the people behind the approvers whose answer is missing, and how to mention them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from signoff.bot.blockkit.markup import at, escape, together
from signoff.bot.connection.lookups import Lookups
from signoff.bot.connection.people import People, cover_in, mention_of
from signoff.bot.connection.profile import Profile
from signoff.flows.approval.approvers import Unknowable
from signoff.flows.approval.pings import without_part
from signoff.flows.schema.slack_ids import is_channel_id, is_user_group_id
from signoff.store.records.absence import Absence
from signoff.store.records.approvers import Approver
from signoff.store.records.prompts import Prompt

MAX_MENTIONS = 50
"""How many people of a user group a reminder mentions one by one, if some others of the group have answered."""

_NAME = 80


@dataclass(frozen=True, slots=True)
class Asked:
    """An approver, and who of them still has to answer.

    Attributes:
        name: As the policy has it.
        id: The id of the person, user group or channel.
        people: The ids of those people, none of a channel; `None` if Slack does not say.
        is_all: Whether they are everybody in the group.
        away: What to add for a person who is away: until when, and in whose place somebody else is asked.
    """

    name: str
    id: str
    people: tuple[str, ...] | None
    is_all: bool = False
    away: str = ""

    @property
    def is_channel(self) -> bool:
        """Whether whoever is in a channel is asked. Who of them answers is a matter of chance, so nobody is pinged."""
        return is_channel_id(self.id)


class Pinged:
    """The people behind approvers."""

    def __init__(self, lookups: Lookups, people: People) -> None:
        self._lookups = lookups
        self._people = people

    def asked(self, prompt: Prompt, approvers: Sequence[Approver]) -> list[Asked]:
        """Who of these approvers of an open prompt still has to answer. Each person is among one of them only.

        Whoever has voted, may not answer, is deactivated or is away is left out. The one who covers for somebody takes
        their place.
        """
        ids = [(each.name, id_) for each in approvers if (id_ := self._people.id_of(each)) is not None]
        members = {id_: self._people_of(id_) for _, id_ in ids}
        everybody = {person for some in members.values() for person in some or ()}
        away, seen, found = self._lookups.absences(), set(without_part(prompt)), list[Asked]()
        for name, id_ in ids:
            of_approver = members[id_]
            if of_approver is None:
                found.append(Asked(name, id_, None))
                continue
            here = dict.fromkeys(self._here(prompt, of_approver - seen, everybody, away))
            waiting = tuple(each for each in here if each not in seen)
            is_all = len(of_approver) == len(waiting) and of_approver == set(waiting)
            found.append(Asked(name, id_, waiting, is_all=is_all, away=_away(id_, waiting, away)))
            seen.update(waiting)
        return found

    def _people_of(self, id_: str) -> frozenset[str] | None:
        """The people of a user group, or else the one with this id, if active; `None` if Slack does not say."""
        if is_channel_id(id_):
            return frozenset()
        if is_user_group_id(id_):
            members = self._lookups.users_in_group(id_)
            return None if isinstance(members, Unknowable) else members or frozenset()
        profile = self._lookups.profile(id_)
        return frozenset() if isinstance(profile, Profile) and profile.is_deactivated else frozenset({id_})

    def _here(
        self, prompt: Prompt, people: Collection[str], approvers: Collection[str], away: Sequence[Absence]
    ) -> list[str]:
        """These people, with whoever covers for them in the place of those who are away."""
        absent = {each.person.id for each in away}
        covers = (cover_in(prompt, each, approvers, away) for each in sorted(people) if each in absent)
        return [each for each in sorted(people) if each not in absent] + [each.id for each in covers if each]

    def mentions(self, asked: Sequence[Asked], pinged: Collection[str], *, blindly: bool) -> dict[str, str]:
        """What to write for these approvers, by the names that the policy uses; only `pinged` are mentioned, each once.

        A user group is mentioned as such only if all of its people are pinged.

        Args:
            blindly: Whether to mention a group as such of which Slack does not say who is in it.
        """
        found = {}
        for each in asked:
            now = [person for person in each.people or () if person in pinged]
            if each.is_channel or (each.people is None and blindly) or (now and each.is_all and len(now) == _all(each)):
                found[each.name] = mention_of(each.id)
            elif now and is_user_group_id(each.id):
                found[each.name] = f"{escape(each.name, _NAME)} ({together(_some(now))})"
            elif now or each.away:
                found[each.name] = f"{mention_of(now[0]) if now else escape(each.name, _NAME)}{each.away}"
        return found

    def zone(self, user_id: str) -> tzinfo | None:
        """A person's time zone; `None` if Slack did not say."""
        profile = self._lookups.profile(user_id)
        if isinstance(profile, Unknowable):
            return None
        return UTC if profile is None else profile.zone


def _all(asked: Asked) -> int:
    return len(asked.people or ())


def _away(id_: str, waiting: Sequence[str], away: Sequence[Absence]) -> str:
    absence = next((each for each in away if each.person.id == id_), None)
    if absence is None:
        return ""
    instead_of = f" for {escape(absence.person.name, _NAME)}" if waiting else ""
    return f"{instead_of} (away until {at(absence.until)})"


def _some(people: Sequence[str]) -> list[str]:
    """Mentions of people, as many as a message has room for."""
    others = len(people) - MAX_MENTIONS
    mentions = [mention_of(each) for each in people[:MAX_MENTIONS]]
    return [*mentions, f"{others} others"] if others > 0 else mentions
