"""What is asked often stays cheap, however much is recorded: SQLite walks the partial indexes."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import text

from store import cards, notices, prompts, runs
from store.database import Database
from store.records import RunState
from tests.integration.store.samples import NOON, a_worker, an_open_prompt, asking
from tests.overhearing import overheard

LOOKS: dict[str, tuple[Callable[[Database, str], Any], str]] = {
    "the next run": (
        lambda db, worker: runs.claim(db, worker, flows=["order"], limit=1, now=NOON),
        "flow_runs USING INDEX ix_flow_runs_runnable_at",
    ),
    "when a run is due": (
        lambda db, _: runs.next_runnable_at(db, flows=["order"], now=NOON),
        "flow_runs USING INDEX ix_flow_runs_runnable_at",
    ),
    "due deadlines": (lambda db, _: prompts.due(db, now=NOON), "prompts USING INDEX ix_prompts_due_at"),
    "due cards": (lambda db, worker: cards.take_due(db, worker, now=NOON), "cards USING INDEX ix_cards_due_at"),
    "due notices": (lambda db, worker: notices.take_due(db, worker, now=NOON), "notices USING INDEX ix_notices_due_at"),
    "a page of open prompts": (lambda db, _: prompts.pending(db, limit=10), "prompts USING INDEX ix_prompts_open"),
    "the next page": (
        lambda db, _: prompts.pending(db, after=prompts.pending(db, limit=1)[0]),
        "prompts USING INDEX ix_prompts_open",
    ),
    "the newest runs": (lambda db, _: runs.newest(db), "flow_runs USING INDEX ix_flow_runs_created_at"),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("look", LOOKS)
def test_a_frequent_look_uses_its_index(db: Database, look: str) -> None:
    """No such query reads the whole table, or sorts what it found."""
    worker = a_worker(db)
    prompt = an_open_prompt(db, worker=worker, deadline=NOON, due_at=NOON)
    run = runs.get(db, prompt.run_id)
    second = asking(run, key="2", due_at=NOON)
    prompts.open_prompt(db, second, fence=run.fence, state=RunState.PAUSED, held=True)
    act, expected = LOOKS[look]
    asked = overheard(db)
    act(db, worker)
    with closing(sqlite3.connect(str(db.url.database))) as other:
        looks = [statement for statement in asked if statement.startswith("SELECT")]
        found = [other.execute(f"EXPLAIN QUERY PLAN {look}").fetchall() for look in looks]
    plans = ["; ".join(row[3] for row in rows) for rows in found]
    assert expected in plans[-1] or expected in plans[0], plans
    first = next(plan for plan in plans if expected in plan)
    assert "SCAN" not in first.replace(f"SCAN {expected}", "")
    assert "TEMP B-TREE" not in first


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_connection_is_set_up(db: Database) -> None:
    """A crash of the machine loses no commit, and a missing parent is refused, on whichever connection."""
    opened = [db.engine.connect().execution_options(signoff_reading=True) for _ in range(3)]
    for connection in opened:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
        connection.rollback()
        assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000}
        connection.close()
