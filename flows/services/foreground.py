"""Work that a person waits for goes before work in the background.

All threads of a process share Python's global lock and, on SQLite, one write lock. A thread that draws thousands of
cards takes both again and again, and a press would wait its turn at each of its steps. So background work looks here
before each of its own steps, and lets presses pass.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Foreground:
    """Counts the work in progress that a person waits for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._in_progress = 0

    @contextmanager
    def work(self) -> Iterator[None]:
        """Let no background work begin within the block."""
        with self._changed:
            self._in_progress += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_progress -= 1
                if not self._in_progress:
                    self._changed.notify_all()

    def let_pass(self, timeout: float) -> bool:
        """Wait until nobody waits for anything.

        Args:
            timeout: Seconds after which the background gets its turn in any case.

        Returns:
            Whether nobody waits for anything.
        """
        with self._changed:
            return self._changed.wait_for(lambda: not self._in_progress, timeout)


foreground = Foreground()
"""The requests in progress in this process that a person waits for."""
