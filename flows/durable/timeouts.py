"""Timeouts of flows and tasks that do not count the time spent waiting for people."""

import asyncio
import math
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

from signoff.flows.errors import Abandoned, FlowsError

_active: ContextVar[tuple["ActiveTimeout", ...]] = ContextVar("signoff_active_timeouts", default=())


class ActiveTimeout:
    """A timeout that starts at once and is paused during waits. Safe to use from several threads.

    Args:
        what: What is limited, for the message: `The flow release`.
        limit: Seconds of active time; `None` for no limit.
        error: The type of error to raise when they are over.
    """

    def __init__(self, what: str, limit: float | None, error: type[FlowsError]) -> None:
        self._what = what
        self._limit = limit
        self._error = error
        self._spent = 0.0
        self._since: float | None = time.monotonic()
        self._waits = 0
        self._is_abandoned = False
        self._changed = threading.Condition()
        self._alarm: tuple[asyncio.AbstractEventLoop, asyncio.Timeout] | None = None

    def pause(self) -> None:
        """Stop the clock, because a wait begins."""
        with self._changed:
            self._waits += 1
            if self._since is not None:
                self._spent += time.monotonic() - self._since
                self._since = None
                self._notify()

    def resume(self) -> None:
        """A wait has ended. If it was the last one, restart the clock."""
        with self._changed:
            self._waits -= 1
            if self._waits == 0:
                self._since = time.monotonic()
                self._notify()

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Apply this timeout to the block. The clock stops whenever its code waits, in whatever thread or coroutine."""
        token = _active.set((*_active.get(), self))
        try:
            yield
        finally:
            _active.reset(token)

    def wait(self, work: "Future[Any]") -> None:
        """Wait for work in a thread. Raises the timeout's error if the time is over first."""
        work.add_done_callback(self._on_done)
        with self._changed:
            while not work.done() and self._remaining > 0:
                self._changed.wait(None if self._since is None or self._limit is None else self._remaining)
            # A thread cannot be stopped from outside. This one unwinds at its next step, see `check_not_abandoned`.
            self._is_abandoned = not work.done()
        if self._is_abandoned:
            raise self._make_error()

    @asynccontextmanager
    async def cancelling(self) -> AsyncIterator[None]:
        """Limit an async block: cancel it when the time is over, and raise the timeout's error."""
        if self._limit is None:
            yield
            return
        try:
            async with asyncio.timeout(self._remaining) as timeout:
                self._alarm = (asyncio.get_running_loop(), timeout)
                yield
        except TimeoutError:
            if not timeout.expired():
                raise
            raise self._make_error() from None
        finally:
            self._alarm = None

    def check(self) -> None:
        """Raise the timeout's error if the time is over."""
        if self._remaining <= 0:
            raise self._make_error()

    def check_not_abandoned(self) -> None:
        """Unwind a thread whose time was over: nobody waits for its result any more."""
        if self._is_abandoned:
            raise Abandoned(str(self._make_error()))

    def _on_done(self, _work: object) -> None:
        with self._changed:
            self._changed.notify_all()

    def _notify(self) -> None:
        """Have every waiter compute its remaining time again."""
        self._changed.notify_all()
        alarm = self._alarm
        if alarm is not None:
            alarm[0].call_soon_threadsafe(self._reschedule)

    def _reschedule(self) -> None:
        if self._alarm is not None and not self._alarm[1].expired():
            loop, timeout = self._alarm
            timeout.reschedule(None if self._since is None else loop.time() + self._remaining)

    @property
    def _remaining(self) -> float:
        """Seconds left; infinite without a limit."""
        since = self._since
        active = 0.0 if since is None else time.monotonic() - since
        return (math.inf if self._limit is None else self._limit) - self._spent - active

    def _make_error(self) -> FlowsError:
        return self._error(f"{self._what} took longer than {self._limit:g} seconds.")


def active_timeouts() -> tuple[ActiveTimeout, ...]:
    """The timeouts of the tasks and nested flows around the current code."""
    return _active.get()
