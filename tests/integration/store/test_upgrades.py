"""A database of every released revision is upgraded with data in it, and its runs continue."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any, Literal

import pytest
from sqlalchemy import MetaData, inspect, select, text

from signoff import Policy, RunInput, flow, pause_flow_run, task
from signoff.artifacts import create_markdown_artifact
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.liveness import heartbeat, reaper
from signoff.flows.names import now
from signoff.store import artifacts, audit, blocks, ledger, migrations, tables
from signoff.store.database import Database
from signoff.store.prompts import drafts, prompts
from signoff.store.prompts.drafts import StoredDraft
from signoff.store.records.outbox import NoticeKind
from signoff.store.records.prompts import Delivery, DeliveryState, Outcome
from signoff.store.records.runs import RunState
from signoff.store.runs import journal, messages, runs
from tests.integration.store.revisions import (
    ADDED,
    ANSWERED,
    ELSEWHERE_RUN,
    LATER,
    OPEN,
    REJECTED,
    WAITING_RUN,
    rows_at,
)
from tests.integration.store.samples import a_worker, claim_cards, claim_notices
from tests.support.answering import answer
from tests.support.postgres_server import PostgresServer
from tests.support.waiting import until_asked, until_over

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def empty(
    request: pytest.FixtureRequest, revision: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database without a table."""
    if request.param == "sqlite":
        with closing(Database(f"sqlite:///{tmp_path_factory.mktemp('old') / 'old.db'}")) as db:
            yield db
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    name = f"old_{uuid.uuid4().hex}"
    server.execute("CREATE DATABASE {}", name)
    with closing(Database(server.database(name))) as db:
        yield db
    server.execute("DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture(scope="module", params=migrations.REVISIONS)
def revision(request: pytest.FixtureRequest) -> str:
    """A released revision."""
    return str(request.param)


@pytest.fixture(scope="module")
def old(empty: Database, revision: str) -> Database:
    """A database of this revision, with data in every table."""
    with empty.write() as tx:
        migrations.run_scripts(tx.connection, to=revision)
        found = MetaData()
        found.reflect(tx.connection)
        rows = rows_at(revision)
        for table in found.sorted_tables:
            for values in rows.get(table.name, {}).values():
                tx.execute(table.insert().values(values))
    return empty


@pytest.fixture(scope="module")
def upgraded(old: Database, revision: str) -> Database:
    """The same database after the upgrade. The tests share it in the order of this file; the last one changes it."""
    assert migrations.upgrade(old) == (revision, migrations.REVISIONS[-1])
    return old


def test_a_revision_has_data_in_every_column(old: Database, revision: str) -> None:
    """A new revision comes with rows in `tests/integration/store/revisions.py`."""
    assert revision in ADDED
    with old.read() as reading:
        found = inspect(reading.connection)
        for table in found.get_table_names():
            names = [str(column["name"]) for column in found.get_columns(table)]
            filled = ", ".join(f'count("{name}")' for name in names)
            counts = reading.execute(text(f'SELECT {filled} FROM "{table}"')).one()
            assert [name for name, count in zip(names, counts, strict=True) if count == 0] == [], table


def test_every_value_is_the_same_after_the_upgrade(upgraded: Database, revision: str) -> None:
    """No value changes in the columns there were before, under whatever name they have now."""
    for name, rows in rows_at(revision, named_as_in=migrations.REVISIONS[-1]).items():
        if name == "clocks":
            # The upgrade itself begins the clock, which on SQLite forgets earlier starts of the machine.
            continue
        with upgraded.read() as connection:
            found = [row._mapping for row in connection.execute(select(tables.metadata.tables[name]))]
        for values in rows.values():
            assert any(all(row[column] == value for column, value in values.items()) for row in found), (name, values)


def test_the_store_reads_what_an_older_version_wrote(upgraded: Database, revision: str) -> None:
    """Every part of it, after the upgrade."""
    db = upgraded
    run = runs.get(db, "colorful-moth")
    assert (run.state, run.parameters) == (RunState.PAUSED, {"pieces": 3})
    assert {each.state for each in runs.newest(db)} == {
        RunState.PAUSED,
        RunState.COMPLETED,
        RunState.FAILED,
        RunState.SCHEDULED,
    }
    assert journal.load(db, WAITING_RUN)["quote"].result == '{"price":21}'
    answered, asked = prompts.of_run(db, WAITING_RUN)
    assert (answered.outcome, answered.answer) == (Outcome.SUBMITTED, {"size": "large"})
    assert prompts.pending(db) == [asked]
    assert [line.event for line in ledger.lines(db, answered.id)] == ["opened", "submitted"]
    assert [each.data for each in artifacts.find(db, run_id=WAITING_RUN)] == ["A quote"]
    assert blocks.load(db, "json", "price") == ({"shirt": 7},)
    # Still held by a worker that has not expired.
    me = a_worker(db)
    assert claim_cards(db, me, now=LATER) == []
    assert claim_notices(db, me, now=LATER) == []
    if "drafts" in rows_at(revision):
        assert drafts.load(db, OPEN, "U1") == StoredDraft({"value": True}, 1)
    if "deliveries" in rows_at(revision):
        waiting, turned_down = prompts.of_run(db, ELSEWHERE_RUN)
        assert waiting.delivery == Delivery(DeliveryState.PENDING, error="503 Service Unavailable")
        assert turned_down.delivery is not None
        assert turned_down.delivery.words == "Cannot resume a flow run that is not paused."
    if "inputs" in rows_at(revision):
        assert (kept := messages.find(db, WAITING_RUN, "greeting-1")) is not None
        assert kept.value == {"text": "hello"}


def test_the_ledgers_of_an_older_version_are_chained(upgraded: Database, revision: str) -> None:
    """As they are at the upgrade, which the check says; those that were chained before are as they were."""
    is_from_before = migrations.REVISIONS.index(revision) < migrations.REVISIONS.index("0028")
    assert audit.check(upgraded, ANSWERED) == audit.Checked(ANSWERED, 2, is_from_before, ())
    assert audit.check(upgraded, OPEN) == audit.Checked(OPEN, 1, is_from_before, ())


class Shirt(RunInput):
    """Which shirt?"""

    size: Literal["small", "large"]


quoted: list[int] = []


@task
def quote(pieces: int) -> dict[str, int]:
    quoted.append(pieces)
    return {"price": pieces * 7}


@flow
def order(pieces: int) -> list[Any]:
    price = quote(pieces)
    create_markdown_artifact("A quote", key="quote")
    shirt = pause_flow_run(wait_for_input=Shirt, timeout=None, policy=Policy(channel="#orders"))
    sure = pause_flow_run(wait_for_input=bool, timeout=None)
    return [price, shirt.size, sure]


def test_a_run_that_waited_continues_after_the_upgrade(upgraded: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hashes of what it called and asked are still those that were recorded, so its code counts as unchanged."""
    # The run is held by a dead worker of another machine, whose lease has to be seen expired for half its length.
    for module in (heartbeat, reaper):
        monkeypatch.setattr(module, "LEASE", timedelta(seconds=0.9))
    db = upgraded
    quoted.clear()
    with Worker(db, [order]):
        prompt = prompts.get(db, OPEN)
        answer(db, prompt, value=True)
        run = until_over(db, WAITING_RUN)
        assert (run.state, run.error) == (RunState.COMPLETED, None)
        assert run.result == [{"price": 21}, "large", True]
        assert quoted == []
        # What the dead worker had claimed is free, and features that the older version did not have work too.
        me = a_worker(db)
        assert {each.prompt.id for each in claim_cards(db, me, now=now())} == {OPEN}
        # Where the requester is known, they are told how it ended.
        due = [each for each in claim_notices(db, me, now=now()) if each.kind is not NoticeKind.OUTCOME]
        assert [each.prompt.id for each in due] == [REJECTED]
        new = order.create_run({"pieces": 1}, db=db)
        assert until_asked(db, new.id).title == "Shirt"
    assert audit.check(db, OPEN).faults == ()
