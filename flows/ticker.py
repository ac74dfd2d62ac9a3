"""What says "look now", once a second. What is due, and when, stands in the record."""

import logging
import threading
from collections.abc import Callable

from store.errors import StoreError

logger = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two looks."""


class Ticker:
    """Looks when it starts, and then at every tick, one look at a time.

    It goes by the seconds that pass. A scheduler that goes by the system's clock stands still for as long as that
    is set back, and makes up every second by which it is set forward.

    Args:
        look: What is called. While it fails it is called again, and that it fails is said once.
        what: What is looked at, for the log: `Deadlines`.
    """

    def __init__(self, look: Callable[[], object], *, what: str) -> None:
        self._look = look
        self._what = what
        self._said = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._tick, name=f"signoff-{what.lower()}", daemon=True)

    def start(self) -> None:
        """Look now, and then at every tick."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()
        self._thread.join()

    def _tick(self) -> None:
        while not self._stopping.is_set():
            self.look_safely()
            self._stopping.wait(TICK)

    def look_safely(self) -> None:
        """Look; say once, until a look succeeds, that looks fail."""
        try:
            self._look()
            self._said = False
        except Exception as error:
            if not self._said:
                details = None if isinstance(error, StoreError) else error
                logger.error("%s cannot be looked at, trying again: %s", self._what, error, exc_info=details)
            self._said = True
