"""`@task`: makes a function whose result is recorded, so that it does not run again in the same run."""

import asyncio
import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, Generic, ParamSpec, TypeVar, overload

from signoff.flows.code.functions import check_function
from signoff.flows.durable.async_bridge import in_event_loop, to_thread
from signoff.flows.durable.child_processes import refuse_in_child
from signoff.flows.durable.context import RunContext, current_run_context
from signoff.flows.durable.pending_calls import PendingCall
from signoff.flows.durable.results import find_futures, has_futures, resolve_futures
from signoff.flows.durable.retries import RetryPolicy
from signoff.flows.durable.steps import Place, StepCall, bind, call_step, next_place, return_annotation, texts_beside
from signoff.flows.durable.task_slots import TaskSlots
from signoff.flows.durable.values.serialization import Serializer
from signoff.flows.futures import TaskFuture, TaskFutures, mapped_calls
from signoff.flows.names import now

P = ParamSpec("P")
R = TypeVar("R")

_OUTSIDE_RUNS = TaskSlots()
"""The slots for tasks that are submitted outside of a flow run."""


class Task(Generic[P, R]):
    """A function that is a step of a flow. Outside of a flow run it is an ordinary function.

    Created by `task`, which describes the arguments.
    """

    def __init__(
        self,
        function: Callable[P, R],
        *,
        name: str | None = None,
        retries: int = 0,
        retry_delay_seconds: float | Sequence[float] = 0,
        timeout_seconds: float | None = None,
        log_prints: bool | None = None,
        result_serializer: Serializer = "json",
    ) -> None:
        check_function(function, name, decorator="task")
        functools.update_wrapper(self, function)
        self.fn = function
        self.name = name or function.__name__
        self.isasync = inspect.iscoroutinefunction(function)
        self._attempts = RetryPolicy(self.name, retries, retry_delay_seconds, timeout_seconds)
        self._log_prints = log_prints
        self._serializer = result_serializer
        self._annotation = return_annotation(function)

    def __repr__(self) -> str:
        return f"Task({self.name!r})"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the step, or return its recorded result. For an async task this returns an awaitable.

        Futures in the arguments are waited for and replaced by their results.
        """
        context = current_run_context()
        if not has_futures(*args, *kwargs.values()):
            return self._run(context, None, *args, **kwargs)
        if self.isasync and in_event_loop():
            place = None if context is None else next_place(context, self.name)
            return PendingCall(f"The task {self.name}", self._run_resolved(context, place, args, kwargs))  # type: ignore[return-value]
        return self._run(context, None, *resolve_futures(args), **resolve_futures(kwargs))

    async def _run_resolved(self, context: RunContext | None, place: Place | None, args: Any, kwargs: Any) -> Any:
        args, kwargs = await to_thread(lambda: resolve_futures((args, kwargs)))
        return await self._run(context, place, *args, **kwargs)  # type: ignore[misc]

    def submit(self, *args: Any, wait_for: Iterable[TaskFuture[Any]] | None = None, **kwargs: Any) -> TaskFuture[R]:
        """Run the step beside the flow, in a thread of its own.

        Its key is assigned now, in the order of submission. Up to 32 tasks of a run work at once; the next one starts
        when one of them ends, or waits for a person or another task. A flow, or a task, that submits tasks is over when
        they are. If one of them failed, and nobody looked at its future, it fails with the same error.

        Args:
            args: The task's arguments. Futures in them are waited for and replaced by their results.
            wait_for: Tasks that have to succeed first. If one of them fails, this one fails with the same error.
            kwargs: The task's keyword arguments, like `args`.
        """
        return self._submit(wait_for, args, kwargs)

    def _submit(
        self, wait_for: Iterable[TaskFuture[Any]] | None, args: Any, kwargs: Any, *, is_mapped: bool = False
    ) -> TaskFuture[R]:
        context = current_run_context()
        first, given = list(wait_for or ()), [*find_futures([args, kwargs])]
        call, place = None, None
        if context is not None and not given:
            call = self._call(context, None, args, kwargs, is_submitted=True, is_mapped=is_mapped)
        elif context is not None:
            place = next_place(context, self.name, is_mapped=is_mapped)

        def run() -> R:
            resolve_futures(first)
            if call is not None:
                result: Any = self._begin(replace(call, started_at=now()), args, kwargs)
            else:
                result = self._run(context, place, *resolve_futures(args), **resolve_futures(kwargs))
            return asyncio.run(result) if self.isasync else result  # type: ignore[no-any-return]

        after = [*find_futures([first]), *given]
        if context is None:
            return TaskFuture(_OUTSIDE_RUNS.submit(run, name=f"task-{self.name}", after=after))
        key = call.key if call is not None else place.key if place is not None else ""
        barrier = context.journal.barrier(key)
        if barrier is not None:
            after.append(barrier)
        check = None if barrier is None else functools.partial(context.journal.check_unrecorded, key)
        return TaskFuture(context.task_slots.submit(run, name=f"task-{key}", after=after), context, check)

    def map(self, *args: Any, wait_for: Iterable[TaskFuture[Any]] | None = None, **kwargs: Any) -> TaskFutures[R]:
        """Submit one call for each item of the iterable arguments. All other arguments go to every call.

        Args:
            args: The task's arguments. Strings, and iterables in `unmapped(…)`, go to every call as they are.
            wait_for: Tasks that have to succeed first.
            kwargs: The task's keyword arguments, like `args`.

        Raises:
            MappingMissingIterable: If no argument is iterable.
            MappingLengthMismatch: If the iterables have different lengths.
        """
        given = inspect.signature(self.fn).bind(*args, **kwargs).arguments
        return TaskFutures(self._submit(wait_for, (), call, is_mapped=True) for call in mapped_calls(given))

    def _run(self, context: RunContext | None, place: Place | None, /, *args: Any, **kwargs: Any) -> R:
        if context is None:
            refuse_in_child(f"The task {self.name}")
            return self.fn(*args, **kwargs)
        return self._begin(self._call(context, place, args, kwargs), args, kwargs)

    def _call(self, context: RunContext, place: Place | None, args: Any, kwargs: Any, **options: bool) -> StepCall:
        return call_step(
            context,
            self.name,
            bind(self.fn, args, kwargs),
            annotation=self._annotation,
            serializer=self._serializer,
            log_prints=self._log_prints,
            place=place,
            beside=texts_beside(self.fn),
            is_async=self.isasync,
            **options,
        )

    def _begin(self, call: StepCall, args: Any, kwargs: Any) -> R:
        function = functools.partial(self.fn, *args, **kwargs)
        if self.isasync:
            return PendingCall(f"The task {self.name}", call.run_async(self._attempts, function))  # type: ignore[arg-type, return-value]
        result: R = call.run(self._attempts, function)
        return result


@overload
def task(function: Callable[P, R], /) -> Task[P, R]: ...


@overload
def task(
    *,
    name: str | None = None,
    retries: int = 0,
    retry_delay_seconds: float | Sequence[float] = 0,
    timeout_seconds: float | None = None,
    log_prints: bool | None = None,
    result_serializer: Serializer = "json",
) -> Callable[[Callable[P, R]], Task[P, R]]: ...


def task(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Turn a function, sync or async, into a step of the flows that call it.

    Args:
        function: The function.
        name: The name in the journal; by default the function's name.
        retries: How many tries may follow if the first one fails.
        retry_delay_seconds: Seconds before each retry, or a sequence of them.
        timeout_seconds: Seconds for one try, without the time that it waits for people; then `StepTimeout` is raised. A
            sync function cannot be stopped: its thread runs on to its next step, and its result is dropped.
        log_prints: Whether `print` writes to the run's log; by default as in the flow.
        result_serializer: `json`, or `pickle` for results that JSON cannot represent.

    Raises:
        InvalidFlow: If the function cannot be a task, because it is a generator or a method.
    """
    if function is None:
        return functools.partial(Task, **options)
    return Task(function, **options)
