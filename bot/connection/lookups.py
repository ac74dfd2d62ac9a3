"""Questions to Slack about people, groups and channels."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from signoff.bot.connection import listings
from signoff.bot.connection.answers import CACHE_TTL, Answers, StillReading
from signoff.bot.connection.listing import next_cursor
from signoff.bot.connection.listings import CHANNEL_TYPES, NOT_VISIBLE, none_if_unknown, read_channel, read_person
from signoff.bot.connection.lookup_deadline import is_too_late, seconds_left
from signoff.bot.connection.profile import Profile
from signoff.bot.connection.web_client import name_of
from signoff.flows.approval.approvers import Unknowable
from signoff.flows.schema.slack_ids import is_channel_id
from signoff.store.records.absence import Absence

MEMBERSHIP_TTL = 15.0
"""Seconds for which it is reused who is in a channel. Slack's events end that earlier."""

GROUP_TTL = 60.0
"""The same for a user group. Slack allows only about 20 such calls a minute, for all groups together."""

LIMITED_GROUP_TTL = 300.0
"""The same while Slack limits the rate of these calls."""

REJOIN_TTL = 3.0
"""Seconds for which "not a member" is reused: somebody may have just joined, and presses again."""

CHANNEL_TTL = 60.0
"""The same for the name of a channel, and for the list in which there is no such name: somebody may create it."""

MAX_WAIT = 5.0
"""Seconds that is waited for the first page of all people or channels, if nobody's press waits. Cards go by their own
deadline."""

MAX_MEMBERS = 999
"""How many members of a channel one call returns at most. A channel with more is not read."""

MAX_CHANNELS = 999
"""How many channels of a person one call returns at most."""

_CHANNELS_AND_GROUP_MESSAGES = f"{CHANNEL_TYPES},mpim"

_GROUPS = "the user groups"
_NO_GROUPS = frozenset({"paid_teams_only", "plan_upgrade_required", "team_not_eligible"})


@dataclass(frozen=True, slots=True)
class _Members:
    """Members of a channel; `is_all` is false for one with more members than one call returns."""

    ids: frozenset[str]
    is_all: bool


