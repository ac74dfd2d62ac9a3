"""Work that a person waits for goes before work in the background.

All threads of a process share Python's global lock and, on SQLite, one write lock. A thread that draws thousands of
cards, or continues thousands of runs, takes both again and again, and a press would wait its turn at each of its steps.
So background work looks here before each of its own steps, and lets presses pass.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

MAX_HELD_UP = 0.25
"""Seconds that a step in the background waits for presses at most, so that it is done however many there are."""

_is_at_work: ContextVar[bool] = ContextVar("signoff_foreground", default=False)


class Foreground:
    """Counts the work in progress that a person waits for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._in_progress = 0

    @contextmanager
    def work(self) -> Iterator[None]:
        """Let no background work begin within the block. A block within the block changes nothing."""
        if _is_at_work.get():
            yield
            return
        token = _is_at_work.set(True)
        self._begin()
        try:
            yield
        finally:
            self._end()
            _is_at_work.reset(token)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Let background work begin within a block of `work` that waits for something else, such as Slack's answer."""
        if not _is_at_work.get():
            yield
            return
        self._end()
        try:
            yield
        finally:
            self._begin()

    def let_pass(self) -> bool:
        """Wait until nobody waits for anything, for `MAX_HELD_UP` seconds at most.

        Returns:
            Whether nobody waits for anything.
        """
        with self._changed:
            return self._changed.wait_for(lambda: not self._in_progress, MAX_HELD_UP)

    def _begin(self) -> None:
        with self._changed:
            self._in_progress += 1

    def _end(self) -> None:
        with self._changed:
            self._in_progress -= 1
            if not self._in_progress:
                self._changed.notify_all()


foreground = Foreground()
"""The requests in progress in this process that a person waits for."""
