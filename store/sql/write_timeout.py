"""How long a writer waits for its turn."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

BUSY_TIMEOUT = 10.0
"""Seconds that a writer waits for the lock of another process, unless it has a deadline."""

_deadline: ContextVar[float | None] = ContextVar("signoff_write_deadline", default=None)


@contextmanager
def write_deadline(seconds: float) -> Iterator[None]:
    """Within the block, a writer that has to wait gives up `seconds` after the block was entered.

    For writes that a person waits for. After Slack has told the person that an answer failed, it must not count after
    all.
    """
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_left() -> float | None:
    """Seconds until the deadline of this writer; `None` if it has none."""
    deadline = _deadline.get()
    return None if deadline is None else max(deadline - time.monotonic(), 0.0)


def lock_timeout() -> float:
    """Seconds that this writer may wait for the lock of another process."""
    left = seconds_left()
    return BUSY_TIMEOUT if left is None else left
