"""The embedded engine: a worker that takes runs from the record as they become runnable."""

import asyncio
import logging
import threading
from collections.abc import Iterable
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

from flows.clock import Clock
from flows.engines.execution import End, Execution
from flows.engines.lifeline import Lifeline
from flows.errors import Released, RunCancelled, Unwind
from flows.flow import Flow
from flows.names import now
from flows.run_logging import capture_prints
from flows.settings import default_database
from store import runs
from store.changes import Subscription, Topic
from store.database import Database
from store.errors import StoreError
from store.records import FlowRun, RunState

logger = logging.getLogger(__name__)

LOOK_AT_LEAST_EVERY = 30.0
"""Seconds after which a worker looks for runs although nothing told it to."""

RETRY_AFTER = 1.0
"""Seconds until a worker that could not read the record tries again."""


class Worker:
    """Runs flows, many side by side. Usable as a context manager.

    Args:
        flows: The flows it knows; it takes runs of these only.
        concurrency: How many runs may be running at once. Runs that wait do not count.
        only: The one run to take, for a worker that lives for it.
    """

    def __init__(
        self,
        db: Database,
        flows: Iterable[Flow[Any, Any]],
        *,
        concurrency: int = 32,
        only: str | None = None,
    ) -> None:
        self._db = db
        self._flows = {flow.name: flow for flow in flows}
        self._concurrency = concurrency
        self._only = only
        self._lifeline = Lifeline(db)
        self._lock = threading.Lock()
        self._executions: dict[str, Execution] = {}
        self._busy = 0
        self._idle = threading.Condition(self._lock)
        self._stopping = threading.Event()
        self._changes: Subscription | None = None
        self._thread = threading.Thread(target=self._work, name="signoff-worker", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self.end: End | None = None
        """How the last execution ended that was not only unwound."""

    def start(self) -> None:
        """Begin to take runs."""
        capture_prints()
        self._lifeline.start()
        self._changes = self._db.changes.subscribe(Topic.RUNS)
        self._thread.start()

    def stop(self, *, grace: float = 10.0) -> None:
        """Take no more runs, give running ones `grace` seconds to wait or end, and leave the rest to others."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        if self._changes is not None:
            self._changes.wake()
            self._thread.join()
            self._changes.close()
        with self._lock:
            held = list(self._executions.values())
        for execution in held:
            if execution.wake(Released()):
                self._take_slot()
        with self._idle:
            self._idle.wait_for(lambda: self._busy == 0, timeout=grace)
        self._lifeline.stop()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _work(self) -> None:
        changes = self._changes
        said = False
        while changes is not None and not self._stopping.is_set():
            try:
                wait = self._take()
                said = False
            except StoreError as error:
                if not said:
                    logger.error("Runs cannot be taken, trying again: %s", error)
                said = True
                wait = RETRY_AFTER
            changes.wait(wait)

    def _take(self) -> float:
        """Take what is runnable; seconds until the next look."""
        while not self._stopping.is_set():
            free = self._concurrency - self._busy
            if free <= 0:
                return LOOK_AT_LEAST_EVERY
            claimed = runs.claim(
                self._db, self._lifeline.worker, flows=self._flows, limit=free, now=now(), only=self._only
            )
            for run in claimed:
                self._begin(run)
            if len(claimed) < free:
                break
        soonest = runs.next_runnable_at(self._db, flows=self._flows, now=now(), only=self._only)
        if soonest is None:
            return LOOK_AT_LEAST_EVERY
        return min(max((soonest - now()) / timedelta(seconds=1), 0.0), LOOK_AT_LEAST_EVERY)

    def _begin(self, run: FlowRun) -> None:
        """Wake the execution that holds the run, or start a new one."""
        with self._lock:
            held = self._executions.get(run.id)
        cancelled = run.state is RunState.CANCELLED
        reason: FlowRun | Unwind = RunCancelled(run.message) if cancelled else run
        self._take_slot()
        if held is not None and held.wake(reason):
            return
        if cancelled:
            self._free_slot()
            return
        execution = Execution(
            self._db,
            self._flows[run.flow],
            run,
            slot_freed=self._free_slot,
            slot_taken=self._take_slot,
            ended=self._forget,
        )
        with self._lock:
            self._executions[run.id] = execution
        execution.start(self._event_loop)

    def _forget(self, execution: Execution, end: End) -> None:
        with self._lock:
            if self._executions.get(execution.run.id) is execution:
                del self._executions[execution.run.id]
        if not isinstance(end.error, Unwind):
            self.end = end
        self._free_slot()

    def _take_slot(self) -> None:
        with self._lock:
            self._busy += 1

    def _free_slot(self) -> None:
        with self._idle:
            was_full = self._busy >= self._concurrency
            self._busy -= 1
            self._idle.notify_all()
        if was_full and self._changes is not None:
            self._changes.wake()

    def _event_loop(self) -> asyncio.AbstractEventLoop:
        """The loop of all async flows of this worker."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=_run_loop, args=(self._loop,), name="signoff-async", daemon=True).start()
        return self._loop


def _run_loop(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


def run_here(flow: Flow[Any, Any], parameters: dict[str, Any]) -> Any:
    """Make a run of `flow` in the record of `DATABASE_URL`, and see it through to its end in this process.

    Raises:
        Exception: What the flow raises.
        RunCancelled: If somebody cancels the run.
    """
    db = default_database()
    run = flow.create_run(db, parameters)
    end = see_through(db, flow, run.id)
    if end is None:
        return runs.get(db, run.id).result
    if end.error is not None:
        raise end.error
    return end.result


def see_through(db: Database, flow: Flow[Any, Any], run_id: str) -> End | None:
    """Work until this run has ended, here or in another worker; its end, if it ended here.

    Raises:
        RunCancelled: If somebody cancels the run.
    """
    with db.changes.subscribe(Topic.RUNS) as changes, Clock(db), Worker(db, [flow], only=run_id) as worker:
        while not (run := runs.get(db, run_id)).state.is_final:
            changes.wait(LOOK_AT_LEAST_EVERY)
    if run.state is RunState.CANCELLED:
        raise RunCancelled(run.message)
    return worker.end
