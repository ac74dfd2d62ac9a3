"""The journal: what recording a step costs, what replaying many costs, and how soon a killed worker's runs go on."""

import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from signoff.flows.approval.desk import Desk
from signoff.flows.engines.embedded.worker import Worker
from signoff.store.policy import Policy
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState
from tests.benchmarks import waiting_flows
from tests.benchmarks.continuing import ANA, FLOWS, RUNS, create, poll, text, until_count
from tests.benchmarks.figures import Line, spread
from tests.benchmarks.floor import Floor
from tests.support.stores import NewUrl, database
from tests.support.waiting import until_asked, until_over
from tests.support.worker_process import WorkerProcess

STEPS = 1000
FILE = Path(waiting_flows.__file__)


def lines(new_url: NewUrl) -> Iterator[Line]:
    """Every line about the journal."""
    bare = bare_commits(new_url())
    with database(new_url()) as db, Worker(db, FLOWS, defaults=Policy()):
        run = waiting_flows.stepping.create_run({"steps": STEPS}, db=db)
        prompt = until_asked(db, run.id)
        Desk(db).submit(prompt.id, ANA, {"value": True}, via="cli")
        began, went_on, *taken = until_over(db, run.id).result
    yield Line("a flow step, recorded, ms", spread(taken), spread(bare), f"≤ {1.5 * statistics.median(bare):.2f}")
    yield Line(f"replay of {STEPS:,} recorded steps, ms", f"{(went_on - began) * 1000:.0f}", "", "≤ 100")
    with database(new_url()) as db:
        create(db, waiting_flows.pausing, RUNS)
        with WorkerProcess(text(db), FILE) as worker:
            until_count(db, RUNS, RunState.PAUSED)
            worker.kill()
        answered = prompts.pending(db, limit=1)[0]
        Desk(db).submit(answered.id, ANA, {"value": True}, via="cli")
        at = time.time()
        with WorkerProcess(text(db), FILE):
            taken_s = float(until_over(db, answered.run_id).result) - at
    yield Line(f"kill -9 with {RUNS:,} waiting → first answer continues, s", f"{taken_s:.2f}", "", "≤ 1")


def bare_commits(url: str) -> list[float]:
    """Milliseconds of one commit of one row each."""
    taken = []
    with closing(Floor(url)) as rows:
        rows.create(0)
        poll(lambda: rows.count("Suspended") == 1)
        for number in range(STEPS):
            started = time.perf_counter()
            rows.step(0, f"step-{number}")
            taken.append((time.perf_counter() - started) * 1000)
    return taken
