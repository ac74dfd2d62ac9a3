"""The clock that all processes on a database share."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from signoff.store import clock, leases, ledger
from signoff.store.clock import describe
from signoff.store.database import Database
from signoff.store.records.runs import RunState
from signoff.store.runs import pauses
from signoff.store.tables import clocks
from tests.integration.store.samples import a_run, asking, claim
from tests.support.sql_capture import captured_sql

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)

SHIFTED = """
CREATE SCHEMA shifted;
CREATE TABLE shifted.clock (by interval);
INSERT INTO shifted.clock VALUES (interval '0');
CREATE FUNCTION shifted.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
AS 'SELECT pg_catalog.clock_timestamp() + by FROM shifted.clock';
"""


def is_about_now(moment: datetime) -> bool:
    """On a machine whose clock is right, as that of the tests."""
    return abs(moment - datetime.now(UTC)) < SECOND


def test_two_processes_read_the_same_time(db: Database, database_url: str) -> None:
    """And nobody asks the database for it again and again."""
    with closing(Database(database_url)) as other:
        assert abs(other.now() - db.now()) < SECOND
        assert is_about_now(db.now())
        asked = captured_sql(other)
        for _ in range(10):
            other.now()
        assert asked == []


def test_a_container_with_its_own_uptime_goes_by_the_same_clock(
    db: Database, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where lxcfs is mounted over the file: it says when the container started, and not the machine."""
    monkeypatch.setattr(clock, "UPTIME", tmp_path / "uptime")
    (tmp_path / "uptime").write_text("5.00 5.00\n")
    db.now()
    with closing(Database(database_url)) as other:
        assert is_about_now(db.now())
        assert is_about_now(other.now())
        assert clock.boot_seconds() == pytest.approx(time.clock_gettime(time.CLOCK_BOOTTIME), abs=1)


