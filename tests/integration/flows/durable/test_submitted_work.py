"""A run is over when all that it has submitted is, and futures stand for their results."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel

from signoff import flow, pause_flow_run, suspend_flow_run, task
from signoff.flows import settings
from signoff.flows.engines.embedded.worker import Worker
from signoff.futures import TaskFuture, wait
from signoff.store.database import Database
from signoff.store.records.runs import RunState
from signoff.store.runs import journal, runs
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked, until_over

# No store knows what a flow has submitted.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def in_both(function: Callable[[], Any]) -> list[Any]:
    """A sync and an async flow with the same body."""

    @flow(name="sync")
    def sync() -> Any:
        return function()

    @flow(name="async")
    async def in_loop() -> Any:
        return function()

    return [sync, in_loop]


@task
def double(number: int) -> int:
    return 2 * number


@task
def fail(why: str = "no") -> None:
    raise ValueError(why)


def test_all_that_is_submitted_runs(db: Database) -> None:
    """Forty tasks, of which no result is ever asked for, in tasks as well."""
    done: list[int] = []

    @task
    def note(number: int) -> None:
        done.append(number)

    @task
    def notes() -> None:
        for number in range(40):
            note.submit(number)

    def submits() -> None:
        for number in range(40):
            note.submit(number)
        note.map(list(range(40, 80)))

    for used, number, steps in [*((each, 80, 80) for each in in_both(submits)), (in_both(notes)[0], 40, 41)]:
        done.clear()
        with Worker(db, [used]):
            run = used.create_run(db=db)
            assert until_over(db, run.id).state is RunState.COMPLETED
        assert sorted(done) == list(range(number))
        assert len(journal.load(db, run.id)) == steps


def test_a_program_that_calls_its_flow_loses_nothing(
    db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It returns once all that it has submitted is done."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings._open_default.cache_clear()
    done: list[int] = []

    @task
    def note(number: int) -> None:
        done.append(number)

    @flow
    def notes() -> None:
        for number in range(40):
            note.submit(number)

    @flow
    def fails() -> str:
        fail.submit()
        return "well"

    try:
        notes()
        assert sorted(done) == list(range(40))
        with pytest.raises(ValueError, match="no"):
            fails()
        assert runs.newest(db)[0].state is RunState.FAILED
    finally:
        settings.default_database().close()
        settings._open_default.cache_clear()


def test_a_failure_that_nobody_looks_at_fails_the_run(db: Database) -> None:
    """The first one in the order of submission; to wait for a task is not to look at it."""

    def ignores() -> str:
        fail.submit("first")
        wait_in_thread(fail.submit("second"))
        return "well"

    def only_waits() -> str:
        wait_in_thread(fail.submit("first"))
        return "well"

    for used in in_both(ignores) + in_both(only_waits):
        with Worker(db, [used]):
            ended = until_over(db, used.create_run(db=db).id)
        assert (ended.state, ended.error) == (RunState.FAILED, "ValueError: first")


def wait_in_thread(future: TaskFuture[Any]) -> None:
    """Wait for a task where that may block."""
    thread = threading.Thread(target=lambda: wait([future]))
    thread.start()
    thread.join()


def test_a_failure_that_was_looked_at_is_the_flow_s_own_matter(db: Database, start_worker: StartWorker) -> None:
    """Its state, its error, or its error in another task that was given the future."""

    @flow
    def looks() -> list[str]:
        one, two, three = fail.submit("one"), fail.submit("two"), fail.submit("three")
        wait([one])
        four = double.submit(three)
        with pytest.raises(ValueError, match="three"):
            four.result()
        return [one.state.message, str(two.result(raise_on_failure=False))]

    start_worker(looks)
    assert until_over(db, looks.create_run(db=db).id).result == ["ValueError: one", "two"]


def test_a_failed_child_is_tried_again_with_its_task(db: Database, start_worker: StartWorker) -> None:
    """A task is over when what it has submitted is, so its retries count for that as well."""
    tries: list[int] = []

    @task
    def child() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise OSError("away")

    @task(retries=2)
    def parent() -> str:
        child.submit()
        return "done"

    @flow
    def family() -> str:
        return parent()

    start_worker(family)
    assert until_over(db, family.create_run(db=db).id).result == "done"
    assert len(tries) == 3


@pytest.mark.parametrize("of_flow", [False, True])
def test_what_is_tried_again_does_not_run_beside_itself(db: Database, start_worker: StartWorker, of_flow: bool) -> None:
    """A retry begins when the submitted tasks of the failed try have ended, and finds their results."""
    began, go_on = threading.Event(), threading.Event()
    times: list[str] = []

    @task
    def slow() -> str:
        times.append("slow")
        began.set()
        go_on.wait(20)
        return "slow"

    def body() -> str:
        times.append("try")
        working = slow.submit()
        assert began.wait(20)
        if times.count("try") == 1:
            threading.Timer(0.05, go_on.set).start()
            raise OSError("away")
        return working.result()

    parent = task(name="parent", retries=1)(body)
    used = flow(name="family", retries=1)(body) if of_flow else flow(name="family")(lambda: parent())
    start_worker(used)
    assert until_over(db, used.create_run(db=db).id).result == "slow"
    assert times == ["try", "slow", "try"]


def test_a_flow_s_time_counts_for_what_it_has_submitted(db: Database, start_worker: StartWorker) -> None:
    """A submitted task that hangs does not keep the run from timing out."""
    never = threading.Event()

    @task
    def hangs() -> None:
        never.wait(60)

    @flow(timeout_seconds=0.2)
    def careless() -> None:
        hangs.submit()

    start_worker(careless)
    assert until_over(db, careless.create_run(db=db).id).state is RunState.TIMED_OUT
    never.set()


def test_a_step_after_the_end_is_refused_and_logged(
    db: Database, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    """A coroutine that the flow leaves behind, and that comes to its first step too late."""
    ended, refused = asyncio.Event(), threading.Event()
    kept: list[Any] = []
    done: list[int] = []

    @task
    async def note() -> None:
        done.append(1)

    @flow
    async def leaves() -> None:
        async def late() -> None:
            await ended.wait()
            try:
                await note()
            finally:
                refused.set()

        kept.extend([asyncio.create_task(late()), asyncio.get_running_loop()])
        await asyncio.sleep(0)

    worker = start_worker(leaves)
    run = leaves.create_run(db=db)
    assert until_over(db, run.id).state is RunState.COMPLETED
    until(db, lambda: not worker._executions)
    kept[1].call_soon_threadsafe(ended.set)
    assert refused.wait(20)
    assert done == []
    assert f"{run.name} | code that the flow had started" in caplog.text


@pytest.mark.parametrize("ask", [pause_flow_run, suspend_flow_run])
def test_a_submitted_task_that_asks_is_waited_for(db: Database, ask: Any) -> None:
    """A run whose flow has returned waits for the answer, and acts on it."""
    effects: list[str] = []

    @task
    def asks() -> None:
        effects.append(ask(str, timeout=None))

    def submits() -> None:
        asks.submit()

    for used in in_both(submits):
        effects.clear()
        with Worker(db, [used]):
            run = used.create_run(db=db)
            answer(db, until_asked(db, run.id), value="yes")
            assert until_over(db, run.id).state is RunState.COMPLETED
        assert effects == ["yes"]


@pytest.mark.parametrize("isasync", [False, True])
def test_a_run_that_fails_is_over_when_its_tasks_are(db: Database, start_worker: StartWorker, isasync: bool) -> None:
    """What is at work is recorded, so that a retry does not run it again, beside itself perhaps."""
    started, go = threading.Event(), threading.Event()
    done: list[str] = []

    @task
    def deploy() -> None:
        started.set()
        assert go.wait(20)
        done.append("deploy")

    def body() -> None:
        deploy.submit()
        assert started.wait(20)
        threading.Timer(0.1, go.set).start()
        raise ValueError("no")

    @flow(name="release")
    def release() -> None:
        body()

    @flow(name="release")
    async def release_async() -> None:
        body()

    used: Any = release_async if isasync else release
    start_worker(used)
    run = used.create_run(db=db)
    assert until_over(db, run.id).state is RunState.FAILED
    assert done == ["deploy"]
    assert set(journal.history(db, run.id).steps) == {"deploy"}


def test_a_run_that_fails_is_over_when_the_tasks_beside_it_are(db: Database, start_worker: StartWorker) -> None:
    """Those of a nested flow too, which `asyncio.gather` leaves behind when the coroutine beside it fails."""
    started, go = threading.Event(), threading.Event()
    left: list[asyncio.Future[None]] = []

    @task
    def deploy() -> None:
        started.set()
        assert go.wait(20)

    @flow
    async def inner() -> None:
        await deploy.submit().result()  # type: ignore[misc]

    @flow
    async def release() -> None:
        left.append(asyncio.ensure_future(inner()))
        assert await asyncio.to_thread(started.wait, 20)
        threading.Timer(0.1, go.set).start()
        raise ValueError("no")

    start_worker(release)
    run = release.create_run(db=db)
    assert until_over(db, run.id).state is RunState.FAILED
    assert "inner/deploy" in journal.history(db, run.id).steps


@pytest.mark.parametrize("isasync", [False, True])
def test_a_step_that_fails_is_over_when_its_tasks_are(db: Database, start_worker: StartWorker, isasync: bool) -> None:
    """A replay raises its error, and does not run again what it has submitted."""
    started, go = threading.Event(), threading.Event()
    done: list[str] = []

    @task
    def deploy() -> None:
        started.set()
        assert go.wait(20)
        done.append("deploy")

    def body() -> None:
        deploy.submit()
        assert started.wait(20)
        threading.Timer(0.1, go.set).start()
        raise ValueError("no")

    @flow(name="inner")
    async def inner_async() -> None:
        body()

    inner = flow(name="inner")(body)

    @flow(name="outer")
    def outer() -> list[str]:
        with suppress(ValueError):
            inner()
        return list(done)

    @flow(name="outer")
    async def outer_async() -> list[str]:
        with suppress(ValueError):
            await inner_async()
        return list(done)

    used: Any = outer_async if isasync else outer
    start_worker(used)
    assert until_over(db, used.create_run(db=db).id).result == ["deploy"]


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_what_a_failed_flow_leaves_behind_begins_no_more_steps(
    db: Database, start_worker: StartWorker, turns: int
) -> None:
    """Its end is recorded a moment after it has failed. When one coroutine of a `gather` fails, the others go on."""
    done: list[str] = []

    @task
    def deploy() -> None:
        done.append("deploy")

    async def beside() -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        deploy()

    @flow
    async def release() -> None:
        left.append(asyncio.ensure_future(beside()))
        raise ValueError("no")

    left: list[asyncio.Future[None]] = []
    start_worker(release)
    assert until_over(db, release.create_run(db=db).id).state is RunState.FAILED
    assert done == []


def test_coroutines_that_nobody_awaits_come_to_their_end(db: Database, start_worker: StartWorker) -> None:
    """A task in an `asyncio` task, one that waits for a person first, and one that fails."""
    effects: list[str] = []
    kept: list[Any] = []

    @task
    async def deploy(what: str) -> None:
        await asyncio.sleep(0)
        effects.append(what)

    @flow
    async def release() -> str:
        async def approved() -> None:
            await deploy(await pause_flow_run(str, timeout=None))

        kept.append(asyncio.create_task(deploy("now")))
        kept.append(asyncio.create_task(approved()))
        return "released"

    @flow
    async def careless() -> str:
        async def fails() -> None:
            raise OSError("away")

        kept.append(asyncio.create_task(fails()))
        await asyncio.sleep(0)
        kept.clear()
        return "well"

    start_worker(release, careless)
    run = release.create_run(db=db)
    answer(db, until_asked(db, run.id), value="approved")
    assert until_over(db, run.id).result == "released"
    assert effects == ["now", "approved"]
    kept.clear()
    assert until_over(db, careless.create_run(db=db).id).error == "OSError: away"


class Pair(NamedTuple):
    one: Any
    other: Any


@dataclass(frozen=True)
class Box:
    content: Any


class Model(BaseModel):
    content: Any


SHAPES: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "alone": (lambda future: future, lambda given: given),
    "list": (lambda future: [[future]], lambda given: given[0][0]),
    "tuple": (lambda future: (1, (future,)), lambda given: given[1][0]),
    "named tuple": (lambda future: Pair(1, future), lambda given: given.other),
    "set": (lambda future: {future}, lambda given: next(iter(given))),
    "frozenset": (lambda future: frozenset([future]), lambda given: next(iter(given))),
    "dict": (lambda future: {"a": {"b": [future]}}, lambda given: given["a"]["b"][0]),
    "key": (lambda future: {future: 1}, lambda given: next(iter(given))),
    "ordered dict": (lambda future: OrderedDict(a=future), lambda given: given["a"]),
    "dataclass": (lambda future: Box([Box(future)]), lambda given: given.content[0].content),
    "model": (lambda future: Model(content={"x": Model(content=future)}), lambda given: given.content["x"].content),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_futures_in_arguments_are_their_results(db: Database, start_worker: StartWorker, shape: str) -> None:
    """At any depth: of a task that is called, submitted or awaited, and of nested flows."""
    wrap, unwrap = SHAPES[shape]

    @task
    def sync_task(given: Any) -> Any:
        return unwrap(given) + 1

    @task
    async def async_task(given: Any) -> Any:
        return unwrap(given) + 1

    @flow
    def sync_nested(given: Any) -> Any:
        return unwrap(given) + 1

    @flow
    async def async_nested(given: Any) -> Any:
        return unwrap(given) + 1

    @flow
    def release() -> list[int]:
        future = double.submit(2)
        return [sync_task(wrap(future)), sync_task.submit(wrap(future)).result(), sync_nested(wrap(future))]

    @flow
    async def release_async() -> list[int]:
        future = double.submit(2)
        return [
            sync_task(wrap(future)),
            await async_task(wrap(future)),
            await async_nested(wrap(future)),
            await async_task.submit(wrap(future)).result(),
        ]

    start_worker(release, release_async)
    assert until_over(db, release.create_run(db=db).id).result == [5, 5, 5]
    assert until_over(db, release_async.create_run(db=db).id).result == [5, 5, 5, 5]


@pytest.mark.parametrize("shape", ["alone", "list", "tuple", "dict"])
def test_futures_in_results_are_their_results(db: Database, start_worker: StartWorker, shape: str) -> None:
    """Of flows, nested flows and tasks; their errors are raised."""
    wrap, unwrap = SHAPES[shape]

    @task(result_serializer="pickle")
    def in_task(number: int) -> Any:
        return wrap(double.submit(number))

    @task(result_serializer="pickle")
    async def in_async_task(number: int) -> Any:
        return wrap(double.submit(number))

    @flow
    def returns() -> Any:
        assert unwrap(in_task(1)) == 2
        return wrap(double.submit(2))

    @flow
    async def returns_async() -> Any:
        assert unwrap(await in_async_task(1)) == 2
        return wrap(double.submit(2))

    @flow
    def fails() -> Any:
        return wrap(fail.submit())

    @flow
    async def fails_async() -> Any:
        return wrap(fail.submit())

    start_worker(returns, returns_async, fails, fails_async)
    for used in (returns, returns_async):
        ended = until_over(db, used.create_run(db=db).id)
        assert (ended.state, unwrap(ended.result)) == (RunState.COMPLETED, 4)
    for used in (fails, fails_async):
        ended = until_over(db, used.create_run(db=db).id)
        assert (ended.state, ended.error) == (RunState.FAILED, "ValueError: no")
