"""Who waits for the record to change is woken at once, whichever process changed it.

Within a process a commit announces its topics. From other processes PostgreSQL sends a `NOTIFY`; SQLite
has nothing of the kind, but a counter that moves with every foreign commit and costs microseconds to read.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

logger = logging.getLogger(__name__)

SQLITE_LOOK_EVERY = 0.04
"""Seconds between two looks at SQLite's `data_version`."""

POSTGRES_LOOK_UP_EVERY = 0.25
"""Seconds after which who listens to PostgreSQL sees that it is to stop."""

RECONNECT_AFTER = 1.0
"""Seconds until a lost database is tried again."""


class Topic(StrEnum):
    """What may change."""

    RUNS = "runs"
    """A run may have become runnable."""
    STATES = "states"
    """A run has begun to wait, or has ended."""
    PROMPTS = "prompts"
    CARDS = "cards"
    INPUTS = "inputs"


class Subscription:
    """Waits for changes of some topics. Usable as a context manager."""

    def __init__(self, changes: "Changes", topics: frozenset[Topic]) -> None:
        self.topics = topics
        self._changes = changes
        self._event = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until something changed since the last call; `False` after `timeout` seconds without."""
        changed = self._event.wait(timeout)
        if changed:
            self._event.clear()
        return changed

    def wake(self) -> None:
        """End the wait that is going on, or the next one."""
        self._event.set()

    def close(self) -> None:
        """Hear of nothing more."""
        self._changes.forget(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Watcher(Protocol):
    """Hears of other processes' commits."""

    def watch(self, announce: Callable[[Iterable[Topic]], None], stopped: threading.Event) -> None:
        """Announce what others changed, until `stopped` is set."""


class Changes:
    """The subscriptions of one process. The watcher starts with the first of them."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._lock = threading.Lock()
        self._subscriptions: set[Subscription] = set()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def subscribe(self, *topics: Topic) -> Subscription:
        """Hear of every commit that touches one of `topics`, from this process or another."""
        subscription = Subscription(self, frozenset(topics))
        with self._lock:
            self._subscriptions.add(subscription)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._watcher.watch,
                    args=(self.announce, self._stopped),
                    name="signoff-changes",
                    daemon=True,
                )
                self._thread.start()
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """Drop a subscription."""
        with self._lock:
            self._subscriptions.discard(subscription)

    def announce(self, topics: Iterable[Topic]) -> None:
        """Wake everybody who waits for one of `topics`."""
        touched = frozenset(topics)
        if not touched:
            return
        with self._lock:
            woken = [each for each in self._subscriptions if each.topics & touched]
        for subscription in woken:
            subscription.wake()

    def close(self) -> None:
        """Stop watching."""
        self._stopped.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout=2)


class Outage:
    """Says once, however often it is told, that the database is away."""

    def __init__(self) -> None:
        self._said = False

    def say(self, error: Exception) -> None:
        """The database is away, or still is."""
        if not self._said:
            logger.warning("The database cannot be watched for changes, trying again: %s", error)
        self._said = True

    def end(self) -> None:
        """It is there."""
        self._said = False


class SqliteWatcher:
    """Reads `PRAGMA data_version`, which moves whenever another connection has committed."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def watch(self, announce: Callable[[Iterable[Topic]], None], stopped: threading.Event) -> None:
        """Look every `SQLITE_LOOK_EVERY` seconds."""
        outage = Outage()
        while not stopped.is_set():
            try:
                self._look(announce, stopped, outage)
            except SQLAlchemyError as error:
                outage.say(error)
                stopped.wait(RECONNECT_AFTER)

    def _look(self, announce: Callable[[Iterable[Topic]], None], stopped: threading.Event, outage: "Outage") -> None:
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            seen = None
            while not stopped.wait(SQLITE_LOOK_EVERY):
                cursor.execute("PRAGMA data_version")
                version = cursor.fetchone()
                outage.end()
                if seen is not None and version != seen:
                    announce(Topic)
                seen = version
            cursor.close()
        finally:
            connection.close()


class PostgresWatcher:
    """Listens on the channel `signoff`, on a connection of its own."""

    def __init__(self, url: str) -> None:
        self._url = url

    def watch(self, announce: Callable[[Iterable[Topic]], None], stopped: threading.Event) -> None:
        """Listen; after a lost connection announce everything, since something may have been missed."""
        # Imported late: it is slow to import, and who keeps the record in SQLite never needs it.
        import psycopg

        outage = Outage()
        while not stopped.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True) as connection:
                    connection.execute("LISTEN signoff")
                    outage.end()
                    announce(Topic)
                    while not stopped.is_set():
                        for notice in connection.notifies(timeout=POSTGRES_LOOK_UP_EVERY):
                            named = notice.payload.split(",")
                            announce(topic for topic in Topic if topic in named)
            except psycopg.Error as error:
                outage.say(error)
                stopped.wait(RECONNECT_AFTER)
