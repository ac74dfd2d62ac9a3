"""Keeps a worker's claims alive, and frees those of workers that died."""

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

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
"""How long a worker that says nothing is taken to be alive."""


class Heartbeat(BackgroundService):
    """One worker's sign of life.

    A worker that was thought dead, after a long sleep of the machine for instance, begins anew under another id:
    what it still runs can record nothing, and is run again by whoever claims it.

    Args:
        expired: Called when that has happened.
        flows: The names of the flows that it takes any run of.
    """

    def __init__(
        self, db: Database, *, expired: Callable[[], None] = lambda: None, flows: Collection[str] | None = None
    ) -> None:
        self._db = db
        self._expired = expired
        self._flows = flows
        self._orphans = OrphanWarnings(db)
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="signoff-heartbeat", daemon=True)
        self.worker = new_id()
        """The id under which runs are claimed now."""

    def start(self) -> None:
        """Announce the worker, and free what dead workers held."""
        self._register()
        self.beat()
        self._thread.start()

    def stop(self) -> None:
        """Leave: whatever the worker still holds is free."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            recovery.deregister(self._db, self.worker, now=now())
        except StoreError as error:
            logger.warning("The worker could not sign off, its runs are free in %s: %s", LEASE, error)

    def beat(self) -> None:
        """Renew the claims, and free those of the dead."""
        if not leases.renew(self._db, self.worker, now=now(), lease=LEASE):
            logger.warning("This worker was taken for dead; it begins anew")
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
            except Exception as error:  # noqa: BLE001 - without this loop the worker would be taken for dead
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
    """Find the workers that died, and free what they held."""
    for worker in leases.all_workers(db):
        if _is_dead(worker):
            expired = recovery.expire_worker(db, worker.id, now=now())
            if expired.held:
                logger.info("The worker %s is dead, %d of its runs are free", worker.id, expired.held)
            for run in expired.given_up:
                logger.error("%s | is %s: %s", run.name, run.state, run.message)


def _is_dead(worker: leases.WorkerRow) -> bool:
    if worker.expires_at < now():
        return True
    return worker.domain == process_domain() and not _is_alive(worker.pid)


@cache
def process_domain() -> str:
    """Where a process id means the same process: this boot of this machine, and this container."""
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
