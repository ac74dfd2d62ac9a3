"""The engine beside DBOS: the same runs in both, one after the other on the same machine.

    uv run --with dbos python -m tests.benchmarks.beside_dbos [--store sqlite]

A run does one step, waits for an answer, and does one more. In DBOS that is a workflow with `DBOS.recv` between two
steps, answered by `DBOS.send` from the same process; DBOS is set up as its guide says, and nothing is tuned. Three
figures are median / p99 / maximum.
"""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from signoff.flows.engines.embedded.worker import Worker
from signoff.store.policy import Policy
from tests.benchmarks.continuing import (
    ANSWERS,
    BREATH_SECONDS,
    FLOWS,
    RUNS,
    WARM_UP,
    Heard,
    answer_one_by_one,
    burst,
    until_waiting,
)
from tests.benchmarks.figures import Line, print_lines, spread
from tests.support.stores import STORES, NewUrl, database, store

DBOS_ANSWERS = 60
"""How many are answered one by one in DBOS, which on SQLite takes most of a second for each."""


@dataclass(frozen=True)
class Taken:
    """What one engine took, in seconds; *continued* in milliseconds."""

    waiting: float
    continued: list[float]
    burst: float


def main() -> None:
    """Measure both and print it, one table for each store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=STORES, action="append", help="measure on this store only")
    for kind in parser.parse_args().store or STORES:
        with store(kind) as new_url:
            print_lines(kind, lines(ours(new_url), dbos(new_url())), beside="DBOS")


def lines(here: Taken, there: Taken) -> list[Line]:
    """The table."""
    rates = RUNS / here.burst, RUNS / there.burst
    return [
        Line(f"{RUNS:,} runs: until all wait, s", f"{here.waiting:.2f}", f"{there.waiting:.2f}", ""),
        Line("answer → continuation, one process, ms", spread(here.continued), spread(there.continued), ""),
        Line(f"burst of {RUNS:,} answers, runs completed a second", f"{rates[0]:.0f}", f"{rates[1]:.0f}", "≥ 2 × DBOS"),
    ]


def ours(new_url: NewUrl) -> Taken:
    """What this engine takes."""
    with database(new_url()) as db, Worker(db, FLOWS, defaults=Policy()):
        waiting = until_waiting(db, RUNS)
        continued = answer_one_by_one(db, ANSWERS)
    with database(new_url()) as db, Worker(db, FLOWS, defaults=Policy()):
        until_waiting(db, RUNS)
        return Taken(waiting, continued, burst(db))


def dbos(url: str) -> Taken:
    """What DBOS takes."""
    with launched(url) as workflows:
        started = time.perf_counter()
        workflows.start(range(RUNS))
        waiting = time.perf_counter() - started
        continued = []
        for number in range(DBOS_ANSWERS):
            at = time.time()
            workflows.answer(number)
            continued.append((workflows.went_on.when(number) - at) * 1000)
            time.sleep(BREATH_SECONDS)
        workflows.start(range(RUNS, RUNS + DBOS_ANSWERS))
        asked = range(DBOS_ANSWERS, RUNS + DBOS_ANSWERS)
        started = time.perf_counter()
        for number in asked:
            workflows.answer(number)
        workflows.until_completed(asked)
        return Taken(waiting, continued[WARM_UP:], time.perf_counter() - started)


@dataclass(frozen=True)
class Workflows:
    """Runs of one workflow in DBOS, by their numbers."""

    dbos: Any
    workflow: Callable[[int], None]
    asks: Heard
    went_on: Heard
    handles: dict[int, Any] = field(default_factory=dict)

    def start(self, numbers: range) -> None:
        """Start them, and wait until they wait."""
        for number in numbers:
            self.handles[number] = self.dbos.start_workflow(self.workflow, number)
        for number in numbers:
            self.asks.when(number)

    def answer(self, number: int) -> None:
        """Let one go on."""
        self.dbos.send(self.handles[number].get_workflow_id(), True)

    def until_completed(self, numbers: range) -> None:
        """Wait for their ends."""
        for number in numbers:
            self.handles[number].get_result()


@contextmanager
def launched(url: str) -> Iterator[Workflows]:
    """DBOS on this database."""
    try:
        from dbos import DBOS
    except ImportError:
        raise SystemExit("DBOS is not there: uv run --with dbos python -m tests.benchmarks.beside_dbos") from None
    asks, went_on = Heard(), Heard()
    step = DBOS.step()(one_step)

    def waiting(number: int) -> None:
        step(number)
        asks.hear(number)
        DBOS.recv(timeout_seconds=3600)
        went_on.hear(number)
        step(number)

    workflow = DBOS.workflow()(waiting)
    DBOS(config={"name": "beside", "system_database_url": url, "log_level": "ERROR"})
    DBOS.launch()
    yield Workflows(DBOS, workflow, asks, went_on)
    DBOS.destroy(destroy_registry=True)


def one_step(number: int) -> int:
    """Something whose result is recorded."""
    return number


if __name__ == "__main__":
    main()
