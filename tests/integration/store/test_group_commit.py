"""Group commit: on SQLite, the writers of one process queue for the lock, and those in the queue share a commit."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import event, text

from signoff.flows.names import new_id
from signoff.store.database import Database
from signoff.store.errors import DatabaseUnavailable, StoreError
from signoff.store.runs import runs
from signoff.store.sql.write_timeout import write_deadline
from signoff.store.sqlite import group_commit
from tests.integration.store.samples import NOON
from tests.support.sql_capture import captured_sql
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

WRITERS = 20


@pytest.fixture(autouse=True)
def busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the writers of a batch take, the batch does not end for that."""
    monkeypatch.setattr(group_commit, "MAX_BATCH_SECONDS", 2 * PATIENCE)


def create(db: Database, *, parameter: str = "") -> str:
    """Write a run; its id."""
    given = {"text": parameter}
    return runs.create(db, run_id=new_id(), name="x", flow="order", parameters=given, now=NOON).id


def is_written(db: Database, run_id: str) -> bool:
    """Whether a run is in the database."""
    return run_id in {run.id for run in runs.newest(db, limit=1000)}


@contextmanager
def queue(db: Database) -> Iterator[Callable[..., "Future[str]"]]:
    """Within the block somebody holds the lock, so that writers queue; at its end the lock is released."""
    may_release, has_lock = threading.Event(), threading.Event()

    def hold() -> None:
        with db.write():
            has_lock.set()
            assert may_release.wait(PATIENCE)

    with ThreadPoolExecutor(max_workers=WRITERS + 1) as hands:
        holding = hands.submit(hold)
        assert has_lock.wait(PATIENCE)

        def send(write: Callable[[], str]) -> "Future[str]":
            before = waiting(db)
            sent = hands.submit(write)
            end = time.monotonic() + PATIENCE
            while waiting(db) == before and not sent.done():
                assert time.monotonic() < end
                time.sleep(0.001)
            return sent

        try:
            yield send
        finally:
            may_release.set()
            holding.result()


def waiting(db: Database) -> int:
    """How many writers are in the queue."""
    assert db._commit_queue is not None
    return db._commit_queue.queued


@pytest.mark.parametrize("check_interval", [group_commit.CHECK_INTERVAL, 0.0001])
def test_writers_that_queue_share_a_commit(
    db: Database, monkeypatch: pytest.MonkeyPatch, check_interval: float
) -> None:
    """The disk is waited for once, however often those that wait for the commit check who is to make it."""
    monkeypatch.setattr(group_commit, "CHECK_INTERVAL", check_interval)
    statements = captured_sql(db)
    with queue(db) as send:
        sent = [send(lambda: create(db)) for _ in range(WRITERS)]
    assert all(is_written(db, each.result()) for each in sent)
    assert statements.count("COMMIT") == 1


def test_a_batch_ends_after_a_while_though_others_are_in_the_queue(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where many write all the time, nobody waits for all of those who come later."""
    monkeypatch.setattr(group_commit, "MAX_BATCH_SECONDS", 0.0)
    statements = captured_sql(db)
    with queue(db) as send:
        sent = [send(lambda: create(db)) for _ in range(3)]
    assert all(is_written(db, each.result()) for each in sent)
    assert statements.count("COMMIT") == 1 + 3


def test_a_writer_that_fails_undoes_only_its_own_changes(db: Database) -> None:
    """The others in its batch are committed."""

    def fail() -> str:
        with db.write() as tx:
            runs.add(tx, run_id=failed, name="x", flow="order", parameters={}, runnable_at=NOON, now=NOON)
            raise ZeroDivisionError

    failed = new_id()
    with queue(db) as send:
        sent = [send(write) for write in (lambda: create(db), fail, lambda: create(db), fail)]
    assert [type(each.exception()) for each in sent] == [type(None), ZeroDivisionError] * 2
    assert [is_written(db, each.result()) for each in sent[::2]] == [True, True]
    assert not is_written(db, failed)


def test_a_writer_that_gets_an_error_has_written_nothing(db: Database) -> None:
    """When SQLite rolls a whole batch back, because the disk is full, every writer of the batch gets the error."""

    def no_room(connection: object, *_: object) -> None:
        connection.execute("PRAGMA max_page_count=1")  # type: ignore[attr-defined]

    ids = [new_id() for _ in range(WRITERS)]

    def write(number: int) -> str:
        # Larger and larger: the first few fit into pages that exist already.
        text = "x" * 300 * number
        return runs.create(db, run_id=ids[number], name="x", flow="order", parameters={"": text}, now=NOON).id

    event.listen(db.engine, "checkout", no_room)
    with queue(db) as send:
        sent = [send(lambda number=number: write(number)) for number in range(WRITERS)]
    told = [each.exception() for each in sent]
    assert any(isinstance(error, DatabaseUnavailable) for error in told)
    assert [is_written(db, run_id) for run_id in ids] == [error is None for error in told]


@pytest.mark.parametrize("fails", [False, True])
def test_a_lost_savepoint_fails_the_whole_batch(db: Database, fails: bool) -> None:
    """Every writer of the batch gets the error, in whatever order they came, and the next one starts a new batch."""
    lost, other = new_id(), new_id()

    def add(run_id: str) -> str:
        return runs.create(db, run_id=run_id, name="x", flow="order", parameters={}, now=NOON).id

    def lose_savepoint() -> str:
        with db.write() as tx:
            runs.add(tx, run_id=lost, name="x", flow="order", parameters={}, runnable_at=NOON, now=NOON)
            tx.execute(text("RELEASE writer"))
            if fails:
                raise ZeroDivisionError
        return lost

    with pytest.raises(DatabaseUnavailable, match="no such savepoint"), queue(db) as send:
        sent = [send(lambda: add(other)), send(lose_savepoint)]
    told = [each.exception() for each in sent]
    assert isinstance(told[1], DatabaseUnavailable)
    assert [is_written(db, run_id) for run_id in (other, lost)] == [told[0] is None, False]
    assert is_written(db, create(db))


def test_a_writer_gives_up_at_its_deadline_and_the_others_are_committed(db: Database) -> None:
    """Nobody waits for a writer that has left the queue."""

    def write_in_time() -> str:
        with write_deadline(0.2):
            return create(db)

    with queue(db) as send:
        first, late = send(lambda: create(db)), send(write_in_time)
        assert isinstance(late.exception(timeout=PATIENCE), StoreError)
    assert is_written(db, first.result(timeout=PATIENCE))