class Lookups:
    """Asks Slack about one person, group or channel at a time.

    If Slack does not answer, an expired answer about a person is used. Who is in a channel or a group is then unknown;
    only if Slack limits the rate, it is reused for longer who is in a group.

    Args:
        client: A client with a short timeout, for questions whose answer somebody waits for.
        team: The id of the workspace in which the app is installed; `None` if Slack has not told it yet.
        patient: A client for what is asked in the background; by default the same.
        absences: Says who is away now. That is the one thing here which Slack does not know.
    """

    def __init__(
        self,
        client: WebClient,
        team: str | None,
        *,
        patient: WebClient | None = None,
        absences: Callable[[], Sequence[Absence]] = lambda: (),
    ) -> None:
        self._quick = client
        self._patient = patient or client
        self._team = team
        self.absences = absences
        self._answers = Answers()
        self._types = _CHANNELS_AND_GROUP_MESSAGES
        self._people = listings.people(self._patient, self.own_team)
        self._channels = listings.channels(self._patient)

    def stop(self) -> None:
        """Stop reading in the background."""
        self._people.stop()
        self._channels.stop()

    @property
    def _client(self) -> WebClient:
        return self._patient if math.isinf(seconds_left()) else self._quick

    def own_team(self) -> str | Unknowable:
        """The id of the workspace in which the app is installed."""
        if self._team is not None:
            return self._team
        return self._answers.ask("auth.test", "the workspace", lambda: str(self._client.auth_test()["team_id"]))

    def profile(self, user_id: str) -> Profile | Unknowable | None:
        """The user with this id; `None` if there is none."""
        return self._answers.ask(
            "users.info", user_id, lambda: read_person(lambda: self._client.users_info(user=user_id))
        )

    def profile_by_email(
        self, email: str, *, ask: bool = True, max_age: float = CACHE_TTL
    ) -> Profile | Unknowable | None:
        """The active user with this e-mail address; `None` if there is none.

        Args:
            ask: Whether Slack may be asked. Otherwise its last answer is given, however old.
            max_age: Seconds. `None` is an answer that is no older.
        """

        def answer(ttl: float, *, stale: bool) -> Profile | Unknowable | None:
            def read() -> Profile | None:
                return read_person(lambda: self._client.users_lookupByEmail(email=email))

            return self._answers.ask("users.lookupByEmail", email, read, ask=ask, ttl=ttl, stale=stale)

        found = answer(CACHE_TTL, stale=True)
        return answer(max_age, stale=False) if found is None and max_age < CACHE_TTL else found

    def by_handle(self, handle: str, *, ask: bool = True, max_age: float | None = None) -> Profile | Unknowable | None:
        """The user with this handle, with or without `@`; `None` if there is none. They may be deactivated.

        Slack cannot look up a single handle, so all people of the workspace are listed, in the background. What was
        read may be old: `profile` tells whether the handle is still theirs.

        Args:
            ask: Whether to wait for the first page if it is being read.
            max_age: Seconds. `None` is an answer that is no older.
        """
        wait = min(seconds_left(), MAX_WAIT) if ask else 0.0
        return self._people.find(handle.removeprefix("@").casefold(), max_age=max_age, wait=wait)

    def read_people(self, timeout: float) -> None:
        """Wait up to `timeout` seconds until all people are listed, as long as Slack does not refuse that."""
        self._people.read_all(timeout)

    def people(self) -> Mapping[str, Profile]:
        """All users who are known so far, by their handles, casefolded and without `@`."""
        return self._people.known()

    def channel_id(self, name: str) -> str | Unknowable | None:
        """The id of the channel with this name, with or without `#`; `None` if there is none that the app can see."""
        name = name.removeprefix("#")
        found = self._channels.find(name, max_age=CHANNEL_TTL, wait=min(seconds_left(), MAX_WAIT))
        if isinstance(found, str) and self._channel_name(found) != name:
            # It was renamed since, and the name may be that of another one by now.
            self._channels.renew(found)
            return Unknowable(f"#{name} is the name of another channel by now.")
        return found

    def _channel_name(self, channel: str) -> str | None:
        name = self._visible(channel)
        return None if isinstance(name, Unknowable) else name

    def _visible(self, channel: str) -> str | Unknowable | None:
        """The name of the channel with this id; `None` if the app cannot see it."""

        def read() -> str | None:
            entry = read_channel(self._client, channel)
            return None if entry is None else entry.key

        return self._answers.ask("conversations.info", channel, read, ttl=CHANNEL_TTL)

    def group_ids(self, *, ask: bool = True, max_age: float | None = None) -> Mapping[str, str] | Unknowable:
        """The ids of the user groups by their handles, casefolded and without `@`.

        Args:
            ask: Whether Slack may be asked. Otherwise its last answer is given, however old.
            max_age: Seconds. An older answer is not given; by default it is if Slack has no newer one.
        """
        ttl = CACHE_TTL if max_age is None else min(max_age, CACHE_TTL)
        return self._answers.ask("usergroups.list", _GROUPS, self._read_groups, ask=ask, ttl=ttl, stale=max_age is None)

    def users_in_group(self, group_id: str) -> frozenset[str] | Unknowable | None:
        """The ids of the users in a user group; `None` if there is no such group."""
        return self._answers.ask(
            "usergroups.users.list",
            group_id,
            lambda: self._read_group(group_id),
            ttl=GROUP_TTL,
            stale=False,
            limited_ttl=LIMITED_GROUP_TTL,
        )

    def is_in_channel(self, channel: str, user_id: str) -> bool | Unknowable:
        """Whether a user is a member of a channel.

        Of a channel with up to `MAX_MEMBERS` members Slack lists all in one call, for everybody who presses next. Of a
        larger one nobody needs the list: it is asked in which channels this user is.
        """
        if channel in self._answers.last("users.conversations", user_id, MEMBERSHIP_TTL, {}):
            return True
        if self._answers.last("users.conversations", user_id, REJOIN_TTL, None) is not None:
            return False
        last = self._answers.last("conversations.members", channel, CACHE_TTL, None)
        if not isinstance(last, _Members) or last.is_all:
            found = self._members(channel, ttl=MEMBERSHIP_TTL)
            if isinstance(found, _Members) and found.is_all and user_id not in found.ids:
                found = self._members(channel, ttl=REJOIN_TTL)
            if isinstance(found, Unknowable):
                return found
            if found.is_all or user_id in found.ids:
                return user_id in found.ids
        channels = self.channels_of(user_id, ttl=REJOIN_TTL)
        return channels if isinstance(channels, Unknowable) else channel in channels

    def visible_channel(self, name: str) -> str | Unknowable | None:
        """The id of a channel, given its `#name` or its id; `None` if the app cannot see it."""
        if not is_channel_id(name):
            return self.channel_id(name)
        found = self._visible(name)
        return name if isinstance(found, str) else found

    def users_in_channel(self, channel: str) -> frozenset[str] | Unknowable:
        """The ids of the members of a channel, apps included, or of as many as one call returns."""
        found = self._members(channel, ttl=MEMBERSHIP_TTL)
        return found if isinstance(found, Unknowable) else found.ids

    def all_in_channel(self, channel: str) -> frozenset[str] | None:
        """The ids of all members of a channel; `None` if it has more than one call returns, or if they are unknown."""
        found = self._members(channel, ttl=MEMBERSHIP_TTL)
        return found.ids if isinstance(found, _Members) and found.is_all else None

    def channels_of(self, user_id: str, *, ttl: float = MEMBERSHIP_TTL) -> Mapping[str, str] | Unknowable:
        """The names, by id, of the channels that a user is in; of private ones, those that the app is in too.

        With this known, `is_in_channel` asks nothing more about this user for `REJOIN_TTL`.
        """
        return self._answers.ask(
            "users.conversations", user_id, lambda: self._read_channels(user_id), ttl=ttl, stale=False
        )

    def partner(self, conversation: str) -> str | Unknowable | None:
        """The user with whom the app has these direct messages (`D…`); `None` if there are none."""
        return self._answers.ask("conversations.open", conversation, lambda: self._read_partner(conversation))

    def forget_memberships(self, *, channel: str = "", user_id: str = "", group: str = "") -> None:
        """Ask Slack again who is in a channel or a group, and in which channels a user is: somebody came or left."""
        self._answers.forget("conversations.members", channel)
        self._answers.forget("users.conversations", user_id)
        if group:
            self._answers.forget("usergroups.users.list", group)
            self._answers.forget("usergroups.list", _GROUPS)

    def forget_person(self, changed: Profile) -> None:
        """Ask Slack again who a user is, who according to Slack is like this now: new, renamed or deactivated perhaps.

        They are looked for by another handle only if it is not the known one: profiles change often.
        """
        self._answers.forget("users.info", changed.id)
        self._answers.forget("users.lookupByEmail", changed.email)
        known = self._people.peek(changed.handle.casefold())
        is_known = known is not None and (known.id, known.is_deactivated) == (changed.id, changed.is_deactivated)
        if changed.handle and not changed.is_stranger and not is_known:
            self._people.renew(changed.id)

    def renew(self, user_id: str) -> None:
        """Ask Slack again who a user is, because they have another handle than the one by which they were found."""
        self._people.renew(user_id)

    def renew_channel(self, channel: str) -> None:
        """Ask Slack again what a channel is called, and whether the app sees it."""
        self._answers.forget("conversations.info", channel)
        self._channels.renew(channel)

    def _members(self, channel: str, *, ttl: float) -> _Members | Unknowable:
        return self._answers.ask(
            "conversations.members", channel, lambda: self._read_members(channel), ttl=ttl, stale=False
        )

    def _read_members(self, channel: str) -> _Members | Unknowable:
        try:
            page = self._client.conversations_members(channel=channel, limit=MAX_MEMBERS)
        except SlackApiError as error:
            if name_of(error) in NOT_VISIBLE:
                return Unknowable(f"The app is not in the channel {channel}, so Slack does not tell who is. Invite it.")
            if name_of(error) == "missing_scope":
                needed = error.response.get("needed")
                return Unknowable(f"The app lacks the scope {needed}, so Slack does not tell who is in {channel}.")
            raise
        return _Members(frozenset(map(str, page["members"])), not next_cursor(page))

    def _read_channels(self, user_id: str) -> Mapping[str, str]:
        try:
            return self._read_conversations(user_id, self._types)
        except SlackApiError as error:
            if name_of(error) != "missing_scope" or self._types == CHANNEL_TYPES:
                raise
            # The app was installed from an earlier manifest, without mpim:read. Channels count all the same.
            self._types = CHANNEL_TYPES
            return self._read_conversations(user_id, self._types)

    def _read_conversations(self, user_id: str, types: str) -> Mapping[str, str]:
        found: dict[str, str] = {}
        cursor = ""
        while True:
            if cursor and is_too_late():
                raise StillReading
            page = self._client.users_conversations(user=user_id, types=types, limit=MAX_CHANNELS, cursor=cursor)
            found |= {str(each["id"]): str(each.get("name") or "") for each in page["channels"]}
            cursor = next_cursor(page)
            if not cursor:
                return found

    def _read_partner(self, conversation: str) -> str | None:
        try:
            opened = self._client.conversations_open(channel=conversation, return_im=True)
        except SlackApiError as error:
            if name_of(error) in NOT_VISIBLE:
                return None
            raise
        return str(opened["channel"].get("user") or "") or None

    def _read_groups(self) -> Mapping[str, str]:
        try:
            groups = self._client.usergroups_list()["usergroups"]
        except SlackApiError as error:
            if name_of(error) in _NO_GROUPS:
                return {}
            raise
        return {str(group["handle"]).casefold(): str(group["id"]) for group in groups}

    def _read_group(self, group_id: str) -> frozenset[str] | None:
        response = none_if_unknown(lambda: self._client.usergroups_users_list(usergroup=group_id))
        return None if response is None else frozenset(map(str, response["users"]))
