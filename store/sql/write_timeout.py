"""How long a writer waits for its turn."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

BUSY_TIMEOUT = 10.0
"""Seconds that a writer waits for another process's lock before it gives up."""

_deadline: ContextVar[float | None] = ContextVar("signoff_write_deadline", default=None)


@contextmanager
def hurried(seconds: float) -> Iterator[None]:
    """Within the block a writer that is kept waiting gives up after `seconds` in all.

    For work that somebody waits for: an answer that counts only after the asker was told that it failed is worse
    than none.
    """
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def in_hurry() -> bool:
    """Whether this code runs within `hurried`."""
    return _deadline.get() is not None


def patience() -> float:
    """Seconds that a writer may still wait."""
    deadline = _deadline.get()
    return BUSY_TIMEOUT if deadline is None else max(deadline - time.monotonic(), 0.0)
