"""How long a flow has been running, without the time it waited."""

import time

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

    def check(self) -> None:
        """Raise `FlowTimeout` when the time is up."""
        since = self._since
        running = 0.0 if since is None else time.monotonic() - since
        if self._limit is not None and self._spent + running > self._limit:
            raise FlowTimeout(f"The flow {self._name} took longer than {self._limit:g} seconds.")