only_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@only_sqlite
def test_a_start_of_the_machine_takes_no_time_back(db: Database, database_url: str) -> None:
    """An answer from before it goes on at once, although the system clock is an hour behind by then."""
    db.now()
    with db.write() as tx:
        tx.execute(clocks.update().values(offset_us=clocks.c.offset_us + HOUR // timedelta(microseconds=1)))
    with closing(Database(database_url)) as before:
        moment = before.now()
        assert is_about_now(moment - HOUR)
        leases.register(before, "worker", domain="test", pid=1, now=moment, lease=HOUR)
        a_run(before, now=moment)
        (run,) = claim(before, "worker", now=moment)
        asked = asking(run, opened_at=before.now())
        pauses.open_prompt(before, asked, fencing_token=run.fencing_token, state=RunState.SUSPENDED, held=False)
        last = ledger.lines(before, asked.id)[-1].at
        with before.write() as tx:
            tx.execute(clocks.update().values(timeline="an earlier start"))
    with closing(Database(database_url)) as after, closing(Database(database_url)) as other:
        assert last <= after.now() < last + SECOND
        assert last <= other.now() < last + SECOND


def test_the_first_look_at_the_clock_may_be_within_a_transaction(database_url: str) -> None:
    """Of several threads too: nobody waits for a turn to write while having it."""

    with closing(Database(database_url)) as db, ThreadPoolExecutor(4) as threads:

        def write(_: int) -> bool:
            with db.write():
                return is_about_now(db.now())

        assert all(threads.map(write, range(8), timeout=30))


class Server:
    """A PostgreSQL whose clock can be set: a function of that name is found before its own."""

    def __init__(self, db: Database) -> None:
        with db.write() as tx:
            for statement in filter(str.strip, SHIFTED.split(";\n")):
                tx.execute(text(statement.replace(":", r"\:")))
            tx.execute(text(f'ALTER DATABASE "{db.url.database}" SET search_path = shifted, pg_catalog, public'))
        self._db = Database(db.url.render_as_string(hide_password=False))

    def set(self, by: timedelta) -> None:
        """Set its clock."""
        with self._db.write() as tx:
            tx.execute(text("UPDATE shifted.clock SET by = :by"), {"by": by})

    def close(self) -> None:
        """Close the connections."""
        self._db.close()


@pytest.fixture
def server(db: Database) -> Iterator[Server]:
    """The server of the test's database."""
    with closing(Server(db)) as server:
        yield server


only_postgres = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@only_postgres
def test_a_servers_clock_that_is_set_back_takes_no_time_from_anybody(server: Server, database_url: str) -> None:
    """Those that run notice, one corrects it for all, and who comes later adds the same."""
    with closing(Database(database_url)) as first, closing(Database(database_url)) as second:
        assert is_about_now(first.now())
        assert is_about_now(second.now())
        server.set(-HOUR)
        for _ in range(3):
            for each in (first, second):
                each.clock.sync()
                assert is_about_now(each.now())
        with closing(Database(database_url)) as third:
            assert is_about_now(third.now())
            third.clock.sync()
            server.set(-2 * HOUR)
            for each in (third, first, second):
                each.clock.sync()
                assert is_about_now(each.now())
            # The time of day is the server's.
            assert is_about_now(third.clock.wall_now() + 2 * HOUR)


@only_postgres
def test_a_process_that_starts_after_the_clock_was_set_back_corrects_nothing(server: Server, database_url: str) -> None:
    """It does not know better, until one that does has corrected it."""
    with closing(Database(database_url)) as old, closing(Database(database_url)) as new:
        old.now()
        server.set(-HOUR)
        assert is_about_now(new.now() + HOUR)
        new.clock.sync()
        old.clock.sync()
        new.clock.sync()
        assert is_about_now(old.now())
        assert is_about_now(new.now())


@only_postgres
def test_a_servers_clock_that_is_set_to_and_fro_leaves_nothing_behind(server: Server, database_url: str) -> None:
    """Setting it right again takes back what was added, once, whoever notices it."""
    with closing(Database(database_url)) as first, closing(Database(database_url)) as second:
        both = (first, second)
        for each in both:
            each.now()
        for by in (-HOUR, 0 * HOUR, -HOUR, -HOUR / 2, 0 * HOUR):
            server.set(by)
            for each in both:
                each.clock.sync()
            assert [is_about_now(each.now()) for each in both] == [True, True]
            fault = first.clock.fault()
            assert fault is None if by == 0 * HOUR else fault is not None and f"by {-by / SECOND:.0f} s" in fault
        for _ in range(3):
            for by in (HOUR, 0 * HOUR):
                server.set(by)
                for each in both:
                    each.clock.sync()
        # The first hour forward is believed. Each hour back is added, and each further one forward takes that back.
        assert [is_about_now(each.now() - HOUR) for each in both] == [True, True]


@only_postgres
def test_a_servers_clock_that_is_set_forward_is_believed(server: Server, database_url: str) -> None:
    """From here it looks as if this machine had stood still."""
    with closing(Database(database_url)) as db:
        db.now()
        server.set(HOUR)
        db.clock.sync()
        assert is_about_now(db.now() - HOUR)


def test_a_clock_that_is_off_is_said_once_until_it_changes(
    db: Database, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warning every ten seconds would be read by nobody."""
    for skew in (0, 30, 30, 31, 600, 0, 30):
        monkeypatch.setattr(db.clock, "skew", lambda skew=skew: skew * SECOND)
        db.clock.check()
    assert [record.getMessage().split(" s ")[0] for record in caplog.records] == [
        "This machine's clock is 30",
        "This machine's clock is 600",
        "This machine's clock is 30",
    ]


def test_a_difference_is_said_in_words() -> None:
    """In seconds or hours, and in which direction."""
    assert (describe(62 * SECOND), describe(-HOUR)) == ("62 s ahead of", "3600 s behind")
    assert describe(8 * HOUR + SECOND) == "8 h ahead of"
