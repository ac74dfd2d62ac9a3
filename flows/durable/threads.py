"""The context of a run follows into the threads that its code starts.

Python starts a thread with an empty context. A task that is called there would not know its run: it would not be
recorded, and would run again in each replay. So while a worker runs, the work that the code of a run hands to a
`ThreadPoolExecutor`, by `asyncio.to_thread` too, and the threads that it starts, run in its context.

Threads call their steps in any order, and a replay has to give each call the key that it had. So each piece of work has
a scope of its own, named for its function and counted in the order in which it was handed over: `thread:deploy/push` is
what `deploy` has called, and `thread:deploy-2/push` is what its second call has. As a step, it is recognized by its
arguments.

A flow, or a step, is over when this work is over, as with submitted tasks. Only daemon threads are not waited for.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from functools import partial
from typing import Any

from signoff.flows.durable.children import Children
from signoff.flows.durable.context import RunContext, current_run_context, entered
from signoff.flows.durable.journal import refuse_steps
from signoff.flows.durable.replay.recorded_calls import is_in_loop
from signoff.flows.durable.values.arguments import Arguments
from signoff.flows.errors import Unwind

_submit = ThreadPoolExecutor.submit
_start = threading.Thread.start

_OTHERS = ("signoff.", "concurrent.", "asyncio.", "anyio.")
"""Modules whose threads do not belong to whoever starts them, or bring the right context with each piece of work."""

_NO_ORDER = (
    "Tasks and questions of a run cannot be called in a multiprocessing.pool.ThreadPool: nobody can say which of its "
    "threads does what, so a replay would mistake one call for another. Use a ThreadPoolExecutor, or the task's own "
    "submit() or map()."
)


def follow_into_threads() -> None:
    """Have threads that are started from now on run in the context of their run. Safe to call more than once."""
    ThreadPoolExecutor.submit = _submit_in_run  # type: ignore[assignment, method-assign]
    threading.Thread.start = _start_in_run  # type: ignore[assignment, method-assign]


def _submit_in_run(executor: ThreadPoolExecutor, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    context = current_run_context()
    if context is None:
        return _submit(executor, function, *args, **kwargs)
    function = _without_context(function)
    inside = context.beside(f"thread:{name_of(function)}", _arguments(function, args, kwargs), is_single=_is_single)
    context.children.begin_call()
    try:
        done = _submit(executor, copy_context().run, _call, inside, partial(function, *args, **kwargs))
    except BaseException:
        context.children.end_call(None)
        raise
    done.add_done_callback(partial(_end_call, context.children))
    return done


def _start_in_run(thread: threading.Thread) -> None:
    context = current_run_context()
    if context is None or _module(thread).startswith(_OTHERS):
        _start(thread)
        return
    target, given = getattr(thread, "_target", None), (getattr(thread, "_args", ()), getattr(thread, "_kwargs", {}))
    arguments = Arguments.of({}) if target is None else _arguments(target, *given)
    inside = context.beside(f"thread:{name_of(target or type(thread))}", arguments, is_single=_is_single)
    children = None if thread.daemon else context.children
    thread.run = partial(copy_context().run, _run, thread, thread.run, inside, children)  # type: ignore[method-assign]
    if children is not None:
        children.begin_call()
    try:
        _start(thread)
    except BaseException:
        if children is not None:
            children.end_call(None)
        raise


def _run(thread: threading.Thread, run: Callable[[], None], inside: RunContext, children: Children | None) -> None:
    unwound: Unwind | None = None
    try:
        if type(thread).__module__ == "multiprocessing.dummy":
            refuse_steps(_NO_ORDER)
        _call(inside, run)
    except Unwind as error:
        # The run has noted it. Nobody else waits for this thread, so it ends without a word.
        unwound = error
    finally:
        # A thread may live longer than its run, which it would keep in memory.
        vars(thread).pop("run", None)
        if children is not None:
            children.end_call(unwound)


def _call(inside: RunContext, function: Callable[[], Any]) -> Any:
    with entered(inside):
        return function()


def _end_call(children: Children, done: "Future[Any]") -> None:
    error = None if done.cancelled() else done.exception()
    # Any other error is for whoever has the future.
    children.end_call(error if isinstance(error, Unwind) else None)


def _without_context(function: Callable[..., Any]) -> Callable[..., Any]:
    """What `asyncio.to_thread` was given. It hands over that function within a copy of the context."""
    if isinstance(function, partial) and isinstance(getattr(function.func, "__self__", None), Context):
        return partial(function.args[0], *function.args[1:], **function.keywords)
    return function


def name_of(function: Any) -> str:
    """What the scope of a function is named for."""
    while isinstance(function, partial):
        function = function.func
    name = getattr(function, "__name__", None) or type(function).__name__
    return str(name).strip("<>")


def _arguments(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Arguments:
    while isinstance(function, partial):
        function, args, kwargs = function.func, (*function.args, *args), {**function.keywords, **kwargs}
    return Arguments.of_any({**{str(number): each for number, each in enumerate(args)}, **kwargs})


def _is_single() -> bool:
    return not is_in_loop()


def _module(thread: threading.Thread) -> str:
    target = getattr(thread, "_target", None)
    return str(getattr(type(thread) if target is None else target, "__module__", ""))
