"""Questions to Slack about people, groups and channels."""

import math
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from signoff.bot.connection.answers import CACHE_TTL, Answers, StillReading
from signoff.bot.connection.lookup_deadline import is_too_late
from signoff.bot.connection.profile import Profile
from signoff.bot.connection.web_client import name_of
from signoff.flows.approval.approvers import Unknowable

MEMBERSHIP_TTL = 15.0
"""Seconds for which it is reused who is in a channel. Slack's events end that earlier."""

GROUP_TTL = 60.0
"""The same for a user group. Slack allows only about 20 such calls a minute, for all groups together."""

LIMITED_GROUP_TTL = 300.0
"""The same while Slack limits the rate of these calls."""

REJOIN_TTL = 3.0
"""Seconds for which "not a member" is reused: somebody may have just joined, and presses again."""

MAX_USERS = 200
"""How many users one page has. Slack recommends no more."""

PAGES_AT_ONCE = 5
"""How many pages of users are read before others get their turn. Cards are not posted while users are being read."""

MAX_MEMBERS = 999
"""How many members of a channel one call returns at most. A channel with more is not read."""

MAX_CHANNELS = 999
"""How many channels of a person one call returns at most."""

_CHANNELS = "public_channel,private_channel"
_CHANNELS_AND_GROUP_MESSAGES = f"{_CHANNELS},mpim"

_EVERYBODY = "the members of the workspace"
_GROUPS = "the user groups"
_UNKNOWN = frozenset({"user_not_found", "users_not_found", "no_such_subteam", "subteam_not_found"})
_NO_GROUPS = frozenset({"paid_teams_only", "plan_upgrade_required", "team_not_eligible"})
_NOT_VISIBLE = frozenset({"channel_not_found", "not_in_channel"})


@dataclass(frozen=True, slots=True)
class _Members:
    """Members of a channel; `is_all` is false for one with more members than one call returns."""

    ids: frozenset[str]
    is_all: bool


@dataclass(slots=True)
class _Reading:
    """A list that is being read page by page. What was read is kept when Slack refuses a page, and reading goes on."""

    cursor: str = ""
    profiles: list[Profile] = field(default_factory=list)


