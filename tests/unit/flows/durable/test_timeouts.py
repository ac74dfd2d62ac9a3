"""The time of a flow, without its waiting."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

import pytest

from signoff.flows.durable.timeouts import Stopwatch
from signoff.flows.errors import FlowTimeout, Released, StepTimeout


async def _never() -> None:
    await asyncio.Event().wait()


def test_time_that_is_up_is_told() -> None:
    """With the flow's name and its limit."""
    with pytest.raises(FlowTimeout, match=r"The flow release took longer than 0 seconds\."):
        Stopwatch("The flow release", 0, FlowTimeout).check()


def test_without_a_limit_time_is_never_up() -> None:
    """However long it runs."""
    Stopwatch("The flow release", None, FlowTimeout).check()


def test_a_stopped_watch_stands_still() -> None:
    """What passes while the flow waits is not counted."""
    watch = Stopwatch("The flow release", 0.1, FlowTimeout)
    watch.stop()
    threading.Event().wait(0.15)
    watch.check()
    watch.go_on()
    threading.Event().wait(0.15)
    with pytest.raises(FlowTimeout):
        watch.check()


async def _limited(flow: Coroutine[Any, Any, Any], watch: Stopwatch) -> Any:
    async with watch.limited():
        return await flow


def test_an_async_flow_in_time_gives_its_result_or_error() -> None:
    """The limit changes nothing for it."""

    async def give() -> int:
        return 1

    async def fail() -> int:
        raise TimeoutError("no")

    for limit in (None, 60):
        assert asyncio.run(_limited(give(), Stopwatch("The flow release", limit, FlowTimeout))) == 1
        with pytest.raises(TimeoutError, match="no"):
            asyncio.run(_limited(fail(), Stopwatch("The flow release", limit, FlowTimeout)))


def test_an_async_flow_is_cancelled_when_its_time_is_up() -> None:
    """Even if it awaits something that never comes."""
    with pytest.raises(FlowTimeout):
        asyncio.run(_limited(_never(), Stopwatch("The flow release", 0.01, FlowTimeout)))


def test_an_async_flow_is_not_cancelled_while_it_waits() -> None:
    """Nobody looks at the time meanwhile; from when it goes on, what is left of it counts."""
    watch = Stopwatch("The flow release", 0.05, FlowTimeout)

    async def wait_and_run() -> str:
        watch.stop()
        await asyncio.sleep(0.15)
        watch.go_on()
        came.append("waited")
        await _never()
        return "never"

    came: list[str] = []
    with pytest.raises(FlowTimeout):
        asyncio.run(_limited(wait_and_run(), watch))
    assert came == ["waited"]


def test_who_waits_for_a_thread_learns_that_its_time_is_up() -> None:
    """And the thread, at its next step, that nobody waits for it."""
    watch = Stopwatch("build", 0.01, StepTimeout)
    with pytest.raises(StepTimeout, match=r"build took longer than 0\.01 seconds\."):
        watch.wait(Future())
    with pytest.raises(Released):
        watch.check_still_wanted()


def test_a_thread_that_waits_has_time() -> None:
    """Several waits at once count as one, until the last has ended."""
    watch, work = Stopwatch("build", 0.05, StepTimeout), Future[None]()
    watch.stop()
    watch.stop()
    watch.go_on()
    threading.Timer(0.2, lambda: work.set_result(None)).start()
    watch.wait(work)
    watch.check_still_wanted()
