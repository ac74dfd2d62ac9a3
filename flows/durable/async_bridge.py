"""Runs blocking work in a thread of its own, so that it does not block an event loop.

`asyncio.to_thread` will not do: its pool is small, so flows that wait could take all of its threads. And the
interpreter waits for each of them when it exits, even for one that is waiting for a database to come back.
"""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")


def in_thread(function: Callable[[], T], *, name: str) -> "Future[T]":
    """Run a function in a daemon thread called `name`, in a copy of this context."""
    done: Future[T] = Future()
    # A thread cannot be stopped, so its future must not be cancellable.
    done.set_running_or_notify_cancel()
    run_in_thread(done, function, name=name)
    return done


def run_in_thread(done: "Future[T]", function: Callable[[], T], *, name: str) -> threading.Thread:
    """Like `in_thread`, for a future that exists already; the thread."""
    context = copy_context()
    thread = threading.Thread(target=lambda: context.run(_fulfil, done, function), name=name, daemon=True)
    thread.start()
    return thread


async def to_thread(function: Callable[[], T]) -> T:
    """Await the result of a blocking function."""
    return await asyncio.wrap_future(in_thread(function, name="signoff-off-loop"))


async def uncancellable(running: "Future[T]") -> T:
    """Await work that has begun, to its end. Cancelling the caller does not cut this wait short."""
    done = asyncio.wrap_future(running)
    while not done.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([done])
    return done.result()


def in_event_loop() -> bool:
    """Whether the caller runs in an event loop, which it must not block."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _fulfil(done: "Future[T]", function: Callable[[], T]) -> None:
    try:
        done.set_result(function())
    except BaseException as error:  # noqa: BLE001 - passed on to the waiter
        done.set_exception(error)
