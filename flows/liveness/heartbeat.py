"""Renews a worker's lease, and frees the runs of workers that died."""

import logging
import os
import threading
from collections.abc import Callable, Collection, Mapping
from typing import Any

from signoff.flows.errors import InvalidFlow
from signoff.flows.liveness.orphans import OrphanWarnings
from signoff.flows.liveness.processes import process_domain, process_start
from signoff.flows.liveness.reaper import LEASE, OWN_WORKERS, Reaper
from signoff.flows.names import new_id
from signoff.flows.services.background import BackgroundService
from signoff.store import leases
from signoff.store.database import Database
from signoff.store.errors import StoreError
from signoff.store.outage_log import OutageLog
from signoff.store.records.runs import FlowIdentity
from signoff.store.runs import recovery
from signoff.store.runs.orphans import served_flows
from signoff.store.supervisor import SupervisedThread

logger = logging.getLogger(__name__)


class Heartbeat(BackgroundService):
    """The heartbeat of one worker.

    A worker whose lease has expired, because its network was away for instance, continues under a new id. Whatever
    it still runs under the old id can record nothing more, and is run again by the worker that claims it.

    Args:
        expired: Called when the lease has expired, with the old id still in place.
        flows: The flows whose runs the worker takes; `None` if it takes none, or a single run only.
        parameters: The JSON Schemas of their parameters, by the flow's name.
    """

    def __init__(
        self,
        db: Database,
        *,
        expired: Callable[[], None] = lambda: None,
        flows: Collection[FlowIdentity] | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self._db = db
        self._expired = expired
        self._flows = flows
        self._parameters = parameters
        self._orphans = OrphanWarnings(db)
        self._reaper = Reaper(db)
        self._stopped = threading.Event()
        self._thread = SupervisedThread(self._loop, name="signoff-heartbeat")
        self.worker = new_id()
        """The id under which runs are claimed now."""

    def start(self) -> None:
        """Register the worker, and free the runs of dead workers.

        Raises:
            InvalidFlow: If another worker runs a flow of the same name that is another flow.
        """
        self._register()
        # Dead workers are gone after this, and keep nobody from starting.
        self.beat()
        try:
            self._refuse_ambiguity()
        except InvalidFlow:
            recovery.deregister(self._db, self.worker, now=self._db.now())
            OWN_WORKERS.discard(self.worker)
            raise
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

    def _refuse_ambiguity(self) -> None:
        """Refuse to start beside a worker that has another flow of the same name."""
        served = sorted(served_flows(self._db, now=self._db.now(), without=self.worker), key=str)
        for flow in self._flows or ():
            for other in served:
                if flow.name == other.name and not flow.is_same(other):
                    raise InvalidFlow(
                        f"Two flows are called {flow.name!r}: this one comes from {flow.source}, and a worker that is "
                        f"running now has one from {other.source}. Rename one, or give it a database of its own. "
                        "If they are the same flow at two places, name its project in a pyproject.toml at both."
                    )

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
            parameters=self._parameters,
        )
