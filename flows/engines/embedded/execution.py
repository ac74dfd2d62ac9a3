"""One run in the hands of a worker: a thread for a sync flow, a coroutine for an async one."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from signoff.flows.database_retry import retry_until_available
from signoff.flows.durable.async_bridge import in_event_loop, to_thread
from signoff.flows.durable.context import RunContext, entered
from signoff.flows.durable.journal import Journal
from signoff.flows.durable.task_slots import TaskSlots, reacquire_slot, release_slot
from signoff.flows.durable.timeouts import ActiveTimeout, active_timeouts
from signoff.flows.engines.embedded.completion import Completion, CompletionRecorder
from signoff.flows.errors import FlowTimeout, Released, RunCancelled, Unwind
from signoff.flows.flow import Flow
from signoff.store.database import Database
from signoff.store.policy import Policy
from signoff.store.records import FlowRun, RunState
from signoff.store.runs import journal
from signoff.store.runs.journal import History


class Execution:
    """Runs a claimed run to its end, or to where it waits.

    Args:
        past: Reads what the run has recorded and asked; where it is not given, the record is asked.
        defaults: The policy that fills what a prompt's own leaves open.
        slot_freed: Told when the run begins to wait in memory: another may run meanwhile.
        slot_taken: Told when it goes on. Neither of the two may call back.
        ended: Told, once nothing of the run is left in memory, how it ended; `None` if it is not over.
    """

    def __init__(
        self,
        db: Database,
        flow: Flow[Any, Any],
        run: FlowRun,
        *,
        past: Callable[[], History] | None,
        defaults: Policy,
        on_slot_freed: Callable[[], None],
        on_slot_taken: Callable[[], None],
        on_end: Callable[["Execution", Completion | None], None],
    ) -> None:
        self._db = db
        self._flow = flow
        self.run = run
        self._past = past
        self._completion = CompletionRecorder(db, flow, run)
        self._defaults = defaults
        self._on_slot_freed = on_slot_freed
        self._on_slot_taken = on_slot_taken
        self._on_end = on_end
        # An async flow may ask several people at once.
        self._waits: set[Future[FlowRun | Unwind]] = set()
        self._is_over = False
        self._lock = threading.Lock()
        self._journal: Journal | None = None
        self._task_slots = TaskSlots()
        self._active_timeout = ActiveTimeout(f"The flow {flow.name}", flow.timeout_seconds, FlowTimeout)
        # Where the flow's own code runs.
        self._thread: threading.Thread | None = None
        self._coroutine: asyncio.Task[Any] | None = None
        self._closed: Unwind | None = None

    def start(self, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        """Begin, or begin again from the journal. `loop` is asked for only by an async flow."""
        if self._flow.isasync:
            asyncio.run_coroutine_threadsafe(self._run_async(), loop())
        else:
            # One thread for each execution, not a pool: what a flow keeps in `threading.local` must not reach another
            # run. Beside the round trips of a run, starting a thread is not to be measured.
            threading.Thread(target=self._run, name=f"flow-{self.run.name}", daemon=True).start()

    @property
    def is_waiting(self) -> bool:
        """Whether the run waits in memory and takes no slot."""
        return bool(self._waits)

    def begin_wait(self) -> "Future[FlowRun | Unwind]":
        """Begin a wait, and give up the slot until `wake` is called."""
        wait: Future[FlowRun | Unwind] = Future()
        release_slot()
        for timeout in active_timeouts():
            timeout.pause()
        with self._lock:
            if self._is_over:
                # What the flow left behind, such as the rest of a gather, can wait for nothing any more.
                wait.set_result(Released("The flow is not running any more."))
                return wait
            self._waits.add(wait)
            if len(self._waits) == 1:
                self._active_timeout.pause()
                self._on_slot_freed()
        return wait

    def end_wait(self, wait: "Future[FlowRun | Unwind]") -> None:
        """End a wait; the slot is taken back, unless it was already, or another wait goes on."""
        with self._lock:
            if wait in self._waits:
                self._waits.remove(wait)
                if not self._waits:
                    self._resume()
        for timeout in active_timeouts():
            timeout.resume()
        reacquire_slot()

    def is_flow_code(self) -> bool:
        """Whether this code runs in the thread, or the coroutine, of the flow, and not beside it."""
        if in_event_loop():
            return asyncio.current_task() is self._coroutine
        return threading.current_thread() is self._thread

    def wake(self, reason: FlowRun | Unwind) -> bool:
        """End all waits: with the run as it was claimed anew, or with what unwinds it; `False` if it does not wait."""
        with self._lock:
            woken, self._waits = self._waits, set()
            if woken:
                self._resume()
        for wait in woken:
            wait.set_result(reason)
        return bool(woken)

    def apply_claim(self, run: FlowRun) -> bool:
        """End all waits according to what the record says of the run; `False` if others may go on with it now."""
        # With the same fencing token the run never left this worker. Otherwise what is in memory is out of date.
        ours = run.fencing_token == self.run.fencing_token and not run.state.is_final
        if ours:
            self.wake(run)
        elif run.state is RunState.CANCELLED:
            self.close(RunCancelled(run.message))
        else:
            self.close(Released("It was taken over."))
        return ours

    def close(self, reason: Unwind) -> None:
        """Take the run out of memory: an async flow is cancelled where it stands, a sync one stops at its next step."""
        self._closed = reason
        self._refuse_new_work(reason)
        # First, so that what waits beside a question is cancelled with the flow, and not left behind by it.
        if self._coroutine is not None:
            self._coroutine.get_loop().call_soon_threadsafe(self._cancel_coroutine)
        self.wake(reason)

    def _refuse_new_work(self, reason: Unwind) -> None:
        self._task_slots.close(reason)
        if self._journal is not None:
            self._journal.close(reason)

    def _cancel_coroutine(self) -> None:
        if self._coroutine is not None:
            self._coroutine.cancel()

    def _resume(self) -> None:
        self._active_timeout.resume()
        self._on_slot_taken()

    def _run(self) -> None:
        end: Completion | None
        self._thread = threading.current_thread()
        try:
            with entered(self._context()):
                result = self._flow.fn(**self._flow.parameters.from_json(self.run.parameters))
            end = self._returned(result)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the run's end is recorded
            end = self._completion.record_error(error)
        self._thread = None
        self._finish_execution(end)

    async def _run_async(self) -> None:
        end: Completion | None
        try:
            with entered(await to_thread(self._context)):
                parameters = self._flow.parameters.from_json(self.run.parameters)
                self._coroutine = asyncio.current_task()
                try:
                    async with self._active_timeout.cancelling():
                        result = await self._flow.fn(**parameters)
                finally:
                    # Its end is recorded, whoever cancels it from now on.
                    self._coroutine = None
            end = await to_thread(partial(self._returned, result))
        except BaseException as error:  # noqa: BLE001 - whatever it is, the run's end is recorded
            end = await to_thread(partial(self._completion.record_error, self._closed or error))
        self._finish_execution(end)

    def _finish_execution(self, end: Completion | None) -> None:
        over = Released("The flow is not running any more.")
        self._refuse_new_work(over)
        with self._lock:
            self._is_over = True
        self.wake(over)
        self._on_end(self, end)

    def _context(self) -> RunContext:
        self._journal = Journal(
            self._db,
            self.run,
            self._flow.fingerprint,
            active_timeout=self._active_timeout,
            past=self._read_past(),
        )
        if self._closed is not None:
            raise self._closed
        return RunContext(
            self._db,
            self.run,
            self._journal,
            self,
            self._defaults,
            self._task_slots,
            log_prints=self._flow.log_prints,
        )

    def _read_past(self) -> History:
        # Only the first claim of a run can be sure that nothing is recorded yet.
        if self.run.fencing_token == 1:
            return History({}, {})
        read, self._past = self._past, None
        if read is not None:
            return read()
        return retry_until_available(lambda: journal.history(self._db, self.run.id))

    def _returned(self, result: Any) -> Completion:
        assert self._journal is not None  # noqa: S101 - the flow ran, so it had one
        self._active_timeout.check()
        self._journal.check_end()
        return self._completion.record_result(result)
