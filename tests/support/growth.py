"""How the time that something takes grows with its input."""

import time
from collections.abc import Callable

TIMES = 16


def assert_linear(work: Callable[[int], object], *, small: int) -> None:
    """Assert that `work(16 * small)` takes about 16 times as long as `work(small)`; quadratic work takes 256 times.

    Measured in processor time of this thread, so that a busy machine does not matter.
    """
    first, last = _seconds(work, small), _seconds(work, TIMES * small)
    assert last < 5 * TIMES * first + 0.02, f"{last / max(first, 1e-9):.0f} times the time for {TIMES} times the input"


def _seconds(work: Callable[[int], object], size: int) -> float:
    def once() -> float:
        began = time.thread_time()
        work(size)
        return time.thread_time() - began

    return min(once() for _ in range(3))
