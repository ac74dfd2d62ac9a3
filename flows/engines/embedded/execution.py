"""One execution of a run in a worker: a thread for a sync flow, a coroutine for an async one.

An execution ends with the run, when the run suspends, or when the worker has to let go of it. Until then it may wait in
memory. While it waits it takes no slot of the worker, and its timeouts stand still.
"""

import asyncio
import logging
import os
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Any

from signoff.flows.approval.defaults import DefaultPolicies
from signoff.flows.approval.policy import merged
from signoff.flows.code.module_names import set_own_module
from signoff.flows.database.retry import retry_until_available
from signoff.flows.durable.async_bridge import in_event_loop, in_thread, to_thread
from signoff.flows.durable.context import RunContext, entered
from signoff.flows.durable.journal import Journal
from signoff.flows.durable.results import finished, finished_async
from signoff.flows.durable.task_slots import TaskSlots, reacquire_slot, release_slot
from signoff.flows.durable.timeouts import ActiveTimeout, active_timeouts
from signoff.flows.engines.embedded.completion import Completion, CompletionRecorder
from signoff.flows.errors import FlowDefect, FlowEnded, FlowTimeout, Released, RunCancelled, Unwind, error_summary
from signoff.flows.flow import Flow
from signoff.store.database import Database
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import journal, pauses
from signoff.store.runs.journal import History

logger = logging.getLogger("signoff.flows.run")


