"""Message timestamps."""

from collections.abc import Callable

Clock = Callable[[], float]
"""Seconds since the epoch. A test gives one that it can move."""


class Timestamps:
    """Gives each message a `ts`: the clock's time in microseconds, made unique, so that it orders and identifies."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        """A timestamp later than every earlier one."""
        self._last = max(round(self._clock() * 1_000_000), self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def go_past(self, ts: str) -> None:
        """Never give a timestamp at or before this one, which is in use already."""
        seconds, _, micros = ts.partition(".")
        self._last = max(self._last, int(seconds) * 1_000_000 + int(micros))
