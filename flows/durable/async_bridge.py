"""Blocking work in a thread of its own, so that an event loop goes on meanwhile.

Not `asyncio.to_thread`: its few threads may all be taken by flows that wait, and an interpreter that exits waits
for each of them, also for one that waits for a database to come back.
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
    # From now on it cannot be cancelled: nobody can stop a thread.
    done.set_running_or_notify_cancel()
    run_in_thread(done, function, name=name)
    return done


def run_in_thread(done: "Future[T]", function: Callable[[], T], *, name: str) -> None:
    """The same, where there is something already that waits for its end."""
    context = copy_context()
    threading.Thread(target=lambda: context.run(_fulfil, done, function), name=name, daemon=True).start()


async def to_thread(function: Callable[[], T]) -> T:
    """What a blocking function returns or raises, awaited."""
    return await asyncio.wrap_future(in_thread(function, name="signoff-off-loop"))


async def uncancellable(running: "Future[T]") -> T:
    """What work that has begun returns or raises. Who cancels this wait has to wait for that, too."""
    done = asyncio.wrap_future(running)
    while not done.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([done])
    return done.result()


def sync_or_async(function: Callable[[], T]) -> T:
    """What a blocking function returns; in an event loop an awaitable of it."""
    return to_thread(function) if in_event_loop() else function()  # type: ignore[return-value]


def in_event_loop() -> bool:
    """Whether this code runs in an event loop, which it must not block."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _fulfil(done: "Future[T]", function: Callable[[], T]) -> None:
    try:
        done.set_result(function())
    except BaseException as error:  # noqa: BLE001 - handed to who waits
        done.set_exception(error)
