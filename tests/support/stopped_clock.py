"""The clock by which timeouts of flows and tasks go, standing still until a test moves it."""

import pytest

from signoff.flows.durable import timeouts


class StoppedClock:
    """Stands in for the module `time`, whatever a busy machine takes for anything."""

    def __init__(self) -> None:
        self._seconds = 1000.0

    def monotonic(self) -> float:
        """Seconds."""
        return self._seconds

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass. Nobody who waits is woken for that."""
        self._seconds += seconds


@pytest.fixture
def stopped_clock(monkeypatch: pytest.MonkeyPatch) -> StoppedClock:
    """No time passes for timeouts but what the test says."""
    clock = StoppedClock()
    monkeypatch.setattr(timeouts, "time", clock)
    return clock
