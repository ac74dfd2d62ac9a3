"""Finds workers that died, and frees their runs."""

import logging
import os
import time
from datetime import datetime, timedelta

from signoff.flows.liveness.processes import is_process_alive, process_domain, process_start
from signoff.store import leases
from signoff.store.database import Database
from signoff.store.runs import recovery

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
"""How long a worker is considered alive after its last heartbeat."""

OWN_WORKERS: set[str] = set()
"""The ids of the workers of this process that have not stopped."""


class Reaper:
    """Looks for dead workers again and again.

    A worker on this machine lives as long as its process, even if that is too slow to renew its lease. Of a worker
    elsewhere only the lease is known. Before that one counts as dead, its lease has to be seen expired for half its
    length: after a machine has slept, or the database's clock was set, all leases have expired, and will be renewed.
    What happened before the first look is unknown, so that one counts as no time.
    """

    def __init__(self, db: Database) -> None:
        self._db = db
        self._unrenewed_since: dict[tuple[str, datetime], float] = {}

    def reap(self) -> None:
        """Find workers that died, and free their runs."""
        # The monotonic clock does not count the time in which this machine sleeps.
        moment, clock = self._db.now(), time.monotonic()
        before, self._unrenewed_since = self._unrenewed_since, {}
        for worker in leases.all_workers(self._db):
            lease = (worker.id, worker.expires_at)
            since = before.get(lease, clock)
            if _is_dead(worker, moment, timedelta(seconds=clock - since)):
                self._expire(worker)
            else:
                self._unrenewed_since[lease] = since

    def _expire(self, worker: leases.WorkerRow) -> None:
        expired = recovery.expire_worker(self._db, worker.id, now=self._db.now())
        if expired.held:
            logger.info("The worker %s is dead; freed %d of its runs", worker.id, expired.held)
        for run in expired.given_up:
            logger.error("%s | is %s: %s", run.name, run.state, run.message)


def _is_dead(worker: leases.WorkerRow, moment: datetime, watched: timedelta) -> bool:
    """Whether a worker died.

    Args:
        moment: The time by the database's clock.
        watched: How long it has not renewed its lease before this process's eyes.
    """
    if worker.domain == process_domain():
        if worker.pid == os.getpid() and worker.pid_started in (None, process_start(worker.pid)):
            return worker.id not in OWN_WORKERS
        return not is_process_alive(worker.pid, worker.pid_started)
    # The second covers a lease of an earlier clock, which is far in the future.
    return (worker.expires_at < moment and watched >= LEASE / 2) or watched >= 2 * LEASE
