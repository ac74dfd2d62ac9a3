"""Yes and no pressed together: what the second press costs the run that the first one has settled.

    uv run python -m tests.benchmarks.pairs [--store postgresql]

In each round 60 runs wait. One person presses Yes on all of them, and another one presses No, in two threads that
begin together. Beside it are rounds in which one person presses alone. *Continuation* is from the moment before the
press that counts is handed to the desk until the flow's next line runs: median / p99 / maximum. The longest round is
from the first press to the end of the last run.
"""

import argparse
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import Settled
from signoff.flows.engines.embedded.worker import Worker
from signoff.store.database import Database
from signoff.store.policy import Policy
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from tests.benchmarks import waiting_flows
from tests.benchmarks.continuing import create, poll
from tests.benchmarks.figures import Line, print_lines, spread
from tests.support.stores import STORES, NewUrl, database, store

ANA, BEN = Actor("U1", "Ana"), Actor("U2", "Ben")
ROUNDS = 13
PROMPTS = 60


@dataclass
class Rounds:
    """What the rounds of one kind took: milliseconds of each continuation, and seconds of each round."""

    continued: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)


def main() -> None:
    """Measure and print it, one table for each store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", choices=STORES, action="append", help="measure on this store only")
    for kind in parser.parse_args().store or STORES:
        with store(kind) as new_url:
            print_lines(kind, lines(new_url), beside="one press each")


def lines(new_url: NewUrl) -> Iterator[Line]:
    """The figures of one store."""
    with database(new_url()) as db, Worker(db, [waiting_flows.pausing], defaults=Policy()):
        alone, together = Rounds(), Rounds()
        press_round(db, Rounds(), ANA)
        # By turns, so that whatever else the machine does falls on both.
        for _ in range(ROUNDS):
            press_round(db, alone, ANA)
            press_round(db, together, ANA, BEN)
    what = "pressed together: continuation, ms"
    yield Line(what, spread(together.continued), spread(alone.continued), "median ≤ 50")
    longest = f"{max(together.whole):.2f}"
    yield Line(f"{PROMPTS} prompts: the longest of {ROUNDS} rounds, s", longest, f"{max(alone.whole):.2f}", "")


def press_round(db: Database, rounds: Rounds, *people: Actor) -> None:
    """Have these people press on every prompt of a round, all of them at once."""
    create(db, waiting_flows.pausing, PROMPTS)
    poll(lambda: len(prompts.pending(db, limit=PROMPTS + 1)) == PROMPTS)
    asked = prompts.pending(db, limit=PROMPTS)
    start = threading.Barrier(len(people))
    with ThreadPoolExecutor(max_workers=len(people)) as hands:
        began = time.perf_counter()
        pressed = list(hands.map(partial(press_all, Desk(db), asked, start), people, range(len(people))))
        poll(lambda: all(runs.get(db, each.run_id).state is RunState.COMPLETED for each in asked))
        rounds.whole.append(time.perf_counter() - began)
    for each in asked:
        at = next(given[each.id] for given in pressed if each.id in given)
        rounds.continued.append((float(runs.get(db, each.run_id).result) - at) * 1000)


def press_all(
    desk: Desk, asked: list[Prompt], start: threading.Barrier, person: Actor, number: int
) -> dict[str, float]:
    """Press on each prompt, in turn; when this person pressed on those that the press has settled."""
    counted = {}
    start.wait()
    for prompt in asked:
        at = time.time()
        if isinstance(desk.submit(prompt.id, person, {"value": number == 0}, via="cli"), Settled):
            counted[prompt.id] = at
    return counted


if __name__ == "__main__":
    main()
