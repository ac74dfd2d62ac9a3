"""What the code of a flow or a step has started: submitted tasks, and calls that have to be awaited.

A flow, or a step, is over when all that it has started is over. Otherwise it would be recorded as done while some of
its work is still under way, and a replay, which does not run a recorded step again, would never finish that work.
"""

import asyncio
import threading
import weakref
from concurrent.futures import Future
from functools import partial
from typing import Any, Protocol

from signoff.flows.durable.async_bridge import in_event_loop, to_thread
from signoff.flows.durable.task_slots import released_slot
from signoff.flows.durable.timeouts import ActiveTimeout
from signoff.flows.errors import FlowDefect, Unwind, error_summary


class SubmittedTask(Protocol):
    """The future of a submitted task."""

    is_error_seen: bool
    """Whether the flow was given the error of the task, if there is one."""

    def check_barrier(self) -> None:
        """Raise `AttentionNeeded` if the task can never start."""


class UnreadHandle(Protocol):
    """The handle of a prompt whose answer the code has not asked for so far."""

    def leave(self) -> None:
        """Note that the run need not wait for the answer any more."""


class Children:
    """The submitted tasks, and the calls to be awaited, of one flow or step. Safe to use from several threads.

    Attributes:
        not_awaited: What to say of each call, by its id, as long as nobody awaits it.
        kept_questions: The coroutine that has asked a person, and what to say, by the id of the call, as long as it is
            neither awaited nor made into a task.
        unread_handles: The handles of `ask` that the code has not used so far.
    """

    def __init__(self) -> None:
        self.not_awaited: dict[int, str] = {}
        self.kept_questions: dict[int, tuple[object, str]] = {}
        self.unread_handles: weakref.WeakSet[UnreadHandle] = weakref.WeakSet()
        self._lock = threading.RLock()
        self._waits: list[Future[None]] = []
        self._joins: list[Future[None]] = []
        self._running = 0
        self._submitted = 0
        self._tasks: dict[int, SubmittedTask] = {}
        self._failed: list[tuple[int, SubmittedTask | None, BaseException]] = []
        self._unwinding: Unwind | None = None
        self._has_parent_returned = False

    def add(self, task: SubmittedTask, running: "Future[Any]") -> None:
        """Note a submitted task."""
        with self._lock:
            self._running += 1
            self._submitted += 1
            number = self._submitted
            self._tasks[number] = task
        running.add_done_callback(partial(self._on_task_done, number, task))

    def leave_handles(self) -> None:
        """Let the code end without the answers that it has not asked for so far, because another one was a no."""
        for handle in list(self.unread_handles):
            handle.leave()

    def begin_call(self) -> None:
        """Note that a call is awaited."""
        with self._lock:
            self._running += 1

    def end_call(self, error: BaseException | None) -> None:
        """Note that such a call has ended, and what it raised."""
        with self._lock:
            self._running -= 1
            # Whoever awaits the call gets its error. Only after the flow has returned, nobody acts on it.
            is_seen = not self._has_parent_returned or isinstance(error, (asyncio.CancelledError, GeneratorExit))
            if error is not None and not is_seen:
                self._note(self._submitted, None, error)
        self._end_waits()

    def note_unseen(self, error: BaseException) -> None:
        """Note the error of a coroutine that nobody has awaited."""
        with self._lock:
            self._note(self._submitted, None, error)

    def reset(self) -> None:
        """Wait until all of them have ended, and forget what has failed, because the step is tried again."""
        self._wait(None)
        with self._lock:
            self._failed.clear()
            self._has_parent_returned = False
        self.not_awaited.clear()
        self.kept_questions.clear()

    def check_questions(self) -> None:
        """Check that the current coroutine does not go on while it keeps a question that it has not awaited.

        Raises:
            FlowDefect: If it does. Whatever it keeps is no answer.
        """
        if self.kept_questions and in_event_loop():
            here = asyncio.current_task()
            for coroutine, fault in list(self.kept_questions.values()):
                if coroutine is here:
                    raise FlowDefect(fault)

    def join(self) -> None:
        """Wait until the submitted tasks have ended, in whatever way."""
        over: Future[None] = Future()
        with self._lock:
            if not self._tasks:
                return
            self._joins.append(over)
        with released_slot():
            over.result()

    def check_unwound(self) -> None:
        """Raise what takes the run out of memory, if one of them was unwound by it."""
        if self._unwinding is not None:
            raise self._unwinding.again()

    def wait(self, limit: ActiveTimeout) -> None:
        """Wait until all of them have ended.

        Args:
            limit: The flow's timeout.

        Raises:
            FlowTimeout: If the flow's time is over first.
            BaseException: The error of the first task that failed, unless the flow was given it.
            FlowDefect: If a call was never awaited.
        """
        self._wait(limit)
        self._raise_unseen()

    async def wait_async(self) -> None:
        """`wait`, in an event loop."""
        while self._unwinding is None and (self._running or self.not_awaited):
            if self._running:
                # Without a limit, because a flow whose time is over is cancelled here.
                await to_thread(lambda: self._wait(None))
            before = dict(self.not_awaited)
            # Coroutines that were just made into tasks begin, and those whose call has ended go on.
            await asyncio.sleep(0)
            if not self._running and self.not_awaited == before:
                break
        self._raise_unseen()

    def _wait(self, limit: ActiveTimeout | None) -> None:
        with self._lock:
            self._has_parent_returned = True
            is_over, tasks = self._is_over(), list(self._tasks.values())
            over: Future[None] = Future()
            if not is_over:
                self._waits.append(over)
        for task in tasks:
            task.check_barrier()
        if not is_over:
            with released_slot():
                over.result() if limit is None else limit.wait(over)

    def _end_waits(self) -> None:
        with self._lock:
            ended: list[Future[None]] = []
            if self._is_over():
                ended, self._waits = self._waits, []
            if not self._tasks:
                ended, self._joins = ended + self._joins, []
        for wait in ended:
            wait.set_result(None)

    def _is_over(self) -> bool:
        return not self._running or self._unwinding is not None

    def _on_task_done(self, number: int, task: SubmittedTask, running: "Future[Any]") -> None:
        error = running.exception()
        with self._lock:
            self._running -= 1
            self._tasks.pop(number, None)
            if error is not None:
                self._note(number, task, error)
        self._end_waits()

    def _note(self, number: int, task: SubmittedTask | None, error: BaseException) -> None:
        if isinstance(error, Unwind):
            self._unwinding = self._unwinding or error
        else:
            self._failed.append((number, task, error))

    def _raise_unseen(self) -> None:
        self.check_unwound()
        unseen = [(number, error) for number, task, error in self._failed if task is None or not task.is_error_seen]
        if unseen:
            _, first = min(unseen, key=lambda each: each[0])
            for _, other in unseen:
                if other is not first:
                    first.add_note(f"Another task failed as well: {error_summary(other)}")
            raise first
        for fault in self.not_awaited.values():
            raise FlowDefect(fault)
