"""Tasks: recorded, replayed, tried again, given only so much time."""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from signoff import StepTimeout, UnserializableResult, flow, idempotency_key, suspend_flow_run, task
from signoff.store.database import Database
from signoff.store.records.runs import RunState
from signoff.store.runs import journal
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until_asked, until_over


class Plan(BaseModel):
    """A result of a pydantic type."""

    name: str
    on: date


@dataclass
class Point:
    """A result of a dataclass."""

    x: int
    y: int


class Refusal(Exception):
    """An error with two arguments."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(code, why)
        self.code = code


class Odd(Exception):
    """An error that cannot be built from its arguments."""

    def __init__(self, *, thing: str) -> None:
        super().__init__(f"odd {thing}")


@task
def plan() -> Plan:
    return Plan(name="release", on=date(2031, 5, 6))


@task
def point() -> Any:
    return Point(1, 2)


@task
def many() -> list[Plan]:
    return [Plan(name="release", on=date(2031, 5, 6))]


@task
def money() -> Decimal:
    return Decimal("10.50")


@task
def moment() -> datetime:
    return datetime(2031, 5, 6, 12, tzinfo=UTC)


@task
def infinite() -> Any:
    return [float("inf"), float("nan"), 10**30, "\0 and ü"]


@task(result_serializer="pickle")
def pickled() -> Any:
    return {1: {2, 3}}


@task
def pair() -> Any:
    return (1, [2])


@task
def nothing() -> None:
    return None


@pytest.mark.parametrize(
    "step", [plan, point, many, money, moment, infinite, pickled, pair, nothing], ids=lambda step: step.name
)
def test_a_replayed_result_equals_what_was_returned(db: Database, start_worker: StartWorker, step: Any) -> None:
    """After a suspension, the journal returns the same value, of the same type."""
    seen: list[Any] = []

    @flow
    def use() -> None:
        seen.append(step())
        suspend_flow_run()

    start_worker(use)
    run = use.create_run(db=db)
    answer(db, until_asked(db, run.id))
    assert until_over(db, run.id).state is RunState.COMPLETED
    first, replayed = seen
    assert type(first) is type(replayed)
    assert first == replayed or repr(first) == repr(replayed), "NaN is not equal to itself"


def test_a_secret_that_a_task_returns_is_written_nowhere(
    db: Database, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    """Invariant 9: it cannot be recorded, and neither the refusal nor the log holds it."""

    class Login(BaseModel):
        user: str
        password: SecretStr

    @task
    def fetch() -> Login:
        return Login(user="ana", password=SecretStr("correct-horse"))

    @flow
    def use() -> None:
        fetch()

    start_worker(use)
    ended = until_over(db, use.create_run(db=db).id)
    assert ended.error is not None
    assert "UnserializableResult" in ended.error
    assert "correct-horse" not in f"{ended.error}{journal.load(db, ended.id)}{caplog.text}"


@pytest.mark.parametrize(
    "result", [object(), [threading.Lock()], {"a": (n for n in [1])}], ids=lambda result: type(result).__name__
)
def test_a_result_that_cannot_be_recorded_fails_at_once(db: Database, start_worker: StartWorker, result: Any) -> None:
    """The error comes when the value is made, not after a restart, and says what to do."""

    @task
    def make() -> Any:
        return result

    @flow
    def use() -> str:
        try:
            make()
        except UnserializableResult as error:
            return str(error)
        return "recorded"

    start_worker(use)
    told = until_over(db, use.create_run(db=db).id).result
    assert 'result_serializer="pickle"' in told


def test_errors_are_replayed_as_the_same_type(db: Database, start_worker: StartWorker) -> None:
    """A flow that handles an error handles it in a replay too, whatever its constructor wants."""
    seen: list[list[str]] = []

    @task
    def fail(error: Exception) -> None:
        raise error

    @flow
    def handle() -> None:
        came = []
        for error in (KeyError("x"), Refusal(7, "no"), Odd(thing="box")):
            try:
                fail(error)
            except Exception as caught:  # noqa: BLE001 - any of them
                came.append(f"{type(caught).__name__} {caught} {getattr(caught, 'code', '')}".strip())
        seen.append(came)
        suspend_flow_run()

    start_worker(handle)
    run = handle.create_run(db=db)
    answer(db, until_asked(db, run.id))
    until_over(db, run.id)
    assert seen == [["KeyError 'x'", "Refusal (7, 'no') 7", "Odd odd box"]] * 2


def test_steps_have_their_names_in_the_order_of_their_calls(db: Database, start_worker: StartWorker) -> None:
    """Concurrent tasks are named when they are called, whichever ends first; inner ones by their outer one."""

    @task
    async def inner(number: int) -> int:
        return number

    @task
    async def outer(number: int) -> int:
        await asyncio.sleep(0.02 * (3 - number))
        return await inner(number)

    @flow
    async def gather() -> list[int]:
        return [*await asyncio.gather(outer(1), outer(2), outer(3))]

    start_worker(gather)
    run = gather.create_run(db=db)
    assert until_over(db, run.id).result == [1, 2, 3]
    results = {key: step.result for key, step in journal.load(db, run.id).items()}
    assert results == {
        "outer": "1",
        "outer-2": "2",
        "outer-3": "3",
        "outer/inner": "1",
        "outer-2/inner": "2",
        "outer-3/inner": "3",
    }


def test_a_task_whose_name_looks_numbered_keeps_its_own_record(db: Database, start_worker: StartWorker) -> None:
    """`build-2` by name and the second `build` are two steps."""
    times: list[str] = []

    @task
    def build(what: str) -> str:
        times.append(what)
        return what

    @task(name="build-2")
    def other(what: str) -> str:
        times.append(what)
        return what

    @flow
    def use() -> list[str]:
        built = [build("a"), other("b"), build("c"), other("d")]
        suspend_flow_run()
        return built

    start_worker(use)
    run = use.create_run(db=db)
    answer(db, until_asked(db, run.id))
    assert until_over(db, run.id).result == ["a", "b", "c", "d"]
    assert times == ["a", "b", "c", "d"]


def test_a_task_gets_what_it_was_given_untouched(db: Database, start_worker: StartWorker) -> None:
    """To take the hash of an iterator or an open file would take from it what it holds."""

    @task
    def add(numbers: Iterator[int]) -> int:
        return sum(numbers)

    @flow
    def use() -> int:
        return add(number for number in (1, 2, 3))

    start_worker(use)
    assert until_over(db, use.create_run(db=db).id).result == 6


@pytest.mark.parametrize("isasync", [False, True])
def test_a_task_is_tried_again_as_often_as_it_says(db: Database, start_worker: StartWorker, isasync: bool) -> None:
    """Invariant 3: every try has the same key, and only the last error counts."""
    keys: list[str] = []

    def attempt() -> str:
        keys.append(idempotency_key())
        if len(keys) < 3:
            raise OSError("away")
        return "there"

    async def attempt_async() -> str:
        return attempt()

    step: Any = task(name="fetch", retries=2, retry_delay_seconds=[0, 0.01])(attempt_async if isasync else attempt)

    @flow(name="use")
    def use() -> Any:
        return step()

    @flow(name="use")
    async def use_async() -> Any:
        return await step()

    used: Any = use_async if isasync else use
    start_worker(used)
    run = used.create_run(db=db)
    assert until_over(db, run.id).result == "there"
    assert keys == [f"{run.id}:fetch"] * 3
    assert [*journal.load(db, run.id)] == ["fetch"]


@pytest.mark.parametrize("isasync", [False, True])
def test_a_task_that_takes_too_long_fails(db: Database, start_worker: StartWorker, isasync: bool) -> None:
    """After `timeout_seconds` the flow gets a `StepTimeout`."""
    never = threading.Event()

    @task(timeout_seconds=0.05)
    def wait() -> None:
        never.wait(20)

    @task(timeout_seconds=0.05)
    async def wait_async() -> None:
        await asyncio.sleep(20)

    @flow(name="use")
    def use() -> str:
        try:
            wait()
        except StepTimeout as error:
            return str(error)
        return "in time"

    @flow(name="use")
    async def use_async() -> str:
        try:
            await wait_async()
        except StepTimeout as error:
            return str(error)
        return "in time"

    used: Any = use_async if isasync else use
    start_worker(used)
    assert "took longer than 0.05 seconds" in until_over(db, used.create_run(db=db).id).result
    never.set()


def test_a_task_outside_of_a_flow_is_a_function() -> None:
    """Nothing is recorded, and no database is needed."""

    @task
    def add(one: int, other: int = 1) -> int:
        return one + other

    assert add(1, other=2) == 3
