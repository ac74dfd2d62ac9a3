"""Message timestamps."""

from collections.abc import Callable

Clock = Callable[[], float]
"""Returns seconds since the epoch. A test can pass a clock that it sets itself."""


class Timestamps:
    """Generates timestamps from the time in microseconds. They are unique, because a `ts` identifies its message."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = 0

    def next(self) -> str:
        """A timestamp that is later than all previous ones."""
        self._last = max(round(self._clock() * 1_000_000), self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def advance_past(self, ts: str) -> None:
        """Generate only timestamps later than this one, which is already in use."""
        seconds, _, micros = ts.partition(".")
        self._last = max(self._last, int(seconds) * 1_000_000 + int(micros))
