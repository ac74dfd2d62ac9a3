"""The database goes away in the middle of a run, and comes back."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from signoff import flow, pause_flow_run, task
from signoff.artifacts import create_markdown_artifact
from signoff.blocks import JSON
from signoff.flows.engines.embedded.worker import Worker
from signoff.store import artifacts
from signoff.store.database import Database
from signoff.store.errors import DatabaseUnavailable
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.postgres_server import PostgresServer
from tests.support.waiting import until, until_asked, until_over

pytestmark = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)

Switch = Callable[[bool], None]


@pytest.fixture
def available(postgres: PostgresServer, database_url: str) -> Iterator[Switch]:
    """Cuts every connection and refuses new ones, or lets them in again."""
    name = str(make_url(database_url).database)

    def switch(on: bool) -> None:
        postgres.execute(f"ALTER DATABASE {{}} ALLOW_CONNECTIONS {'true' if on else 'false'}", name)
        if not on:
            postgres.execute(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'",
            )

    yield switch
    switch(True)


@pytest.mark.parametrize("isasync", [False, True])
def test_a_run_goes_on_when_the_database_is_back(
    db: Database, start_worker: StartWorker, available: Switch, isasync: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A result that could not be recorded is recorded later, and the task does not run again for it."""
    began, go_on, times = threading.Event(), threading.Event(), []

    @task
    def work() -> str:
        times.append(1)
        began.set()
        go_on.wait(20)
        return "worked"

    @flow(name="use")
    def use() -> str:
        done = work()
        create_markdown_artifact(done)
        return done + pause_flow_run(wait_for_input=str)

    @flow(name="use")
    async def use_async() -> str:
        done = await asyncio.to_thread(work)
        create_markdown_artifact(done)
        said: str = await pause_flow_run(wait_for_input=str)
        return done + said

    used: Any = use_async if isasync else use
    start_worker(used)
    run = used.create_run(db=db)
    assert began.wait(20)
    available(False)
    with pytest.raises(DatabaseUnavailable):
        runs.get(db, run.id)
    go_on.set()
    until_logged(caplog, "Waiting for the database")
    available(True)
    answer(db, until_asked(db, run.id), value=" on")
    assert until_over(db, run.id).result == "worked on"
    assert times == [1]
    assert len(artifacts.find(db, run_id=run.id)) == 1


def test_a_block_is_saved_and_loaded_when_the_database_is_back(
    db: Database, start_worker: StartWorker, available: Switch, caplog: pytest.LogCaptureFixture
) -> None:
    """As all else that a run leaves behind."""
    began, go_on = threading.Event(), threading.Event()

    @flow
    def keep() -> int:
        began.set()
        go_on.wait(20)
        JSON({"users": 3}).save("latest")
        users: int = JSON.load("latest").value["users"]
        return users

    start_worker(keep)
    run = keep.create_run(db=db)
    assert began.wait(20)
    available(False)
    go_on.set()
    until_logged(caplog, "Waiting for the database")
    available(True)
    assert until_over(db, run.id).result == 3


def test_a_worker_stops_although_the_database_is_away(
    db: Database, available: Switch, caplog: pytest.LogCaptureFixture
) -> None:
    """What waits for the database keeps no process from ending; the run is replayed later."""
    began, go_on = threading.Event(), threading.Event()

    @task
    def work() -> str:
        began.set()
        go_on.wait(20)
        return "worked"

    @flow
    def use() -> str:
        return work()

    worker = Worker(db, [use])
    worker.start()
    run = use.create_run(db=db)
    assert began.wait(20)
    available(False)
    go_on.set()
    until_logged(caplog, "Waiting for the database")
    worker.stop(grace=0.1)
    available(True)
    until(db, lambda: runs.get(db, run.id).state in (RunState.RUNNING, RunState.COMPLETED))
    until(db, lambda: f"flow-{run.name}" not in {each.name for each in threading.enumerate()}, what="its thread to end")


def until_logged(caplog: pytest.LogCaptureFixture, text: str) -> None:
    """Wait until a line with this text is in the log."""
    tick = threading.Event()
    for _ in range(400):
        if text in caplog.text:
            return
        tick.wait(0.05)
    pytest.fail(f"nothing was logged of {text!r}")


def test_a_refusal_over_a_connection_that_is_lost_stays_a_refusal(
    db: Database, available: Switch, caplog: pytest.LogCaptureFixture
) -> None:
    """There is nothing to be undone, and nothing to be logged about it."""
    with suppress(ZeroDivisionError), db.write() as tx:
        tx.execute(text("SELECT 1"))
        available(False)
        raise ZeroDivisionError
    available(True)
    assert caplog.text == ""
    with db.write() as tx:
        assert tx.execute(text("SELECT 1")).scalar() == 1


@pytest.mark.parametrize("way", ["read", "write"])
def test_a_statement_over_a_connection_that_is_lost_says_that_the_database_is_away(
    db: Database, available: Switch, way: str
) -> None:
    """Whoever waits for the database to come back hears of it in the one way that means this."""
    said: Exception | None = None
    try:
        with db.read() if way == "read" else db.write() as reading:
            reading.execute(text("SELECT 1"))
            available(False)
            reading.execute(text("SELECT 1"))
    except DatabaseUnavailable as error:
        said = error
    available(True)
    assert said is not None
    assert prompts.pending(db) == []
