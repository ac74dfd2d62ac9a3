"""Waiting is cheap: an idle process leaves the database alone."""

import time

from signoff import flow
from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.services.ticker import TICK
from signoff.store.changes import Topic
from signoff.store.database import Database
from tests.support.fixtures import StartWorker
from tests.support.load import open_prompts
from tests.support.sql_capture import captured_sql
from tests.support.waiting import PATIENCE


@flow
def order() -> None:
    """One that nobody starts."""


def test_a_worker_and_a_clock_ask_nothing_while_many_prompts_are_open(db: Database, start_worker: StartWorker) -> None:
    """Whatever the clock ticks; only that they live is noted, every ten seconds."""
    open_prompts(db, 100, flow="order")
    with db.changes.subscribe(Topic.RUNS) as changes:
        # What listens for others has its connection from here on; the glance that it throws at SQLite is not counted.
        assert changes.wait(PATIENCE)
    asked = captured_sql(db)
    start_worker(order)
    with DeadlineEnforcer(db):
        end = time.monotonic() + PATIENCE
        asked.append("what the start asks")
        while asked:
            assert time.monotonic() < end, asked
            asked.clear()
            # There is no event to wait for: nothing is to happen.
            time.sleep(1.5 * TICK)
