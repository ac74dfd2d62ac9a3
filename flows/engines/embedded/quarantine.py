"""Finds the run that crashes its workers, by running suspects one at a time.

When a worker dies, every run that it was executing is a suspect, and only one of them may be guilty. If the next worker
ran them all together again, they would all reach the limit of crashes together. So a worker runs one suspect at a time,
beside any number of other runs: then a crash counts for the guilty one only.
"""

import math
import threading
import time

from signoff.store.records.runs import FlowRun

QUARANTINE_SECONDS = 10.0
"""How long a run stays in quarantine at most. After that the next suspect may start, too."""


class Quarantine:
    """Holds the one suspect that a worker runs, until it waits, ends, or has run for `QUARANTINE_SECONDS`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._run: tuple[str, int] | None = None
        self._until = math.inf

    @property
    def seconds_left(self) -> float:
        """Seconds until the quarantine ends by itself; infinite if it is empty."""
        with self._lock:
            return max(self._until - time.monotonic(), 0.0)

    def is_free(self) -> bool:
        """Whether another suspect may start now."""
        with self._lock:
            if self._until <= time.monotonic():
                self._clear()
            return self._run is None

    def admit(self, run: FlowRun) -> None:
        """Put a run into quarantine, as it was claimed."""
        with self._lock:
            self._run = (run.id, run.fencing_token)
            self._until = time.monotonic() + QUARANTINE_SECONDS

    def release(self, run: FlowRun) -> bool:
        """Note that a run waits or has ended. Returns whether it was in quarantine."""
        with self._lock:
            was_quarantined = self._run == (run.id, run.fencing_token)
            if was_quarantined:
                self._clear()
            return was_quarantined

    def _clear(self) -> None:
        self._run, self._until = None, math.inf
