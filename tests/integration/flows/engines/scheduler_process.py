"""A process that fires a schedule of one tick a minute, at a clock that runs fast, to be killed.

Run as a program, with a database's URL and the moment its clock began to run, it looks without a break until its
standard input is closed.
"""

import sys
import threading
import time
from datetime import UTC, datetime

from signoff.flows.engines.embedded import scheduler as scheduling
from signoff.flows.engines.embedded.scheduler import Declaration, Scheduler
from signoff.schedules import Cron
from signoff.store.database import Database
from tests.support.child_process import ChildProcess

FASTER = 600
"""Seconds that pass in a second."""


class SchedulerProcess(ChildProcess):
    """Fires the schedule. Usable as a context manager, which ends it in good order."""

    def __init__(self, url: str, began: float) -> None:
        super().__init__(__name__, url, str(began))


def main(url: str, began: str) -> None:
    """Look until the standard input is closed."""
    # At this speed, a busy machine misses more ticks within ten seconds than are caught up on otherwise.
    scheduling.MAX_CATCH_UP = 100_000
    start = float(began)
    db = Database(url)
    declared = [Declaration("report", "", Cron("* * * * *", catch_up="all"))]
    scheduler = Scheduler(
        db, declared, clock=lambda: datetime.fromtimestamp(start + FASTER * (time.time() - start), UTC)
    )
    scheduler.declare()
    ended = threading.Event()
    threading.Thread(target=_await_end, args=(ended,), daemon=True).start()
    print("ready", flush=True)
    # Without a break they would take the processors from those that are just starting.
    while not ended.wait(0.001):
        scheduler.fire_due()
    db.close()


def _await_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


if __name__ == "__main__":
    main(*sys.argv[1:])
