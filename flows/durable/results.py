"""What a flow or step has returned, once all that it has started is over, with futures replaced by their results."""

import asyncio
import copy
import inspect
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel

from signoff.flows.durable.async_bridge import to_thread
from signoff.flows.durable.context import RunContext
from signoff.flows.durable.pending_calls import PendingCall
from signoff.flows.errors import InvalidFlow


class Resolvable:
    """Stands for a result that may not be there yet. Arguments and results contain its result instead.

    No abstract class, because each value that a step is given is asked whether it is one.
    """

    @property
    def running(self) -> "Future[Any]":
        """What has to be done first."""
        raise NotImplementedError

    def resolve(self) -> Any:
        """Wait for the result, or for the error, which is raised."""
        raise NotImplementedError


def finished(context: RunContext, returned: Any) -> Any:
    """The result of a function of a flow or step, once all that it has started is over.

    Raises:
        InvalidFlow: If it is something that has to be awaited.
        FlowDefect: If something was never awaited.
        BaseException: The error of a submitted task that nobody has looked at.
    """
    _refuse_awaitable(returned)
    result = resolve_futures(returned)
    context.children.wait(context.journal.active_timeout)
    return result


async def finished_async(context: RunContext, returned: Any) -> Any:
    """`finished`, in an event loop."""
    _refuse_awaitable(returned)
    result = await to_thread(lambda: resolve_futures(returned)) if has_futures(returned) else returned
    await context.children.wait_async()
    return result


def resolve_futures(given: Any) -> Any:
    """A value with futures replaced by their results, within lists, tuples, sets, dicts, dataclasses and models too.

    Raises:
        InvalidFlow: If it contains a call that was not awaited.
    """
    return _replaced(given, ())


def find_futures(given: Any) -> "Iterator[Future[Any]]":
    """The futures that `resolve_futures` waits for."""
    return _found(given, ())


def has_futures(*given: Any) -> bool:
    """Whether `resolve_futures` would replace something in these values. Raises what it raises."""
    return any(type(each) not in _PLAIN and next(find_futures(each), None) is not None for each in given)


def _refuse_awaitable(returned: Any) -> None:
    if isinstance(returned, PendingCall):
        raise returned.misused()
    if inspect.isawaitable(returned) and not isinstance(returned, asyncio.Future):
        close = getattr(returned, "close", lambda: None)
        close()
        raise InvalidFlow(
            f"It returned {type(returned).__name__!r} to be awaited, so it did not run. Declare it with `async def`, "
            "without a decorator that hides that, and await what it returns."
        )


_PLAIN = frozenset([str, int, float, bool, bytes, type(None)])


def _replaced(value: Any, around: tuple[int, ...]) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Resolvable):
        return value.resolve()
    if isinstance(value, PendingCall):
        raise value.misused()
    parts = _parts(value)
    if not parts or id(value) in around:
        return value
    within = (*around, id(value))
    replaced = [_replaced(part, within) for part in parts]
    if all(new is old for new, old in zip(replaced, parts, strict=True)):
        return value
    return _rebuilt(value, replaced)


def _found(value: Any, around: tuple[int, ...]) -> "Iterator[Future[Any]]":
    if type(value) in _PLAIN:
        return
    if isinstance(value, PendingCall):
        raise value.misused()
    if isinstance(value, Resolvable):
        yield value.running
    elif (parts := _parts(value)) and id(value) not in around:
        for part in parts:
            yield from _found(part, (*around, id(value)))


def _parts(value: Any) -> list[Any]:
    """What a value consists of, as far as Prefect looks into it."""
    match value:
        case str() | int() | float() | bytes() | None:
            return []
        case list() | tuple() | set() | frozenset():
            return list(value)
        case dict():
            return [*value.keys(), *value.values()]
        case BaseModel():
            return [*vars(value).values(), *(value.model_extra or {}).values()]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return [getattr(value, field.name, None) for field in fields(value)]
        case _:
            return []


def _rebuilt(value: Any, parts: list[Any]) -> Any:
    """A copy of a value with other parts."""
    match value:
        case list():
            return list(parts)
        case tuple() if hasattr(value, "_make"):
            return value._make(parts)
        case tuple() | set() | frozenset():
            return type(value)(parts)
        case dict():
            new = copy.copy(value)
            new.clear()
            half = len(value)
            new.update(zip(parts[:half], parts[half:], strict=True))
            return new
        case BaseModel():
            return value.model_copy(update=dict(zip([*vars(value), *(value.model_extra or {})], parts, strict=True)))
        case _:
            new = copy.copy(value)
            for field, part in zip(fields(value), parts, strict=True):
                object.__setattr__(new, field.name, part)
            return new
