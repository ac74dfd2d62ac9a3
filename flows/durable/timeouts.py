"""How long a flow or a task has been running, without the time it waited for people."""

import asyncio
import math
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any

from signoff.flows.errors import FlowsError, Released

_active: ContextVar[tuple["ActiveTimeout", ...]] = ContextVar("signoff_active_timeouts", default=())


class ActiveTimeout:
    """Runs from the start; stands still while something waits. Safe to use from several threads.

    Args:
        what: Whose time it takes.
        limit: Seconds that this may run; `None` for no limit.
        error: What is raised when the time is up.
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
        """A wait begins."""
        with self._changed:
            self._waits += 1
            if self._since is not None:
                self._spent += time.monotonic() - self._since
                self._since = None
                self._notify()

    def resume(self) -> None:
        """A wait has ended; it may have been the last."""
        with self._changed:
            self._waits -= 1
            if self._waits == 0:
                self._since = time.monotonic()
                self._notify()

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Stand still whenever code of this block waits, whatever thread or coroutine of it that is."""
        token = _active.set((*_active.get(), self))
        try:
            yield
        finally:
            _active.reset(token)

    def wait(self, work: "Future[Any]") -> None:
        """Wait until work that runs in a thread has ended. Raises the error when the time is up before."""
        work.add_done_callback(self._on_done)
        with self._changed:
            while not work.done() and self._remaining > 0:
                self._changed.wait(None if self._since is None or self._limit is None else self._remaining)
            # A thread cannot be stopped from outside: it stops at its next step.
            self._is_abandoned = not work.done()
        if self._is_abandoned:
            raise self._make_error()

    @asynccontextmanager
    async def cancelling(self) -> AsyncIterator[None]:
        """Cancel the block, which is async, when the time is up, and raise the error."""
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
        """Raise the error when the time is up."""
        if self._remaining <= 0:
            raise self._make_error()

    def check_not_abandoned(self) -> None:
        """Unwind a thread for whose end nobody waits any more, since its time is up."""
        if self._is_abandoned:
            raise Released(str(self._make_error()))

    def _on_done(self, _work: object) -> None:
        with self._changed:
            self._changed.notify_all()

    def _notify(self) -> None:
        """Have those who look at the time look again."""
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
        """Seconds; without a limit there is no end to them."""
        since = self._since
        active = 0.0 if since is None else time.monotonic() - since
        return (math.inf if self._limit is None else self._limit) - self._spent - active

    def _make_error(self) -> FlowsError:
        return self._error(f"{self._what} took longer than {self._limit:g} seconds.")


def active_timeouts() -> tuple[ActiveTimeout, ...]:
    """Those of the tasks and nested flows that this code runs in."""
    return _active.get()
