"""Who is who: Slack's people as the desk knows them, and a policy's approvers as Slack mentions them."""

import logging
import re
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from flows.policy import Policy
from store.records import Actor, Prompt

logger = logging.getLogger(__name__)

REMEMBERED = 300.0
"""Seconds that what Slack says about a person is taken to be true."""

_USER_ID = re.compile(r"[UW][A-Z0-9]{2,}")


class People:
    """Asks Slack, and remembers for a while. Where Slack does not answer, what is known has to do."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._profiles: dict[str, tuple[float, Mapping[str, Any]]] = {}
        self._handles: tuple[float, Mapping[str, str]] = (float("-inf"), {})

    def actor(self, user: Mapping[str, Any]) -> Actor:
        """The person that a payload of Slack's names, with every name a policy may use for them.

        Args:
            user: The payload's `user`: `id`, and `username` or `name`.
        """
        user_id = str(user["id"])
        handle = str(user.get("username") or user.get("name") or "")
        profile = self._profile(user_id)
        email = profile.get("email")
        names = [f"@{handle}" if handle else "", str(email or "")]
        return Actor(user_id, str(profile.get("real_name") or handle or user_id), frozenset(filter(None, names)))

    def mentions(self, prompt: Prompt) -> dict[str, str]:
        """Slack's mention (`<@U…>`) for each approver of a prompt that Slack knows, as the policy writes them."""
        approvers = Policy.model_validate(prompt.policy).approvers
        found = {approver: self._user_id(approver) for approver in approvers}
        return {approver: f"<@{user_id}>" for approver, user_id in found.items() if user_id}

    def _profile(self, user_id: str) -> Mapping[str, Any]:
        known = self._profiles.get(user_id)
        if known is not None and time.monotonic() - known[0] < REMEMBERED:
            return known[1]
        try:
            user: Mapping[str, Any] = self._client.users_info(user=user_id)["user"]
        except (SlackApiError, OSError, TimeoutError) as error:
            logger.warning("Slack did not say who %s is: %s", user_id, error)
            return {} if known is None else known[1]
        profile = {**user.get("profile", {}), "real_name": user.get("real_name")}
        with self._lock:
            self._profiles[user_id] = (time.monotonic(), profile)
        return profile

    def _user_id(self, approver: str) -> str | None:
        if _USER_ID.fullmatch(approver):
            return approver
        try:
            if approver.startswith("@"):
                return self._by_handle().get(approver.removeprefix("@").casefold())
            if "@" in approver:
                return self._by_email(approver)
        except (SlackApiError, OSError, TimeoutError) as error:
            logger.warning("Slack did not say who %s is: %s", approver, error)
        return None

    def _by_email(self, email: str) -> str | None:
        for user_id, (_, profile) in list(self._profiles.items()):
            if str(profile.get("email", "")).casefold() == email.casefold():
                return user_id
        return str(self._client.users_lookupByEmail(email=email)["user"]["id"])

    def _by_handle(self) -> Mapping[str, str]:
        asked_at, handles = self._handles
        if time.monotonic() - asked_at < REMEMBERED:
            return handles
        found = {str(user["name"]).casefold(): str(user["id"]) for user in self._everybody() if not user.get("deleted")}
        self._handles = (time.monotonic(), found)
        return found

    def _everybody(self) -> Iterable[Mapping[str, Any]]:
        cursor = ""
        while True:
            page = self._client.users_list(limit=200, cursor=cursor)
            yield from page["members"]
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return
