"""One run in the hands of a worker: a thread for a sync flow, a coroutine for an async one."""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flows.context import RunContext, entered
from flows.errors import (
    AttentionNeeded,
    FlowPauseTimeout,
    FlowTimeout,
    PromptRejected,
    Unwind,
)
from flows.flow import Flow
from flows.journal import Journal
from flows.names import now
from flows.patience import patiently
from flows.serialization import shown
from flows.stopwatch import Stopwatch
from store import journal as recorded
from store import prompts, runs
from store.database import Database
from store.errors import LeaseLost
from store.records import FlowRun, RunState

logger = logging.getLogger("flows.run")


@dataclass(frozen=True, slots=True)
class End:
    """How an execution ended.

    Attributes:
        result: What the flow returned.
        error: What it raised; `None` if it returned.
    """

    result: Any = None
    error: BaseException | None = None


class Execution:
    """Runs a claimed run to its end, or to where it waits.

    Args:
        slot_freed: Told when the run begins to wait in memory: another may run meanwhile.
        slot_taken: Told when it turns out that there is nothing to wait for.
        ended: Told how it ended, once nothing of the run is left in memory.
    """

    def __init__(
        self,
        db: Database,
        flow: Flow[Any, Any],
        run: FlowRun,
        *,
        slot_freed: Callable[[], None],
        slot_taken: Callable[[], None],
        ended: Callable[["Execution", End], None],
    ) -> None:
        self._db = db
        self._flow = flow
        self.run = run
        self._slot_freed = slot_freed
        self._slot_taken = slot_taken
        self._ended = ended
        self._woken: Future[FlowRun | Unwind] | None = None
        self._lock = threading.Lock()
        self._journal: Journal | None = None
        self._stopwatch = Stopwatch(flow.name, flow.timeout_seconds)

    def start(self, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        """Begin, or begin again from the journal. `loop` is asked for only by an async flow."""
        if self._flow.isasync:
            asyncio.run_coroutine_threadsafe(self._run_async(), loop())
        else:
            threading.Thread(target=self._run, name=f"flow-{self.run.name}", daemon=True).start()

    @property
    def is_waiting(self) -> bool:
        """Whether the run waits in memory and takes no slot."""
        return self._woken is not None

    def hold(self) -> "Future[FlowRun | Unwind]":
        """Give up the slot until `wake` is called."""
        with self._lock:
            self._woken = Future()
        self._stopwatch.stop()
        self._slot_freed()
        return self._woken

    def let_go(self) -> None:
        """Take the slot back without having waited."""
        with self._lock:
            self._woken = None
        self._stopwatch.go_on()
        self._slot_taken()

    def wake(self, reason: FlowRun | Unwind) -> bool:
        """End the wait: with the run as it was claimed anew, or with what unwinds it; `False` if none waits."""
        with self._lock:
            woken, self._woken = self._woken, None
        if woken is None:
            return False
        self._stopwatch.go_on()
        woken.set_result(reason)
        return True

    def _run(self) -> None:
        try:
            with entered(self._context()):
                result = self._flow.fn(**self._flow.parameters.from_json(self.run.parameters))
            end = self._returned(result)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the run's end is recorded
            end = self._raised(error)
        self._ended(self, end)

    async def _run_async(self) -> None:
        try:
            with entered(await asyncio.to_thread(self._context)):
                result = await self._flow.fn(**self._flow.parameters.from_json(self.run.parameters))
            end = await asyncio.to_thread(self._returned, result)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the run's end is recorded
            end = await asyncio.to_thread(self._raised, error)
        self._ended(self, end)

    def _context(self) -> RunContext:
        steps = asked = None
        # Only the first claim of a run can be sure that nothing is recorded yet.
        if self.run.fence > 1:
            steps = patiently(lambda: recorded.load(self._db, self.run.id))
            asked = {each.key: each for each in patiently(lambda: prompts.of_run(self._db, self.run.id))}
        self._journal = Journal(
            self._db,
            self.run,
            self._flow.fingerprint,
            stopwatch=self._stopwatch,
            steps=steps,
            asked=asked,
        )
        return RunContext(self._db, self.run, self._journal, self, log_prints=self._flow.log_prints)

    def _returned(self, result: Any) -> End:
        assert self._journal is not None  # noqa: S101 - the flow ran, so it had one
        self._stopwatch.check()
        self._journal.check_all_asked()
        self._finish(RunState.COMPLETED, result=shown(result))
        return End(result=result)

    def _raised(self, error: BaseException) -> End:
        try:
            self._record_error(error)
        except LeaseLost:
            logger.info("%s | goes on elsewhere, or was cancelled", self.run.name)
        return End(error=error)

    def _record_error(self, error: BaseException) -> None:
        match error:
            case AttentionNeeded():
                logger.error("%s | needs attention: %s", self.run.name, error)
                self._finish(RunState.NEEDS_ATTENTION, error=str(error))
            case Unwind() | LeaseLost() | asyncio.CancelledError():
                pass
            case PromptRejected():
                self._finish(RunState.FAILED, error=str(error))
            case FlowPauseTimeout() | FlowTimeout():
                self._finish(RunState.TIMED_OUT, error=str(error))
            case _ if isinstance(error, Exception) and self.run.attempt <= self._flow.retries:
                self._retry(error)
            case _:
                logger.error("%s | failed", self.run.name, exc_info=error)
                self._finish(RunState.FAILED, error=_said(error))

    def _retry(self, error: Exception) -> None:
        delay = self._flow.retry_delay_seconds
        logger.warning("%s | %s. Retry %d follows.", self.run.name, _said(error), self.run.attempt)
        fence = self._fence
        at = now() + timedelta(seconds=delay)
        patiently(lambda: runs.retry(self._db, self.run.id, fence, at=at, error=_said(error)))

    def _finish(self, state: RunState, *, result: Any = None, error: str | None = None) -> None:
        fence, at = self._fence, now()
        patiently(lambda: runs.finish(self._db, self.run.id, fence, state=state, now=at, result=result, error=error))

    @property
    def _fence(self) -> int:
        return self.run.fence if self._journal is None else self._journal.fence


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
