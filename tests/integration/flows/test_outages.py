"""While the database is unavailable, worker, deadlines and desk log it once and wait; nothing is lost."""

import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from signoff import flow, pause_flow_run, task
from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.approval.desk import Desk
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.services.ticker import Ticker
from signoff.store import migrations
from signoff.store.database import Database
from signoff.store.errors import DatabaseUnavailable
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from tests.support.answering import ANA, answer
from tests.support.stores import postgres
from tests.support.waiting import until, until_asked, until_over

Outage = Callable[[], AbstractContextManager[None]]
"""Begins when its block is entered, and is over when it is left."""

LARGE = "worked" * 5_000
"""Larger than what is free in the file."""

LOCK = """
import sqlite3, sys
other = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
other.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
other.execute("ROLLBACK")
"""


def by_pragma(folder: Path, migrated: Path, pragma: str, refusing: int, otherwise: int) -> tuple[Database, Outage]:
    """During an outage every transaction meets a pragma with which SQLite itself refuses to write."""
    file = folder / "signoff.db"
    file.write_bytes(migrated.read_bytes())
    db = Database(f"sqlite:///{file}")
    on = threading.Event()

    def set_up(connection: sqlite3.Connection, *_: Any) -> None:
        connection.execute(f"PRAGMA {pragma}={refusing if on.is_set() else otherwise}")

    @contextmanager
    def outage() -> Iterator[None]:
        on.set()
        yield
        on.clear()

    event.listen(db.engine, "checkout", set_up)
    return db, outage


@pytest.fixture
def full(tmp_path: Path, sqlite_file: Path) -> Iterator[tuple[Database, Outage]]:
    """The disk is full: the file may not grow by a page."""
    db, outage = by_pragma(tmp_path, sqlite_file, "max_page_count", 1, 2**30)
    with closing(db):
        yield db, outage


@pytest.fixture
def read_only(tmp_path: Path, sqlite_file: Path) -> Iterator[tuple[Database, Outage]]:
    """Nothing may be written."""
    db, outage = by_pragma(tmp_path, sqlite_file, "query_only", 1, 0)
    with closing(db):
        yield db, outage


@pytest.fixture
def locked(tmp_path: Path, sqlite_file: Path) -> Iterator[tuple[Database, Outage]]:
    """Another process has the file locked."""
    file = tmp_path / "signoff.db"
    file.write_bytes(sqlite_file.read_bytes())

    @contextmanager
    def outage() -> Iterator[None]:
        with subprocess.Popen(
            [sys.executable, "-c", LOCK, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == "locked\n"
            yield
            other.communicate()

    with closing(Database(f"sqlite:///{file}")) as db:
        yield db, outage


@pytest.fixture
def moved_away(tmp_path: Path, sqlite_file: Path) -> Iterator[tuple[Database, Outage]]:
    """The folder of the file is not where it was, as when a disk is unmounted, and no connection to it is left."""
    folder, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    folder.mkdir()
    file = folder / "signoff.db"
    file.write_bytes(sqlite_file.read_bytes())

    with closing(Database(f"sqlite:///{file}")) as db:

        @contextmanager
        def outage() -> Iterator[None]:
            folder.rename(elsewhere)
            # An empty one in its place, as a mount point is.
            folder.mkdir()
            db.engine.dispose()
            yield
            assert [each.name for each in folder.iterdir() if each.suffix] == []
            folder.rmdir()
            elsewhere.rename(folder)

        yield db, outage


@pytest.fixture
def stopped() -> Iterator[tuple[Database, Outage]]:
    """PostgreSQL has crashed, and is started again."""
    with postgres() as server:

        @contextmanager
        def outage() -> Iterator[None]:
            server.stop()
            yield
            server.start()

        with closing(Database(server.new_url())) as db:
            migrations.upgrade(db)
            yield db, outage


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        ("full", 3.0),
        ("read_only", 3.0),
        ("locked", 3.0),
        ("moved_away", 3.0),
        ("stopped", 3.0),
        pytest.param("locked", 15.0, marks=pytest.mark.soak),
        pytest.param("moved_away", 30.0, marks=pytest.mark.soak),
        pytest.param("stopped", 30.0, marks=pytest.mark.soak),
    ],
)
def test_everybody_says_so_once_waits_and_goes_on(
    fault: str,
    seconds: float,
    request: pytest.FixtureRequest,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A result is recorded later, a deadline is enforced later, and an answer is refused, and taken later."""
    # As patient as it is, or in the short version as much less as the outage is shorter.
    monkeypatch.setattr("signoff.store.sql.write_timeout.BUSY_TIMEOUT", 10.0 if seconds > 10 else 1.0)
    caplog.set_level("INFO", logger="flows")
    db, outage = request.getfixturevalue(fault)
    began, go_on, times = threading.Event(), threading.Event(), []

    @task
    def work() -> str:
        times.append(1)
        began.set()
        go_on.wait(60)
        return LARGE

    @flow
    def working() -> str:
        return work()

    @flow
    def asking(timeout: float | None) -> str:
        return pause_flow_run(wait_for_input=str, timeout=timeout)

    with DeadlineEnforcer(db), Worker(db, [working, asking]):
        asked, expiring = asking.create_run({"timeout": None}, db=db), asking.create_run({"timeout": 2}, db=db)
        worked = working.create_run(db=db)
        prompt = until_asked(db, asked.id)
        # Its time may be up already on a busy machine.
        until(db, lambda: prompts.of_run(db, expiring.id), what="the question that expires")
        assert began.wait(20)
        with outage():
            go_on.set()
            with pytest.raises(DatabaseUnavailable):
                Desk(db).submit(prompt.id, ANA, {"value": LARGE}, via="cli")
            threading.Event().wait(seconds)
        assert until_over(db, worked.id).result == LARGE
        assert until_over(db, expiring.id).state is RunState.TIMED_OUT
        answer(db, prompt, value="taken")
        assert until_over(db, asked.id).result == "taken"
    assert times == [1]
    said = Counter(record.getMessage().partition(":")[0] for record in caplog.records if record.levelname != "INFO")
    assert said["Waiting for the database; retrying"] == 1
    assert max(said.values()) == 1, said


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_outage_of_the_deadlines_is_logged_once(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    """A database that is away for long fills no log."""
    ticker = Ticker(DeadlineEnforcer(db).do_due, failure="Could not check the deadlines")
    with closing(sqlite3.connect(str(db.url.database))) as other:
        other.execute("ALTER TABLE prompts RENAME TO elsewhere")
        for _ in range(3):
            ticker.run_safely()
        other.execute("ALTER TABLE elsewhere RENAME TO prompts")
    assert caplog.text.count("Could not check the deadlines") == 1
    ticker.run_safely()
    assert caplog.text.count("Could not check the deadlines") == 1
