"""Who is guilty of a worker's death: those that ran when one died are suspects, and are tried one at a time."""

import math
import threading
import time

from signoff.store.records import FlowRun

QUARANTINE_SECONDS = 10.0
"""How long a suspect is tried at the most. One that runs longer holds the others up no more."""


class Quarantine:
    """The one suspect that a worker runs beside runs that are none, until it waits, ends, or has run long enough."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._run: tuple[str, int] | None = None
        self._until = math.inf

    @property
    def seconds_left(self) -> float:
        """Seconds until the trial ends by itself; infinite where there is none."""
        with self._lock:
            return max(self._until - time.monotonic(), 0.0)

    def is_free(self) -> bool:
        """Whether another suspect may be tried now."""
        with self._lock:
            if self._until <= time.monotonic():
                self._clear()
            return self._run is None

    def admit(self, run: FlowRun) -> None:
        """Try this run, as it was claimed."""
        with self._lock:
            self._run = (run.id, run.fencing_token)
            self._until = time.monotonic() + QUARANTINE_SECONDS

    def release(self, run: FlowRun) -> bool:
        """The run waits or has ended; whether it was on trial."""
        with self._lock:
            was_quarantined = self._run == (run.id, run.fencing_token)
            if was_quarantined:
                self._clear()
            return was_quarantined

    def _clear(self) -> None:
        self._run, self._until = None, math.inf
