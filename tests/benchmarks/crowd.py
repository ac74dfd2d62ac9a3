"""Very many open prompts: what the clock's tick, a page of the list, a start and doing nothing cost then."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Insert, Select, String, Table, cast, func, literal, select
from sqlalchemy import text as sql

from flows.clock import Clock
from flows.engines.embedded import Worker
from flows.names import now
from flows.policy import Policy
from store import prompts
from store.database import Database
from store.records import RunState
from store.tables import cards, flow_runs
from store.tables import prompts as prompt_rows
from tests.benchmarks import waiting_flows
from tests.benchmarks.continuing import FLOWS, text
from tests.benchmarks.figures import Line, spread
from tests.integration.flows.worker_process import WorkerProcess
from tests.stores import NewUrl, record

LOOKS = 200
IDLE_SECONDS = 10.0
CHUNK = 100_000
PAGE = 20


def lines(new_url: NewUrl, count: int) -> Iterator[Line]:
    """Every line about so many open prompts."""
    with record(new_url()) as db:
        fill(db, count)
        clock = Clock(db)
        yield Line(f"{count:,} open prompts: a tick with nothing due, ms", spread(timed(clock.tick)), "", "≤ 0.1")
        yield Line(f"{count:,} open prompts: the clock's look at the record, ms", spread(timed(clock.look)), "", "")
        page = spread(timed(lambda: prompts.pending(db, limit=PAGE)))
        yield Line(f"{count:,} open prompts: page 1 of the list, {PAGE} prompts, ms", page, "", "≤ 10")
        started = time.perf_counter()
        with WorkerProcess(text(db), Path(waiting_flows.__file__)):
            ready = time.perf_counter() - started
        yield Line(f"{count:,} open prompts: a worker's start until it is ready, s", f"{ready:.2f}", "", "≤ 1")
        with Worker(db, FLOWS, defaults=Policy()), Clock(db):
            # The first second is the start's.
            time.sleep(1)
            before = time.process_time()
            time.sleep(IDLE_SECONDS)
            used = (time.process_time() - before) / IDLE_SECONDS * 100
        yield Line(f"{count:,} open prompts: idle, % of a core", f"{used:.2f}", "", "≤ 0.2")


def timed(look: Callable[[], object]) -> list[float]:
    """Milliseconds of each of many calls."""
    look()
    taken = []
    for _ in range(LOOKS):
        started = time.perf_counter()
        look()
        taken.append((time.perf_counter() - started) * 1000)
    return taken


def fill(db: Database, count: int) -> None:
    """Write so many suspended runs, each with one open prompt that has a deadline and a card."""
    for first in range(0, count, CHUNK):
        opened_at = now()
        run = {
            "name": "brave-otter",
            "flow": waiting_flows.suspending.name,
            "parameters": {},
            "state": RunState.SUSPENDED,
            "created_at": opened_at,
            "fence": 1,
        }
        prompt = {
            "key": "1",
            "title": "Continue?",
            "description": "",
            "schema_hash": "",
            "fingerprint": "",
            "initial": {},
            "policy": {},
            "opened_at": opened_at,
            "deadline": opened_at + timedelta(days=30),
            "due_at": opened_at + timedelta(days=30),
        }
        ids = new_ids(db, min(CHUNK, count - first))
        new_runs = select(flow_runs.c.id).where(flow_runs.c.created_at == opened_at)
        with db.write() as tx:
            tx.execute(rows_for(ids, flow_runs, run, ids="id"))
            # A run's one prompt has the run's id, which is no matter here and saves time.
            tx.execute(rows_for(new_runs, prompt_rows, prompt, ids="id run_id"))
            tx.execute(rows_for(new_runs, cards, {"channel": "C1", "ts": "1.0", "shown": 1}, ids="prompt_id"))
    if not db.is_sqlite:
        # Which PostgreSQL does by itself within a minute.
        with db.write() as tx:
            tx.execute(sql("ANALYZE"))


def new_ids(db: Database, count: int) -> Select[Any]:
    """So many fresh identifiers, made by the database."""
    numbers = select(literal(1).label("n")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.n + 1).where(numbers.c.n < count))
    made = func.lower(func.hex(func.randomblob(18))) if db.is_sqlite else cast(func.gen_random_uuid(), String)
    return select(made.label("id")).select_from(numbers)


def rows_for(new: Select[Any], table: Table, values: dict[str, Any], *, ids: str) -> Insert:
    """One row with these values for each of the new identifiers, which stand in the columns `ids`."""
    each = new.subquery("new")
    constant = [literal(value, table.c[name].type) for name, value in values.items()]
    # In order, since a million rows in a random one take minutes.
    row = select(*(each.c.id for _ in ids.split()), *constant).order_by(each.c.id)
    return table.insert().from_select([*ids.split(), *values], row)
