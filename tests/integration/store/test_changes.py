"""Whoever waits for the database to change is woken, whichever process changes it."""

import os
import statistics
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from signoff.store import blocks
from signoff.store.changes import Subscription, Topic
from signoff.store.database import Database
from signoff.store.sqlite.watcher import POLL_INTERVAL
from tests.integration.store.samples import NOON, a_run
from tests.support.postgres_server import PostgresServer
from tests.support.waiting import PATIENCE, until
from tests.support.worker_process import WorkerProcess


def until_watched(subscription: Subscription) -> None:
    """Wait until the watcher has begun to listen: every topic is announced once then."""
    assert subscription.wait(PATIENCE)


def test_a_commit_wakes_subscribers_of_its_own_process_before_it_returns(db: Database) -> None:
    """Nothing is polled: the wake-up is part of the commit."""
    with db.changes.subscribe(Topic.RUNS) as subscription:
        until_watched(subscription)
        a_run(db)
        assert subscription.wait(0)


def test_a_transaction_that_failed_wakes_nobody(db: Database) -> None:
    """What was rolled back never happened."""
    with db.changes.subscribe(*Topic) as subscription:
        until_watched(subscription)
        with suppress(ZeroDivisionError), db.write() as tx:
            tx.touch(Topic.RUNS)
            raise ZeroDivisionError
        assert not subscription.wait(0.05)


def test_a_commit_of_another_process_wakes_soon(db: Database, database_url: str) -> None:
    """Without being polled, mostly. A second `Database` has none of the first one's subscriptions."""
    assert statistics.median(wake_ups(db, database_url)) < POLL_INTERVAL / 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_commits_are_noticed_where_no_pipe_can_be_made(db: Database, database_url: str) -> None:
    """A process that cannot be notified polls SQLite more often."""
    Path(f"{db.url.database}-wakeup").touch()
    assert statistics.median(wake_ups(db, database_url)) < POLL_INTERVAL / 2


def wake_ups(db: Database, database_url: str) -> list[float]:
    """Seconds from each of some commits of another process until a subscriber is woken."""
    other = Database(database_url)
    took = []
    with db.changes.subscribe(Topic.RUNS) as subscription:
        until_watched(subscription)
        for _ in range(15):
            a_run(other)
            committed = time.monotonic()
            assert subscription.wait(PATIENCE)
            took.append(time.monotonic() - committed)
    other.close()
    return took


def test_what_was_committed_before_the_watcher_listens_is_not_missed(db: Database, database_url: str) -> None:
    """A process that subscribes and then reads is woken by whatever is committed after it has read."""
    other = Database(database_url)
    with db.changes.subscribe(Topic.RUNS) as subscription:
        a_run(other)
        assert subscription.wait(PATIENCE)
    other.close()


def test_a_commit_without_a_topic_is_noticed_on_sqlite_only(db: Database, database_url: str) -> None:
    """SQLite's counter changes with every commit; PostgreSQL notifies of topics alone."""
    other = Database(database_url)
    with db.changes.subscribe(Topic.RUNS) as subscription:
        until_watched(subscription)
        blocks.save(other, "json", "a", 1, overwrite=True, now=NOON)
        assert subscription.wait(PATIENCE if db.is_sqlite else 0.3) == db.is_sqlite
    other.close()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_process_ignores_the_notifications_of_its_own_commits(db: Database) -> None:
    """PostgreSQL notifies every listener, but the process has woken its own subscribers already."""
    with db.changes.subscribe(Topic.RUNS) as subscription:
        until_watched(subscription)
        a_run(db)
        assert subscription.wait(0)
        assert not subscription.wait(0.3)


def test_a_watcher_survives_a_lost_connection_and_unknown_topics(db: Database, postgres: PostgresServer) -> None:
    """Every topic is announced when it listens again, since something may have been missed."""
    if db.is_sqlite:
        return
    with db.changes.subscribe(Topic.RUNS) as subscription:
        assert subscription.wait(PATIENCE)
        with db.engine.connect() as connection:
            connection.exec_driver_sql("SELECT pg_notify('signoff', 'weather,runs')")
            connection.commit()
        assert subscription.wait(PATIENCE)
        listening = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"
        postgres.execute(f"SELECT pg_terminate_backend(pid) FROM ({listening}) AS watchers")
        assert subscription.wait(PATIENCE)
        a_run(db)
        assert subscription.wait(0)


def test_closing_leaves_no_thread_and_no_file_behind(database_url: str) -> None:
    """A database can be opened, watched and closed any number of times, and closing it waits for no timeout."""

    def opened_and_closed() -> float:
        db = Database(database_url)
        with db.changes.subscribe(Topic.RUNS) as subscription:
            assert subscription.wait(PATIENCE)
        began = time.monotonic()
        db.close()
        return time.monotonic() - began

    opened_and_closed()  # This imports the driver.
    threads, files = {thread.ident for thread in threading.enumerate()}, len(os.listdir("/dev/fd"))
    assert max(opened_and_closed() for _ in range(3)) < 2
    # What earlier tests left behind may go at any time.
    assert {thread.ident for thread in threading.enumerate()} <= threads
    assert len(os.listdir("/dev/fd")) <= files


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_pipe_of_a_killed_process_is_removed_by_the_next_commit(
    db: Database, database_url: str, tmp_path: Path
) -> None:
    """It disturbs nobody until then."""
    flows = tmp_path / "flows.py"
    flows.write_text("")
    folder = Path(f"{db.url.database}-wakeup")
    worker = WorkerProcess(database_url, flows)
    # A pipe whose name begins with a dot is not open yet.
    until(db, lambda: len([*folder.glob("[!.]*")]) == 2, what="both pipes")
    worker.kill()
    a_run(db)
    assert len(os.listdir(folder)) == 1
