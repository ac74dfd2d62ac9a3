"""Renews a worker's lease, and frees the runs of workers that died."""

import logging
import os
import socket
import threading
import uuid
from collections.abc import Callable, Collection
from datetime import timedelta
from functools import cache
from pathlib import Path

from signoff.flows.background import BackgroundService
from signoff.flows.engines.embedded.orphans import OrphanWarnings
from signoff.flows.names import new_id, now
from signoff.store import leases
from signoff.store.database import Database
from signoff.store.errors import StoreError
from signoff.store.outage_log import OutageLog
from signoff.store.runs import recovery
from signoff.store.supervisor import SupervisedThread

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
"""How long a worker is considered alive after its last heartbeat."""


class Heartbeat(BackgroundService):
    """The heartbeat of one worker.

    A worker whose lease has expired, because the machine was asleep for instance, continues under a new id. Whatever
    it still runs under the old id can record nothing more, and is run again by the worker that claims it.

    Args:
        expired: Called when the lease has expired, with the old id still in place.
        flows: The names of the flows whose runs the worker takes; `None` if it takes none, or a single run only.
    """

    def __init__(
        self, db: Database, *, expired: Callable[[], None] = lambda: None, flows: Collection[str] | None = None
    ) -> None:
        self._db = db
        self._expired = expired
        self._flows = flows
        self._orphans = OrphanWarnings(db)
        self._stopped = threading.Event()
        self._thread = SupervisedThread(self._loop, name="signoff-heartbeat")
        self.worker = new_id()
        """The id under which runs are claimed now."""

    def start(self) -> None:
        """Register the worker, and free the runs of dead workers."""
        self._register()
        self.beat()
        self._thread.start()

    def stop(self) -> None:
        """Unregister the worker, which frees all runs that it still has."""
        self._stopped.set()
        self._thread.stop()
        try:
            recovery.deregister(self._db, self.worker, now=now())
        except StoreError as error:
            logger.warning("Could not unregister this worker; its runs are freed in %s: %s", LEASE, error)

    def beat(self) -> None:
        """Renew the lease, and free the runs of dead workers."""
        if not leases.renew(self._db, self.worker, now=now(), lease=LEASE):
            logger.warning("The lease of this worker had expired; continuing under a new id")
            self._expired()
            self.worker = new_id()
            self._register()
        reap_dead_workers(self._db)

    def _loop(self) -> None:
        outage = OutageLog(logger, "Could not renew this worker's lease", level=logging.WARNING)
        while not self._stopped.wait(LEASE.total_seconds() / 3):
            try:
                self.beat()
                if self._flows is not None:
                    self._orphans.check()
                outage.worked()
            except Exception as error:  # noqa: BLE001 - without this loop the lease would expire
                outage.failed(error)

    def _register(self) -> None:
        leases.register(
            self._db,
            self.worker,
            domain=process_domain(),
            pid=os.getpid(),
            now=now(),
            lease=LEASE,
            flows=self._flows,
        )


def reap_dead_workers(db: Database) -> None:
    """Find workers that died, and free their runs."""
    for worker in leases.all_workers(db):
        if _is_dead(worker):
            expired = recovery.expire_worker(db, worker.id, now=now())
            if expired.held:
                logger.info("The worker %s is dead; freed %d of its runs", worker.id, expired.held)
            for run in expired.given_up:
                logger.error("%s | is %s: %s", run.name, run.state, run.message)


def _is_dead(worker: leases.WorkerRow) -> bool:
    if worker.expires_at < now():
        return True
    return worker.domain == process_domain() and not _is_alive(worker.pid)


@cache
def process_domain() -> str:
    """Identifies the scope of process ids: this boot of this machine, and this container.

    Within it a worker can see that another one has died, without waiting for its lease to expire.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return f"{uuid.getnode()}/{socket.gethostname()}"


def _is_alive(pid: int) -> bool:
    if pid == os.getpid():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
