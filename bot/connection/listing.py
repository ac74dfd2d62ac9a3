"""Lists of Slack's that are too long for one call, such as all people of a workspace.

Slack allows 20 such calls a minute. So a list is read page by page in the background, and nobody waits for all of it:
who asks for an entry gets it as soon as its page was read. When Slack limits the rate or fails, reading rests and then
goes on from the same page.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from signoff.bot.connection.web_client import CONNECTION_ERRORS, name_of, retry_after
from signoff.flows.approval.approvers import Unknowable
from signoff.store.outage_log import OutageLog
from signoff.store.supervisor import SupervisedThread

logger = logging.getLogger(__name__)

T = TypeVar("T")

MIN_TTL = 300.0
"""Seconds for which a list that was read is reused."""

TTL_SHARE = 20.0
"""The same as a multiple of how long it took to read, so that a long list does not use up what Slack allows."""

FIRST_PAGE = 200
"""How many entries the first page has, which Slack recommends. Most workspaces have no second one."""

PAGE = 999
"""How many entries each further page has, as many as Slack allows."""

PAGES_AT_ONCE = 15
"""How many pages are read without a rest. Slack allows 20 a minute, to all processes of an app together."""

REST = 3.0
"""Seconds between two pages after those."""

FIRST_RETRY_AFTER = 2.0
"""Seconds until the next attempt after a failure, if Slack does not say. They double."""

MAX_RETRY_AFTER = 300.0
"""The longest time until the next attempt."""

MAX_ENTRIES = 100_000
"""How many entries are kept, about 60 MB of people. Of a longer list, what comes later is not known."""

MAX_RENEWALS = 200
"""How many entries are read again one by one. If more have changed, the whole list is read again."""

_NEVER = float("-inf")


class Unready(Exception):
    """A page cannot be used yet, because something else is not known."""


@dataclass(frozen=True, slots=True)
class Entry(Generic[T]):
    """One entry of a list.

    Attributes:
        id: Slack's id.
        key: What it is looked up by.
        is_final: Whether no other entry can take its place under this key.
    """

    id: str
    key: str
    value: T
    is_final: bool = True


@dataclass(slots=True)
class _Reading(Generic[T]):
    """A list as far as it has been read."""

    began_at: float
    cursor: str = ""
    pages: int = 0
    entries: dict[str, Entry[T]] = field(default_factory=dict)
    # Entries that were read again by themselves: what a page says about them may be older.
    renewed: set[str] = field(default_factory=set)
    is_cut: bool = False
    # Whether Slack has refused a page, so that the others are read at the rate that it allows.
    is_slow: bool = False

    def put(self, entry: Entry[T]) -> None:
        known = self.entries.get(entry.key)
        if known is None and len(self.entries) >= MAX_ENTRIES:
            self.is_cut = True
        elif known is None or not known.is_final:
            self.entries[entry.key] = entry

    def drop(self, id_: str) -> None:
        for key in [entry.key for entry in self.entries.values() if entry.id == id_]:
            del self.entries[key]


class Listing(Generic[T]):
    """A list of Slack's, and the thread that reads it while somebody wants to know something of it.

    Args:
        what: What is listed, in the plural.
        read_page: Reads the page at a cursor, with up to so many entries.
        entries: The entries of a page.
        read_one: Reads the entry with an id again; `None` if it is gone.
    """

    def __init__(
        self,
        what: str,
        read_page: Callable[[str, int], SlackResponse],
        entries: Callable[[SlackResponse], Iterable[Entry[T]]],
        read_one: Callable[[str], Entry[T] | None],
    ) -> None:
        self._what = what
        self._read_page = read_page
        self._entries = entries
        self._read_one = read_one
        self._outage = OutageLog(logger, f"Could not list {what} of the workspace", level=logging.WARNING)
        self._changed = threading.Condition()
        self._complete: _Reading[T] | None = None
        self._ttl = MIN_TTL
        self._reading: _Reading[T] | None = None
        self._renewals: dict[str, None] = {}
        self._needed_since = _NEVER
        self._attempts = self._failures = 0
        self._is_resting = self._is_limited = False
        self._stopping = threading.Event()
        self._thread: SupervisedThread | None = None

    def stop(self) -> None:
        """Stop reading."""
        self._stopping.set()
        with self._changed:
            thread = self._thread
        if thread is not None:
            thread.stop()

    def find(self, key: str, *, max_age: float | None = None, wait: float = 0.0) -> T | Unknowable | None:
        """The entry with this key; `None` if there is none, and unknowable as long as its page has not been read.

        Args:
            max_age: Seconds. An older list is not enough to say that there is none; by default, any is until there is
                a newer one.
            wait: Seconds to wait for the next page, if one is being read now.
        """
        deadline = time.monotonic() + wait
        needed_since = time.monotonic() - (self._ttl if max_age is None else min(max_age, self._ttl))
        with self._changed:
            attempts = self._attempts
            while True:
                complete, found = self._complete, self._newest(key)
                if found is not None and found.is_final:
                    self._want(time.monotonic() - self._ttl)
                    return found.value
                is_enough = complete is not None and (max_age is None or complete.began_at >= needed_since)
                self._want(needed_since)
                if is_enough and not self._renewals:
                    if found is None and complete is not None and complete.is_cut:
                        return Unknowable(f"The workspace has too many {self._what} to know all of them. Write an id.")
                    return None if found is None else found.value
                left = deadline - time.monotonic()
                if left <= 0 or self._is_resting or self._attempts > attempts or self._thread is None:
                    return Unknowable(f"Slack has not yet listed all {self._what}.")
                self._changed.wait(left)

    def read_all(self, timeout: float) -> None:
        """Wait until all of the list is known, until Slack refuses a page, or until `timeout` seconds have passed."""
        deadline = time.monotonic() + timeout
        with self._changed:
            self._want(time.monotonic() - self._ttl)
            failures = self._failures
            while self._thread is not None and not self._is_limited and self._failures == failures:
                left = deadline - time.monotonic()
                if left <= 0 or self._is_satisfied():
                    return
                self._changed.wait(left)

    def known(self) -> Mapping[str, T]:
        """All entries that are known now, by their keys."""
        with self._changed:
            readings = [each for each in (self._complete, self._reading) if each is not None]
            return {key: entry.value for each in readings for key, entry in each.entries.items()}

    def peek(self, key: str) -> T | None:
        """What is known by a key now, without asking Slack."""
        with self._changed:
            found = self._newest(key)
            return None if found is None else found.value

    def renew(self, id_: str) -> None:
        """Read the entry with this id again, because it has changed, or is new."""
        with self._changed:
            # As long as the list is read for the first time, the entry's page is likely to come yet.
            if self._complete is None or self._complete.is_cut:
                return
            for each in (self._complete, self._reading):
                if each is not None:
                    each.drop(id_)
                    each.renewed.add(id_)
            self._renewals[id_] = None
            if len(self._renewals) > MAX_RENEWALS:
                self._renewals.clear()
                self._complete = self._reading = None
                self._needed_since = time.monotonic()
            self._start()

    def _newest(self, key: str) -> Entry[T] | None:
        """What is known by a key, from the list that is being read if its page was read already."""
        found = None if self._reading is None else self._reading.entries.get(key)
        return found if found is not None or self._complete is None else self._complete.entries.get(key)

    def _want(self, since: float) -> None:
        """Have the list read if it was read before that moment."""
        self._needed_since = max(self._needed_since, since)
        if not self._is_satisfied():
            self._start()

    def _is_satisfied(self) -> bool:
        is_new = self._complete is not None and self._complete.began_at >= self._needed_since
        return (is_new or self._needed_since == _NEVER) and not self._renewals

    def _start(self) -> None:
        if self._thread is None and not self._stopping.is_set():
            self._thread = SupervisedThread(self._read, name="signoff-directory")
            self._thread.start()

    def _read(self) -> None:
        """Read until nobody wants to know more."""
        while not self._stopping.is_set():
            with self._changed:
                if self._is_satisfied():
                    self._thread = None
                    self._changed.notify_all()
                    return
            rest = self._attempt()
            with self._changed:
                self._attempts += 1
                self._is_resting, self._is_limited = rest > 0, rest > REST
                self._changed.notify_all()
            if rest > 0:
                self._rest(rest)
                with self._changed:
                    self._is_resting = self._is_limited = False

    def _rest(self, seconds: float) -> None:
        self._stopping.wait(seconds)

    def _attempt(self) -> float:
        """Read one page, or one entry. Returns the seconds until the next attempt."""
        with self._changed:
            id_ = next(iter(self._renewals), None)
        try:
            rest = self._read_next_page() if id_ is None else self._renew(id_)
        except SlackApiError as error:
            if name_of(error) == "invalid_cursor":
                # It has expired. Only then does reading begin again.
                with self._changed:
                    self._reading = None
            asked = retry_after(error.response)
            if asked is None:
                self._outage.failed(name_of(error))
            elif self._reading is not None:
                self._reading.is_slow = True
            if id_ is not None and asked is None:
                with self._changed:
                    self._renewals.pop(id_, None)
                    self._needed_since = time.monotonic()
            return self._failed() if asked is None else asked
        except (Unready, *CONNECTION_ERRORS) as error:
            self._outage.failed(str(error) or type(error).__name__)
            return self._failed()
        self._outage.worked()
        self._failures = 0
        return rest

    def _failed(self) -> float:
        wait = min(FIRST_RETRY_AFTER * 2.0**self._failures, MAX_RETRY_AFTER)
        self._failures = min(self._failures + 1, 10)
        return wait

    def _read_next_page(self) -> float:
        with self._changed:
            reading = self._reading = self._reading or _Reading(time.monotonic())
        # A page that Slack did not send in time is asked for in the size that Slack recommends.
        limit = FIRST_PAGE if not reading.cursor or self._failures else PAGE
        page = self._read_page(reading.cursor, limit)
        entries = list(self._entries(page))
        cursor = next_cursor(page)
        with self._changed:
            if self._reading is not reading:
                return 0.0  # so much has changed that it is read again
            for entry in entries:
                if entry.id not in reading.renewed:
                    reading.put(entry)
            reading.cursor = cursor
            reading.pages += 1
            if not cursor:
                self._complete, self._reading = reading, None
                self._ttl = max(MIN_TTL, (time.monotonic() - reading.began_at) * TTL_SHARE)
        return REST if cursor and (reading.is_slow or reading.pages >= PAGES_AT_ONCE) else 0.0

    def _renew(self, id_: str) -> float:
        entry = self._read_one(id_)
        with self._changed:
            self._renewals.pop(id_, None)
            for each in (self._complete, self._reading):
                if each is not None and entry is not None:
                    each.drop(id_)
                    each.put(entry)
        return 0.0


def next_cursor(page: SlackResponse) -> str:
    """The cursor of the page after this one; empty after the last."""
    return (page.get("response_metadata") or {}).get("next_cursor") or ""
