"""On SQLite the writers of one process take turns, and those that queue share a commit."""

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
from signoff.store.sql.write_timeout import hurried
from tests.integration.store.samples import NOON
from tests.support.sql_capture import captured_sql
from tests.support.waiting import PATIENCE

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

WRITERS = 20


def create(db: Database, *, parameter: str = "") -> str:
    """Write a run; its id."""
    given = {"text": parameter}
    return runs.create(db, run_id=new_id(), name="x", flow="order", parameters=given, now=NOON).id


def stands(db: Database, run_id: str) -> bool:
    """Whether a run is recorded."""
    return run_id in {run.id for run in runs.newest(db, limit=1000)}


@contextmanager
def queue(db: Database) -> Iterator[Callable[..., "Future[str]"]]:
    """Within the block somebody has the turn, and whoever is sent to write queues; at its end all have written."""
    go_on, has_turn = threading.Event(), threading.Event()

    def hold() -> None:
        with db.write():
            has_turn.set()
            assert go_on.wait(PATIENCE)

    with ThreadPoolExecutor(max_workers=WRITERS + 1) as hands:
        holding = hands.submit(hold)
        assert has_turn.wait(PATIENCE)

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
            go_on.set()
            holding.result()


def waiting(db: Database) -> int:
    """How many are in the queue."""
    assert db._turns is not None
    return db._turns._waiting


def test_writers_that_queue_share_a_commit(db: Database) -> None:
    """The disk is waited for once, and each of them goes on only when its own part is safe."""
    said = captured_sql(db)
    with queue(db) as send:
        sent = [send(lambda: create(db)) for _ in range(WRITERS)]
    assert all(stands(db, each.result()) for each in sent)
    assert said.count("COMMIT") == 1


def test_one_that_fails_undoes_its_own_part_only(db: Database) -> None:
    """The others share a commit with it, not its fate."""

    def fail() -> str:
        with db.write() as tx:
            runs.add(tx, run_id=failed, name="x", flow="order", parameters={}, runnable_at=NOON, now=NOON)
            raise ZeroDivisionError

    failed = new_id()
    with queue(db) as send:
        sent = [send(write) for write in (lambda: create(db), fail, lambda: create(db), fail)]
    assert [type(each.exception()) for each in sent] == [type(None), ZeroDivisionError] * 2
    assert [stands(db, each.result()) for each in sent[::2]] == [True, True]
    assert not stands(db, failed)


def test_whoever_is_told_that_it_failed_has_written_nothing(db: Database) -> None:
    """When SQLite undoes what several have written, because the disk is full, each of them is told."""

    def no_room(connection: object, *_: object) -> None:
        connection.execute("PRAGMA max_page_count=1")  # type: ignore[attr-defined]

    ids = [new_id() for _ in range(WRITERS)]

    def write(number: int) -> str:
        # The later, the larger: the first find room in pages that are there already.
        text = "x" * 300 * number
        return runs.create(db, run_id=ids[number], name="x", flow="order", parameters={"": text}, now=NOON).id

    event.listen(db.engine, "checkout", no_room)
    with queue(db) as send:
        sent = [send(lambda number=number: write(number)) for number in range(WRITERS)]
    told = [each.exception() for each in sent]
    assert any(isinstance(error, DatabaseUnavailable) for error in told)
    assert [stands(db, run_id) for run_id in ids] == [error is None for error in told]


@pytest.mark.parametrize("fails", [False, True])
def test_when_a_part_cannot_be_told_from_the_others_none_of_them_is_written(db: Database, fails: bool) -> None:
    """Each of the group is told, whoever has the turn first, and who comes next begins anew."""
    lost, other = new_id(), new_id()

    def add(run_id: str) -> str:
        return runs.create(db, run_id=run_id, name="x", flow="order", parameters={}, now=NOON).id

    def lose_its_part() -> str:
        with db.write() as tx:
            runs.add(tx, run_id=lost, name="x", flow="order", parameters={}, runnable_at=NOON, now=NOON)
            tx.execute(text("RELEASE part"))
            if fails:
                raise ZeroDivisionError
        return lost

    with pytest.raises(DatabaseUnavailable, match="no such savepoint"), queue(db) as send:
        sent = [send(lambda: add(other)), send(lose_its_part)]
    told = [each.exception() for each in sent]
    assert isinstance(told[1], DatabaseUnavailable)
    assert [stands(db, run_id) for run_id in (other, lost)] == [told[0] is None, False]
    assert stands(db, create(db))


def test_a_writer_in_a_hurry_gives_up_and_the_others_are_committed_all_the_same(db: Database) -> None:
    """Nobody waits for one that has left the queue."""

    def hurry() -> str:
        with hurried(0.2):
            return create(db)

    with queue(db) as send:
        first, late = send(lambda: create(db)), send(hurry)
        assert isinstance(late.exception(timeout=PATIENCE), StoreError)
    assert stands(db, first.result(timeout=PATIENCE))
