"""Who waits for the record to change is woken at once, whichever process changed it.

Within a process a commit announces its topics. Of other processes' commits a watcher hears, see `store.watchers`.
"""

import selectors
import socket
import threading
from collections.abc import Callable, Iterable
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self


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


class Stop:
    """The end of a watch, which can be waited for together with open files."""

    def __init__(self) -> None:
        self._ear, self._mouth = socket.socketpair()
        self.is_set = False

    def set(self) -> None:
        """End the watch, and the wait that is going on."""
        self.is_set = True
        self._mouth.send(b".")

    def wait(self, timeout: float | None, *files: int) -> bool:
        """Wait for the end, for one of `files` to have something to read, or for `timeout` seconds to pass.

        Returns:
            Whether one of `files` has something to read.
        """
        with _Selector() as selector:
            for file in (self._ear.fileno(), *files):
                selector.register(file, selectors.EVENT_READ)
            return any(key.fd in files for key, _ in selector.select(timeout))

    def close(self) -> None:
        """Nobody waits for it any more."""
        self._ear.close()
        self._mouth.close()


# One is made for each wait, and that by `epoll` would open a file for it.
_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)


class Watcher(Protocol):
    """Hears of other processes' commits."""

    def watch(self, announce: Callable[[Iterable[Topic]], None], stop: Stop) -> None:
        """Announce what others changed, until `stop` is set: everything at first, which may have changed before."""


class Changes:
    """The subscriptions of one process. The watcher starts with the first of them."""

    def __init__(self, watcher: Watcher) -> None:
        self._watcher = watcher
        self._lock = threading.Lock()
        self._subscriptions: set[Subscription] = set()
        self._stop: Stop | None = None
        self._thread: threading.Thread | None = None

    def subscribe(self, *topics: Topic) -> Subscription:
        """Hear of every commit that touches one of `topics`, from this process or another."""
        subscription = Subscription(self, frozenset(topics))
        with self._lock:
            self._subscriptions.add(subscription)
            if self._thread is None:
                self._stop = Stop()
                self._thread = threading.Thread(
                    target=self._watcher.watch, args=(self.announce, self._stop), name="signoff-changes", daemon=True
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
        if self._stop is None or self._thread is None or self._stop.is_set:
            return
        self._stop.set()
        self._thread.join(timeout=2)
        if not self._thread.is_alive():
            self._stop.close()
