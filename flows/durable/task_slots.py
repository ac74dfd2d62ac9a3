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

AT_ONCE = 32
"""How many of a run's submitted tasks work at the same time."""


class Turns:
    """Gives turns in the order of asking. Who waits, for a person or for another task, has none meanwhile.

    Who has waited goes on at once, so that nobody waits in a circle. Then more than `at_once` may work for a while.
    """

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._free = at_once
        self._asking: deque[tuple[Future[Any], Callable[[], None]]] = deque()
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
        start = partial(copy_context().run, run_in_thread, done, partial(self._in_turn, function), name=name)
        awaited = set(after)

        def ended(each: "Future[Any]") -> None:
            with self._lock:
                awaited.discard(each)
                is_last = not awaited
            if is_last:
                self._ask(done, start)

        if awaited:
            for each in list(awaited):
                each.add_done_callback(ended)
        else:
            self._ask(done, start)
        return done

    def close(self, reason: BaseException) -> None:
        """Give no more turns: who asks for one gets the reason."""
        with self._lock:
            self._closed = reason
            asking, self._asking = self._asking, deque()
        for done, _ in asking:
            done.set_exception(reason)

    def take(self) -> None:
        """Go on after a wait."""
        with self._lock:
            self._free -= 1

    def give_back(self) -> None:
        """Let another work."""
        with self._lock:
            self._free += 1
        self._give()

    def _ask(self, done: "Future[Any]", start: Callable[[], None]) -> None:
        with self._lock:
            if (closed := self._closed) is None:
                self._asking.append((done, start))
        if closed is None:
            self._give()
        else:
            done.set_exception(closed)

    def _give(self) -> None:
        while True:
            with self._lock:
                if self._free <= 0 or not self._asking:
                    return
                self._free -= 1
                _, start = self._asking.popleft()
            start()

    def _in_turn(self, function: Callable[[], T]) -> T:
        turn = _Turn(self)
        _turn.set(turn)
        try:
            return function()
        finally:
            turn.end()


class _Turn:
    """The turn of one submitted task, whatever threads and coroutines belong to it."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self._waits = 0
        self._has_ended = False
        self._lock = threading.Lock()

    def stop(self) -> None:
        """A wait begins."""
        with self._lock:
            self._waits += 1
            is_first = self._waits == 1 and not self._has_ended
        if is_first:
            self._turns.give_back()

    def go_on(self) -> None:
        """A wait has ended; it may have been the last."""
        with self._lock:
            self._waits -= 1
            is_last = self._waits == 0 and not self._has_ended
        if is_last:
            self._turns.take()

    def end(self) -> None:
        """The task has ended, and perhaps left something behind that waits."""
        with self._lock:
            self._has_ended = True
            has_turn = self._waits == 0
        if has_turn:
            self._turns.give_back()


_turn: ContextVar[_Turn | None] = ContextVar("signoff_turn", default=None)


@contextmanager
def let_others() -> Iterator[None]:
    """Let another submitted task work while this block waits, if it is part of one."""
    stop_turn()
    try:
        yield
    finally:
        resume_turn()


def stop_turn() -> None:
    """A wait begins; `resume_turn` has to follow."""
    if (turn := _turn.get()) is not None:
        turn.stop()


def resume_turn() -> None:
    """The wait has ended."""
    if (turn := _turn.get()) is not None:
        turn.go_on()
