"""Frequent queries stay cheap, however large the tables are: they use an index, and sort nothing.

Both databases explain how they would execute them, with enough rows that PostgreSQL does not prefer a full scan.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from signoff.flows.names import now
from signoff.store import artifacts, ledger
from signoff.store.database import Database
from signoff.store.outbox import cards, deliveries, notices
from signoff.store.outbox.waiting import waiting
from signoff.store.policy import Policy
from signoff.store.prompts import approvers, drafts, due, prompts
from signoff.store.records.outbox import NoticeKind
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import RunState
from signoff.store.runs import claims, journal, messages, pauses, runs, schedules
from signoff.store.tables import artifacts as artifact_rows
from signoff.store.tables import deliveries as delivery_rows
from signoff.store.tables import drafts as draft_rows
from signoff.store.tables import flow_runs, ledger_heads, steps, submissions, ticks
from signoff.store.tables import inputs as input_rows
from signoff.store.tables import ledger as ledger_rows
from signoff.store.tables import notices as notice_rows
from tests.integration.store.samples import a_prompt_elsewhere, a_run, a_worker, asking, claim, claim_request, settle
from tests.support.load import count_rows, open_prompts, rows_for
from tests.support.postgres_server import PostgresServer
from tests.support.sql_capture import captured_sql

CROWD = 5000
MOMENT = now()
SMALL = ("workers", "schedules")
"""Tables that stay so small that reading all of their rows is best."""


@dataclass
class Crowded:
    """A database with thousands of rows in each table, and one run that the queries are about."""

    db: Database
    worker: str
    prompt: Prompt


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def crowded(
    request: pytest.FixtureRequest, sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Crowded]:
    """One for all queries, since it takes a second to make."""
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("crowded") / "signoff.db"
        shutil.copy(sqlite_file, file)
        db = Database(f"sqlite:///{file}")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        server.execute("CREATE DATABASE crowded TEMPLATE migrated")
        db = Database(server.database("crowded"))
    fill(db)
    yield Crowded(db, worker := a_worker(db), a_waiting_run(db, worker))
    db.close()


def fill(db: Database) -> None:
    """Thousands of waiting runs, each with a few rows in every table."""
    open_prompts(db, CROWD, flow="order")
    every = select(flow_runs.c.id)
    at = {"created_at": MOMENT}
    step = {"arguments_hash": "", "fingerprint": "", "format": "json", "result": "1"}
    with db.write() as tx:
        for key in ("build", "ship"):
            moments = {"started_at": MOMENT, "finished_at": MOMENT}
            tx.execute(rows_for(every, steps, {"key": key, **step, **moments}, ids="run_id"))
        tx.execute(rows_for(every, input_rows, {"key": "1", "value": 1, **at}, ids="run_id"))
        tx.execute(rows_for(every, draft_rows, {"actor": "U1", "values": {}, "updated_at": MOMENT}, ids="prompt_id"))
        line = {"at": MOMENT, "event": "opened", "detail": {}, "number": 1, "hash": ""}
        tx.execute(rows_for(every, ledger_rows, line, ids="prompt_id"))
        tx.execute(update(ledger_heads).values(number=1))
        tx.execute(rows_for(every, notice_rows, {"kind": "reminder", "detail": {}, **at}, ids="prompt_id"))
        submission = {"at": MOMENT, "actor": "U1", "actor_name": "Ana", "via": "cli"}
        tx.execute(rows_for(every, submissions, submission, ids="prompt_id"))
        delivery = {"engine": "elsewhere", "outcome": "submitted", "state": "accepted", **at}
        tx.execute(rows_for(every, delivery_rows, delivery, ids="prompt_id"))
        tx.execute(rows_for(every, ticks, {"flow": "order", "at": MOMENT}, ids="schedule run_id"))
        tx.execute(rows_for(every, artifact_rows, {"type": "table", "data": {}, **at}, ids="id run_id"))
    settle(db, a_prompt_elsewhere(db, opened_at=MOMENT), now=MOMENT)
    for _ in range(20):
        a_run(db, now=MOMENT)
    count_rows(db)


def a_waiting_run(db: Database, worker: str) -> Prompt:
    """A run whose second prompt is due, and has a card and a notice to be posted."""
    run = claim(db, worker, now=MOMENT, limit=1)[0]
    for key in ("1", "2"):
        policy = Policy(approvers=("@ana",))
        asked = asking(run, key=key, opened_at=MOMENT, deadline=MOMENT, due_at=MOMENT, stored_policy=policy)
        pauses.open_prompt(db, asked, fencing_token=run.fencing_token, state=RunState.PAUSED, held=True)
    with db.write() as tx:
        notices.add(tx, asked.id, kind=NoticeKind.REMINDER, detail={}, now=MOMENT)
    return asked


def a_whole_run(db: Database, worker: str) -> None:
    """Every write of a run's life."""
    asked = a_waiting_run(db, worker)
    drafts.save(db, asked.id, "U1", {}, revision=drafts.NO_DRAFT, now=MOMENT)
    settle(db, asked, now=MOMENT)
    run = runs.get(db, asked.run_id)
    runs.finish(db, run.id, run.fencing_token, state=RunState.COMPLETED, now=MOMENT)


Look = Callable[[Crowded], Any]

