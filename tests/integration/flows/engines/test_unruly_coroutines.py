"""What coroutines raise beside the flows of one worker, and in groups."""

import asyncio
import logging
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest

from signoff import ask, flow, pause_flow_run, suspend_flow_run, task
from signoff.flows.engines.embedded.worker import Worker
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from signoff.store.supervisor import thread_states
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked, until_over

# No store knows what the code of a flow catches.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def leave() -> None:
    sys.exit(3)


def interrupt() -> None:
    raise KeyboardInterrupt


def fail_badly() -> None:
    raise BaseException("clouds")


@pytest.mark.parametrize("raises", [leave, interrupt, fail_badly])
@pytest.mark.parametrize("is_awaited", [False, True])
def test_what_a_coroutine_raises_costs_no_other_run(
    db: Database,
    start_worker: StartWorker,
    caplog: pytest.LogCaptureFixture,
    raises: Callable[[], None],
    is_awaited: bool,
) -> None:
    """The event loop goes on at once, and the log says what was raised."""
    began, go_on = threading.Event(), threading.Event()

    @task
    async def work() -> str:
        began.set()
        while not go_on.is_set():
            await asyncio.sleep(0)
        return "worked"

    @flow
    async def steady() -> str:
        return await work()

    @flow
    async def unruly() -> str:
        async def helper() -> None:
            raises()

        beside = asyncio.create_task(helper())
        if is_awaited:
            await beside
        # Nobody else sees its error.
        while not beside.done():
            await asyncio.sleep(0)
        return "went on"

    with caplog.at_level(logging.ERROR):
        start_worker(steady, unruly)
        working = steady.create_run(db=db)
        assert began.wait(20)
        ended = until_over(db, unruly.create_run(db=db).id)
        go_on.set()
        assert until_over(db, working.id).result == "worked"
    if is_awaited or raises is fail_badly:
        assert ended.state is RunState.FAILED
        assert ended.error in {"SystemExit: 3", "KeyboardInterrupt", "BaseException: clouds"}
    (loop,) = [state for state in thread_states() if state.name == "signoff-async"]
    assert loop.restarts == 0
    assert {"SystemExit", "KeyboardInterrupt", "BaseException"} & set(caplog.text.replace(":", " ").split())


def in_group(ways: list[Any]) -> Any:
    """A flow that asks in the tasks of a group."""

    @flow(name="release")
    async def release() -> list[Any]:
        async def asked(number: int) -> Any:
            return await ways[number](str, key=f"key-{number}", timeout=None)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(asked(number)) for number in range(len(ways))]
        return [each.result() for each in tasks]

    return release


def open_prompts(db: Database, run_id: str) -> dict[str, Any]:
    """The open prompts of a run by key."""
    return {prompt.key: prompt for prompt in prompts.of_run(db, run_id) if prompt.is_open}


def test_a_group_of_pauses_outlives_its_worker(db: Database) -> None:
    """The questions stay open when the worker stops, and the next one continues with all answers."""
    release = in_group([pause_flow_run, pause_flow_run, pause_flow_run])
    with Worker(db, [release]):
        run = release.create_run(db=db)
        until(db, lambda: len(open_prompts(db, run.id)) == 3)
        until_asked(db, run.id)
    assert runs.get(db, run.id).state is RunState.PAUSED
    asked = open_prompts(db, run.id)
    assert len(asked) == 3
    with Worker(db, [release]):
        for key, prompt in asked.items():
            answer(db, prompt, value=key)
        assert until_over(db, run.id).result == ["key-0", "key-1", "key-2"]


@pytest.mark.parametrize(
    "ways",
    [[suspend_flow_run, suspend_flow_run], [suspend_flow_run, pause_flow_run], [pause_flow_run, suspend_flow_run]],
    ids=["both", "first", "last"],
)
def test_a_group_may_suspend(db: Database, start_worker: StartWorker, ways: list[Any]) -> None:
    """Its answers come in one by one, and each is kept."""
    release = in_group(ways)
    start_worker(release)
    run = release.create_run(db=db)
    for _ in range(2):
        prompt = until(db, lambda: next(iter(open_prompts(db, run.id).values()), None))
        answer(db, prompt, value=prompt.key)
    ended = until_over(db, run.id)
    assert (ended.state, ended.result, ended.message) == (RunState.COMPLETED, ["key-0", "key-1"], "")
    assert len(prompts.of_run(db, run.id)) == 2


@pytest.mark.parametrize("wait", [pause_flow_run, suspend_flow_run])
def test_a_sync_flow_may_raise_a_group(db: Database, wait: Any) -> None:
    """A group of what unwinds the run is unwinding, as one of them is."""

    @flow
    def release() -> list[str]:
        answers = []
        raised: list[BaseException] = []
        for key in ("one", "two"):
            try:
                answers.append(wait(str, key=key, timeout=None))
            except BaseException as error:  # noqa: BLE001
                raised.append(error)
        if raised:
            raise BaseExceptionGroup("asked", raised)
        return answers

    run = release.create_run(db=db)
    for number in (1, 2):
        with Worker(db, [release]):
            prompt = until_asked(db, run.id, number=number)
        answer(db, prompt, value=prompt.key)
    with Worker(db, [release]):
        ended = until_over(db, run.id)
    assert (ended.state, ended.result) == (RunState.COMPLETED, ["one", "two"])


def test_a_group_of_handles_may_suspend(db: Database, start_worker: StartWorker) -> None:
    """The same for `ask`."""

    @flow
    async def release() -> list[Any]:
        async def answered(handle: Any) -> Any:
            return await handle

        handles = [ask(str, key=key, suspend=True, timeout=None) for key in ("one", "two")]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(answered(handle)) for handle in handles]
        return [each.result() for each in tasks]

    start_worker(release)
    run = release.create_run(db=db)
    until(db, lambda: len(open_prompts(db, run.id)) == 2)
    for prompt in open_prompts(db, run.id).values():
        answer(db, prompt, value=prompt.key)
    assert until_over(db, run.id).result == ["one", "two"]
