"""A flow that catches what takes it out of memory cannot go on without its answer."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from typing import Any

import pytest

from signoff import ask, flow, pause_flow_run, suspend_flow_run, task
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.names import now
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from signoff.store.runs import journal, runs
from tests.support.answering import ANA, answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked, until_over, until_state

# No store knows what the code of a flow catches.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Approve = Callable[[], bool]
ApproveAsync = Callable[[], Awaitable[bool]]


def bare_except(approve: Approve) -> bool:
    try:
        return approve()
    except:  # noqa: E722
        return True


def suppressed(approve: Approve) -> bool:
    with suppress(BaseException):
        return approve()
    return True


def returned_in_finally(approve: Approve) -> bool:
    approved = True
    try:
        approved = approve()
    finally:
        return approved  # noqa: B012


def turned_into_an_error(approve: Approve) -> bool:
    try:
        try:
            return approve()
        except BaseException as error:
            raise ValueError("no answer") from error
    except ValueError:
        return True


def caught_in_a_generator(approve: Approve) -> bool:
    def answers() -> Iterator[bool]:
        approved = True
        with suppress(BaseException):
            approved = approve()
        yield approved

    return next(answers())


def caught_in_a_context_manager(approve: Approve) -> bool:
    @contextmanager
    def whatever_happens() -> Iterator[None]:
        try:
            yield
        except BaseException:  # noqa: BLE001
            logging.getLogger(__name__).debug("caught")

    with whatever_happens():
        return approve()
    return True


class WhateverHappens:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> bool:
        return True


def caught_by_an_exit(approve: Approve) -> bool:
    with WhateverHappens():
        return approve()
    return True


def caught_in_a_task(approve: Approve) -> bool:
    return task(name="in-task")(bare_except)(approve)


def caught_in_a_task_that_retries(approve: Approve) -> bool:
    @task(retries=2)
    def fails() -> bool:
        try:
            return approve()
        except BaseException:  # noqa: BLE001
            raise ValueError("no answer") from None

    try:
        return fails()
    except ValueError:
        return True


def caught_in_a_nested_flow(approve: Approve) -> bool:
    @flow(name="nested")
    def nested() -> bool:
        return bare_except(approve)

    return nested()


def caught_in_a_submitted_task(approve: Approve) -> bool:
    @task
    def submitted() -> bool:
        return bare_except(approve)

    return submitted.submit().result()


def caught_from_a_submitted_task(approve: Approve) -> bool:
    @task
    def submitted() -> bool:
        return approve()

    return bare_except(submitted.submit().result)


def caught_from_another_thread(approve: Approve) -> bool:
    @task
    def waits(future: list[Any]) -> bool:
        return bare_except(future[0])

    @task
    def submitted() -> bool:
        return approve()

    return waits([submitted.submit().result])


FORMS = [
    bare_except,
    suppressed,
    returned_in_finally,
    turned_into_an_error,
    caught_in_a_generator,
    caught_in_a_context_manager,
    caught_by_an_exit,
    caught_in_a_task,
    caught_in_a_task_that_retries,
    caught_in_a_nested_flow,
    caught_in_a_submitted_task,
    caught_from_a_submitted_task,
    caught_from_another_thread,
]


async def gathered(approve: ApproveAsync) -> bool:
    (approved,) = await asyncio.gather(approve(), return_exceptions=True)
    return bool(approved)


async def bare_except_async(approve: ApproveAsync) -> bool:
    try:
        return await approve()
    except:  # noqa: E722
        return True


async def waited_for(approve: ApproveAsync) -> bool:
    async def helper() -> bool:
        return await approve()

    ((done,), _) = await asyncio.wait([asyncio.ensure_future(helper())])
    return True if done.cancelled() or done.exception() else done.result()


async def caught_from_a_group(approve: ApproveAsync) -> bool:
    async def helper() -> bool:
        return await approve()

    approved = True
    try:
        async with asyncio.TaskGroup() as group:
            asked = group.create_task(helper())
        approved = asked.result()
    except* BaseException:  # noqa: BLE001
        approved = True
    return approved


async def caught_in_an_async_generator(approve: ApproveAsync) -> bool:
    async def answers() -> AsyncIterator[bool]:
        approved = True
        with suppress(BaseException):
            approved = await approve()
        yield approved

    return await anext(answers())


async def caught_in_an_async_context_manager(approve: ApproveAsync) -> bool:
    @asynccontextmanager
    async def whatever_happens() -> AsyncIterator[None]:
        try:
            yield
        except BaseException:  # noqa: BLE001
            logging.getLogger(__name__).debug("caught")

    async with whatever_happens():
        return await approve()
    return True


async def caught_in_an_async_task(approve: ApproveAsync) -> bool:
    @task
    async def in_task() -> bool:
        return await gathered(approve)

    return await in_task()


async def caught_in_an_async_nested_flow(approve: ApproveAsync) -> bool:
    @flow(name="nested")
    async def nested() -> bool:
        return await bare_except_async(approve)

    return await nested()


async def caught_where_a_handle_is_awaited(approve: ApproveAsync) -> bool:
    """Asked by the flow, awaited by a task."""
    handle = ask(bool, key="go", timeout=None, suspend=True)

    @task
    async def waits() -> bool:
        try:
            return await handle
        except BaseException:  # noqa: BLE001
            return True

    return await waits()


ASYNC_FORMS = [
    gathered,
    bare_except_async,
    waited_for,
    caught_from_a_group,
    caught_in_an_async_generator,
    caught_in_an_async_context_manager,
    caught_in_an_async_task,
    caught_in_an_async_nested_flow,
]


def release_flow(form: Callable[[Any], Any], wait: Any, effects: list[str]) -> Any:
    """A flow that deploys if it is approved, and takes an approval for given if it catches what unwinds it."""

    @task
    def deploy() -> None:
        effects.append("deployed")

    @flow(name="release")
    def release() -> bool:
        if approved := form(lambda: wait(bool, key="go", timeout=None)):
            deploy()
        return bool(approved)

    @flow(name="release")
    async def release_async() -> bool:
        if approved := await form(lambda: wait(bool, key="go", timeout=None)):
            deploy()
        return bool(approved)

    return release_async if asyncio.iscoroutinefunction(form) else release


@pytest.mark.parametrize(
    "form", [*FORMS, *ASYNC_FORMS, caught_where_a_handle_is_awaited], ids=lambda form: form.__name__
)
def test_a_suspended_flow_does_not_go_on_without_its_answer(
    db: Database, start_worker: StartWorker, form: Callable[[Any], Any]
) -> None:
    """However it catches what unwinds it: the run waits, says so, and acts on the answer only."""
    effects: list[str] = []
    release = release_flow(form, suspend_flow_run, effects)
    start_worker(release)
    run = release.create_run(db=db)
    prompt = until_asked(db, run.id)
    waiting = until(db, lambda: found if (found := runs.get(db, run.id)).message else None)
    assert waiting.state is RunState.SUSPENDED
    assert "The flow caught Suspended" in waiting.message
    assert "test_swallowed_unwinding.py:" in waiting.message
    assert (effects, journal.load(db, run.id)) == ([], {})
    answer(db, prompt, value=False)
    ended = until_over(db, run.id)
    assert (ended.state, ended.result, ended.message) == (RunState.COMPLETED, False, "")
    assert effects == []


@pytest.mark.parametrize("form", [*FORMS, *ASYNC_FORMS], ids=lambda form: form.__name__)
def test_a_flow_whose_worker_stops_does_not_go_on_without_its_answer(db: Database, form: Callable[[Any], Any]) -> None:
    """A pause that is taken out of memory is no approval."""
    effects: list[str] = []
    release = release_flow(form, pause_flow_run, effects)
    with Worker(db, [release]):
        run = release.create_run(db=db)
        prompt = until_asked(db, run.id)
    assert runs.get(db, run.id).state is RunState.PAUSED
    assert prompts.get(db, prompt.id).is_open
    assert (effects, journal.load(db, run.id)) == ([], {})
    answer(db, prompt, value=False)
    with Worker(db, [release]):
        ended = until_over(db, run.id)
    assert (ended.state, ended.result) == (RunState.COMPLETED, False)
    assert effects == []


@task
def unlock() -> None:
    """Something that a flow does when it leaves a block."""


def in_finally() -> bool:
    try:
        return bool(suspend_flow_run(bool))
    finally:
        unlock()


def in_a_context_manager() -> bool:
    @contextmanager
    def locked() -> Iterator[None]:
        try:
            yield
        finally:
            unlock()

    with locked():
        return bool(suspend_flow_run(bool))


def in_an_exit() -> bool:
    class Lock:
        def __enter__(self) -> None:
            """Nothing."""

        def __exit__(self, *_: object) -> None:
            unlock()

    with Lock():
        return bool(suspend_flow_run(bool))


def raised_again() -> bool:
    try:
        return bool(suspend_flow_run(bool))
    except BaseException:
        unlock()
        raise


async def in_finally_async() -> bool:
    try:
        return bool(await suspend_flow_run(bool))
    finally:
        unlock()


async def in_an_async_context_manager() -> bool:
    @asynccontextmanager
    async def locked() -> AsyncIterator[None]:
        try:
            yield
        finally:
            unlock()

    async with locked():
        return bool(await suspend_flow_run(bool))


async def in_an_exit_stack() -> bool:
    async with AsyncExitStack() as stack:
        stack.callback(unlock)
        return bool(await suspend_flow_run(bool))


@pytest.mark.parametrize(
    "clean_up",
    [
        *(in_finally, in_a_context_manager, in_an_exit, raised_again),
        *(in_finally_async, in_an_async_context_manager, in_an_exit_stack),
    ],
    ids=lambda each: each.__name__,
)
def test_a_task_that_cleans_up_runs_when_the_flow_ends_and_nobody_is_blamed(
    db: Database, start_worker: StartWorker, caplog: pytest.LogCaptureFixture, clean_up: Callable[[], Any]
) -> None:
    """The error passes through its block, and is not caught."""

    @flow(name="release")
    def release() -> bool:
        return bool(clean_up())

    @flow(name="release")
    async def release_async() -> bool:
        return bool(await clean_up())

    used: Any = release_async if asyncio.iscoroutinefunction(clean_up) else release
    start_worker(used)
    run = used.create_run(db=db)
    prompt = until_asked(db, run.id)
    until(db, lambda: runs.get(db, run.id).state is RunState.SUSPENDED)
    answer(db, prompt, value=True)
    ended = until_over(db, run.id)
    assert (ended.state, ended.result, ended.message) == (RunState.COMPLETED, True, "")
    # Nothing is raised the last time, so only a `finally` runs then.
    assert list(journal.load(db, run.id)) == ([] if clean_up is raised_again else ["unlock"])
    assert [each.getMessage() for each in caplog.records if each.levelname == "ERROR"] == []


def test_plain_code_goes_on_after_it_caught_what_unwinds_it(db: Database, start_worker: StartWorker) -> None:
    """Nothing can stop it, so it runs again after the answer. What has an effect belongs into a task."""
    effects: list[bool] = []

    @flow
    def release() -> None:
        effects.append(bare_except(lambda: suspend_flow_run(bool, timeout=None)))

    start_worker(release)
    run = release.create_run(db=db)
    prompt = until_asked(db, run.id)
    until(db, lambda: runs.get(db, run.id).message)
    answer(db, prompt, value=False)
    until_over(db, run.id)
    assert effects == [True, False]


@pytest.mark.parametrize("wait", [pause_flow_run, suspend_flow_run])
def test_a_cancelled_flow_does_not_go_on(db: Database, start_worker: StartWorker, wait: Any) -> None:
    """Its next step does not run, even if it catches the cancellation."""
    effects: list[str] = []
    left = threading.Event()

    def noted(approve: Approve) -> bool:
        try:
            return bare_except(approve)
        finally:
            left.set()

    release = release_flow(noted, wait, effects)
    worker = start_worker(release)
    run = release.create_run(db=db)
    until_asked(db, run.id)

    runs.cancel(db, run.id, actor=ANA, reason="", now=now())
    assert left.wait(20)
    until(db, lambda: not worker._executions)
    assert (effects, runs.get(db, run.id).state) == ([], RunState.CANCELLED)


@pytest.mark.parametrize("answered_first", [False, True])
def test_what_runs_beside_a_suspension_is_not_run_twice(
    db: Database, start_worker: StartWorker, answered_first: bool
) -> None:
    """The run leaves memory once no task is at work, or goes on where it is if it is answered before."""
    began, go_on, times = threading.Event(), threading.Event(), []

    @task
    def work() -> str:
        times.append(1)
        began.set()
        go_on.wait(20)
        return "worked"

    @flow
    def release() -> list[Any]:
        working = work.submit()
        began.wait(20)
        return [suspend_flow_run(bool, timeout=None), working.result()]

    start_worker(release)
    run = release.create_run(db=db)
    prompt = until_asked(db, run.id)
    assert runs.get(db, run.id).state is RunState.PAUSED
    if answered_first:
        answer(db, prompt, value=True)
        until_state(db, run.id, RunState.RUNNING)
        go_on.set()
    else:
        go_on.set()
        until_state(db, run.id, RunState.SUSPENDED)
        assert "work" in journal.load(db, run.id)
        answer(db, prompt, value=True)
    assert until_over(db, run.id).result == [True, "worked"]
    assert times == [1]


@pytest.mark.parametrize("answered_first", [False, True])
def test_a_coroutine_beside_a_suspension_is_not_run_twice(
    db: Database, start_worker: StartWorker, answered_first: bool
) -> None:
    """The same for tasks of an async flow, one within the other, and for `ask`."""
    began, go_on, times = threading.Event(), threading.Event(), []

    @task
    async def inner() -> str:
        times.append(1)
        began.set()
        while not go_on.is_set():
            await asyncio.sleep(0.001)
        return "worked"

    @task
    async def work() -> str:
        return await inner()

    @flow
    async def release() -> list[Any]:
        handle = ask(bool, key="other", suspend=True, timeout=None)
        one: Any = suspend_flow_run(bool, key="one", timeout=None)
        return [*await asyncio.gather(one, work(), handle.result())]  # type: ignore[call-overload]

    start_worker(release)
    run = release.create_run(db=db)
    asked = until(db, lambda: found if len(found := prompts.of_run(db, run.id)) == 2 else None)
    assert began.wait(20)
    until_state(db, run.id, RunState.PAUSED)
    if not answered_first:
        go_on.set()
        until_state(db, run.id, RunState.SUSPENDED)
    for prompt in asked:
        answer(db, prompt, value=True)
    if answered_first:
        until_state(db, run.id, RunState.RUNNING)
        go_on.set()
    assert until_over(db, run.id).result == [True, "worked", True]
    assert times == [1]


def test_mapped_tasks_that_suspend_all_ask_at_once(db: Database, start_worker: StartWorker) -> None:
    """More than may work at the same time, and each asks once."""
    times: list[int] = []

    @task
    def asks(number: int) -> int:
        times.append(number)
        return suspend_flow_run(int, key=f"number-{number}", timeout=None)

    @flow
    def survey() -> list[int]:
        return asks.map(list(range(50))).result()

    worker = start_worker(survey)
    run = survey.create_run(db=db)
    asked = until(db, lambda: found if len(found := prompts.of_run(db, run.id)) == 50 else None)
    until(db, lambda: not worker._executions)
    assert sorted(times) == list(range(50))
    for prompt in asked:
        answer(db, prompt, value=int(prompt.key.rpartition("-")[2]))
    assert until_over(db, run.id).result == list(range(50))
