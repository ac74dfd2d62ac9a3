"""What a call that waits returns in an event loop: something that has to be awaited.

If an `await` is forgotten, Python goes on as if nothing was missing. A coroutine counts as true, so
`if pause_flow_run(bool):` would take every approval as given. These calls have no truth value, and a run in which one
of them is never awaited fails.
"""

import asyncio
import functools
import os
import sys
import warnings
from collections.abc import Callable, Coroutine, Generator
from types import FrameType
from typing import Any, NoReturn, ParamSpec, TypeVar

from signoff.flows.durable.async_bridge import in_event_loop, to_thread
from signoff.flows.durable.children import Children
from signoff.flows.durable.context import RunContext, current_run_context, note_unwinding
from signoff.flows.errors import InvalidFlow, Unwind

P = ParamSpec("P")
T = TypeVar("T")


class PendingCall(Coroutine[Any, Any, T]):
    """A coroutine that has to be awaited.

    Args:
        what: What was called, for messages: `pause_flow_run()`.
        coroutine: What it does. It begins when it is awaited.
        is_question: Whether it asks a person. Then no task may be called while it is kept and not awaited.
    """

    _has_begun = True

    def __init__(self, what: str, coroutine: Coroutine[Any, Any, T], *, is_question: bool = False) -> None:
        self._what = what
        self._coroutine = coroutine
        self._iterator: Generator[Any, Any, T] | None = None
        self._context = current_run_context()
        self._where = location()
        self._fault = f"{what} was never awaited{self._where}, so it did not run. {_advice()}"
        if self._context is not None:
            self._context.children.not_awaited[id(self)] = self._fault
            # Only of these is it known whether an `asyncio` task was made of the call, which awaits it.
            if is_question and in_event_loop() and isinstance(task := asyncio.current_task(), TaskOfRun):
                self._context.children.kept_questions[id(self)] = (task, self._fault)
        self._has_begun = False

    def __await__(self) -> Generator[Any, Any, T]:
        self._begin()
        if self._context is None:
            return (yield from self._coroutine.__await__())
        children = self._context.children
        children.begin_call()
        error: BaseException | None = None
        try:
            return (yield from self._coroutine.__await__())
        except BaseException as raised:
            error = raised
            if isinstance(raised, Unwind):
                raised.where = raised.where or self._where
                note_unwinding(raised, self._context)
            raise
        finally:
            children.end_call(error)
            error = None

    def send(self, value: Any, /) -> Any:
        """As of any coroutine."""
        if self._iterator is None:
            self._iterator = self.__await__()
        return self._iterator.send(value)

    def throw(self, *error: Any) -> Any:
        """As of any coroutine."""
        if self._iterator is None:
            self.close()
            raise error[0] if len(error) == 1 or error[1] is None else error[1]
        return self._iterator.throw(*error)

    def close(self) -> None:
        """As of any coroutine."""
        self._begin()
        if self._iterator is not None:
            self._iterator.close()
        self._coroutine.close()

    def __bool__(self) -> NoReturn:
        raise self.misused()

    def __eq__(self, other: object) -> bool:
        if other is self:
            return True
        raise self.misused()

    __hash__ = object.__hash__

    def __getattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{self._what} has no {name!r} before it is awaited. {_advice()}")

    def __repr__(self) -> str:
        return f"<{self._what}, to be awaited>"

    def __del__(self) -> None:
        # Without locks: this runs wherever the last reference is dropped, even while this thread holds some lock.
        if self._has_begun:
            return
        self._has_begun = True
        self._coroutine.close()
        if self._context is None:
            warnings.warn(self._fault, RuntimeWarning, stacklevel=2)
        else:
            self._forget(self._context.children)
            self._context.journal.note_defect(self._fault)

    def misused(self) -> InvalidFlow:
        """The error for code that takes it for its result."""
        return InvalidFlow(f"{self._what} is used{location()} without having been awaited. {_advice()}")

    def _begin(self) -> None:
        self._has_begun = True
        if self._context is not None:
            self._forget(self._context.children)

    def note_task(self) -> None:
        """Note that a task of `asyncio` was made of the call, which will await it."""
        if self._context is not None:
            self._context.children.kept_questions.pop(id(self), None)

    def _forget(self, children: Children) -> None:
        children.not_awaited.pop(id(self), None)
        children.kept_questions.pop(id(self), None)


class TaskOfRun(asyncio.Task[Any]):
    """A task of `asyncio` that knows the flow or step whose code has made it."""

    run_context: RunContext | None = None


def must_be_awaited(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Make an async function return a `PendingCall`."""
    is_question = function.__name__ in ("apause_flow_run", "asuspend_flow_run")

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
        return PendingCall(f"{function.__name__}()", function(*args, **kwargs), is_question=is_question)

    return call


def sync_or_async(what: str, function: Callable[[], T]) -> T:
    """The result of a blocking function; in an event loop, a `PendingCall` of it."""
    return PendingCall(what, to_thread(function)) if in_event_loop() else function()  # type: ignore[return-value]


def location() -> str:
    """Where the innermost code that is not Signoff's own is now, for a message: ` at release.py:12`."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and str(frame.f_globals.get("__name__", "")).startswith("signoff."):
        frame = frame.f_back
    # Called for each step of an async flow, and to make a Path costs ten times as much.
    return "" if frame is None else f" at {os.path.basename(frame.f_code.co_filename)}:{frame.f_lineno}"


def _advice() -> str:
    if in_event_loop():
        return "Write `await` in front of the call."
    return "Write `await` in front of the call, in an async flow; a sync flow may use asyncio.run(…) or submit(…)."
