"""PostgreSQL with other defaults than those of a fresh server: Signoff sets what it needs on its connections."""

import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from signoff import flow, pause_flow_run, task
from signoff.flows.engines.embedded.worker import Worker
from signoff.store import leases
from signoff.store.database import Database
from signoff.store.errors import DatabaseUnavailable
from signoff.store.policy import Policy
from signoff.store.sql.conflicts import transactional
from signoff.store.tables import flow_runs
from tests.integration.store.samples import NOON, a_run, a_worker, an_open_prompt, claim, settle
from tests.support.answering import answer
from tests.support.postgres_server import TEMPLATE, PostgresServer
from tests.support.waiting import until_asked, until_over

DEFAULTS = {
    "default_transaction_isolation": "serializable",
    "DateStyle": "German, DMY",
    "IntervalStyle": "sql_standard",
    "TimeZone": "Asia/Kathmandu",
    "client_encoding": "LATIN1",
    "synchronous_commit": "off",
    "bytea_output": "escape",
    "extra_float_digits": "-3",
}


@pytest.fixture
def odd(postgres: PostgresServer) -> Iterator[Database]:
    """A database whose defaults are not those of a fresh server."""
    name = f"test_{uuid.uuid4().hex}"
    postgres.execute("CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
    for setting, value in DEFAULTS.items():
        postgres.execute(f"ALTER DATABASE {{}} SET {setting} = '{value}'", name)
    db = Database(postgres.database(name))
    yield db
    db.close()
    postgres.execute("DROP DATABASE {} WITH (FORCE)", name)


def test_a_run_is_asked_answered_and_recorded_whatever_the_defaults_are(odd: Database) -> None:
    """Times and texts come back as they went in."""

    @task
    def publish(version: str) -> str:
        return f"{version} – published ✅"

    @flow
    def release() -> list[str]:
        answered = pause_flow_run(str, description="Publish “1.4” — naïve 日本?", timeout=3600)
        return [answered, publish("1.4")]

    with Worker(odd, [release], defaults=Policy()):
        run = release.create_run(db=odd)
        prompt = until_asked(odd, run.id)
        assert prompt.title == "Publish “1.4” — naïve 日本?"
        assert prompt.deadline == prompt.opened_at + timedelta(hours=1)
        answer(odd, prompt, value="ja 👍")
        assert until_over(odd, run.id).result == ["ja 👍", "1.4 – published ✅"]
    assert abs(odd.now() - prompt.opened_at) < timedelta(hours=1)


def test_two_people_and_a_worker_never_meet_a_serialization_failure(odd: Database) -> None:
    """Each of them waits for the other's lock, and sees what that has committed."""
    worker = a_worker(odd)
    asked = [an_open_prompt(odd, worker=worker) for _ in range(20)]
    won: list[bool] = []
    failed: list[BaseException] = []

    def press() -> None:
        try:
            won.extend(settle(odd, prompt).won for prompt in asked)
        except BaseException as error:  # noqa: BLE001 - asserted below
            failed.append(error)

    people = [threading.Thread(target=press) for _ in range(2)]
    for each in people:
        each.start()
    claimed = set()
    while any(each.is_alive() for each in people):
        claimed |= {run.id for run in claim(odd, worker, limit=3)}
        leases.renew(odd, worker, now=NOON, lease=timedelta(days=1))
    for each in people:
        each.join()
    claimed |= {run.id for run in claim(odd, worker, limit=20)}
    assert failed == []
    assert sorted(won) == [False] * 20 + [True] * 20
    assert claimed == {prompt.run_id for prompt in asked}


def test_what_the_server_acknowledges_is_on_disk(odd: Database) -> None:
    """A default that would lose the last answers in a crash of the server is not used."""
    with odd.read() as reading:
        assert reading.connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_transactions_that_deadlock_are_done_again(db: Database) -> None:
    """PostgreSQL aborts one of them, which then runs once more. Both are recorded."""
    runs = [a_run(db).id for _ in range(2)]
    both_hold_one = threading.Barrier(2)
    tries: list[str] = []
    failed: list[BaseException] = []

    @transactional
    def mark(first: str, second: str) -> None:
        tries.append(first)
        with db.write() as tx:
            for run_id in (first, second):
                tx.execute(update(flow_runs).where(flow_runs.c.id == run_id).values(message=flow_runs.c.message + "x"))
                if run_id == first and len(tries) <= 2:
                    both_hold_one.wait(30)

    def work(*ids: str) -> None:
        try:
            mark(*ids)
        except BaseException as error:  # noqa: BLE001 - asserted below
            failed.append(error)

    workers = [threading.Thread(target=work, args=ids) for ids in (runs, runs[::-1])]
    for each in workers:
        each.start()
    for each in workers:
        each.join()
    assert failed == []
    assert len(tries) > 2
    with db.read() as reading:
        assert set(reading.execute(select(flow_runs.c.message)).scalars()) == {"xx"}


def test_a_database_that_cannot_hold_every_text_is_refused_in_a_sentence(postgres: PostgresServer) -> None:
    """An answer with an emoji would be lost in it."""
    name = f"test_{uuid.uuid4().hex}"
    postgres.execute("CREATE DATABASE {} ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0", name)
    db = Database(postgres.database(name))
    with pytest.raises(DatabaseUnavailable, match="has the encoding LATIN1, which cannot hold everything"), db.read():
        pass
    db.close()
    postgres.execute("DROP DATABASE {} WITH (FORCE)", name)
