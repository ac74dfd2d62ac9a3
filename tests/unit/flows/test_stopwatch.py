"""The time of a flow, without its waiting."""

import asyncio
import threading

import pytest

from flows.errors import FlowTimeout
from flows.stopwatch import Stopwatch


async def _never() -> None:
    await asyncio.Event().wait()


def test_time_that_is_up_is_told() -> None:
    """With the flow's name and its limit."""
    with pytest.raises(FlowTimeout, match=r"The flow release took longer than 0 seconds\."):
        Stopwatch("release", 0).check()


def test_without_a_limit_time_is_never_up() -> None:
    """However long it runs."""
    Stopwatch("release", None).check()


def test_a_stopped_watch_stands_still() -> None:
    """What passes while the flow waits is not counted."""
    watch = Stopwatch("release", 0.1)
    watch.stop()
    threading.Event().wait(0.15)
    watch.check()
    watch.go_on()
    threading.Event().wait(0.15)
    with pytest.raises(FlowTimeout):
        watch.check()


def test_an_async_flow_in_time_gives_its_result_or_error() -> None:
    """The limit changes nothing for it."""

    async def give() -> int:
        return 1

    async def fail() -> int:
        raise ValueError("no")

    for limit in (None, 60):
        assert asyncio.run(Stopwatch("release", limit).limit(give())) == 1
        with pytest.raises(ValueError, match="no"):
            asyncio.run(Stopwatch("release", limit).limit(fail()))


def test_an_async_flow_is_cancelled_when_its_time_is_up() -> None:
    """Even if it awaits something that never comes."""
    with pytest.raises(FlowTimeout):
        asyncio.run(Stopwatch("release", 0.01).limit(_never()))
