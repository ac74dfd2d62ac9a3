"""How long a flow has been running, without the time it waited."""

import asyncio
import math
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from flows.errors import FlowTimeout


class Stopwatch:
    """Runs from the start; stands still while the flow waits. Safe to use from several threads.

    Args:
        name: The flow's name.
        limit: Seconds that it may run; `None` for no limit.
    """

    def __init__(self, name: str, limit: float | None) -> None:
        self._name = name
        self._limit = limit
        self._spent = 0.0
        self._since: float | None = time.monotonic()
        self._lock = threading.Lock()
        self._alarm: tuple[asyncio.AbstractEventLoop, asyncio.Timeout] | None = None

    def stop(self) -> None:
        """The flow begins to wait."""
        with self._lock:
            if self._since is not None:
                self._spent += time.monotonic() - self._since
                self._since = None
        self._set_alarm()

    def go_on(self) -> None:
        """The flow goes on."""
        with self._lock:
            if self._since is None:
                self._since = time.monotonic()
        self._set_alarm()

    @asynccontextmanager
    async def limited(self) -> AsyncIterator[None]:
        """Cancel the block, which is an async flow, when the time is up, and raise `FlowTimeout`."""
        if self._limit is None:
            yield
            return
        try:
            async with asyncio.timeout(self._left) as timeout:
                self._alarm = (asyncio.get_running_loop(), timeout)
                yield
        except TimeoutError:
            if not timeout.expired():
                raise
            raise self._too_long() from None
        finally:
            self._alarm = None

    def check(self) -> None:
        """Raise `FlowTimeout` when the time is up."""
        if self._left <= 0:
            raise self._too_long()

    def _set_alarm(self) -> None:
        """Have the async flow cancelled when its time is up by now; while it waits that is never."""
        alarm = self._alarm
        if alarm is not None:
            alarm[0].call_soon_threadsafe(self._reschedule)

    def _reschedule(self) -> None:
        if self._alarm is not None and not self._alarm[1].expired():
            loop, timeout = self._alarm
            timeout.reschedule(None if self._since is None else loop.time() + self._left)

    @property
    def _left(self) -> float:
        """Seconds; without a limit there is no end to them."""
        since = self._since
        running = 0.0 if since is None else time.monotonic() - since
        return (math.inf if self._limit is None else self._limit) - self._spent - running

    def _too_long(self) -> FlowTimeout:
        return FlowTimeout(f"The flow {self._name} took longer than {self._limit:g} seconds.")
