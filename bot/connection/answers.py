"""A cache of Slack's answers, each with its age; and how long Slack is not asked again when it gave none."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from slack_sdk.errors import SlackApiError

from signoff.bot.connection.lookup_deadline import is_too_late
from signoff.bot.connection.web_client import CONNECTION_ERRORS, reason_of, retry_after
from signoff.flows.approval.approvers import Unknowable
from signoff.flows.services.foreground import foreground

logger = logging.getLogger(__name__)

T = TypeVar("T")

CACHE_TTL = 300.0
"""Seconds for which Slack's answer about a person, or about the names of groups, is reused."""

RETRY_AFTER = 10.0
"""Seconds without a further request after a failed one, so that not every press waits for a slow Slack."""

UNREACHABLE_AFTER = 2.0
"""The same for all calls of a method when Slack did not answer at all: a list of prompts needs many of them."""

MAX_ANSWERS = 2000
"""How many answers are kept."""

MAX_LONG_ANSWERS = 300
"""How many of those are kept that may list a thousand people or channels, so about 40 MB."""

_LONG = frozenset({"conversations.members", "users.conversations", "usergroups.users.list"})

_NEVER = float("-inf")


class StillReading(Exception):
    """A list is so long that reading it goes on at the next question."""


class Answers:
    """What Slack has answered, by the method that was called and its subject."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], tuple[float, Any]] = {}
        # Until it is forgotten. Whoever began to read before finds another one here, or none.
        self._reading: dict[tuple[str, str], object] = {}
        self._paused_until: dict[str | tuple[str, str], float] = {}
        self._limited_until: dict[str, float] = {}

    def last(self, method: str, subject: str, ttl: float, otherwise: T) -> T:
        """The last answer, if it is not older than `ttl` seconds."""
        with self._lock:
            answered_at, answer = self._known.get((method, subject), (_NEVER, otherwise))
        return answer if time.monotonic() - answered_at < ttl else otherwise

    def ask(
        self,
        method: str,
        subject: str,
        read: Callable[[], T],
        *,
        ask: bool = True,
        ttl: float = CACHE_TTL,
        stale: bool = True,
        limited_ttl: float = 0.0,
    ) -> T | Unknowable:
        """Slack's answer about `subject`, from the cache if it is not older than `ttl` seconds.

        Args:
            read: Asks Slack.
            ask: Whether Slack may be asked. Otherwise its last answer is given, however old.
            stale: Whether an expired answer is better than none.
            limited_ttl: The same as `ttl` while Slack limits how often this method is called.
        """
        key, moment = (method, subject), time.monotonic()
        nothing = Unknowable(f"Slack has not answered about {subject}.")
        with self._lock:
            answered_at, answer = self._known.get(key, (_NEVER, nothing))
            is_paused = moment < max(self._paused_until.get(each, 0.0) for each in (key, method))
        if moment - answered_at < ttl:
            return answer  # type: ignore[no-any-return]

        def last() -> T | Unknowable:
            with self._lock:
                is_limited = moment < self._limited_until.get(method, 0.0)
            is_usable = stale or (is_limited and moment - answered_at < limited_ttl)
            return answer if is_usable else nothing

        if not ask or is_paused or is_too_late():
            return last()
        with self._lock:
            if len(self._reading) > MAX_ANSWERS:
                self._reading.clear()
            reading = self._reading.setdefault(key, object())
        try:
            with foreground.waiting():
                found = read()
        except StillReading:
            return last()
        except (SlackApiError, *CONNECTION_ERRORS) as error:
            logger.warning("Could not look up %s in Slack: %s", subject, reason_of(error))
            self._pause(key, error)
            return last()
        self._remember(key, found, reading)
        return found

    def forget(self, method: str, subject: str) -> None:
        """Ask again at the next question."""
        with self._lock:
            self._known.pop((method, subject), None)
            # What is being read may be from before the change.
            self._reading.pop((method, subject), None)

    def _pause(self, key: tuple[str, str], error: Exception) -> None:
        """Ask nothing for a while: a rate limit holds for all calls of a method, most other failures for this one."""
        wait = limit = retry_after(getattr(error, "response", None))
        if wait is None and isinstance(error, CONNECTION_ERRORS):
            wait = UNREACHABLE_AFTER
        moment = time.monotonic()
        with self._lock:
            self._paused_until = {each: until for each, until in self._paused_until.items() if until > moment}
            if limit is not None:
                self._limited_until[key[0]] = moment + limit
            self._paused_until[key if wait is None else key[0]] = moment + (wait or RETRY_AFTER)

    def _remember(self, key: tuple[str, str], answer: Any, reading: object) -> None:
        """Keep an answer, unless it was forgotten while it was read, and drop the oldest one if there are too many."""
        with self._lock:
            if self._reading.get(key) is not reading:
                return
            self._known.pop(key, None)
            self._known[key] = (time.monotonic(), answer)
            if len(self._known) > MAX_ANSWERS:
                del self._known[next(iter(self._known))]
            long = [each for each in self._known if each[0] in _LONG]
            if len(long) > MAX_LONG_ANSWERS:
                del self._known[long[0]]
