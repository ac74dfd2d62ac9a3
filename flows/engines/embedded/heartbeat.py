"""Renews a worker's lease, and frees the runs of workers that died."""

import logging
import os
import threading
from collections.abc import Callable, Collection

from signoff.flows.background import BackgroundService
from signoff.flows.engines.embedded.orphans import OrphanWarnings
from signoff.flows.engines.embedded.processes import process_domain, process_start
from signoff.flows.engines.embedded.reaper import LEASE, OWN_WORKERS, Reaper
from signoff.flows.names import new_id
from signoff.store import leases
from signoff.store.database import Database
from signoff.store.errors import StoreError
from signoff.store.outage_log import OutageLog
from signoff.store.runs import recovery
from signoff.store.supervisor import SupervisedThread

logger = logging.getLogger(__name__)


class Heartbeat(BackgroundService):
    """The heartbeat of one worker.

    A worker whose lease has expired, because its network was away for instance, continues under a new id. Whatever
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
        self._reaper = Reaper(db)
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
            recovery.deregister(self._db, self.worker, now=self._db.now())
        except StoreError as error:
            logger.warning("Could not unregister this worker; its runs are freed once this process ends: %s", error)
        finally:
            # Not before: another heartbeat of this process would take it for dead.
            OWN_WORKERS.discard(self.worker)

    def beat(self) -> None:
        """Renew the lease, and free the runs of dead workers."""
        self._db.clock.check()
        if not leases.renew(self._db, self.worker, now=self._db.now(), lease=LEASE):
            logger.warning("The lease of this worker had expired; continuing under a new id")
            self._expired()
            OWN_WORKERS.discard(self.worker)
            self.worker = new_id()
            self._register()
        self._reaper.reap()

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
        OWN_WORKERS.add(self.worker)
        leases.register(
            self._db,
            self.worker,
            domain=process_domain(),
            pid=os.getpid(),
            pid_started=process_start(os.getpid()),
            now=self._db.now(),
            lease=LEASE,
            flows=self._flows,
        )
