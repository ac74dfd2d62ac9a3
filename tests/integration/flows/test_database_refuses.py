"""The database is there and takes nothing: the disk is full, the file read-only, or another program keeps it locked."""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import event

from flows import flow, pause_flow_run, task
from flows.clock import Clock
from flows.ticker import Ticker
from store.database import Database
from tests.conftest import StartWorker
from tests.integration.flows.answering import answer
from tests.integration.flows.test_database_away import until_logged
from tests.waiting import until_asked, until_over

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

Switch = Callable[[bool], None]


def by_pragma(db: Database, pragma: str, refusing: int, otherwise: int) -> Switch:
    """Have every transaction meet a pragma with which SQLite itself refuses to write, while that is switched on."""
    on = threading.Event()

    def set_up(connection: sqlite3.Connection, *_: Any) -> None:
        connection.execute(f"PRAGMA {pragma}={refusing if on.is_set() else otherwise}")

    event.listen(db.engine, "checkout", set_up)
    return lambda refuse: on.set() if refuse else on.clear()


def disk_full(db: Database) -> Switch:
    """The file may not grow by a page."""
    return by_pragma(db, "max_page_count", 1, 2**30)


def read_only(db: Database) -> Switch:
    """Nothing may be written."""
    return by_pragma(db, "query_only", 1, 0)


def locked(db: Database) -> Switch:
    """Another program has a transaction open, for longer than anybody waits."""
    other = sqlite3.connect(str(db.url.database), isolation_level=None, timeout=10)

    def switch(refuse: bool) -> None:
        other.execute("BEGIN IMMEDIATE" if refuse else "ROLLBACK")
        if not refuse:
            other.close()

    return switch


@pytest.mark.parametrize("fault", [disk_full, read_only, locked])
def test_a_worker_says_so_once_waits_and_goes_on(
    db: Database,
    start_worker: StartWorker,
    fault: Callable[[Database], Switch],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A result that cannot be recorded is recorded later: the task does not run again for it, and no log is flooded."""
    caplog.set_level("INFO", logger="flows")
    monkeypatch.setattr("store.patience.BUSY_TIMEOUT", 0.2)
    began, go_on, times = threading.Event(), threading.Event(), []

    @task
    def work() -> str:
        times.append(1)
        began.set()
        go_on.wait(20)
        # Larger than what is free in the file.
        return "worked" * 5_000

    @flow
    def use() -> Any:
        return work()[:6] + pause_flow_run(wait_for_input=str)

    refuse = fault(db)
    start_worker(use)
    run = use.create_run(db, {})
    assert began.wait(20)
    refuse(True)
    go_on.set()
    until_logged(caplog, "Waiting for the database")
    # Long enough for two more tries.
    threading.Event().wait(1.5)
    refuse(False)
    until_logged(caplog, "The database is back")
    answer(db, until_asked(db, run.id), value=" on")
    assert until_over(db, run.id).result == "worked on"
    assert times == [1]
    assert caplog.text.count("Waiting for the database") == 1


def test_a_clock_says_once_that_it_cannot_look(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    """A database that is away for long fills no log."""
    ticker = Ticker(Clock(db).look, what="Deadlines")
    with closing(sqlite3.connect(str(db.url.database))) as other:
        other.execute("ALTER TABLE prompts RENAME TO elsewhere")
        for _ in range(3):
            ticker.look_safely()
        other.execute("ALTER TABLE elsewhere RENAME TO prompts")
    assert caplog.text.count("Deadlines cannot be looked at") == 1
    ticker.look_safely()
    assert caplog.text.count("Deadlines cannot be looked at") == 1
