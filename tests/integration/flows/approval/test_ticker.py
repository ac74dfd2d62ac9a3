"""What says "look now" goes on saying it."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from signoff.flows.approval.ticker import Ticker
from tests.support.waiting import PATIENCE


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


def test_a_system_clock_that_is_set_back_stops_nothing() -> None:
    """What was to come in a second is an hour away then, by the clock on the wall."""
    called = threading.Semaphore(0)
    ticker = Ticker(called.release, what="Stars")
    ticker.start()
    for _ in range(3):
        assert called.acquire(timeout=PATIENCE)
        (job,) = ticker._scheduler.get_jobs()
        job.modify(next_run_time=datetime.now(UTC) + timedelta(hours=1))
    ticker.stop()


def test_a_system_clock_that_is_set_forward_leaves_nothing_to_be_made_up() -> None:
    """The seconds that it leaps over are not looked at one by one."""
    called = threading.Semaphore(0)
    ticker = Ticker(called.release, what="Stars")
    ticker.start()
    assert called.acquire(timeout=PATIENCE)
    (job,) = ticker._scheduler.get_jobs()
    job.modify(next_run_time=datetime.now(UTC) - timedelta(days=3650))
    assert called.acquire(timeout=PATIENCE)
    assert not called.acquire(timeout=0.2)
    ticker.stop()
