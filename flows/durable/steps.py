"""One call of a task or nested flow: replayed if it is recorded, otherwise run and then recorded."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache, partial
from typing import Any, get_type_hints

from signoff.flows.durable.async_bridge import to_thread
from signoff.flows.durable.context import RunContext, closes_on_unwind, current_run_context, entered
from signoff.flows.durable.replay.recorded_calls import is_in_loop
from signoff.flows.durable.results import finished, finished_async
from signoff.flows.durable.retries import RetryPolicy
from signoff.flows.durable.run_logging import get_run_logger
from signoff.flows.durable.values.arguments import Arguments
from signoff.flows.durable.values.serialization import Recorded, Serializer, dump, dump_error, load, load_error
from signoff.flows.errors import (
    AttentionNeeded,
    CodeChanged,
    StepTimeout,
    UnserializableResult,
    error_summary,
)
from signoff.flows.names import now
from signoff.store.records.runs import Step
from signoff.store.sentences import sentence


@dataclass(frozen=True, slots=True)
class Place:
    """Where a flow has made a call whose arguments it did not know yet.

    Attributes:
        is_single: Whether it makes one call there.
    """

    key: str
    is_single: bool


WAIT_FOR_OTHERS = 10.0
"""Seconds until a call beside the flow no longer waits for others. Replayed coroutines come to theirs at once."""


@dataclass(frozen=True, slots=True)
class StepCall:
    """A call that has its key, and perhaps a recorded end.

    Attributes:
        context: The context for the function.
        path: What calls of the task have in common here: their scope and name.
        recorded: How the call ended in an earlier execution; `None` if it did not end.
        is_in_order: Whether the flow itself makes the call. Calls from code that runs beside it can come, and can have
            been cut off by a crash, in any order, so their order proves nothing about an edit.
        values: The arguments by name; `None` if no function can change them.
        is_beside: Whether a coroutine without a scope of its own makes the call, so that its number tells nothing.
    """

    context: RunContext
    key: str
    path: str
    arguments: Arguments
    recorded: Step | None
    is_in_order: bool
    is_beside: bool
    started_at: datetime
    annotation: Any
    serializer: Serializer
    values: Mapping[str, Any] | None = None

    def run(self, attempts: RetryPolicy, function: Callable[[], Any]) -> Any:
        """Call the function and record how that ended. If it is recorded already, return or raise that instead.

        Raises:
            UnserializableResult: If the result cannot be recorded.
            AttentionNeeded: If the recorded result no longer fits the code, or if the code was edited and this may be
                a step that ran under another name.
        """
        if self.recorded is not None:
            return self._replay(self.recorded)
        self._check_unrecorded()
        with entered(self.context):
            try:
                result = attempts.call(lambda: finished(self.context, function()), failed=self._before_retry)
            except Exception as error:
                self._join(error)
                recorded, again = dump_error(error)
                self._record(recorded)
                if again is not error:
                    # What a replay will raise, so that a flow that does not catch that learns it now.
                    self._warn(again)
                    raise again from error
                raise
        return self._keep(result)

    async def run_async(self, attempts: RetryPolicy, function: Callable[[], Awaitable[Any]]) -> Any:
        """`run` for an async function."""
        if self.recorded is not None:
            return self._replay(self.recorded)
        if self.is_beside:
            await self._wait_for_others()
        self._check_unrecorded()

        async def attempt() -> Any:
            return await finished_async(self.context, await function())

        with entered(self.context), self.context.task_slots.at_work_without_slot():
            try:
                result = await attempts.call_async(attempt, failed=self._before_retry)
            except Exception as error:
                await to_thread(partial(self._join, error))
                recorded, again = dump_error(error)
                await to_thread(lambda: self._record(recorded))
                if again is not error:
                    # What a replay will raise, so that a flow that does not catch that learns it now.
                    self._warn(again)
                    raise again from error
                raise
        return await to_thread(lambda: self._keep(result))

    def _join(self, error: Exception) -> None:
        """Wait for what a step that has failed has submitted. A replay will raise its error, and not run that again."""
        if not isinstance(error, StepTimeout):
            self.context.children.join()
            self.context.children.check_unwound()

    async def _wait_for_others(self) -> None:
        """Wait until the recorded calls of this task have been handed over to other coroutines."""
        others = self.context.journal.other_calls(self.path)
        if others is None:
            return
        try:
            # Shielded, because all that wait for it share it.
            await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(others)), WAIT_FOR_OTHERS)
        except TimeoutError:
            with closes_on_unwind(self.context):
                raise AttentionNeeded(
                    f"{self.path} is called side by side with other arguments than those that produced its recorded "
                    "results, so whether this call has run cannot be told. Leave out of the arguments what differs in "
                    "each execution."
                ) from None

    def _replay(self, recorded: Step) -> Any:
        written = Recorded(recorded.format, recorded.result)
        if written.format == "error":
            raise load_error(written)
        try:
            return load(written, annotation=self.annotation)
        except Exception as error:
            with closes_on_unwind(self.context):
                raise CodeChanged(f"The recorded result of {self.key} can no longer be read: {error}") from error

    def _check_unrecorded(self) -> None:
        with closes_on_unwind(self.context):
            # Once more: an async task is called, which looks it up, before it is awaited.
            self.context.journal.check_open()
            (current_run_context() or self.context).children.check_questions()
            if self.is_in_order:
                self.context.journal.check_unrecorded(self.key)

    def _keep(self, result: Any) -> Any:
        try:
            self._record(dump(result, annotation=self.annotation, serializer=self.serializer))
        except UnserializableResult as error:
            self._record(dump_error(error)[0])
            raise
        self._check_arguments()
        return result

    def _check_arguments(self) -> None:
        """Warn of a function that has changed what it was given, as a replay will not."""
        if self.values is not None and (name := Arguments.of(self.values).changed_since(self.arguments)) is not None:
            get_run_logger().warning(
                "%s has changed its argument %s. A replay does not run it again, so there the change is missing. "
                "Return the changed value instead.",
                self.key,
                name,
            )

    def _warn(self, again: Exception) -> None:
        get_run_logger().warning("%s: %s", self.key, (getattr(again, "__notes__", None) or [again])[-1])

    def _record(self, recorded: Recorded) -> None:
        with closes_on_unwind(self.context):
            self.context.journal.record(self.key, self.arguments, recorded, self.started_at)

    def _before_retry(self, error: Exception, retry: int) -> None:
        # The error may stand for what unwinds the run: `except BaseException: raise ValueError`.
        self.context.journal.check_not_unwound(self.key)
        self.context.journal.check_open()
        self.context.children.reset()
        get_run_logger().warning("%s Retry %d follows.", sentence(error_summary(error)), retry)
        self.context.journal.forget_failed(self.context.scope)


def next_place(context: RunContext, name: str, *, is_mapped: bool = False) -> Place:
    """Give a call its key before its arguments are known. Called where the flow makes the call.

    Args:
        is_mapped: Whether it is one of several that a `map` makes.
    """
    with closes_on_unwind(context):
        key = context.journal.next_key(context.scope, name)
    return Place(key, is_single=not is_mapped and not is_in_loop())


def call_step(
    parent: RunContext,
    name: str,
    arguments: Mapping[str, Any],
    *,
    annotation: Any,
    serializer: Serializer = "json",
    log_prints: bool | None = None,
    place: Place | None = None,
    beside: Mapping[str, str] | None = None,
    is_async: bool = False,
    is_submitted: bool = False,
    is_mapped: bool = False,
) -> StepCall:
    """Give a call its key, unless it has one, and look up whether it is recorded.

    Args:
        place: Where the flow made the call, if that was before its arguments were known.
        beside: Texts that the function has from the code around it.
        is_async: Whether it is awaited, so that it can wait for others before it runs.
        is_submitted: Whether it runs beside the code that calls it.
        is_mapped: Whether it is one of several that a `map` makes.
    """
    given = Arguments.of(arguments, beside)
    is_in_order = not is_submitted and parent.execution.is_flow_code()
    is_beside = is_async and not is_in_order and place is None and parent.journal.is_of_earlier_version
    scope = parent.scope
    if place is None:
        scope = parent.journal.scope_of(scope, parent.step_scope, name, given)
    path = f"{scope}{name}"
    with closes_on_unwind(parent):
        key, recorded = parent.journal.begin(
            path,
            given,
            place=None if place is None else place.key,
            is_single=lambda: not is_mapped and not is_in_loop() if place is None else place.is_single,
            # Arguments that look like others tell no call from another, so only the order of the calls does.
            is_numbered=not is_beside or not given.is_exact,
        )
    return StepCall(
        context=parent.within(key, log_prints=log_prints),
        key=key,
        path=path,
        arguments=given,
        recorded=recorded,
        is_in_order=is_in_order,
        is_beside=is_beside,
        started_at=now(),
        annotation=annotation,
        serializer=serializer,
        values=None if all(map(_is_fixed, arguments.values())) else arguments,
    )


def _is_fixed(value: Any) -> bool:
    return value is None or isinstance(value, (str, int, float))


def bind(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a call by name, including defaults.

    Raises:
        TypeError: As the call itself would.
    """
    bound = _signature(function).bind(*args, **kwargs)
    bound.apply_defaults()
    return dict(bound.arguments)


_signature = lru_cache(maxsize=1024)(inspect.signature)


def texts_beside(function: Callable[..., Any]) -> dict[str, str]:
    """The texts that a function has from the code around it, by name. A factory makes functions that differ in them."""
    if not getattr(function, "__closure__", None):
        return {}
    found: dict[str, str] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # the variable has no value
            if isinstance(cell.cell_contents, str):
                found[f"{name} around it"] = cell.cell_contents
    return found


def return_annotation(function: Callable[..., Any]) -> Any:
    """The return annotation of a function; `None` if it has none, or `Any`."""
    try:
        annotation = get_type_hints(function, include_extras=True).get("return")
    except (NameError, TypeError, AttributeError):
        return None
    # For a function annotated with `-> None` this is `NoneType`, not `None`.
    return None if annotation is Any else annotation
