"""Questions to Slack about people, with a cache of the answers."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from signoff.bot.connection.web_client import NO_ANSWER, name_of
from signoff.flows.approval.approvers import Unknowable

logger = logging.getLogger(__name__)

T = TypeVar("T")

CACHE_TTL = 300.0
"""Seconds for which Slack's answer is reused."""

RETRY_AFTER = 10.0
"""Seconds without a further request after a failed one, so that not every press waits for a slow Slack."""

_UNKNOWN = frozenset({"user_not_found", "users_not_found", "no_such_subteam"})
_NEVER = float("-inf")


@dataclass(frozen=True, slots=True)
class Profile:
    """What Slack says about a user.

    Attributes:
        handle: Without the `@`.
        team: The workspace that Slack names first for the user; empty if none.
        grid_teams: All workspaces that the user belongs to on Enterprise Grid; empty elsewhere.
    """

    id: str
    name: str
    handle: str
    email: str
    team: str
    grid_teams: frozenset[str]
    is_deactivated: bool

    @property
    def names(self) -> frozenset[str]:
        """What a policy may call the user, besides the id."""
        return frozenset(filter(None, [f"@{self.handle}" if self.handle else "", self.email]))

    @classmethod
    def from_slack(cls, user: Mapping[str, Any]) -> "Profile":
        """The profile in a user object: https://docs.slack.dev/reference/objects/user-object."""
        return cls(
            id=str(user["id"]),
            name=str(user.get("real_name") or ""),
            handle=str(user.get("name") or ""),
            email=str(user.get("profile", {}).get("email") or ""),
            team=str(user.get("team_id") or ""),
            grid_teams=frozenset((user.get("enterprise_user") or {}).get("teams", ())),
            is_deactivated=bool(user.get("deleted")),
        )


class Lookups:
    """Asks Slack about one person or group at a time. If Slack does not answer, an expired answer is used.

    Args:
        client: A client with a short timeout, because people's presses wait for it.
        team: The id of the workspace in which the app is installed; `None` if Slack has not told it yet.
    """

    def __init__(self, client: WebClient, team: str | None) -> None:
        self._client = client
        self._team = team
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Any]] = {}
        self._paused_until: dict[str, float] = {}

    def own_team(self) -> str | Unknowable:
        """The id of the workspace in which the app is installed."""
        if self._team is not None:
            return self._team
        return self._cached("the workspace", lambda: str(self._client.auth_test()["team_id"]))

    def profile(self, user_id: str) -> Profile | Unknowable | None:
        """The user with this id; `None` if there is none."""
        return self._cached(user_id, lambda: _user(lambda: self._client.users_info(user=user_id)))

    def profile_by_email(self, email: str, *, ask: bool = True) -> Profile | Unknowable | None:
        """The active user with this e-mail address; `None` if there is none.

        Args:
            ask: Whether Slack may be asked. Otherwise its last answer is given, however old.
        """
        return self._cached(email, lambda: _user(lambda: self._client.users_lookupByEmail(email=email)), ask=ask)

    def ids_by_handle(self, *, ask: bool) -> Mapping[str, str] | Unknowable:
        """The ids of all active users by their handles, casefolded and without `@`.

        Slack cannot look up a single handle, so this reads the whole workspace: 50 calls for 10,000 users, of which
        Slack allows 20 a minute. No press may wait for that.

        Args:
            ask: Whether Slack may be asked. Otherwise its last answer is given, however old.
        """
        return self._cached("the members of the workspace", self._read_handles, ask=ask)

    def group_ids(self) -> Mapping[str, str] | Unknowable:
        """The ids of the user groups by their handles, casefolded and without `@`."""
        return self._cached("the user groups", self._read_groups)

    def users_in_group(self, group_id: str) -> frozenset[str] | Unknowable | None:
        """The ids of the users in a user group; `None` if there is no such group."""
        return self._cached(group_id, lambda: self._read_group(group_id))

    def is_in_channel(self, channel: str, user_id: str) -> bool | Unknowable:
        """Whether a user is a member of a channel. Never cached: a member may leave at any moment."""

        def read(cursor: str) -> SlackResponse:
            return self._client.conversations_members(channel=channel, limit=1000, cursor=cursor)

        try:
            return any(user_id in page["members"] for page in _pages(read))
        except (SlackApiError, *NO_ANSWER) as error:
            logger.warning("Could not look up the members of %s in Slack: %s", channel, error)
            return Unknowable(f"Slack has not told whether {user_id} is a member of {channel}.")

    def _read_handles(self) -> Mapping[str, str]:
        pages = _pages(lambda cursor: self._client.users_list(limit=200, cursor=cursor))
        users = (user for page in pages for user in page["members"])
        return {str(user["name"]).casefold(): str(user["id"]) for user in users if not user.get("deleted")}

    def _read_groups(self) -> Mapping[str, str]:
        groups = self._client.usergroups_list()["usergroups"]
        return {str(group["handle"]).casefold(): str(group["id"]) for group in groups}

    def _read_group(self, group_id: str) -> frozenset[str] | None:
        response = _none_if_unknown(lambda: self._client.usergroups_users_list(usergroup=group_id))
        return None if response is None else frozenset(map(str, response["users"]))

    def _cached(self, subject: str, read: Callable[[], T], *, ask: bool = True) -> T | Unknowable:
        """Slack's answer about `subject`, from the cache if it is fresh."""
        moment = time.monotonic()
        with self._lock:
            answered_at, answer = self._known.get(subject, (_NEVER, Unknowable(f"Slack has not told about {subject}.")))
            is_paused = moment < self._paused_until.get(subject, 0.0)
        if not ask or is_paused or moment - answered_at < CACHE_TTL:
            return answer  # type: ignore[no-any-return]
        try:
            answer = read()
        except (SlackApiError, *NO_ANSWER) as error:
            logger.warning("Could not look up %s in Slack: %s", subject, error)
            with self._lock:
                self._paused_until[subject] = time.monotonic() + RETRY_AFTER
            return answer  # type: ignore[no-any-return]
        with self._lock:
            self._known[subject] = (time.monotonic(), answer)
        return answer


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


def _pages(page_at: Callable[[str], SlackResponse]) -> Iterable[SlackResponse]:
    """The pages of a list, given the call that reads the page at a cursor."""
    cursor = ""
    while True:
        page = page_at(cursor)
        yield page
        cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return
