"""Runs that wait and go on: until all wait, one answer, a burst of them, and beside each the same in plain rows."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from signoff import Flow
from signoff.flows.approval.desk import Desk
from signoff.flows.engines.embedded.worker import Worker
from signoff.store.changes import Subscription, Topic
from signoff.store.database import Database
from signoff.store.policy import Policy
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from signoff.store.tables import flow_runs
from tests.benchmarks import waiting_flows
from tests.benchmarks.figures import Line, spread
from tests.benchmarks.floor import Floor
from tests.support.stores import NewUrl, database
from tests.support.waiting import PATIENCE
from tests.support.worker_process import WorkerProcess

ANA = Actor("U1", "Ana")
RUNS = 1000
ANSWERS = 200
WARM_UP = 20
BREATH_SECONDS = 0.01
LOOK_EVERY_SECONDS = 0.02


@dataclass
class Rows:
    """What the plain rows took."""

    waiting: float
    continued: list[float]
    burst: float


def lines(new_url: NewUrl) -> Iterator[Line]:
    """Every line about runs that wait and go on."""
    rows = floor(new_url())
    with database(new_url()) as db, Worker(db, FLOWS, defaults=Policy()) as worker:
        waiting = until_waiting(db, RUNS)
        yield Line(
            f"{RUNS:,} suspended runs: until all wait, s", f"{waiting:.2f}", f"{rows.waiting:.2f}", "≤ 2 × floor"
        )
        before = resident()
        until_waiting(db, RUNS)
        held = f"{(resident() - before) / RUNS / 1024:.2f}, {len(worker._executions)}, {threading.active_count()}"
        yield Line("one suspended run more: KiB; runs held in memory; threads in all", held, "", "0")
        continued = spread(answer_one_by_one(db, ANSWERS))
        floor_continued = spread(rows.continued)
        yield Line("answer → continuation, one process, suspended, ms", continued, floor_continued, "≤ 2 × floor, ≤ 15")
    with database(new_url()) as db, Worker(db, FLOWS, defaults=Policy()):
        create(db, waiting_flows.pausing, ANSWERS)
        until_count(db, ANSWERS, RunState.PAUSED)
        continued = spread(answer_one_by_one(db, ANSWERS))
        yield Line("answer → continuation, one process, paused, ms", continued, floor_continued, "≤ 2 × floor, ≤ 15")
    with database(new_url()) as db, WorkerProcess(text(db), Path(waiting_flows.__file__)):
        until_waiting(db, ANSWERS)
        goal = "median ≤ 30" if db.is_sqlite else "median ≤ 10"
        yield Line("answer → continuation, two processes, ms", spread(answer_one_by_one(db, ANSWERS)), "", goal)
    with database(new_url()) as db, Worker(db, FLOWS, defaults=Policy()):
        until_waiting(db, RUNS)
        rate = RUNS / burst(db)
        floor_rate = f"{RUNS / rows.burst:.0f}"
        yield Line(f"burst of {RUNS:,} answers, runs completed a second", f"{rate:.0f}", floor_rate, "≥ 0.7 × floor")
    with database(new_url()) as db, Worker(db, FLOWS, defaults=Policy()):
        took = f"{answer_all_tasks(db, RUNS):.1f}"
        yield Line(f"one run, {RUNS:,} tasks that pause: until answered and over, s", took, "", "≤ 10")


FLOWS: list[Flow[Any, Any]] = [
    waiting_flows.pausing,
    waiting_flows.suspending,
    waiting_flows.stepping,
    waiting_flows.mapping,
]


def floor(url: str) -> Rows:
    """The same with plain rows."""
    went_on = Heard()
    with closing(Floor(url, went_on=went_on.hear)) as rows:
        started = time.perf_counter()
        for run in range(RUNS):
            rows.create(run)
        poll(lambda: rows.count("Suspended") == RUNS)
        waiting = time.perf_counter() - started
        continued = []
        for run in range(ANSWERS):
            at = time.time()
            rows.answer(run)
            continued.append((went_on.when(run) - at) * 1000)
            time.sleep(BREATH_SECONDS)
        for run in range(RUNS, RUNS + ANSWERS):
            rows.create(run)
        poll(lambda: rows.count("Suspended") == RUNS)
        started = time.perf_counter()
        for run in range(ANSWERS, RUNS + ANSWERS):
            rows.answer(run)
        poll(lambda: rows.count("Completed") == RUNS + ANSWERS)
        return Rows(waiting, continued[WARM_UP:], time.perf_counter() - started)


@dataclass
class Heard:
    """When each run went on."""

    times: dict[int, float] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def hear(self, run: int) -> None:
        """Note that a run goes on."""
        with self.changed:
            self.times[run] = time.time()
            self.changed.notify()

    def when(self, run: int) -> float:
        """When a run went on, as soon as it has."""
        with self.changed:
            assert self.changed.wait_for(lambda: run in self.times, timeout=60)
            return self.times[run]


def until_waiting(db: Database, count: int) -> float:
    """Seconds until so many more runs are created and suspended."""
    already = counted(db, RunState.SUSPENDED)
    started = time.perf_counter()
    create(db, waiting_flows.suspending, count)
    until_count(db, already + count, RunState.SUSPENDED)
    return time.perf_counter() - started


def answer_one_by_one(db: Database, count: int) -> list[float]:
    """Milliseconds from each answer to its flow's next line, without the warm-up."""
    taken = []
    desk = Desk(db)
    with db.changes.subscribe(Topic.STATES) as ends:
        for prompt in prompts.pending(db, limit=count):
            at = time.time()
            desk.submit(prompt.id, ANA, {"value": True}, via="cli")
            taken.append((went_on(db, prompt.run_id, ends) - at) * 1000)
            time.sleep(BREATH_SECONDS)
    return taken[WARM_UP:]


