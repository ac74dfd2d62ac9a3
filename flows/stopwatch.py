"""How long a flow has been running, without the time it waited."""

import asyncio
import math
import time
from collections.abc import Coroutine
from typing import Any

from flows.errors import FlowTimeout


class Stopwatch:
    """Runs from the start; stands still while the flow waits.

    Args:
        name: The flow's name.
        limit: Seconds that it may run; `None` for no limit.
    """

    def __init__(self, name: str, limit: float | None) -> None:
        self._name = name
        self._limit = limit
        self._spent = 0.0
        self._since: float | None = time.monotonic()

    def stop(self) -> None:
        """The flow begins to wait."""
        if self._since is not None:
            self._spent += time.monotonic() - self._since
            self._since = None

    def go_on(self) -> None:
        """The flow goes on."""
        if self._since is None:
            self._since = time.monotonic()

    async def limit(self, flow: Coroutine[Any, Any, Any]) -> Any:
        """What an async flow returns; when the time is up it is cancelled, and `FlowTimeout` is raised."""
        if self._limit is None:
            return await flow
        running = asyncio.ensure_future(flow)
        while not running.done():
            # While the flow waits for a person, what is left does not shrink.
            await asyncio.wait([running], timeout=self._left)
            if self._left <= 0 and not running.done():
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                self.check()
        return running.result()

    def check(self) -> None:
        """Raise `FlowTimeout` when the time is up."""
        if self._left <= 0:
            raise FlowTimeout(f"The flow {self._name} took longer than {self._limit:g} seconds.")

    @property
    def _left(self) -> float:
        """Seconds; without a limit there is no end to them."""
        since = self._since
        running = 0.0 if since is None else time.monotonic() - since
        return (math.inf if self._limit is None else self._limit) - self._spent - running
