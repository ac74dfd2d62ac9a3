"""Maps Slack users to the actors that the desk knows, and a policy's approvers to Slack mentions."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from signoff.bot.connection.web_client import NO_ANSWER
from signoff.flows.approval.desk import may_answer
from signoff.flows.schema.slack_ids import is_user_id
from signoff.store.records import Actor, Prompt

logger = logging.getLogger(__name__)

T = TypeVar("T")

CACHE_TTL = 300.0
"""Seconds for which Slack's answer about a person is reused."""

RETRY_AFTER = 10.0
"""Seconds without a further request after a failed one, so that not every press waits for a slow Slack."""

_NOTHING: Mapping[str, Any] = {}


class IdentityUnavailable(Exception):
    """Slack did not say who a person is, and the policy cannot be checked without that."""


class People:
    """Looks people up in Slack and caches the answers. If Slack does not answer, an expired answer is used.

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

    def actor(self, user: Mapping[str, Any], prompt: Prompt) -> Actor:
        """The person named in a payload from Slack, with every name that the prompt's policy may use for them.

        Handles and e-mail addresses count only for members of the app's own workspace. People from other workspaces
        that share a channel choose theirs freely, and could take the name of an approver.

        Args:
            user: The payload's `user`: `id`, `team_id`, and `username` or `name`.

        Raises:
            IdentityUnavailable: If Slack did not answer and the id alone does not make them an approver.
        """
        user_id = str(user["id"])
        handle = str(user.get("username") or user.get("name") or "")
        profile = self._person(user_id)
        team = self._own_team()
        homes = {str(user.get("team_id") or profile.get("team_id")), *profile.get("teams", ())}
        names = [f"@{handle}" if handle else "", str(profile.get("email") or "")] if team in homes else []
        actor = Actor(user_id, str(profile.get("real_name") or handle or user_id), frozenset(filter(None, names)))
        if (not profile or team is None) and not may_answer(prompt, actor):
            raise IdentityUnavailable(f"Slack did not say who {user_id} is.")
        return actor

    def mentions(self, prompt: Prompt) -> dict[str, str]:
        """Slack's mention (`<@U…>`) for each approver that Slack knows, by the name that the policy uses."""
        approvers = prompt.policy.approvers
        found = {approver: self._user_id(approver) for approver in approvers}
        return {approver: f"<@{user_id}>" for approver, user_id in found.items() if user_id}

    def name(self, user_id: str) -> str | None:
        """A person's name; `None` if Slack did not say."""
        return self._person(user_id).get("real_name")

    def _own_team(self) -> str | None:
        if self._team is None:
            self._team = self._cached("the workspace", lambda: str(self._client.auth_test()["team_id"]), None)
        return self._team

    def _person(self, user_id: str) -> Mapping[str, Any]:
        """`real_name`, `email`, `team_id`, and `teams` on Enterprise Grid; empty if Slack did not answer."""
        return self._cached(user_id, lambda: _described(self._client.users_info(user=user_id)["user"]), _NOTHING)

    def _user_id(self, approver: str) -> str | None:
        if is_user_id(approver):
            return approver
        if approver.startswith("@"):
            handles: Mapping[str, str] = self._cached("the members of the workspace", self._by_handle, _NOTHING)
            return handles.get(approver.removeprefix("@").casefold())
        if "@" in approver:
            return self._cached(approver, lambda: self._by_email(approver), None)
        return None

    def _by_email(self, email: str) -> str | None:
        try:
            return str(self._client.users_lookupByEmail(email=email)["user"]["id"])
        except SlackApiError as error:
            if error.response.get("error") == "users_not_found":
                return None
            raise

    def _by_handle(self) -> Mapping[str, str]:
        return {str(user["name"]).casefold(): str(user["id"]) for user in self._everybody() if not user.get("deleted")}

    def _everybody(self) -> Iterable[Mapping[str, Any]]:
        cursor = ""
        while True:
            page = self._client.users_list(limit=200, cursor=cursor)
            yield from page["members"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _cached(self, subject: str, ask: Callable[[], T], fallback: T) -> T:
        """Slack's answer about `subject`, from the cache if it is fresh; `fallback` if Slack never answered."""
        moment = time.monotonic()
        with self._lock:
            answered_at, answer = self._known.get(subject, (float("-inf"), fallback))
            is_paused = moment < self._paused_until.get(subject, 0.0)
        if is_paused or moment - answered_at < CACHE_TTL:
            return answer  # type: ignore[no-any-return]
        try:
            answer = ask()
        except (SlackApiError, *NO_ANSWER) as error:
            logger.warning("Could not look up %s in Slack: %s", subject, error)
            with self._lock:
                self._paused_until[subject] = time.monotonic() + RETRY_AFTER
            return answer  # type: ignore[no-any-return]
        with self._lock:
            self._known[subject] = (time.monotonic(), answer)
        return answer


def _described(user: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "email": user.get("profile", {}).get("email"),
        "real_name": user.get("real_name"),
        "team_id": user.get("team_id"),
        "teams": (user.get("enterprise_user") or {}).get("teams", ()),
    }
