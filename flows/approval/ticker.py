"""What says "look now", once a second. What is due, and when, stands in the record."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import STATE_STOPPED
from apscheduler.triggers.base import BaseTrigger

from signoff.store.errors import StoreError

logger = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two looks."""


class Ticker:
    """Looks when it starts, and then at every tick, one look at a time.

    Args:
        look: What is called. While it fails it is called again, and that it fails is said once.
        what: What is looked at, for the log: `Deadlines`.
    """

    def __init__(self, look: Callable[[], object], *, what: str) -> None:
        self._look = look
        self._what = what
        self._said = False
        self._scheduler = _Scheduler(
            timezone=UTC,
            executors={"default": {"type": "threadpool", "max_workers": 1}},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Look now, and then at every tick."""
        self._scheduler.add_job(self.look_safely, _EveryTick(), next_run_time=datetime.now(UTC))
        self._scheduler.start()

    def stop(self) -> None:
        """Look no more."""
        self._scheduler.shutdown(wait=True)

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


class _EveryTick(BaseTrigger):  # type: ignore[misc]
    """Next in a tick from now: a system's clock that is set forward leaves no seconds to be made up."""

    def get_next_fire_time(self, _previous: datetime | None, now: datetime) -> datetime:
        return now + timedelta(seconds=TICK)


class _Scheduler(BackgroundScheduler):  # type: ignore[misc]
    """APScheduler's, which stands still for as long as the system's clock is set back; this one goes on."""

    def _main_loop(self) -> None:
        wait = 0.0
        while self.state != STATE_STOPPED:
            self._event.wait(wait)
            self._event.clear()
            now = datetime.now(UTC)
            for job in self.get_jobs():
                if job.next_run_time - now > timedelta(seconds=2 * TICK):
                    job.modify(next_run_time=now)
            self._process_jobs()
            wait = TICK
