"""Slack as the directory that the desk asks."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from signoff.bot.connection.answers import CACHE_TTL
from signoff.bot.connection.lookups import REJOIN_TTL, Lookups
from signoff.bot.connection.profile import Profile
from signoff.flows.approval.approvers import NameKind, Person, Unknowable, goes_by, names_person
from signoff.flows.approval.names import spelling_fault
from signoff.flows.schema.slack_ids import is_channel_id, is_conversation_id, is_user_group_id, is_user_id
from signoff.store.places import PlaceKind
from signoff.store.records.absence import Absence
from signoff.store.records.actors import Actor
from signoff.store.records.approvers import Approver
from signoff.store.records.outbox import CardPlace
from signoff.store.records.prompts import Prompt

_MOST_APPS = 20
"""In a channel with more members than this, at least one is taken for a person."""


class SlackDirectory:
    """People, user groups and channels of the workspace in which the app is installed.

    When somebody acts, Slack is asked about the one person in question, never about the whole workspace. `find` may
    read all of it. How long answers are reused is said in `lookups` and `answers`.

    Args:
        default_channel: Where a card goes if its policy names no channel.
    """

    def __init__(self, lookups: Lookups, default_channel: str | None = None) -> None:
        self._lookups = lookups
        self._default_channel = default_channel or ""

    def prepare(self, actor: Actor) -> None:
        """Ask with one call in which channels somebody is, before `can_read` is asked about many cards."""
        self._lookups.channels_of(actor.id, ttl=REJOIN_TTL)

    def person(self, reference: str) -> Person | Unknowable | None:
        """The active user with this id, e-mail address or `@handle`; `None` if there is nobody. Apps are nobody.

        A handle is looked for among those that were read before, because Slack cannot look up a single one.
        """
        match NameKind.of(reference):
            case NameKind.USER_ID:
                found = self._lookups.profile(reference)
            case NameKind.EMAIL:
                found = self._lookups.profile_by_email(reference)
            case NameKind.HANDLE:
                found = self._by_handle(reference)
            case _:
                return None
        if not isinstance(found, Profile):
            return found
        return (
            None
            if found.is_deactivated or found.is_bot
            else Person(found.id, found.name or found.handle, found.names, found.zone)
        )

    def is_person(self, actor: Actor, reference: str) -> bool | Unknowable:
        """Whether `actor` is the user with this id, e-mail address or `@handle`.

        Handles and e-mail addresses count only for members of the app's own workspace. People from other workspaces
        that share a channel choose theirs freely, and could take the name of an approver.
        """
        names = (actor.id, *actor.aliases)
        if goes_by(names, reference):
            return True
        kind = NameKind.of(reference)
        # A handle that Slack sent with the act is newer than any in the cache.
        if kind not in {NameKind.HANDLE, NameKind.EMAIL} or kind in map(NameKind.of, names):
            return False
        is_colleague = self.is_colleague(actor)
        if is_colleague is not True:
            return is_colleague
        profile = self._lookups.profile(actor.id)
        return isinstance(profile, Profile) and goes_by(profile.names, reference)

    def is_approver(self, actor: Actor, approver: Approver) -> bool | Unknowable:
        """Whether `actor` is the user whom a policy names, or is in the user group or channel that it names.

        What was found when the prompt was opened takes precedence over what Slack says now: a handle may have a new
        owner, and whoever gets an address that was nobody's counts only once that is in the ledger. A person who is
        named by id may belong to another workspace; those of a group or a channel are of this one.
        """
        if not is_user_group_id(approver.id or approver.name) and (approver.fault and not approver.id):
            return False
        if approver.id is not None:
            return self._is_or_belongs_to(actor, approver.id)
        if NameKind.of(approver.name) is not NameKind.HANDLE:
            return self._is_or_belongs_to(actor, approver.name)
        by_handle = self.is_person(actor, approver.name)
        return by_handle if by_handle is True else self._is_in_group(actor, approver.name)

    def members_of(self, group: str) -> frozenset[str] | Unknowable | None:
        """The ids of the users in a user group, given its id or `@handle`; `None` if there is no such group.

        Given the id of a channel, those of its members, apps included; of a large one there may be some only.
        """
        if is_channel_id(group):
            return self._lookups.users_in_channel(group)
        if not group.startswith("@"):
            return self._lookups.users_in_group(group)
        ids = self._lookups.group_ids()
        if isinstance(ids, Unknowable):
            return ids
        group_id = ids.get(group.removeprefix("@").casefold())
        return None if group_id is None else self._lookups.users_in_group(group_id)

    def can_read(self, actor: Actor, card: CardPlace) -> bool | Unknowable:
        """Whether `actor` is a person of this workspace who is in the channel of a card.

        The one to whom a card was sent directly counts whatever their workspace, because the flow has named them.
        """
        channel = self._channel_of(card)
        if card.place.kind is PlaceKind.PERSON or is_user_id(card.place.target):
            return actor.id == card.place.target
        if channel.startswith("D"):
            partner = self._lookups.partner(channel)
            return partner if isinstance(partner, Unknowable) else partner == actor.id
        if names_person(channel):
            # It is not recorded yet in which direct messages the card is.
            return self.is_person(actor, channel)
        if (is_colleague := self.is_colleague(actor)) is not True:
            return is_colleague
        if is_conversation_id(channel):
            return self._lookups.is_in_channel(channel, actor.id)
        # The card has not been posted yet, or that it was is not recorded yet.
        channels = self._lookups.channels_of(actor.id)
        return channels if isinstance(channels, Unknowable) else channel.removeprefix("#") in channels.values()

    def concerned(self, prompt: Prompt, cards: Sequence[CardPlace]) -> frozenset[str] | None:
        """The ids of all people whom a prompt may wait for, and of its requester; `None` if it may be anybody.

        Slack is asked once for a group or channel, however many people there are.
        """
        if prompt.policy_fault is not None or prompt.policy.may_delegate:
            return None
        found = {prompt.requester.id} if prompt.requester is not None else set()
        for approver in prompt.approvers:
            of_one = self._people_of(approver)
            if of_one is None:
                return None
            found |= of_one
        for card in cards if not prompt.policy.named else ():
            channel = self._channel_of(card)
            members = self._lookups.all_in_channel(channel) if is_conversation_id(channel) else None
            if members is None:
                return None
            found |= members
        return frozenset(found)

    def _people_of(self, approver: Approver) -> frozenset[str] | None:
        id_ = approver.id or approver.name
        if is_user_id(id_):
            return frozenset({id_})
        members = self._lookups.users_in_group(id_) if is_user_group_id(id_) else None
        return members if isinstance(members, frozenset) else None

    def find(self, approver: str, *, max_age: float = CACHE_TTL) -> Approver | Unknowable:
        """The user, user group or channel that a policy names, or what is wrong with it and what to write instead.

        Args:
            max_age: Seconds. Older answers are not enough to say that nobody has a handle or an address.
        """
        match NameKind.of(approver):
            case NameKind.USER_ID:
                return self._found(approver, self._lookups.profile(approver), "There is no user with this id.")
            case NameKind.EMAIL if not spelling_fault(approver):
                nobody = "Nobody in this workspace has this e-mail address."
                return self._found(approver, self._lookups.profile_by_email(approver, max_age=max_age), nobody)
            case NameKind.USER_GROUP_ID:
                return self._found_group(approver, approver)
            case NameKind.CHANNEL if not spelling_fault(approver):
                return self._found_channel(approver)
            case NameKind.HANDLE if not spelling_fault(approver):
                return self._found_handle(approver, max_age)
            case _:
                return self._unknown(approver, spelling_fault(approver))

    def _channel_of(self, card: CardPlace) -> str:
        """The id of the channel of a card; its name, or `""`, if the card has not been posted."""
        if card.channel is not None:
            return card.channel
        if card.place.kind is PlaceKind.THREAD:
            return card.place.message[0]
        return card.place.target or self._default_channel

    def absences(self) -> Sequence[Absence]:
        """Who is away now until when, and who covers for them."""
        return self._lookups.absences()

    def is_colleague(self, actor: Actor) -> bool | Unknowable:
        """Whether somebody is an active person of the app's own workspace: no bot, and nobody of a shared channel."""
        profile, team = self._lookups.profile(actor.id), self._lookups.own_team()
        if not isinstance(profile, Profile) or isinstance(team, Unknowable):
            return Unknowable(f"Slack did not say who {actor.id} is.")
        return profile.is_colleague(team, actor.team)

    def _is_or_belongs_to(self, actor: Actor, name: str) -> bool | Unknowable:
        if is_user_group_id(name):
            return self._is_in_group(actor, name)
        if NameKind.of(name) is NameKind.CHANNEL:
            return self._is_in_channel(actor, name)
        # Slack need not have answered for this: an id alone says who somebody is.
        profile = self._lookups.profile(actor.id)
        if isinstance(profile, Profile) and (profile.is_deactivated or profile.is_bot):
            return False
        return self.is_person(actor, name)

    def _is_in_group(self, actor: Actor, group: str) -> bool | Unknowable:
        members = self.members_of(group)
        if isinstance(members, Unknowable):
            return members
        return self.is_colleague(actor) if members and actor.id in members else False

    def _is_in_channel(self, actor: Actor, name: str) -> bool | Unknowable:
        channel = self._lookups.visible_channel(name)
        if not isinstance(channel, str):
            return False if channel is None else channel
        if (is_colleague := self.is_colleague(actor)) is not True:
            return is_colleague
        return self._lookups.is_in_channel(channel, actor.id)

    def _by_handle(self, handle: str) -> Profile | Unknowable | None:
        return self._lookups.by_handle(handle, ask=False)

    def _found(self, name: str, profile: Profile | Unknowable | None, nobody: str) -> Approver | Unknowable:
        if isinstance(profile, Unknowable):
            return profile
        if profile is None:
            return self._unknown(name, nobody)
        if profile.is_deactivated:
            return Approver(name, fault="This account is deactivated. Name somebody else.")
        if profile.is_bot:
            return Approver(name, fault="This is an app, and apps cannot answer. Name a person.")
        own = self._lookups.own_team()
        if NameKind.of(name) is NameKind.EMAIL and isinstance(own, str) and not profile.belongs_to(own):
            return Approver(name, fault=f"This person belongs to another workspace. Write {profile.id}.")
        return Approver(name, profile.id)

    def _found_handle(self, handle: str, max_age: float) -> Approver | Unknowable:
        name = handle.removeprefix("@").casefold()
        person, groups = self._lookups.by_handle(handle, max_age=max_age), self._lookups.group_ids()
        if person is None and not isinstance(groups, Unknowable) and name not in groups:
            groups = self._lookups.group_ids(max_age=max_age)
        if isinstance(person, Unknowable):
            return person
        if person is None and isinstance(groups, Unknowable):
            return groups
        group = None if isinstance(groups, Unknowable) else groups.get(name)
        if group is not None and person is not None and not person.is_deactivated:
            return Approver(handle, fault=f"A person and a user group have this handle. Write {person.id} or {group}.")
        if group is not None:
            return self._found_group(handle, group)
        return self._found(handle, person and self._now(person), "No person or user group has this handle.")

    def _now(self, person: Profile) -> Profile | Unknowable | None:
        """The person as Slack describes them now; unknowable if they have got another handle since all were read."""
        now = self._lookups.profile(person.id)
        if isinstance(now, Profile) and now.handle.casefold() != person.handle.casefold():
            self._lookups.renew(person.id)
            return Unknowable(f"@{person.handle} has another handle by now.")
        return now

    def _found_group(self, name: str, group: str) -> Approver | Unknowable:
        members = self._lookups.users_in_group(group)
        if isinstance(members, Unknowable):
            return members
        if members is None:
            return self._unknown(name, "There is no user group with this id.")
        if not members:
            return Approver(name, group, "This user group is empty. Add people to it.")
        nobody = "Everybody in this user group is an app or deactivated. Add people to it."
        return Approver(name, group, "" if self._is_anybody(members) else nobody)

    def _found_channel(self, name: str) -> Approver | Unknowable:
        channel = self._lookups.visible_channel(name)
        if isinstance(channel, Unknowable):
            return channel
        if channel is None:
            # Names of channels are no hint: they may be private.
            return Approver(name, fault="Signoff sees no such channel. If it is private, invite Signoff to it.")
        members = self._lookups.users_in_channel(channel)
        if isinstance(members, Unknowable):
            return members
        return Approver(name, channel, "" if self._is_anybody(members) else "Nobody but apps is in this channel.")

    def _is_anybody(self, members: frozenset[str]) -> bool:
        """Whether one of these is a person who can act. Without an answer of Slack's, that is assumed."""
        profiles = (self._lookups.profile(each) for each in sorted(members)[:_MOST_APPS])
        can_act = (not isinstance(each, Profile) or not (each.is_bot or each.is_deactivated) for each in profiles)
        return len(members) > _MOST_APPS or any(can_act)

    def _unknown(self, name: str, fault: str) -> Approver | Unknowable:
        """Nobody of this name, with the handle that is most like it."""
        # All people are listed for the sake of a hint only if they fit on the first page.
        self._lookups.by_handle(name)
        groups = self._lookups.group_ids()
        handles = _handles(self._lookups.people(), {} if isinstance(groups, Unknowable) else groups)
        close = get_close_matches(name.removeprefix("@").casefold(), handles, n=1, cutoff=0.75)
        hint = f"@{handles[close[0]]}" if close else ""
        return Approver(name, fault=f"{fault} Did you mean {hint}?" if hint and hint not in fault else fault)


def _handles(everybody: Mapping[str, Profile], groups: Mapping[str, str]) -> dict[str, str]:
    """The handle of each active person and user group, by whatever people may write in its place."""
    people = [each for each in everybody.values() if not each.is_deactivated and not each.is_bot]
    return {
        **{each.email.casefold(): each.handle for each in people if each.email},
        **{each.name.casefold(): each.handle for each in people if each.name},
        **{each.display_name.casefold(): each.handle for each in people if each.display_name},
        **{handle: handle for handle in groups},
        **{each.handle.casefold(): each.handle for each in people},
    }