class Lookups:
    """Asks Slack about one person, group or channel at a time.

    If Slack does not answer, an expired answer about a person is used. Who is in a channel or a group is then unknown;
    only if Slack limits the rate, it is reused for longer who is in a group.

    Args:
        client: A client with a short timeout, because people's presses wait for it.
        team: The id of the workspace in which the app is installed; `None` if Slack has not told it yet.
        pages_at_once: How many pages of users one question reads.
    """

    def __init__(self, client: WebClient, team: str | None, *, pages_at_once: int = PAGES_AT_ONCE) -> None:
        self._client = client
        self._pages_at_once = pages_at_once
        self._team = team
        self._answers = Answers()
        self._reading_everybody = threading.Lock()
        self._everybody = _Reading()
        self._types = _CHANNELS_AND_GROUP_MESSAGES

    def own_team(self) -> str | Unknowable:
        """The id of the workspace in which the app is installed."""
        if self._team is not None:
            return self._team
        return self._answers.ask("auth.test", "the workspace", lambda: str(self._client.auth_test()["team_id"]))

    def profile(self, user_id: str) -> Profile | Unknowable | None:
        """The user with this id; `None` if there is none."""
        return self._answers.ask("users.info", user_id, lambda: _user(lambda: self._client.users_info(user=user_id)))

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
                return _user(lambda: self._client.users_lookupByEmail(email=email))

            return self._answers.ask("users.lookupByEmail", email, read, ask=ask, ttl=ttl, stale=stale)

        found = answer(CACHE_TTL, stale=True)
        return answer(max_age, stale=False) if found is None and max_age < CACHE_TTL else found

    def everybody(self, *, ask: bool, max_age: float | None = None) -> Mapping[str, Profile] | Unknowable:
        """All users by their handles, casefolded and without `@`, including those who were deactivated.

        Slack cannot look up a single handle, so this reads the whole workspace: 50 calls for 10,000 users, of which
        Slack allows 20 a minute. No press may wait for that. Each question reads up to `pages_at_once` pages, and the
        next one goes on from there, also if Slack refused one of them.

        Args:
            ask: Whether Slack may be asked. Otherwise its last answer is given, however old.
            max_age: Seconds. An older answer is not given; by default it is if Slack has no newer one.
        """
        ttl = CACHE_TTL if max_age is None else min(max_age, CACHE_TTL)
        return self._answers.ask(
            "users.list", _EVERYBODY, self._read_everybody, ask=ask, ttl=ttl, stale=max_age is None
        )

    def group_ids(self, *, max_age: float | None = None) -> Mapping[str, str] | Unknowable:
        """The ids of the user groups by their handles, casefolded and without `@`.

        Args:
            max_age: As for `everybody`.
        """
        ttl = CACHE_TTL if max_age is None else min(max_age, CACHE_TTL)
        return self._answers.ask("usergroups.list", _GROUPS, self._read_groups, ttl=ttl, stale=max_age is None)

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

    def forget_person(self, user_id: str, *, handle: str = "", email: str = "") -> None:
        """Ask Slack again who a user is: they are new, were renamed or deactivated, for instance.

        Args:
            handle: The one they have now, without `@`. If it is not the known one, all users are read again.
            email: The address that they have now.
        """
        self._answers.forget("users.info", user_id)
        self._answers.forget("users.lookupByEmail", email)
        everybody: Mapping[str, Profile] = self._answers.last("users.list", _EVERYBODY, math.inf, {})
        known = everybody.get(handle.casefold())
        if handle and everybody and (known is None or known.id != user_id):
            self.forget_handles()

    def forget_handles(self) -> None:
        """Read all users again: somebody has another handle by now."""
        self._answers.forget("users.list", _EVERYBODY)

    def _members(self, channel: str, *, ttl: float) -> _Members | Unknowable:
        return self._answers.ask(
            "conversations.members", channel, lambda: self._read_members(channel), ttl=ttl, stale=False
        )

    def _read_members(self, channel: str) -> _Members | Unknowable:
        try:
            page = self._client.conversations_members(channel=channel, limit=MAX_MEMBERS)
        except SlackApiError as error:
            if name_of(error) in _NOT_VISIBLE:
                return Unknowable(f"The app is not in the channel {channel}, so Slack does not tell who is. Invite it.")
            if name_of(error) == "missing_scope":
                needed = error.response.get("needed")
                return Unknowable(f"The app lacks the scope {needed}, so Slack does not tell who is in {channel}.")
            raise
        return _Members(frozenset(map(str, page["members"])), not _next_cursor(page))

    def _read_channels(self, user_id: str) -> Mapping[str, str]:
        try:
            return self._read_conversations(user_id, self._types)
        except SlackApiError as error:
            if name_of(error) != "missing_scope" or self._types == _CHANNELS:
                raise
            # The app was installed from an earlier manifest, without mpim:read. Channels count all the same.
            self._types = _CHANNELS
            return self._read_conversations(user_id, self._types)

    def _read_conversations(self, user_id: str, types: str) -> Mapping[str, str]:
        found: dict[str, str] = {}
        cursor = ""
        while True:
            if cursor and is_too_late():
                raise StillReading
            page = self._client.users_conversations(user=user_id, types=types, limit=MAX_CHANNELS, cursor=cursor)
            found |= {str(each["id"]): str(each.get("name") or "") for each in page["channels"]}
            cursor = _next_cursor(page)
            if not cursor:
                return found

    def _read_partner(self, conversation: str) -> str | None:
        try:
            opened = self._client.conversations_open(channel=conversation, return_im=True)
        except SlackApiError as error:
            if name_of(error) in _NOT_VISIBLE:
                return None
            raise
        return str(opened["channel"].get("user") or "") or None

    def _read_everybody(self) -> Mapping[str, Profile]:
        with self._reading_everybody:
            reading = self._everybody
            for _ in range(self._pages_at_once):
                page = self._page_of_users(reading)
                reading.profiles += map(Profile.from_slack, page["members"])
                reading.cursor = _next_cursor(page)
                if not reading.cursor:
                    self._everybody = _Reading()
                    # Slack may list people of other workspaces, who share a channel and may share a handle.
                    own = self.own_team()
                    if isinstance(own, Unknowable):
                        raise StillReading
                    profiles = [each for each in reading.profiles if each.belongs_to(own)]
                    # An account in use takes precedence over one of the same name that is not.
                    profiles.sort(key=lambda each: not each.is_deactivated)
                    return {each.handle.casefold(): each for each in profiles}
            raise StillReading

    def _page_of_users(self, reading: _Reading) -> SlackResponse:
        try:
            return self._client.users_list(limit=MAX_USERS, cursor=reading.cursor)
        except SlackApiError as error:
            if name_of(error) == "invalid_cursor":
                # It has expired. Reading begins again with the next question.
                self._everybody = _Reading()
            raise

    def _read_groups(self) -> Mapping[str, str]:
        try:
            groups = self._client.usergroups_list()["usergroups"]
        except SlackApiError as error:
            if name_of(error) in _NO_GROUPS:
                return {}
            raise
        return {str(group["handle"]).casefold(): str(group["id"]) for group in groups}

    def _read_group(self, group_id: str) -> frozenset[str] | None:
        response = _none_if_unknown(lambda: self._client.usergroups_users_list(usergroup=group_id))
        return None if response is None else frozenset(map(str, response["users"]))


def _user(call: Callable[[], SlackResponse]) -> Profile | None:
    response = _none_if_unknown(call)
    return None if response is None else Profile.from_slack(response["user"])


def _none_if_unknown(call: Callable[[], SlackResponse]) -> SlackResponse | None:
    """Slack's response; `None` if Slack says that what it was asked about does not exist."""
    try:
        return call()
    except SlackApiError as error:
        if name_of(error) in _UNKNOWN:
            return None
        raise


def _next_cursor(page: SlackResponse) -> str:
    return (page.get("response_metadata") or {}).get("next_cursor") or ""
