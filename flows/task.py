"""`@task`: a function whose result is recorded, so that it never runs twice in a run."""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, Generic, ParamSpec, TypeVar, overload

from flows.attempts import Attempts
from flows.context import current
from flows.serialization import Serializer
from flows.steps import bind, call_step, return_annotation

P = ParamSpec("P")
R = TypeVar("R")


class Task(Generic[P, R]):
    """A function that is a step of a flow. Outside of a flow run it is called as it is.

    Made by `task`, whose arguments are described there.
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
        functools.update_wrapper(self, function)
        self.fn = function
        self.name = name or function.__name__
        self.isasync = inspect.iscoroutinefunction(function)
        self._attempts = Attempts(self.name, retries, retry_delay_seconds, timeout_seconds)
        self._log_prints = log_prints
        self._serializer = result_serializer
        self._annotation = return_annotation(function)

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the step, or give back what it returned when it ran. An async task gives an awaitable."""
        context = current()
        if context is None:
            return self.fn(*args, **kwargs)
        call = call_step(
            context,
            self.name,
            bind(self.fn, args, kwargs),
            annotation=self._annotation,
            serializer=self._serializer,
            log_prints=self._log_prints,
        )
        function = functools.partial(self.fn, *args, **kwargs)
        if self.isasync:
            return call.run_async(self._attempts, function)  # type: ignore[arg-type, return-value]
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
    """Make a function, sync or async, a step of the flows that call it.

    Args:
        function: The function.
        name: What the journal calls it; the function's name where none is given.
        retries: How many tries may follow a first that fails.
        retry_delay_seconds: Seconds before each retry, or a sequence of them.
        timeout_seconds: Seconds for one try, then `StepTimeout`. A sync function cannot be stopped: its thread
            goes on, and what it returns is thrown away.
        log_prints: Whether what it prints goes to the run's log; as its flow does where not given.
        result_serializer: `json`, or `pickle` for results that JSON cannot carry.
    """
    if function is None:
        return functools.partial(Task, **options)
    return Task(function, **options)
