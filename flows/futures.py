"""Futures of submitted tasks, as in `prefect.futures`."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures import wait as wait_for_futures
from functools import partial
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar

from signoff.flows.durable.context import RunContext, closes_on_unwind
from signoff.flows.durable.pending_calls import location, sync_or_async
from signoff.flows.durable.results import Resolvable, resolve_futures
from signoff.flows.durable.task_slots import released_slot
from signoff.flows.errors import InvalidFlow, MappingLengthMismatch, MappingMissingIterable, Unwind
from signoff.flows.states import State, StateType

R = TypeVar("R")


class TaskFuture(Resolvable, Generic[R]):
    """A submitted task. Returned by `Task.submit`. In an event loop, methods that wait return an awaitable.

    It is not the result, so it has no truth value.
    """

    def __init__(
        self, running: Future[R], context: RunContext | None = None, check: Callable[[], None] | None = None
    ) -> None:
        self._running = running
        self._context = context
        self._check = check or (lambda: None)
        self.is_error_seen = False
        if context is not None:
            context.children.add(self, running)

    def __bool__(self) -> NoReturn:
        raise InvalidFlow(f"A future is used as the task's result{location()}. Call its result().")

    @property
    def running(self) -> Future[Any]:
        """The task's work."""
        return self._running

    def resolve(self) -> R:
        """`result`, for code that may block."""
        result: R = self._result(None, raise_on_failure=True)
        return result

    def __repr__(self) -> str:
        return f"TaskFuture({'ended' if self._running.done() else 'running'})"

    @property
    def state(self) -> State:
        """`Running`, `Completed` or `Failed`."""
        self.check_barrier()
        if not self._running.done():
            return State(StateType.RUNNING, "Running")
        error = self._seen_error(None)
        if error is None:
            return State(StateType.COMPLETED, "Completed")
        return State(StateType.FAILED, "Failed", f"{type(error).__name__}: {error}")

    def result(self, timeout: float | None = None, raise_on_failure: bool = True) -> R:
        """Wait for the task and return its result.

        Args:
            timeout: Seconds to wait at most; `None` for no limit.
            raise_on_failure: Whether the error of a failed task is raised; otherwise it is returned.

        Raises:
            TimeoutError: If the task takes longer.
        """
        result: R = sync_or_async("result()", partial(self._result, timeout, raise_on_failure))
        return result

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the task has ended, for at most `timeout` seconds."""
        return sync_or_async("wait()", partial(self._wait, timeout))

    def _result(self, timeout: float | None, raise_on_failure: bool) -> Any:
        error = self._seen_error(timeout)
        if error is None:
            return self._running.result()
        if raise_on_failure:
            raise error
        return error

    def _seen_error(self, timeout: float | None) -> BaseException | None:
        """`_error`, for code that is given it."""
        error = self._error(timeout)
        self.is_error_seen = error is not None
        return error

    def _wait(self, timeout: float | None) -> None:
        try:
            self._error(timeout)
        except FutureTimeout:
            return

    def check_barrier(self) -> None:
        """Raise `AttentionNeeded` if the task can never start, because edited code skips what has to run first."""
        if self._context is not None and not self._running.done():
            with closes_on_unwind(self._context):
                self._check()

    def _error(self, timeout: float | None) -> BaseException | None:
        """Wait for the error of the task, if there is one. An error that unwinds the run is raised at once."""
        self.check_barrier()
        with released_slot():
            error = self._running.exception(timeout)
        if isinstance(error, Unwind):
            self._unwind(error)
        return error

    def _unwind(self, reason: Unwind) -> NoReturn:
        if self._context is None:
            raise reason
        # By the code that waits, which may be another step than the one that has submitted the task.
        with closes_on_unwind(self._context):
            raise reason.again() from reason


class TaskFutures(list[TaskFuture[R]]):
    """Several submitted tasks. Returned by `Task.map`."""

    def result(self, timeout: float | None = None, raise_on_failure: bool = True) -> list[R]:
        """Wait for all tasks and return their results. The arguments and errors are those of `TaskFuture.result`."""
        return sync_or_async("result()", lambda: [each._result(timeout, raise_on_failure) for each in self])

    def wait(self, timeout: float | None = None) -> None:
        """Wait until all tasks have ended, for at most `timeout` seconds."""
        return sync_or_async("wait()", partial(self._wait, timeout))

    def _wait(self, timeout: float | None) -> None:
        _wait_for_all(self, timeout)


class DoneAndNotDone(NamedTuple):
    """The tasks that have ended, and those that have not."""

    done: set[TaskFuture[Any]]
    not_done: set[TaskFuture[Any]]


def wait(futures: Iterable[TaskFuture[Any]], timeout: float | None = None) -> DoneAndNotDone:
    """Wait until all tasks have ended, for at most `timeout` seconds; in an event loop, an awaitable."""
    return sync_or_async("wait()", partial(_wait_for_all, list(futures), timeout))


def _wait_for_all(futures: list[TaskFuture[Any]], timeout: float | None) -> DoneAndNotDone:
    for each in futures:
        each.check_barrier()
    with released_slot():
        wait_for_futures([each._running for each in futures], timeout)
    done = {each for each in futures if each._running.done()}
    for each in done:
        each._wait(None)
    return DoneAndNotDone(done, set(futures) - done)


class unmapped(Generic[R]):  # noqa: N801 - named as Prefect names it
    """Marks an argument of `Task.map` that every call gets whole."""

    def __init__(self, value: R) -> None:
        self.value = value

    def __repr__(self) -> str:
        return f"unmapped({self.value!r})"


def mapped_calls(arguments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The arguments of each call of a `map`.

    Raises:
        MappingMissingIterable: If none of them is iterable.
        MappingLengthMismatch: If they have different lengths.
    """
    given = {
        name: resolve_futures(value) if isinstance(value, TaskFuture) else value for name, value in arguments.items()
    }
    mapped = {name: list(value) for name, value in given.items() if _is_mapped(value)}
    lengths = {name: len(values) for name, values in mapped.items()}
    if not mapped:
        raise MappingMissingIterable("No argument of map() is iterable. Give a list with an item for each call.")
    if len(set(lengths.values())) > 1:
        raise MappingLengthMismatch(f"The iterables that map() was given have different lengths: {lengths}.")
    fixed = {
        name: value.value if isinstance(value, unmapped) else value
        for name, value in given.items()
        if name not in mapped
    }
    return [
        {**fixed, **{name: values[number] for name, values in mapped.items()}}
        for number in range(next(iter(lengths.values())))
    ]


def _is_mapped(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, (str, bytes, unmapped))
