"""Wakes whoever waits for the database to change, whichever process changes it.

Within a process, a commit announces its topics. A watcher learns of other processes' commits, see
`store.sqlite.watcher` and `store.postgres.watcher`.
"""

import logging
import selectors
import socket
import threading
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import partial
from types import TracebackType
from typing import Protocol, Self

from signoff.store.outage_log import OutageLog
from signoff.store.supervisor import SupervisedThread

logger = logging.getLogger(__name__)

RECONNECT_AFTER = 1.0
"""Seconds until a watcher tries a lost database again."""


class Topic(StrEnum):
    """What may change."""

    RUNS = "runs"
    """A run may have become runnable."""
    STATES = "states"
    """A run has begun to wait, or has ended."""
    PROMPTS = "prompts"
    CARDS = "cards"
    INPUTS = "inputs"
    DELIVERIES = "deliveries"
    ABSENCES = "absences"
    """Somebody is away, or back."""


Announce = Callable[[Iterable[Topic]], None]


def topics_in(words: set[str]) -> list[Topic]:
    """The topics among these words. Others are ignored: they are of a newer Signoff, or name a sender."""
    return [topic for topic in Topic if topic in words]


class Subscription:
    """Waits for changes of some topics. Usable as a context manager."""

    def __init__(self, changes: "Changes", topics: frozenset[Topic]) -> None:
        self.topics = topics
        self._changes = changes
        self._event = threading.Event()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until something has changed since the last call.

        Args:
            timeout: Seconds to wait at most; `None` for no limit.

        Returns:
            Whether something has changed.
        """
        changed = self._event.wait(timeout)
        if changed:
            self._event.clear()
        return changed

    def wake(self) -> None:
        """End the current wait, or the next one."""
        self._event.set()

    def close(self) -> None:
        """Stop listening for changes."""
        self._changes.forget(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Stop:
    """Tells a watcher to stop. It can be waited for together with open files."""

    def __init__(self) -> None:
        self._read_socket, self._write_socket = socket.socketpair()
        self.is_set = False

    def set(self) -> None:
        """Stop the watcher, and end its current wait."""
        self.is_set = True
        self._write_socket.send(b".")

    def wait(self, timeout: float | None, *files: int) -> bool:
        """Wait until the watcher has to stop, one of `files` can be read, or `timeout` seconds have passed.

        Returns:
            Whether one of `files` can be read.
        """
        with _Selector() as selector:
            for file in (self._read_socket.fileno(), *files):
                selector.register(file, selectors.EVENT_READ)
            return any(key.fd in files for key, _ in selector.select(timeout))

    def close(self) -> None:
        """Close the sockets, once the watcher has stopped."""
        self._read_socket.close()
        self._write_socket.close()


# A selector is made for each wait. One on `epoll`, the default, would open a file each time.
_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)


def outage_log() -> OutageLog:
    """What watchers log while they cannot reach the database."""
    return OutageLog(logger, "The database cannot be watched for changes", level=logging.WARNING)


class Watcher(Protocol):
    """Learns of other processes' commits."""

    def watch(self, announce: Announce, stop: Stop) -> None:
        """Announce what others commit until `stop` is set.

        Every topic is announced at first, because something may have changed before the watcher listened.
        """


class Changes:
    """The subscriptions of one process. The watcher starts with the first of them."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._lock = threading.Lock()
        self._subscriptions: set[Subscription] = set()
        self._stop: Stop | None = None
        self._thread: SupervisedThread | None = None

    def subscribe(self, *topics: Topic) -> Subscription:
        """Listen for every commit that changes one of `topics`, in this process or another."""
        subscription = Subscription(self, frozenset(topics))
        with self._lock:
            self._subscriptions.add(subscription)
            if self._thread is None:
                self._stop = Stop()
                self._thread = SupervisedThread(
                    partial(self._watcher.watch, self.announce, self._stop), name="signoff-changes"
                )
                self._thread.start()
        return subscription

    def forget(self, subscription: Subscription) -> None:
        """Drop a subscription."""
        with self._lock:
            self._subscriptions.discard(subscription)

    def announce(self, topics: Iterable[Topic]) -> None:
        """Wake every subscription to one of `topics`."""
        changed = frozenset(topics)
        if not changed:
            return
        with self._lock:
            woken = [each for each in self._subscriptions if each.topics & changed]
        for subscription in woken:
            subscription.wake()

    def close(self) -> None:
        """Stop watching."""
        if self._stop is None or self._thread is None or self._stop.is_set:
            return
        self._stop.set()
        if self._thread.stop(timeout=2):
            self._stop.close()
