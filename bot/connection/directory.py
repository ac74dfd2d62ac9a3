"""Slack as the directory that the desk asks."""

from datetime import datetime

from signoff.bot.connection.lookups import Lookups, Profile
from signoff.flows.approval.approvers import NameKind, Person, Unknowable, goes_by
from signoff.store.records.actors import Actor


class SlackDirectory:
    """People, user groups and channels of the workspace in which the app is installed.

    It asks Slack about the one person in question and never reads the whole workspace. Answers about people and groups
    are reused for `lookups.CACHE_TTL`; who is in a channel is asked each time.
    """

    def __init__(self, lookups: Lookups) -> None:
        self._lookups = lookups

    def person(self, reference: str) -> Person | Unknowable | None:
        """The active user with this id, e-mail address or `@handle`; `None` if there is nobody.

        A handle is looked for among those that were read to draw mentions, because Slack cannot look up a single one.
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
        return None if found.is_deactivated else Person(found.id, found.name or found.handle, found.names)

    def is_person(self, actor: Actor, reference: str) -> bool | Unknowable:
        """Whether `actor` is the user whom a policy names by an id, an e-mail address or a `@handle`.

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
        profile, team = self._lookups.profile(actor.id), self._lookups.own_team()
        if not isinstance(profile, Profile) or isinstance(team, Unknowable):
            return Unknowable(f"Slack did not say who {actor.id} is.")
        return team in {profile.team, *profile.grid_teams} and goes_by(profile.names, reference)

    def members_of(self, group: str) -> frozenset[str] | Unknowable | None:
        """The ids of the users in a user group, given its id or `@handle`; `None` if there is no such group."""
        if not group.startswith("@"):
            return self._lookups.users_in_group(group)
        ids = self._lookups.group_ids()
        if isinstance(ids, Unknowable):
            return ids
        group_id = ids.get(group.removeprefix("@").casefold())
        return None if group_id is None else self._lookups.users_in_group(group_id)

    def is_member(self, channel: str, person: str) -> bool | Unknowable:
        """Whether the user with this id is a member of the channel with that id."""
        return self._lookups.is_in_channel(channel, person)

    def absent_until(self, person: str) -> datetime | None:
        """`None`: nothing tells Signoff of absences yet."""
        return None

    def _by_handle(self, handle: str) -> Profile | Unknowable | None:
        ids = self._lookups.ids_by_handle(ask=False)
        if isinstance(ids, Unknowable):
            return Unknowable(f"Slack cannot look up one person by a handle, such as {handle}.")
        user_id = ids.get(handle.removeprefix("@").casefold())
        return None if user_id is None else self._lookups.profile(user_id)
