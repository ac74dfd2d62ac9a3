"""Very many open prompts: what the check for due deadlines, a page of the list, a start and doing nothing cost then."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.engines.embedded.worker import Worker
from signoff.store.policy import Policy
from signoff.store.prompts import prompts
from tests.benchmarks import waiting_flows
from tests.benchmarks.continuing import FLOWS, text
from tests.benchmarks.figures import Line, spread
from tests.support.load import open_prompts
from tests.support.stores import NewUrl, database
from tests.support.worker_process import WorkerProcess

LOOKS = 200
IDLE_SECONDS = 10.0
PAGE = 20


def lines(new_url: NewUrl, count: int) -> Iterator[Line]:
    """Every line about so many open prompts."""
    with database(new_url()) as db:
        open_prompts(db, count, flow=waiting_flows.suspending.name)
        deadlines = DeadlineEnforcer(db)
        yield Line(f"{count:,} open prompts: a tick with nothing due, ms", spread(timed(deadlines.check)), "", "≤ 0.1")
        yield Line(f"{count:,} open prompts: reading what is due next, ms", spread(timed(deadlines.do_due)), "", "")
        page = spread(timed(lambda: prompts.pending(db, limit=PAGE)))
        yield Line(f"{count:,} open prompts: page 1 of the list, {PAGE} prompts, ms", page, "", "≤ 10")
        started = time.perf_counter()
        with WorkerProcess(text(db), Path(waiting_flows.__file__)):
            ready = time.perf_counter() - started
        yield Line(f"{count:,} open prompts: a worker's start until it is ready, s", f"{ready:.2f}", "", "≤ 1")
        with Worker(db, FLOWS, defaults=Policy()), DeadlineEnforcer(db):
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