class Execution:
    """Runs a claimed run to its end, or to the point where it leaves memory.

    Args:
        past: Reads what the run has recorded and asked; by default they are read from the database.
        defaults: The policies for whatever a prompt's own policy and its flow do not set.
        on_slot_freed: Called when the run starts waiting in memory, so that another one can run.
        on_slot_taken: Called when it continues. Neither of the two may call this object.
        on_end: Called once nothing of the run is left in memory, with how it ended; `None` if it has not ended.
    """

    def __init__(
        self,
        db: Database,
        flow: Flow[Any, Any],
        run: FlowRun,
        *,
        past: Callable[[], History] | None,
        defaults: DefaultPolicies,
        on_slot_freed: Callable[[], None],
        on_slot_taken: Callable[[], None],
        on_end: Callable[["Execution", Completion | None], None],
    ) -> None:
        self._db = db
        self._process = os.getpid()
        self._flow = flow
        self.run = run
        self._past = past
        self._completion = CompletionRecorder(db, flow, run)
        self._defaults = defaults
        self._on_slot_freed = on_slot_freed
        self._on_slot_taken = on_slot_taken
        self._on_end = on_end
        # There may be several waits: a flow can have several prompts open at once. Each has the keys of its prompts.
        self._waits: dict[Future[FlowRun | Unwind], frozenset[str]] = {}
        self._is_over = False
        self._lock = threading.Lock()
        self._journal: Journal | None = None
        self._task_slots = TaskSlots(on_idle=self._on_idle)
        self._suspending: set[Future[FlowRun | Unwind]] = set()
        self._active_timeout = ActiveTimeout(f"The flow {flow.name}", flow.timeout_seconds, FlowTimeout)
        # Where the flow's own code runs, see `is_flow_code`.
        self._thread: threading.Thread | None = None
        self._coroutine: asyncio.Task[Any] | None = None
        self._main: asyncio.Task[Any] | None = None
        # What takes the run out of memory.
        self._closed: Unwind | None = None
        # What was raised into the run's code first, and in which coroutine into the flow's own. They may catch it.
        self._raised: Unwind | None = None
        self._raised_in: list[asyncio.Task[Any] | None] = []

    def start(self, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        """Start running, or start replaying. `loop` is called for an async flow only."""
        if self._flow.isasync:
            asyncio.run_coroutine_threadsafe(self._run_async(), loop())
        else:
            # One thread for each execution, not a pool: what a flow keeps in `threading.local` must not reach another
            # run. Starting a thread costs too little to show beside the round trips of a run.
            threading.Thread(target=self._run, name=f"flow-{self.run.name}", daemon=True).start()

    @property
    def is_waiting(self) -> bool:
        """Whether the run waits in memory, so that it takes no slot."""
        return bool(self._waits)

    def begin_wait(self, keys: Collection[str] = (), *, suspends: bool = False) -> "Future[FlowRun | Unwind]":
        """Start a wait. The first one gives up the slot. See `RunExecution.begin_wait`."""
        wait: Future[FlowRun | Unwind] = Future()
        release_slot()
        for timeout in active_timeouts():
            timeout.pause()
        with self._lock:
            if self._is_over:
                # Something that the flow left running, such as the rest of a gather. Nobody will wake it.
                wait.set_result(FlowEnded("The flow has ended."))
                return wait
            if self._closed is not None:
                wait.set_result(self._closed)
                return wait
            self._waits[wait] = frozenset(keys)
            if suspends:
                self._suspending.add(wait)
            if len(self._waits) == 1:
                self._active_timeout.pause()
                self._on_slot_freed()
        return wait

    @property
    def may_suspend(self) -> bool:
        """Whether no other task of the run is at work. See `RunExecution.may_suspend`."""
        return self._task_slots.is_idle

    def _on_idle(self) -> None:
        with self._lock:
            is_suspending, coroutine = bool(self._suspending), self._coroutine
        if is_suspending and coroutine is not None:
            # Whoever awaited what has ended goes on first, and may begin something else.
            loop = coroutine.get_loop()
            loop.call_soon_threadsafe(loop.call_soon, self._end_suspending)
        elif is_suspending:
            self._end_suspending()

    def _end_suspending(self) -> None:
        with self._lock:
            suspending = list(self._suspending)
        if suspending and self.may_suspend:
            self._end(suspending, self.run)

    def end_wait(self, wait: "Future[FlowRun | Unwind]") -> None:
        """End a wait. The last one takes the slot back, unless `wake` has done that already."""
        with self._lock:
            self._remove([wait])
        for timeout in active_timeouts():
            timeout.resume()
        reacquire_slot()

    def is_flow_code(self) -> bool:
        """Whether the caller runs in the flow's own thread or coroutine, rather than beside it."""
        if in_event_loop():
            return asyncio.current_task() is self._coroutine
        return threading.current_thread() is self._thread

    def wake(self, reason: Unwind) -> None:
        """End all waits, and unwind the run."""
        with self._lock:
            waits = list(self._waits)
        self._end(waits, reason)

    def drop_wait(self, wait: "Future[FlowRun | Unwind]") -> None:
        """Stop a wait after its run was marked as running. See `RunExecution.drop_wait`."""
        self._end([wait], self.run)
        self._wake_answered(self.run)

    def _wake_answered(self, run: FlowRun) -> None:
        """End the waits for prompts that are settled, and have the run wait for the others again."""
        with self._lock:
            waits = {wait: keys for wait, keys in self._waits.items() if keys}
        if len(waits) > 1:
            # In a thread, because the caller claims runs, and this may have to wait for the database.
            in_thread(partial(self._wake_some, run, waits), name=f"answers-{run.name}")
        else:
            self._end(waits, run)

    def _wake_some(self, run: FlowRun, waits: Mapping["Future[FlowRun | Unwind]", frozenset[str]]) -> None:
        """`_wake_answered` for many waits. If each looked for itself, each answer would cost a transaction for each."""
        journal, keys = self._opened_journal(), frozenset[str]().union(*waits.values())
        try:
            still_open = journal.write(lambda token: pauses.wait_again(self._db, run.id, keys, fencing_token=token))
            self._end([wait for wait, awaited in waits.items() if not awaited <= still_open], run)
            with self._lock:
                is_waiting = any(self._waits.values())
            if still_open and not is_waiting:
                # The last wait was dropped in the meantime, so the run is marked as waiting for nothing.
                at = self._db.now()
                journal.write(lambda token: pauses.abandon_wait(self._db, run.id, None, fencing_token=token, now=at))
                self._wake_answered(run)
        except Unwind as reason:
            self.wake(reason)
        except Exception:  # noqa: BLE001 - whatever it is, each wait comes upon it, and the flow gets it
            self._end(waits, run)

    def _end(self, waits: Iterable["Future[FlowRun | Unwind]"], reason: FlowRun | Unwind) -> None:
        """End those of these waits that have not ended."""
        with self._lock:
            ended = self._remove(waits)
        for wait in ended:
            wait.set_result(reason)

    def _remove(self, waits: Iterable["Future[FlowRun | Unwind]"]) -> list["Future[FlowRun | Unwind]"]:
        """Remove waits; those that were still there. The caller holds the lock."""
        removed = [wait for wait in waits if wait in self._waits]
        for wait in removed:
            del self._waits[wait]
            self._suspending.discard(wait)
        if removed and not self._waits:
            self._resume()
        return removed

    def apply_claim(self, run: FlowRun) -> bool:
        """End all waits according to the run as it is in the database now.

        Returns:
            Whether this execution continues with the run. Otherwise a new one has to start.
        """
        # The fencing token grows when another worker claims the run. If it is the same, the run never left this one, so
        # what is in memory is current. If not, another worker may have recorded steps that are missing here.
        ours = run.fencing_token == self.run.fencing_token and not run.state.is_final
        if ours:
            self._wake_answered(run)
        elif run.state is RunState.CANCELLED:
            self.close(RunCancelled(run.message))
        else:
            self.close(Released("Another worker took over the run."))
        return ours

    def close(self, reason: Unwind) -> None:
        """Take the run out of memory. An async flow is cancelled at once, a sync one unwinds at its next step."""
        with self._lock:
            self._closed = self._closed or reason
        self._refuse_new_work(reason)
        # Before the waits end, so that whatever waits beside a prompt is cancelled together with the flow.
        if self._coroutine is not None:
            self._coroutine.get_loop().call_soon_threadsafe(self._cancel_coroutine)
        self.wake(reason)

    def unwind(self, reason: Unwind, step: str) -> None:
        """Note that `reason` is raised into the code of the run. See `RunExecution.unwind`."""
        if isinstance(reason, FlowEnded):
            self._completion.note_late_step()
        if self._journal is not None:
            self._journal.close(reason, step=step)
        with self._lock:
            is_first = self._closed is None and not self._is_over
            if not self._is_over:
                self._closed = self._closed or reason
                self._raised = self._raised or reason
        if not step and not reason.is_repeated and in_event_loop() is self._flow.isasync:
            self._raised_in.append(asyncio.current_task() if self._flow.isasync else None)
        if is_first:
            self._task_slots.close(reason)
            self.wake(reason)

    def release(self, reason: Unwind) -> None:
        """Take the run out of memory if it waits."""
        with self._lock:
            if not self._waits:
                return
            self._closed = self._closed or reason
        self._refuse_new_work(reason)
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
        set_own_module(self._flow.fn.__module__)
        try:
            with entered(context := self._context()), self._task_slots.at_work_without_slot():
                returned = self._flow.fn(**self._flow.parameters.from_json(self.run.parameters))
                result = finished(context, returned)
            end = self._returned(result)
        except BaseException as error:  # noqa: BLE001 - the end of the run is recorded, whatever it is
            self._end_beside()
            end = self._failed(error)
        self._thread = None
        self._finish_execution(end)

    async def _run_async(self) -> None:
        end: Completion | None
        set_own_module(self._flow.fn.__module__)
        try:
            with entered(context := await to_thread(self._context)), self._task_slots.at_work_without_slot():
                parameters = self._flow.parameters.from_json(self.run.parameters)
                self._main = self._coroutine = asyncio.current_task()
                try:
                    async with self._active_timeout.cancelling():
                        result = await finished_async(context, await self._flow.fn(**parameters))
                finally:
                    # A cancel that comes after this must not keep the end from being recorded.
                    self._coroutine = None
            end = await to_thread(partial(self._returned, result))
        except BaseException as error:  # noqa: BLE001 - the end of the run is recorded, whatever it is
            self._end_beside()
            end = await to_thread(partial(self._failed, error))
        self._finish_execution(end)

    def _end_beside(self) -> None:
        """Let nothing that still runs beside the flow begin a step. Its end is about to be recorded."""
        over = FlowEnded("The flow has ended.")
        with self._lock:
            if self._closed is not None:
                return
            self._is_over = True
        self._refuse_new_work(over)
        self.wake(over)

    def _finish_execution(self, end: Completion | None) -> None:
        over = FlowEnded("The flow has ended.")
        self._refuse_new_work(over)
        with self._lock:
            self._is_over = True
        self.wake(over)
        self._raised_in.clear()
        if self._raised is not None:
            # Its traceback would keep everything in memory that the flow had.
            self._raised.__traceback__ = None
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
            merged(self._flow.policy, self._defaults.of(self._flow.name, self._flow.tags)),
            self._task_slots,
            policies=self._defaults,
            log_prints=self._flow.log_prints,
            parameters=lambda: self._flow.parameters.from_json(self.run.parameters),
        )

    def _read_past(self) -> History:
        # Only under the first claim of a run is it certain that nothing is recorded. That saves a round trip.
        if self.run.fencing_token == 1:
            return History({}, {})
        read, self._past = self._past, None
        if read is not None:
            return read()
        return retry_until_available(lambda: journal.history(self._db, self.run.id))

    def _opened_journal(self) -> Journal:
        assert self._journal is not None  # noqa: S101 - the flow ran, so it had one
        return self._journal

    def _leave_forked_process(self) -> None:
        """End a process that was forked from the flow's code and has come to the end of that, which is the parent's."""
        if os.getpid() != self._process:
            os._exit(1)

    def _returned(self, result: Any) -> Completion:
        self._leave_forked_process()
        if self._closed is not None:
            raise _Swallowed
        self._opened_journal().check_defects()
        self._active_timeout.check()
        self._opened_journal().check_end()
        self._end_beside()
        return self._completion.record_result(result)

    def _failed(self, error: BaseException) -> Completion | None:
        """Record what the flow raised. What takes the run out of memory counts, even if the flow has caught it."""
        if os.getpid() != self._process:
            logger.error("%s | failed in a process that it has forked: %s", self.run.name, error_summary(error))
        self._leave_forked_process()
        if self._closed is None:
            if not isinstance(error, FlowTimeout):
                # A run is over when all that it has submitted is. A retry would run it twice side by side.
                self._task_slots.join()
            return self._completion.record_error(error)
        if self._raised is not None and not isinstance(self._raised, FlowDefect) and self._was_caught(error):
            self._completion.note_caught(self._raised)
        return self._completion.record_error(self._closed)

    def _was_caught(self, error: BaseException) -> bool:
        """Whether the run's code caught what unwinds it and went on. `error` is what the flow has raised in the end."""
        if self._journal is not None and self._journal.has_caught_unwinding:
            return True
        # Code that runs beside what is unwound goes on for a while, which is no fault of the flow.
        into_flow = any(task is None or task.done() or task is self._main for task in self._raised_in)
        return into_flow and not _unwinds(error)


class _Swallowed(Exception):
    """The flow has returned although it was unwound."""


def _unwinds(error: BaseException) -> bool:
    """Whether an error lets the run leave memory, by itself or in a group, as `asyncio.TaskGroup` raises them."""
    if isinstance(error, BaseExceptionGroup):
        return any(map(_unwinds, error.exceptions))
    return isinstance(error, asyncio.CancelledError) or (isinstance(error, Unwind) and not error.is_repeated)