def went_on(db: Database, run_id: str, ends: Subscription) -> float:
    """When a run went on, as soon as it has ended. Nothing is asked before that: it would hold up what is measured."""
    while ends.wait(PATIENCE):
        if (run := runs.get(db, run_id)).state.is_final:
            return float(run.result)
    raise AssertionError("waited in vain for the run's end")


def burst(db: Database) -> float:
    """Seconds from the first of many answers to the end of the last run."""
    asked = prompts.pending(db, limit=RUNS)
    desk = Desk(db)
    started = time.perf_counter()
    for prompt in asked:
        desk.submit(prompt.id, ANA, {"value": True}, via="cli")
    until_count(db, len(asked), RunState.COMPLETED)
    return time.perf_counter() - started


def answer_all_tasks(db: Database, tasks: int) -> float:
    """Seconds from the start of a run whose tasks all wait, through an answer to each, to its end."""
    started = time.perf_counter()
    run = waiting_flows.mapping.create_run({"tasks": tasks}, db=db)
    poll(lambda: len(prompts.pending(db, limit=tasks)) == tasks)
    desk = Desk(db)
    for prompt in prompts.pending(db, limit=tasks):
        desk.submit(prompt.id, ANA, {"value": True}, via="cli")
    poll(lambda: runs.get(db, run.id).state is RunState.COMPLETED)
    return time.perf_counter() - started


def create(db: Database, flow: Flow[Any, Any], count: int) -> None:
    """Write so many runs."""
    for _ in range(count):
        flow.create_run(db=db)


def until_count(db: Database, count: int, state: RunState) -> None:
    """Wait until so many runs are in this state."""
    poll(lambda: counted(db, state) >= count)


def counted(db: Database, state: RunState) -> int:
    """How many runs are in a state."""
    with db.read() as connection:
        count: int = connection.execute(select(func.count()).where(flow_runs.c.state == state)).scalar_one()
    return count


def poll(look: Callable[[], bool]) -> None:
    """Look every few milliseconds, so rarely that what is measured is not held up."""
    end = time.monotonic() + 300
    while not look():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(LOOK_EVERY_SECONDS)


def text(db: Database) -> str:
    """The database's URL, to be given to another process."""
    return db.url.render_as_string(hide_password=False)


def resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096
