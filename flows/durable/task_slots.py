"""The turns of submitted tasks: so many work at once, and one that waits lets another work."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, TypeVar

from signoff.flows.durable.async_bridge import run_in_thread

T = TypeVar("T")

MAX_CONCURRENT_TASKS = 32
"""How many of a run's submitted tasks work at the same time."""


class TaskSlots:
    """Gives turns in the order of asking. Who waits, for a person or for another task, has none meanwhile.

    Who has waited goes on at once, so that nobody waits in a circle. Then more than `limit` may work for a while.
    """

    def __init__(self, limit: int = MAX_CONCURRENT_TASKS) -> None:
        self._free = limit
        self._queue: deque[tuple[Future[Any], Callable[[], None]]] = deque()
        self._closed: BaseException | None = None
        self._lock = threading.Lock()

    def submit(self, function: Callable[[], T], *, name: str, after: Iterable["Future[Any]"]) -> "Future[T]":
        """Run a function in a thread called `name`, in a copy of this context, when it is its turn.

        Args:
            after: What has to have ended before it asks for one.
        """
        done: Future[T] = Future()
        # It cannot be cancelled, as nobody can stop a thread.
        done.set_running_or_notify_cancel()
        start = partial(copy_context().run, run_in_thread, done, partial(self._in_slot, function), name=name)
        awaited = set(after)

        def ended(each: "Future[Any]") -> None:
            with self._lock:
                awaited.discard(each)
                is_last = not awaited
            if is_last:
                self._enqueue(done, start)

        if awaited:
            for each in list(awaited):
                each.add_done_callback(ended)
        else:
            self._enqueue(done, start)
        return done

    def close(self, reason: BaseException) -> None:
        """Give no more turns: who asks for one gets the reason."""
        with self._lock:
            self._closed = reason
            queued, self._queue = self._queue, deque()
        for done, _ in queued:
            done.set_exception(reason)

    def reacquire(self) -> None:
        """Go on after a wait."""
        with self._lock:
            self._free -= 1

    def release(self) -> None:
        """Let another work."""
        with self._lock:
            self._free += 1
        self._start_next()

    def _enqueue(self, done: "Future[Any]", start: Callable[[], None]) -> None:
        with self._lock:
            if (closed := self._closed) is None:
                self._queue.append((done, start))
        if closed is None:
            self._start_next()
        else:
            done.set_exception(closed)

    def _start_next(self) -> None:
        while True:
            with self._lock:
                if self._free <= 0 or not self._queue:
                    return
                self._free -= 1
                _, start = self._queue.popleft()
            start()

    def _in_slot(self, function: Callable[[], T]) -> T:
        slot = _TaskSlot(self)
        _current_slot.set(slot)
        try:
            return function()
        finally:
            slot.end()


class _TaskSlot:
    """The turn of one submitted task, whatever threads and coroutines belong to it."""

    def __init__(self, slots: TaskSlots) -> None:
        self._slots = slots
        self._wait_count = 0
        self._has_ended = False
        self._lock = threading.Lock()

    def release(self) -> None:
        """A wait begins."""
        with self._lock:
            self._wait_count += 1
            is_first = self._wait_count == 1 and not self._has_ended
        if is_first:
            self._slots.release()

    def reacquire(self) -> None:
        """A wait has ended; it may have been the last."""
        with self._lock:
            self._wait_count -= 1
            is_last = self._wait_count == 0 and not self._has_ended
        if is_last:
            self._slots.reacquire()

    def end(self) -> None:
        """The task has ended, and perhaps left something behind that waits."""
        with self._lock:
            self._has_ended = True
            has_turn = self._wait_count == 0
        if has_turn:
            self._slots.release()


_current_slot: ContextVar[_TaskSlot | None] = ContextVar("signoff_turn", default=None)


@contextmanager
def released_slot() -> Iterator[None]:
    """Let another submitted task work while this block waits, if it is part of one."""
    release_slot()
    try:
        yield
    finally:
        reacquire_slot()


def release_slot() -> None:
    """A wait begins; `reacquire_slot` has to follow."""
    if (slot := _current_slot.get()) is not None:
        slot.release()


def reacquire_slot() -> None:
    """The wait has ended."""
    if (slot := _current_slot.get()) is not None:
        slot.reacquire()
