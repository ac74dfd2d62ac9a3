"""Who is guilty of a worker's death: those that ran when one died are suspects, and are tried one at a time."""

import math
import threading
import time

from signoff.store.records import FlowRun

TRIAL_SECONDS = 10.0
"""How long a suspect is tried at the most. One that runs longer holds the others up no more."""


class Trial:
    """The one suspect that a worker runs beside runs that are none, until it waits, ends, or has run long enough."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tried: tuple[str, int] | None = None
        self._until = math.inf

    @property
    def left(self) -> float:
        """Seconds until the trial ends by itself; infinite where there is none."""
        with self._lock:
            return max(self._until - time.monotonic(), 0.0)

    def may_begin(self) -> bool:
        """Whether another suspect may be tried now."""
        with self._lock:
            if self._until <= time.monotonic():
                self._clear()
            return self._tried is None

    def begin(self, run: FlowRun) -> None:
        """Try this run, as it was claimed."""
        with self._lock:
            self._tried = (run.id, run.fencing_token)
            self._until = time.monotonic() + TRIAL_SECONDS

    def end(self, run: FlowRun) -> bool:
        """The run waits or has ended; whether it was on trial."""
        with self._lock:
            was_tried = self._tried == (run.id, run.fencing_token)
            if was_tried:
                self._clear()
            return was_tried

    def _clear(self) -> None:
        self._tried, self._until = None, math.inf
