"""The worker of the embedded engine: claims runs as they become runnable, and executes them.

A claim is a lease. It belongs to the worker as long as its heartbeat renews it, and it carries a fencing token that
grows whenever the run goes to another worker. Every write of an execution presents its token, and the database rejects
one that is out of date. So a worker that was paused for a minute and lost its runs can do no harm when it wakes.

A run that waits in memory is in the database as waiting, not as running. An answer makes it claimable for any worker.
Its own worker usually claims it first, and then only has to wake it. If another worker is faster, that one replays the
journal, and this one drops what it has in memory.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from signoff.flows.approval.defaults import DefaultPolicies
from signoff.flows.database.retry import retry_until_available
from signoff.flows.durable.child_processes import worker_started, worker_stopped
from signoff.flows.durable.coroutines import follow_into_coroutines
from signoff.flows.durable.run_logging import capture_prints
from signoff.flows.durable.threads import follow_into_threads
from signoff.flows.durable.unawaited_coroutines import watch_coroutines
from signoff.flows.engines.embedded.completion import Completion
from signoff.flows.engines.embedded.event_loop import EventLoopThread
from signoff.flows.engines.embedded.execution import Execution
from signoff.flows.engines.embedded.quarantine import Quarantine
from signoff.flows.engines.embedded.reconcile import reconcile
from signoff.flows.engines.embedded.run_hooks import run_hooks
from signoff.flows.errors import InvalidFlow, Released
from signoff.flows.flow import Flow
from signoff.flows.liveness.heartbeat import Heartbeat
from signoff.flows.services.background import BackgroundService
from signoff.flows.services.foreground import foreground
from signoff.flows.settings import DatabaseSettings, load
from signoff.store.changes import Subscription, Topic
from signoff.store.database import Database
from signoff.store.outage_log import OutageLog
from signoff.store.policy import Policy
from signoff.store.records.runs import FlowRun
from signoff.store.runs import claims, recovery, runs
from signoff.store.supervisor import SupervisedThread

logger = logging.getLogger(__name__)

MAX_POLL_SECONDS = 30.0
"""Seconds after which a worker looks for runs even if no change was announced."""

MIN_CLAIM_SECONDS = 0.006
"""The least number of seconds between two claims. Answers that come in a burst are then claimed together."""

RETRY_SECONDS = 1.0
"""Seconds until a failed claim is retried."""


class Worker(BackgroundService):
    """Executes runs of flows side by side. Usable as a context manager.

    Args:
        flows: The flows whose runs it takes.
        defaults: The policies for whatever a prompt's own policy and its flow do not set; by default those of the
            settings.
        concurrency: How many runs may execute at once. Waiting runs do not count.
        max_in_memory: How many runs may be in memory, waiting ones included, before it takes no new ones.
        only: The id of the only run to take, for a worker that exists for one run.
    """

    def __init__(
        self,
        db: Database,
        flows: Iterable[Flow[Any, Any]],
        *,
        defaults: DefaultPolicies | Policy | None = None,
        concurrency: int = 32,
        max_in_memory: int = 1000,
        only: str | None = None,
    ) -> None:
        self._db = db
        self._defaults = DefaultPolicies.of_all(load(DatabaseSettings).defaults() if defaults is None else defaults)
        self._flows = {flow.name: flow for flow in flows}
        self._identities = tuple(flow.identity for flow in self._flows.values())
        self._concurrency = concurrency
        self._max_in_memory = max_in_memory
        self._logged_full = False
        self._only = only
        takes_any = only is None
        self._heartbeat = Heartbeat(
            db,
            expired=self._release,
            flows=self._identities if takes_any else None,
            parameters=_schemas_of(self._flows.values()) if takes_any else None,
        )
        self._lock = threading.Lock()
        self._executions: dict[str, Execution] = {}
        self._running_hooks: set[tuple[str, int]] = set()
        self._quarantine = Quarantine()
        self._running_count = 0
        self._in_doubt = False
        self._has_looped = False
        self._slots = threading.Condition(self._lock)
        self._stopping = threading.Event()
        self._changes: Subscription | None = None
        self._thread = SupervisedThread(self._loop_runs, name="signoff-worker")
        self._event_loop: EventLoopThread | None = None
        self.end: Completion | None = None
        """How the last run ended."""

    def start(self) -> None:
        """Start claiming runs."""
        capture_prints()
        follow_into_threads()
        follow_into_coroutines()
        watch_coroutines()
        self._heartbeat.start()
        worker_started()
        self._changes = self._db.changes.subscribe(Topic.RUNS)
        self._thread.start()

    def stop(self, *, grace: float = 10.0) -> None:
        """Claim no more runs, and leave those in memory to other workers.

        Args:
            grace: Seconds that running steps may take to end or to reach a wait.
        """
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._changes is not None:
            self._changes.wake()
            self._thread.stop()
            self._changes.close()
        until = time.monotonic() + grace
        while (self._executions or self._running_count) and (left := until - time.monotonic()) > 0:
            self._release()
            with self._slots:
                # Runs that start waiting in this time are released in the next iteration.
                self._slots.wait_for(lambda: not self._running_count or any(self._waiting()), timeout=left)
        self._heartbeat.stop()
        if self._changes is not None:
            worker_stopped()
        with self._lock:
            rest = list(self._executions.values())
        for execution in rest:
            execution.close(Released("The worker has stopped."))
        if self._event_loop is not None:
            self._event_loop.stop()

    def _loop_runs(self) -> None:
        changes = self._changes
        outage = OutageLog(logger, "Could not claim runs")
        # If this loop failed and was started again, runs may be claimed that this worker does not know of.
        self._in_doubt, self._has_looped = self._has_looped, True
        while changes is not None and not self._stopping.is_set():
            looked_at = time.monotonic()
            try:
                wait = self._claim_runs()
                outage.worked()
            except Exception as error:  # noqa: BLE001 - without this loop no run would be claimed any more
                outage.failed(error)
                self._in_doubt = True
                wait = RETRY_SECONDS
            changes.wait(wait)
            # A single answer is claimed at once. In a burst this pause lets the next claim take several together.
            self._stopping.wait(max(looked_at + MIN_CLAIM_SECONDS - time.monotonic(), 0.0))

    def _claim_runs(self) -> float:
        """Claim what is runnable. Returns the seconds until the next look."""
        if self._in_doubt:
            # The last claim failed, perhaps only after its commit. Then there are runs that this worker has without
            # knowing it, and nobody else would execute them.
            with self._lock:
                held, running_hooks = dict(self._executions), set(self._running_hooks)
            reconcile(self._db, self._heartbeat.worker, held, running_hooks)
            self._in_doubt = False
        while not self._stopping.is_set() and (free := self._concurrency - self._running_count) > 0:
            foreground.let_pass()
            room = self._capacity()
            request = claims.ClaimRequest(
                self._heartbeat.worker,
                self._identities,
                only=self._only,
                with_new=room > 0,
                with_quarantined=self._quarantine.is_free(),
            )
            result = claims.claim(self._db, request, limit=min(free, room) or free, now=self._db.now())
            for claimed in result.claimed:
                # Each by itself: a few dozen threads that begin at once would hold up the next presses.
                if not self._stopping.is_set():
                    foreground.let_pass()
                self._begin(claimed)
            wait = min(MAX_POLL_SECONDS, self._quarantine.seconds_left)
            if result.next_poll_at is not None:
                wait = min(wait, (result.next_poll_at - self._db.now()) / timedelta(seconds=1))
            if wait > 0:
                return wait
        return MAX_POLL_SECONDS

    def _capacity(self) -> int:
        """How many more runs may be in memory. Logs it once when there is no room."""
        room = max(self._max_in_memory - len(self._executions), 0)
        if room == 0 and not self._logged_full:
            self._logged_full = True
            logger.warning(
                "This worker has %d runs in memory, as many as --max-in-memory allows. It takes no new runs, only "
                "those that were answered. Start another worker, or use suspend_flow_run() in the flows.",
                self._max_in_memory,
            )
        return room

    def _begin(self, claimed: claims.Claimed) -> None:
        """Wake the execution that has this run in memory, or start one. If the run has ended, run its hooks."""
        run = claimed.run
        if run.crashes:
            self._quarantine.admit(run)
        with self._lock:
            held = self._executions.get(run.id)
        if held is not None and held.apply_claim(run):
            return
        if claimed.was_held and not run.state.is_final:
            # It has ended, or was suspended, since it was claimed, and with it ended its lease. In case that was not
            # recorded, the run is freed. To start it with this claim would run its steps again, under the same token.
            self._quarantine.release(run)
            recovery.release_runs(self._db, self._heartbeat.worker, [run.id], now=self._db.now())
            return
        self._take_slot()
        if run.state.is_final:
            with self._lock:
                self._running_hooks.add((run.id, run.fencing_token))
            threading.Thread(target=self._run_hooks, args=(run,), name=f"hooks-{run.name}", daemon=True).start()
            return
        execution = Execution(
            self._db,
            self._flows[run.flow],
            run,
            past=claimed.history,
            defaults=self._defaults,
            on_slot_freed=partial(self._free_slot, run),
            on_slot_taken=self._take_slot,
            on_end=self._remove,
        )
        with self._lock:
            self._executions[run.id] = execution
        execution.start(self._loop)

    def _run_hooks(self, run: FlowRun) -> None:
        try:
            run_hooks(self._db, self._flows[run.flow], run)
            retry_until_available(lambda: runs.release(self._db, run.id, run.fencing_token))
        except BaseException:
            logger.exception("%s | could not run its hooks", run.name)
        finally:
            with self._lock:
                self._running_hooks.discard((run.id, run.fencing_token))
            self._free_slot(run)

    def _release(self) -> None:
        """Drop the runs that wait in memory, so that other workers continue them."""
        with self._lock:
            waiting = list(self._waiting())
        for execution in waiting:
            execution.release(Released("The worker has released the run."))

    def _waiting(self) -> Iterator[Execution]:
        return (execution for execution in self._executions.values() if execution.is_waiting)

    def _remove(self, execution: Execution, end: Completion | None) -> None:
        with self._lock:
            was_full = len(self._executions) >= self._max_in_memory
            if self._executions.get(execution.run.id) is execution:
                del self._executions[execution.run.id]
        if end is not None:
            self.end = end
        self._free_slot(execution.run)
        if was_full and self._changes is not None:
            self._changes.wake()

    def _take_slot(self) -> None:
        with self._lock:
            self._running_count += 1

    def _free_slot(self, run: FlowRun) -> None:
        with self._slots:
            was_full = self._running_count >= self._concurrency
            self._running_count -= 1
            self._slots.notify_all()
        if (self._quarantine.release(run) or was_full) and self._changes is not None:
            self._changes.wake()

    def _loop(self) -> asyncio.AbstractEventLoop:
        """The event loop for all async flows of this worker."""
        if self._event_loop is None:
            self._event_loop = EventLoopThread()
        return self._event_loop.loop


def _schemas_of(flows: Iterable[Flow[Any, Any]]) -> dict[str, Any]:
    """The JSON Schemas of the flows' parameters, by name. A flow whose parameters nobody can be asked for has none."""
    found = {}
    for flow in flows:
        with suppress(InvalidFlow):  # told when somebody starts a run
            found[flow.name] = flow.parameters.form_schema
    return found
