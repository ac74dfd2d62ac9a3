"""What says "look now" goes on saying it."""

import threading
from collections.abc import Callable

import pytest

from flows.ticker import Ticker
from tests.waiting import PATIENCE


def looks(number: int, look: Callable[[], object] = lambda: None) -> None:
    """Returns once a ticker has called `look` so many times."""
    called = threading.Semaphore(0)

    def counted() -> None:
        called.release()
        look()

    ticker = Ticker(counted, what="Stars")
    ticker.start()
    for _ in range(number):
        assert called.acquire(timeout=PATIENCE)
    ticker.stop()


def test_it_looks_at_once_and_again() -> None:
    """And leaves no thread when it stops."""
    before = threading.active_count()
    looks(3)
    assert threading.active_count() == before


def test_a_look_that_fails_is_tried_again_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever went wrong: a ticker that died would be missed when it is too late."""

    def fail() -> None:
        raise RuntimeError("clouds")

    looks(3, fail)
    assert caplog.text.count("Stars cannot be looked at, trying again: clouds") == 1
