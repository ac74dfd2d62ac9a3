"""The ticker keeps ticking, whatever fails and whatever the system's clock is set to."""

import sys
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

import pytest

from signoff.flows.services.ticker import Ticker
from tests.support.waiting import PATIENCE


def ticks(number: int, job: Callable[[], object] = lambda: None) -> None:
    """Return once a ticker has run `job` this many times."""
    called = threading.Semaphore(0)

    def counted() -> None:
        called.release()
        job()

    with Ticker(counted, failure="Could not see the stars"):
        for _ in range(number):
            assert called.acquire(timeout=PATIENCE)


def test_it_runs_its_job_at_once_and_again() -> None:
    """No thread is left when it stops."""
    before = threading.enumerate()
    ticks(3)
    assert set(threading.enumerate()) <= {*before}


def test_a_job_that_fails_is_retried_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """A ticker that died would be missed too late."""

    def fail() -> None:
        raise RuntimeError("clouds")

    ticks(3, fail)
    assert caplog.text.count("Could not see the stars; retrying: clouds") == 1


@pytest.mark.parametrize("hours", [-1, 24 * 365], ids=["back an hour", "forward a year"])
def test_a_system_clock_that_is_set_stops_nothing_and_hurries_nothing(
    monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """The next tick is a second away, by whatever clock, and seconds that were leapt over are not made up for."""
    shift = timedelta(0)

    class SystemClock(datetime):
        """The wall clock that APScheduler reads."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "SystemClock":
            moment = datetime.now(tz) + shift
            return cls.combine(moment.date(), moment.timetz())

    monkeypatch.setattr("apscheduler.schedulers.base.datetime", SystemClock)
    monkeypatch.setattr("apscheduler.executors.base.datetime", SystemClock)
    called = threading.Semaphore(0)
    with Ticker(called.release, failure="Could not see the stars"):
        assert called.acquire(timeout=PATIENCE)
        shift = timedelta(hours=hours)
        for _ in range(2):
            assert called.acquire(timeout=PATIENCE)
            assert not called.acquire(timeout=0.2)


def test_it_may_be_stopped_at_once() -> None:
    """No thread of it fails then, which pytest would report."""
    interval = sys.getswitchinterval()
    # The moment between taking a job and dropping it is short.
    sys.setswitchinterval(1e-5)
    try:
        for _ in range(50):
            with Ticker(lambda: None, failure="Could not see the stars"):
                pass
    finally:
        sys.setswitchinterval(interval)
