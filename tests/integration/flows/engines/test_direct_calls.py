"""A flow that is called like a function."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from typing import Any

import pytest

from signoff import (
    FlowsError,
    InvalidFlow,
    InvalidParameters,
    PromptRejected,
    flow,
    pause_flow_run,
    suspend_flow_run,
    task,
)
from signoff.flows import settings
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.users import this_user_if_known
from signoff.flows.errors import RunCancelled
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from tests.support.answering import ANA, answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked


@pytest.fixture
def called_directly(db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """`DATABASE_URL` is the database of the test."""
    monkeypatch.setenv("DATABASE_URL", database_url)
    settings._open_default.cache_clear()
    yield
    settings.default_database().close()
    settings._open_default.cache_clear()


@pytest.mark.usefixtures("called_directly")
def test_a_flow_called_directly_gives_its_result(db: Database) -> None:
    """It creates a run, executes it to its end, and returns the result."""

    @flow
    def add(one: int, other: int = 1) -> dict[str, int]:
        return {"sum": one + other}

    assert add(1, other=2) == {"sum": 3}
    (run,) = runs.newest(db)
    assert (run.state, run.parameters, run.result) == (RunState.COMPLETED, {"one": 1, "other": 2}, {"sum": 3})
    assert run.requester == this_user_if_known()
    with pytest.raises(InvalidParameters, match=r"add\(one: int"):
        add("many")  # type: ignore[arg-type]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("called_directly")
def test_a_parameter_that_would_arrive_as_something_else_is_refused(db: Database) -> None:
    """Before there is a run. Without an annotation, the flow would get the date as a text."""

    @flow
    def release(when):  # type: ignore[no-untyped-def]
        return when

    with pytest.raises(InvalidParameters, match="Annotate it with its type, as in `when: date`"):
        release(date(2026, 1, 31))
    with pytest.raises(InvalidParameters, match="`when: date`"):
        release.create_run({"when": date(2026, 1, 31)})
    assert runs.newest(db) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.usefixtures("called_directly")
def test_a_flow_that_returns_an_iterator_fails(db: Database) -> None:
    """Its values would be made after the end of the run, so nothing that makes them would be a step of it."""
    made: list[int] = []

    @task
    def double(number: int) -> int:
        made.append(number)
        return 2 * number

    @flow
    def doubled() -> Iterator[int]:
        return (double(number) for number in (1, 2))

    with pytest.raises(InvalidFlow, match=r"returned generator, .* Return a list instead"):
        doubled()
    assert made == []
    assert runs.newest(db)[0].state is RunState.FAILED


@pytest.mark.usefixtures("called_directly")
def test_async_flows_called_directly_run_side_by_side(db: Database) -> None:
    """A dozen that wait do not keep one another from being answered."""

    @flow
    async def ask(number: int) -> str:
        return f"{number} {await pause_flow_run(wait_for_input=str)}"

    async def main() -> list[str]:
        answering = asyncio.ensure_future(asyncio.to_thread(answer_all))
        said: list[str] = await asyncio.gather(*(ask(number) for number in range(12)))
        await answering
        return said

    def answer_all() -> None:
        until(db, lambda: len(prompts.pending(db)) == 12)
        for prompt in prompts.pending(db):
            answer(db, prompt, value="yes")

    assert asyncio.run(main()) == [f"{number} yes" for number in range(12)]


@pytest.mark.usefixtures("called_directly")
def test_a_flow_called_directly_raises_what_it_raises(db: Database) -> None:
    """An error, a person's no and a cancellation reach the caller."""

    @flow
    def fail() -> None:
        raise OSError("away")

    @flow
    def ask() -> None:
        pause_flow_run()

    def act(name: str) -> None:
        run = until(db, lambda: next(iter(runs.newest(db, state=RunState.PAUSED)), None))
        if name == "reject":
            Desk(db).reject(until_asked(db, run.id).id, ANA, "No", via="cli")
        else:
            Desk(db).cancel(run.id, ANA, "Not today")

    with pytest.raises(OSError, match="away"):
        fail()
    for name, error in (("reject", PromptRejected), ("cancel", RunCancelled)):
        acting = threading.Thread(target=act, args=(name,))
        acting.start()
        with pytest.raises(error):
            ask()
        acting.join()


@pytest.mark.usefixtures("called_directly")
def test_a_flow_called_directly_that_ended_badly_elsewhere_does_not_look_well(
    db: Database, start_worker: StartWorker
) -> None:
    """Whichever worker gets the run, its caller learns how it ended."""

    @flow
    def where() -> str:
        return "here"

    @flow(name="where")
    def elsewhere() -> None:
        raise OSError("away")

    start_worker(elsewhere)
    for _ in range(5):
        with suppress(FlowsError):
            assert where() == "here"
    assert len(runs.newest(db)) == 5


@pytest.mark.usefixtures("called_directly")
def test_a_run_is_created_for_a_worker_to_take(db: Database) -> None:
    """A program that is no worker needs only `DATABASE_URL`, and may say for whom the run is."""

    @flow
    def release(version: str) -> None:
        """Never called here."""

    created = release.create_run({"version": "1.5.0"}, requester="@ana")
    found = runs.get(db, created.id)
    assert (found.state, found.parameters) == (RunState.SCHEDULED, {"version": "1.5.0"})
    assert found.requester is not None
    assert found.requester.id == "@ana"


@pytest.mark.usefixtures("called_directly")
@pytest.mark.parametrize("wait", [pause_flow_run, suspend_flow_run])
@pytest.mark.parametrize("isasync", [False, True])
def test_a_flow_called_directly_does_not_go_on_without_its_answer(db: Database, wait: Any, isasync: bool) -> None:
    """Even if it catches whatever comes: its caller gets what the answer makes of it."""
    effects: list[str] = []

    @task
    def deploy() -> None:
        effects.append("deployed")

    @flow
    def release() -> bool:
        approved = True
        with suppress(BaseException):
            approved = wait(bool, timeout=None)
        if approved:
            deploy()
        return approved

    @flow
    async def release_async() -> bool:
        said: Any = await asyncio.gather(wait(bool, timeout=None), return_exceptions=True)
        if said[0]:
            deploy()
        return bool(said[0])

    def act() -> None:
        run = until(db, lambda: next(iter(runs.newest(db)), None))
        answer(db, until_asked(db, run.id), value=False)

    acting = threading.Thread(target=act)
    acting.start()
    assert (asyncio.run(release_async()) if isasync else release()) is False
    acting.join()
    assert (effects, runs.newest(db)[0].state) == ([], RunState.COMPLETED)


@pytest.mark.usefixtures("called_directly")
def test_a_flow_called_directly_that_misses_an_await_fails(db: Database) -> None:
    """Its caller gets the sentence that says what is missing."""

    @flow
    async def release() -> str:
        pause_flow_run(bool)
        return "released"

    with pytest.raises(InvalidFlow, match=r"pause_flow_run\(\) was never awaited at test_direct_calls.py"):
        asyncio.run(release())
    assert runs.newest(db)[0].state is RunState.FAILED
