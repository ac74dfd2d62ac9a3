"""Who waits for the record to change is woken, whichever process changed it."""

import statistics
import threading
import time
from contextlib import suppress

from store import blocks
from store.changes import Topic
from store.database import Database
from tests.conftest import PostgresServer
from tests.integration.store.samples import NOON, a_run


def test_a_commit_wakes_who_waits_in_the_same_process_before_it_returns(db: Database) -> None:
    """Nothing is polled: the wake-up is part of the commit."""
    with db.changes.subscribe(Topic.RUNS) as subscription:
        subscription.wait(0.2)  # PostgreSQL's watcher announces once that it listens.
        a_run(db)
        assert subscription.wait(0)


def test_a_transaction_that_failed_wakes_nobody(db: Database) -> None:
    """What was rolled back never happened."""
    with db.changes.subscribe(*Topic) as subscription:
        subscription.wait(0.2)
        with suppress(ZeroDivisionError), db.write() as tx:
            tx.touch(Topic.RUNS)
            raise ZeroDivisionError
        assert not subscription.wait(0.05)


def test_a_commit_of_another_process_wakes_soon(db: Database, database_url: str) -> None:
    """A second `Database` knows nothing of the first one's subscriptions; half of 15 wake-ups take under 50 ms."""
    other = Database(database_url)
    took = []
    with db.changes.subscribe(Topic.RUNS) as subscription:
        subscription.wait(0.5)
        for _ in range(15):
            a_run(other)
            committed = time.monotonic()
            assert subscription.wait(5)
            took.append(time.monotonic() - committed)
    other.close()
    assert statistics.median(took) < 0.05


def test_what_others_write_without_a_word_is_noticed_on_sqlite_only(db: Database, database_url: str) -> None:
    """SQLite's counter moves with every commit; PostgreSQL tells of the topics that were touched."""
    other = Database(database_url)
    with db.changes.subscribe(Topic.RUNS) as subscription:
        subscription.wait(0.5)
        blocks.save(other, "json", "a", 1, overwrite=True, now=NOON)
        assert subscription.wait(0.3) == db.is_sqlite
    other.close()


def test_a_watcher_survives_the_loss_of_its_connection_and_words_it_does_not_know(
    db: Database, postgres: PostgresServer
) -> None:
    """Whatever was missed meanwhile is announced when it listens again."""
    if db.is_sqlite:
        return
    with db.changes.subscribe(Topic.RUNS) as subscription:
        assert subscription.wait(5)
        with db.engine.connect() as connection:
            connection.exec_driver_sql("SELECT pg_notify('signoff', 'weather,runs')")
            connection.commit()
        assert subscription.wait(5)
        listening = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid()"
        postgres.execute(f"SELECT pg_terminate_backend(pid) FROM ({listening}) AS watchers")
        assert subscription.wait(5)
        a_run(db)
        assert subscription.wait(0)


def test_closing_leaves_no_thread_behind(database_url: str) -> None:
    """A record can be opened, watched and closed any number of times."""
    before = {thread.ident for thread in threading.enumerate()}
    for _ in range(3):
        db = Database(database_url)
        with db.changes.subscribe(Topic.RUNS):
            pass
        db.close()
    assert {thread.ident for thread in threading.enumerate()} <= before
