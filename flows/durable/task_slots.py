"""Limits how many submitted tasks of a run work at once. A task that waits gives up its slot."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, Protocol, TypeVar

from signoff.flows.durable.async_bridge import run_in_thread

T = TypeVar("T")

MAX_CONCURRENT_TASKS = 32
"""How many submitted tasks of a run may work at the same time."""


class TaskSlots:
    """A fixed number of slots, handed out in the order of submission.

    A task that waits, for a person or for another task, gives up its slot. It continues as soon as its wait is over,
    without queueing for a slot again. Otherwise tasks that wait for each other could deadlock on the slots. So for a
    while more than `limit` tasks may work.

    Args:
        on_idle: Called, without locks, when a task ends or starts to wait and no other one is at work.
    """

    def __init__(self, limit: int = MAX_CONCURRENT_TASKS, *, on_idle: Callable[[], None] = lambda: None) -> None:
        self._limit = limit
        self._free = limit
        self._without_slot = _WithoutSlot(self._when_idle)
        self._on_idle = on_idle
        self._queue: deque[tuple[Future[Any], Callable[[], object]]] = deque()
        self._started: set[Future[Any]] = set()
        self._closed: BaseException | None = None
        self._lock = threading.Lock()

    def submit(self, function: Callable[[], T], *, name: str, after: Iterable["Future[Any]"]) -> "Future[T]":
        """Run a function in a thread called `name`, in a copy of this context, once there is a slot for it.

        Args:
            after: Futures that have to be done before it queues for a slot.
        """
        done: Future[T] = Future()
        # A thread cannot be stopped, so its future must not be cancellable.
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

    @property
    def is_idle(self) -> bool:
        """Whether nothing is at work: the flow, and each task of it, has ended or waits."""
        return not self._queue and self._free >= self._limit and not self._without_slot.working

    @contextmanager
    def at_work_without_slot(self) -> Iterator[None]:
        """Note that the flow, or a task which is a coroutine of it, is at work in the block. It needs no slot."""
        outer = _current_slot.get()
        if outer is not None and not outer.is_of(self._without_slot):
            yield  # within a submitted task, which has its slot
            return
        if outer is not None:
            outer.release()
        self._without_slot.reacquire()
        slot = _TaskSlot(self._without_slot)
        token = _current_slot.set(slot)
        try:
            yield
        finally:
            _current_slot.reset(token)
            if outer is not None:
                outer.reacquire()
            slot.end()

    def close(self, reason: BaseException) -> None:
        """Start no more tasks: those in the queue, and any that are still submitted, fail with `reason`."""
        with self._lock:
            self._closed = reason
            queued, self._queue = self._queue, deque()
        for done, _ in queued:
            done.set_exception(reason)

    def join(self) -> None:
        """Wait until all tasks that have started have ended, once this is closed."""
        wait(self._started.copy())

    def reacquire(self) -> None:
        """Take a slot back after a wait, even if none is free."""
        with self._lock:
            self._free -= 1

    def release(self) -> None:
        """Give up a slot, so that the next task can start."""
        with self._lock:
            self._free += 1
        self._start_next()

    def _enqueue(self, done: "Future[Any]", start: Callable[[], object]) -> None:
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
                    break
                self._free -= 1
                done, start = self._queue.popleft()
                self._started.add(done)
            done.add_done_callback(self._started.discard)
            start()
        self._when_idle()

    def _when_idle(self) -> None:
        if self.is_idle:
            self._on_idle()

    def _in_slot(self, function: Callable[[], T]) -> T:
        slot = _TaskSlot(self)
        _current_slot.set(slot)
        try:
            return function()
        finally:
            slot.end()


class _Slots(Protocol):
    def release(self) -> None: ...

    def reacquire(self) -> None: ...


class _WithoutSlot:
    """Counts the flow and the coroutines that are at work. They have no limit."""

    def __init__(self, on_wait: Callable[[], None]) -> None:
        self.working = 0
        self._on_wait = on_wait
        self._lock = threading.Lock()

    def reacquire(self) -> None:
        with self._lock:
            self.working += 1

    def release(self) -> None:
        with self._lock:
            self.working -= 1
        self._on_wait()


class _TaskSlot:
    """The slot of one task, shared by all threads and coroutines that belong to it."""

    def __init__(self, slots: _Slots) -> None:
        self._slots = slots
        self._wait_count = 0
        self._has_ended = False
        self._lock = threading.Lock()

    def is_of(self, slots: _Slots) -> bool:
        """Whether it is one of these slots."""
        return self._slots is slots

    def release(self) -> None:
        """A wait begins. The first one gives up the slot."""
        with self._lock:
            self._wait_count += 1
            is_first = self._wait_count == 1 and not self._has_ended
        if is_first:
            self._slots.release()

    def reacquire(self) -> None:
        """A wait has ended. The last one takes the slot back."""
        with self._lock:
            self._wait_count -= 1
            is_last = self._wait_count == 0 and not self._has_ended
        if is_last:
            self._slots.reacquire()

    def end(self) -> None:
        """The task has ended. If something that it started is still waiting, the slot was given up already."""
        with self._lock:
            self._has_ended = True
            holds_slot = self._wait_count == 0
        if holds_slot:
            self._slots.release()


_current_slot: ContextVar[_TaskSlot | None] = ContextVar("signoff_task_slot", default=None)


@contextmanager
def released_slot() -> Iterator[None]:
    """Give up the current task's slot, if there is one, while the block waits."""
    release_slot()
    try:
        yield
    finally:
        reacquire_slot()


def release_slot() -> None:
    """Give up the current task's slot, if there is one. `reacquire_slot` has to follow."""
    if (slot := _current_slot.get()) is not None:
        slot.release()


def reacquire_slot() -> None:
    """Take the current task's slot back, if there is one."""
    if (slot := _current_slot.get()) is not None:
        slot.reacquire()
