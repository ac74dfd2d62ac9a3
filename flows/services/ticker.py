"""A job that runs once a second, driven by APScheduler. What is due, and when, is in the database."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler

from signoff.flows.services.background import BackgroundService
from signoff.store.outage_log import OutageLog
from signoff.store.supervisor import SupervisedThread

logger = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two runs of the job."""

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Ticker(BackgroundService):
    """Runs a job when it starts, and then at every tick, one run at a time.

    Args:
        job: What is run. An error does not stop the ticker; it is logged once, until a run succeeds.
        failure: What is logged then: `Could not check the deadlines`.
    """

    def __init__(self, job: Callable[[], object], *, failure: str) -> None:
        self._job = job
        self._outage = OutageLog(logger, failure)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._scheduler = _Scheduler(
            timezone=UTC,
            executors={"default": {"type": "threadpool", "max_workers": 1}},
            job_defaults={"misfire_grace_time": None},
        )

    def start(self) -> None:
        """Run the job now, and then at every tick."""
        self._schedule()
        self._scheduler.start()

    def stop(self) -> None:
        """Let a run in progress finish, and start no more."""
        with self._lock:
            self._stopping.set()
        self._scheduler.supervised.stop()
        # Before the shutdown: APScheduler's thread fails if it comes to take a job off its list after that.
        self._scheduler.remove_all_jobs()
        self._scheduler.shutdown(wait=True)

    def run_safely(self) -> None:
        """Run the job once. Raises nothing."""
        try:
            self._job()
        # A SystemExit too: a validator of a flow may raise it, and a ticker that dies would be missed too late.
        except BaseException as error:  # noqa: BLE001
            self._outage.failed(error)
        else:
            self._outage.worked()

    def _tick(self) -> None:
        try:
            self.run_safely()
            self._stopping.wait(TICK)
        finally:
            self._schedule()

    def _schedule(self) -> None:
        # APScheduler's triggers follow the system's clock. When that is set back an hour, a job that is due in a second
        # is due in an hour; when it is set forward a year, an interval trigger goes through every second of that year.
        # So the wait between two ticks is ours, by a clock that nobody can set, and what APScheduler is given was due
        # long ago, whatever the system's clock says.
        with self._lock:
            if not self._stopping.is_set():
                self._scheduler.add_job(self._tick, "date", run_date=_LONG_AGO)


class _Scheduler(BackgroundScheduler):  # type: ignore[misc]
    """Runs APScheduler's own loop, which ends at the first error, under supervision."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.supervised = SupervisedThread(self._loop, name="signoff-ticker")

    def _main_loop(self) -> None:
        self.supervised.run()

    def _loop(self) -> None:
        # After a failure nothing else would tell the loop to look at its jobs.
        self.wakeup()
        super()._main_loop()
