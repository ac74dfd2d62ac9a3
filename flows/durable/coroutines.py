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

from signoff.flows.durable.context import current_run_context, enter
from signoff.flows.durable.pending_calls import PendingCall, TaskOfRun
from signoff.flows.durable.replay.recorded_calls import is_in_loop
from signoff.flows.durable.values.arguments import Arguments

_create = asyncio.BaseEventLoop.create_task

_AWAITED_AT_ONCE: tuple[CodeType, ...] = (
    asyncio.wait_for.__code__,
    asyncio.Runner.run.__code__,
    asyncio.BaseEventLoop.run_until_complete.__code__,
)
"""Functions that make a task, in some versions of Python, of what their caller awaits. It is part of the caller."""


_RUN_BY_LOOP = asyncio.Handle._run.__code__


def new_task(loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> TaskOfRun:
    """The task factory of the event loop of async flows."""
    if isinstance(coroutine, PendingCall):
        coroutine.note_task()
    task = TaskOfRun(coroutine, loop=loop, **_with_scope(coroutine, options))
    task.run_context = current_run_context()
    return task


def follow_into_coroutines() -> None:
    """Give tasks in other event loops scopes of their own from now on. Safe to call more than once."""
    asyncio.BaseEventLoop.create_task = _create_in_run  # type: ignore[assignment, method-assign]


def _create_in_run(loop: asyncio.BaseEventLoop, coroutine: Any, **options: Any) -> asyncio.Task[Any]:
    is_ours = loop.get_task_factory() is new_task
    return _create(loop, coroutine, **(options if is_ours else _with_scope(coroutine, options)))


def _with_scope(coroutine: Any, options: dict[str, Any]) -> dict[str, Any]:
    """The options for a task, with a context in which its coroutine has a scope of its own."""
    run = current_run_context()
    # A call of a step has a key of its own.
    if run is None or isinstance(coroutine, PendingCall) or run.journal.is_of_earlier_version or _is_awaited_at_once():
        return options
    frame = getattr(coroutine, "cr_frame", None)
    if frame is None:
        return options
    name = str(getattr(coroutine, "__name__", type(coroutine).__name__)).strip("<>")
    inside = run.beside(f"coroutine:{name}", _arguments(frame), is_single=lambda: not is_in_loop())
    given: Context | None = options.get("context")
    own = copy_context() if given is None else given.copy()
    own.run(enter, inside)
    return {**options, "context": own}


def _arguments(frame: FrameType) -> Arguments:
    """Those of a coroutine that has not begun. What it has from the code around it is left out."""
    code, values = frame.f_code, frame.f_locals
    has_more = sum(bool(code.co_flags & each) for each in (inspect.CO_VARARGS, inspect.CO_VARKEYWORDS))
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount + has_more]
    return Arguments.of_any({name: values[name] for name in names if name in values})


def _is_awaited_at_once() -> bool:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code not in _AWAITED_AT_ONCE:
        # Where the loop begins to run something, or other code than asyncio's, the one who makes the task is found.
        if frame.f_code is _RUN_BY_LOOP or not frame.f_globals.get("__name__", "").startswith(("asyncio.", "signoff.")):
            return False
        frame = frame.f_back
    return frame is not None