AMONG_EVERYTHING: dict[str, tuple[Look, str]] = {
    "the next prompt whose approvers are checked": (
        lambda it: approvers.due(it.db, now=MOMENT, limit=1),
        "ix_prompts_approvers_due_at",
    ),
    "when approvers are checked next": (lambda it: approvers.next_due_at(it.db), "ix_prompts_approvers_due_at"),
    "the next run": (
        lambda it: claims.claim(it.db, claim_request(it.worker), limit=1, now=MOMENT),
        "ix_flow_runs_runnable_at",
    ),
    "when a run is due": (
        lambda it: claims.claim(it.db, claim_request(it.worker, "unknown"), limit=1, now=MOMENT),
        "ix_flow_runs_runnable_at",
    ),
    "due deadlines": (lambda it: due.due(it.db, now=MOMENT), "ix_prompts_due_at"),
    "when a deadline is due": (lambda it: due.next_due_at(it.db), "ix_prompts_due_at"),
    "when a card is due": (lambda it: cards.next_due_at(it.db), "ix_cards_due_at"),
    "due deliveries": (
        lambda it: deliveries.claim_due(it.db, "elsewhere", it.worker, now=MOMENT),
        "ix_deliveries_due_at",
    ),
    "when a delivery is due": (lambda it: deliveries.next_due_at(it.db, "elsewhere"), "ix_deliveries_due_at"),
    "a page of open prompts": (lambda it: prompts.pending(it.db, limit=10), "ix_prompts_open"),
    "the next page": (
        lambda it: prompts.pending(it.db, after=prompts.pending(it.db, limit=1)[0], limit=10),
        "ix_prompts_open",
    ),
    "the newest runs": (lambda it: runs.newest(it.db), "ix_flow_runs_created_at"),
}


OF_ONE: dict[str, Look] = {
    "a run": lambda it: runs.get(it.db, it.prompt.run_id),
    "a run's prompts": lambda it: prompts.of_run(it.db, it.prompt.run_id),
    "a run's steps": lambda it: journal.load(it.db, it.prompt.run_id),
    "what a run was sent": lambda it: messages.first_arrived(
        it.db, it.prompt.run_id, key_prefix="approval", after=0, exclude_keys=[]
    ),
    "one input": lambda it: messages.find(it.db, it.prompt.run_id, "1"),
    "a run's artifacts": lambda it: artifacts.find(it.db, run_id=it.prompt.run_id),
    "a run's tick": lambda it: schedules.tick_of(it.db, it.prompt.run_id),
    "a worker's runs": lambda it: claims.leased_to(it.db, it.worker),
    "a prompt": lambda it: prompts.get(it.db, it.prompt.id),
    "a prompt, and where its cards are": lambda it: prompts.get_with_places(it.db, it.prompt.id),
    "where the cards of a page are": lambda it: cards.places(it.db, [it.prompt.id]),
    "a draft": lambda it: drafts.load(it.db, it.prompt.id, "U1"),
    "some cards": lambda it: cards.claim(it.db, it.worker, [1, 2], now=MOMENT),
    "some notices": lambda it: notices.claim(it.db, it.worker, [1, 2], now=MOMENT),
    "a prompt's history": lambda it: ledger.lines(it.db, it.prompt.id),
    "a run from its claim to its end": lambda it: a_whole_run(it.db, it.worker),
}


@pytest.mark.parametrize("look", AMONG_EVERYTHING)
def test_a_query_for_what_is_next_uses_its_index(crowded: Crowded, look: str) -> None:
    """Invariant 4: it reads no whole table, and stops at its limit, because nothing has to be sorted first."""
    act, index = AMONG_EVERYTHING[look]
    plans = explained(crowded.db, lambda: act(crowded))
    assert any(index in plan for plan in plans), plans
    for plan in plans:
        assert not whole_tables(plan), plan
        # An incremental sort only orders rows that are equal in the index.
        assert not re.search("TEMP B-TREE|(?<!Incremental )Sort  ", plan), plan


@pytest.mark.parametrize("look", OF_ONE)
def test_the_rows_of_one_run_or_prompt_are_found_by_an_index(crowded: Crowded, look: str) -> None:
    """They are few, and may be sorted; the rows of others are not read."""
    for plan in explained(crowded.db, lambda: OF_ONE[look](crowded)):
        assert not whole_tables(plan), plan


def test_what_waits_for_slack_is_found_by_indexes(crowded: Crowded) -> None:
    """It is sorted by place, but what does not wait is not read."""
    plans = explained(crowded.db, lambda: waiting(crowded.db, crowded.worker, now=MOMENT, limit=5))
    for index in ("ix_cards_due_at", "ix_notices_due_at"):
        assert any(index in plan for plan in plans), plans
    for plan in plans:
        assert not whole_tables(plan) & {"cards", "notices", "prompts"}, plan


def explained(db: Database, act: Callable[[], Any]) -> list[str]:
    """The plan of each of the statements."""
    asked = captured_sql(db)
    act()
    explain = "EXPLAIN QUERY PLAN" if db.is_sqlite else "EXPLAIN"
    plans = []
    with db.engine.connect() as connection:
        for statement in list(asked):
            if statement.startswith(("SELECT", "UPDATE", "DELETE")) and "pg_notify" not in statement:
                found = connection.exec_driver_sql(f"{explain} {statement}".replace("%", "%%"))
                plans.append("\n".join([statement, *(str(row[-1]) for row in found)]))
    assert plans
    return plans


def whole_tables(plan: str) -> set[str]:
    """The growing tables that are read completely."""
    return set(re.findall(r"(?:Seq Scan on|SCAN(?! CONSTANT)) (\w+)(?! USING)\b", plan)) - set(SMALL)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_connection_is_set_up(db: Database) -> None:
    """On every connection, a crash of the machine loses no commit, and foreign keys are enforced."""
    opened = [db.engine.connect().execution_options(signoff_reading=True) for _ in range(3)]
    for connection in opened:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
        connection.rollback()
        assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
        connection.close()
