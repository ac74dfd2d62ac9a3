"""Who is who: Slack's people as the desk knows them, and a policy's approvers as Slack mentions them."""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from signoff.bot.connection.web_client import NO_ANSWER
from signoff.flows.approval.desk import may_answer
from signoff.flows.approval.policy import Policy
from signoff.store.records import Actor, Prompt

logger = logging.getLogger(__name__)

T = TypeVar("T")

REMEMBERED = 300.0
"""Seconds that what Slack says about a person is taken to be true."""

ASKED_AGAIN_AFTER = 10.0
"""Seconds until Slack is asked again for what it did not say: a press must not wait for it each time."""

_USER_ID = re.compile(r"[UW][A-Z0-9]{2,}")
_NOTHING: Mapping[str, Any] = {}


class Unrecognised(Exception):
    """Slack does not say who a person is, and without that nobody knows whether they may answer."""


class People:
    """Asks Slack, and remembers for a while. Where Slack does not answer, what is known has to do.

    Args:
        client: A client that does not wait long: people's presses wait for it.
        team: The workspace that the app is installed in; `None` where Slack did not say yet.
    """

    def __init__(self, client: WebClient, team: str | None) -> None:
        self._client = client
        self._team = team
        self._lock = threading.Lock()
        self._known: dict[str, tuple[float, Any]] = {}
        self._silent_until: dict[str, float] = {}

    def actor(self, user: Mapping[str, Any], prompt: Prompt) -> Actor:
        """The person that a payload of Slack's names, with every name that the prompt's policy may use for them.

        A handle or an address means somebody of the own workspace: people of others that share a channel choose
        theirs themselves.

        Args:
            user: The payload's `user`: `id`, `team_id`, and `username` or `name`.

        Raises:
            Unrecognised: If it cannot be told whether they may answer.
        """
        user_id = str(user["id"])
        handle = str(user.get("username") or user.get("name") or "")
        profile = self._person(user_id)
        team = self._own_team()
        homes = {str(user.get("team_id") or profile.get("team_id")), *profile.get("teams", ())}
        names = [f"@{handle}" if handle else "", str(profile.get("email") or "")] if team in homes else []
        actor = Actor(user_id, str(profile.get("real_name") or handle or user_id), frozenset(filter(None, names)))
        if (not profile or team is None) and not may_answer(prompt, actor):
            raise Unrecognised(f"Slack does not say who {user_id} is.")
        return actor

    def mentions(self, prompt: Prompt) -> dict[str, str]:
        """Slack's mention (`<@U…>`) for each approver of a prompt that Slack knows, as the policy writes them."""
        approvers = Policy.model_validate(prompt.policy).approvers
        found = {approver: self._user_id(approver) for approver in approvers}
        return {approver: f"<@{user_id}>" for approver, user_id in found.items() if user_id}

    def name(self, user_id: str) -> str | None:
        """What a person is called; `None` where Slack does not say."""
        return self._person(user_id).get("real_name")

    def _own_team(self) -> str | None:
        if self._team is None:
            self._team = self._asked("the workspace", lambda: str(self._client.auth_test()["team_id"]), None)
        return self._team

    def _person(self, user_id: str) -> Mapping[str, Any]:
        """`real_name`, `email`, `team_id`, and `teams` in an organisation of several; empty where Slack is silent."""
        return self._asked(user_id, lambda: _described(self._client.users_info(user=user_id)["user"]), _NOTHING)

    def _user_id(self, approver: str) -> str | None:
        if _USER_ID.fullmatch(approver):
            return approver
        if approver.startswith("@"):
            handles: Mapping[str, str] = self._asked("everybody", self._by_handle, _NOTHING)
            return handles.get(approver.removeprefix("@").casefold())
        if "@" in approver:
            return self._asked(approver, lambda: self._by_email(approver), None)
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

    def _asked(self, whom: str, ask: Callable[[], T], otherwise: T) -> T:
        """What Slack says, or said before, of somebody; `otherwise` where it never did."""
        moment = time.monotonic()
        with self._lock:
            said_at, said = self._known.get(whom, (float("-inf"), otherwise))
            silent = moment < self._silent_until.get(whom, 0.0)
        if silent or moment - said_at < REMEMBERED:
            return said  # type: ignore[no-any-return]
        try:
            said = ask()
        except (SlackApiError, *NO_ANSWER) as error:
            logger.warning("Slack did not say who %s is: %s", whom, error)
            with self._lock:
                self._silent_until[whom] = time.monotonic() + ASKED_AGAIN_AFTER
            return said  # type: ignore[no-any-return]
        with self._lock:
            self._known[whom] = (time.monotonic(), said)
        return said


def _described(user: Mapping[str, Any]) -> Mapping[str, Any]:
    return {
        "email": user.get("profile", {}).get("email"),
        "real_name": user.get("real_name"),
        "team_id": user.get("team_id"),
        "teams": (user.get("enterprise_user") or {}).get("teams", ()),
    }
