"""The time of a flow, without its waiting."""

import asyncio
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

import pytest

from signoff.flows.durable.timeouts import ActiveTimeout
from signoff.flows.errors import Abandoned, FlowTimeout, StepTimeout


async def _never() -> None:
    await asyncio.Event().wait()


def test_time_that_is_up_is_told() -> None:
    """With the flow's name and its limit."""
    with pytest.raises(FlowTimeout, match=r"The flow release took longer than 0 seconds\."):
        ActiveTimeout("The flow release", 0, FlowTimeout).check()


def test_without_a_limit_time_is_never_up() -> None:
    """However long it runs."""
    ActiveTimeout("The flow release", None, FlowTimeout).check()


def test_a_stopped_watch_stands_still() -> None:
    """What passes while the flow waits is not counted."""
    timeout = ActiveTimeout("The flow release", 0.1, FlowTimeout)
    timeout.pause()
    threading.Event().wait(0.15)
    timeout.check()
    timeout.resume()
    threading.Event().wait(0.15)
    with pytest.raises(FlowTimeout):
        timeout.check()


async def _limited(flow: Coroutine[Any, Any, Any], timeout: ActiveTimeout) -> Any:
    async with timeout.cancelling():
        return await flow


def test_an_async_flow_in_time_gives_its_result_or_error() -> None:
    """The limit changes nothing for it."""

    async def give() -> int:
        return 1

    async def fail() -> int:
        raise TimeoutError("no")

    for limit in (None, 60):
        assert asyncio.run(_limited(give(), ActiveTimeout("The flow release", limit, FlowTimeout))) == 1
        with pytest.raises(TimeoutError, match="no"):
            asyncio.run(_limited(fail(), ActiveTimeout("The flow release", limit, FlowTimeout)))


def test_an_async_flow_is_cancelled_when_its_time_is_up() -> None:
    """Even if it awaits something that never comes."""
    with pytest.raises(FlowTimeout):
        asyncio.run(_limited(_never(), ActiveTimeout("The flow release", 0.01, FlowTimeout)))


def test_an_async_flow_is_not_cancelled_while_it_waits() -> None:
    """No time passes during the wait; after it, the rest of the time counts."""
    timeout = ActiveTimeout("The flow release", 0.05, FlowTimeout)

    async def wait_and_run() -> str:
        timeout.pause()
        await asyncio.sleep(0.15)
        timeout.resume()
        came.append("waited")
        await _never()
        return "never"

    came: list[str] = []
    with pytest.raises(FlowTimeout):
        asyncio.run(_limited(wait_and_run(), timeout))
    assert came == ["waited"]


def test_who_waits_for_a_thread_learns_that_its_time_is_up() -> None:
    """And the thread, at its next step, that nobody waits for it."""
    timeout = ActiveTimeout("build", 0.01, StepTimeout)
    with pytest.raises(StepTimeout, match=r"build took longer than 0\.01 seconds\."):
        timeout.wait(Future())
    with pytest.raises(Abandoned):
        timeout.check_not_abandoned()


def test_a_thread_that_waits_has_time() -> None:
    """Several waits at once count as one, until the last has ended."""
    timeout, work = ActiveTimeout("build", 0.05, StepTimeout), Future[None]()
    timeout.pause()
    timeout.pause()
    timeout.resume()
    threading.Timer(0.2, lambda: work.set_result(None)).start()
    timeout.wait(work)
    timeout.check_not_abandoned()
