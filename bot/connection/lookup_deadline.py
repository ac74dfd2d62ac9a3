"""How long somebody who has pressed a button waits for Slack to say whether they may."""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_deadline: ContextVar[float] = ContextVar("signoff_lookup_deadline", default=math.inf)


@contextmanager
def lookup_deadline(seconds: float) -> Iterator[None]:
    """Within the block, Slack is asked nothing more once `seconds` have passed: what is not known then is unknowable.

    A call that has begun is not cut off.
    """
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def is_too_late() -> bool:
    """Whether the deadline has passed. Without one it never has."""
    return time.monotonic() >= _deadline.get()


def seconds_left() -> float:
    """Seconds until the deadline; infinite if nobody waits."""
    return max(_deadline.get() - time.monotonic(), 0.0)
