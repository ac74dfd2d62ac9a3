"""Each coroutine of a run has a scope of its own.

What runs side by side calls its steps in any order, and equal calls cannot be told apart by what they are called with.
So the steps of a task of `asyncio` have the key of its coroutine in front, which is named for its function and
recognized by its arguments: `coroutine:deploy/push` is what `deploy("a")` has called, and `coroutine:deploy-2/push` is
what `deploy("b")` has.
"""

import asyncio
import inspect
import sys
from contextvars import Context, copy_context
from types import CodeType, FrameType
from typing import Any

from signoff.flows.durable.arguments import Arguments
from signoff.flows.durable.context import current_run_context, enter
from signoff.flows.durable.pending_calls import PendingCall
from signoff.flows.durable.recorded_calls import is_in_loop

_create = asyncio.BaseEventLoop.create_task

_AWAITED_AT_ONCE: tuple[CodeType, ...] = (
    asyncio.wait_for.__code__,
    asyncio.Runner.run.__code__,
    asyncio.BaseEventLoop.run_until_complete.__code__,
)
"""Functions that make a task, in some versions of Python, of what their caller awaits. It is part of the caller."""


def follow_into_coroutines() -> None:
    """Give the tasks of `asyncio` that are made from now on scopes of their own. Safe to call more than once."""
    asyncio.BaseEventLoop.create_task = _create_in_run  # type: ignore[assignment, method-assign]


def _create_in_run(
    loop: asyncio.BaseEventLoop, coroutine: Any, *, context: Context | None = None, **options: Any
) -> asyncio.Task[Any]:
    within = _context_for(coroutine, context)
    if within is not None:
        options["context"] = within
    return _create(loop, coroutine, **options)


def _context_for(coroutine: Any, context: Context | None) -> Context | None:
    run = current_run_context()
    if run is None or run.journal.is_of_earlier_version or _is_awaited_at_once():
        return context
    # A call of a step has a key of its own.
    frame = getattr(coroutine, "cr_frame", None)
    if frame is None or isinstance(coroutine, PendingCall):
        return context
    name = str(getattr(coroutine, "__name__", type(coroutine).__name__)).strip("<>")
    inside = run.beside(f"coroutine:{name}", _arguments(frame), is_single=lambda: not is_in_loop())
    own = copy_context() if context is None else context.copy()
    own.run(enter, inside)
    return own


def _arguments(frame: FrameType) -> Arguments:
    """Those of a coroutine that has not begun. What it has from the code around it is left out."""
    code, values = frame.f_code, frame.f_locals
    has_more = sum(bool(code.co_flags & each) for each in (inspect.CO_VARARGS, inspect.CO_VARKEYWORDS))
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + has_more]
    return Arguments.of_any({name: values[name] for name in names if name in values})


def _is_awaited_at_once() -> bool:
    frame: FrameType | None = sys._getframe(3)
    for _ in range(3):
        if frame is None:
            return False
        if frame.f_code in _AWAITED_AT_ONCE:
            return True
        frame = frame.f_back
    return False
