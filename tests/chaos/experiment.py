"""Rounds of `kill -9`: runs are created, people answer, and at a random moment a process is killed."""

import random
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from signoff.flows.names import memorable_name, new_id, now
from signoff.store import migrations
from signoff.store.database import Database
from signoff.store.errors import DatabaseUnavailable
from signoff.store.runs import runs
from tests.chaos import chaos_flows
from tests.chaos.people import answer_everything, retry_crashed
from tests.chaos.processes import Victim
from tests.chaos.verdict import Seen, Verdict, astray, cut_off, judge, shown, states, unfinished
from tests.chaos.workers import work

T = TypeVar("T")

FLOWS = ("pausing", "suspending", "gathering")
LONGEST_ROUND = 0.6
"""The most seconds between everybody being at work and the next kill."""

RESTART_SHARE = 0.25
"""The share of rounds in which the database is restarted."""

MOST_UNFINISHED = 100
"""The number of unfinished runs above which no more are created for a while."""

PATIENCE = 60.0
"""Seconds without the end of any run after which the remaining ones count as stuck."""

KILL_PEOPLE_SHARE = 0.5
"""The share of rounds in which the answering process is killed too."""

KILL_AT_START_SHARE = 0.1
"""The share of rounds in which the next worker may be killed during its start."""

REPORT_EVERY = 10.0
"""Seconds between two lines about the progress."""


@dataclass
class ChaosExperiment:
    """A chaos experiment: what is done to the workers, and how often.

    Attributes:
        workers: The number of workers side by side.
        runs_a_round: The number of runs created before each kill.
        restart: Crashes the database and starts it again; `None` to leave it alone.
        via: The URL by which the processes reach the database, for example through a proxy; `None` for `url`.
        report: Called every few seconds with a line about the progress.
    """

    url: str
    folder: Path
    rounds: int
    workers: int = 1
    runs_a_round: int = 12
    restart: Callable[[], None] | None = None
    via: str | None = None
    rng: random.Random = field(default_factory=random.Random)
    report: Callable[[str], None] = lambda _: None

    def run(self) -> Verdict:
        """Run the rounds, let the remaining runs finish undisturbed, and judge."""
        shutil.copy(chaos_flows.__file__, self.folder / "chaos_flows.py")
        db = Database(self.url)
        migrations.upgrade(db)
        seen = Seen()
        working, answering = [self._worker() for _ in range(self.workers)], self._people()
        began = reported = time.monotonic()
        try:
            for number in range(1, self.rounds + 1):
                self._create(db)
                time.sleep(self.rng.uniform(0, LONGEST_ROUND))
                if self.restart is not None and self.rng.random() < RESTART_SHARE:
                    self.restart()
                victim = working.pop(self.rng.randrange(len(working)))
                victim.kill()
                retry_until_available(partial(self._look, db, victim.pid, seen))
                if self.rng.random() < KILL_PEOPLE_SHARE:
                    answering.kill()
                    answering = self._people()
                working.append(self._worker())
                if time.monotonic() - reported > REPORT_EVERY or number == self.rounds:
                    reported = time.monotonic()
                    counted = retry_until_available(lambda: shown(states(db)))
                    self.report(f"{number} kills in {reported - began:.0f} s: {counted}")
            self._wait(db, seen)
        finally:
            for process in (*working, answering):
                process.kill()
        verdict = judge(db, self.folder, seen)
        db.close()
        return verdict

    def _worker(self) -> Victim:
        worker = Victim(
            work, self.via or self.url, str(self.folder / "chaos_flows.py"), errors=self.folder / "errors.txt"
        )
        if self.rng.random() > KILL_AT_START_SHARE:
            worker.until_ready()
        return worker

    def _people(self) -> Victim:
        return Victim(answer_everything, self.via or self.url, str(self.folder), errors=self.folder / "errors.txt")

    def _create(self, db: Database) -> None:
        # A run that could not be created because the database is down cannot get lost.
        with suppress(DatabaseUnavailable):
            if unfinished(db) > MOST_UNFINISHED:
                return
            for _ in range(self.runs_a_round):
                flow = self.rng.choice(FLOWS)
                runs.create(db, run_id=new_id(), name=memorable_name(), flow=flow, parameters={}, now=now())

    def _look(self, db: Database, killed: int, seen: Seen) -> None:
        """Count what the database must never show, and the steps that the killed process left in flight."""
        left = cut_off(db, self.folder, killed)
        strays = astray(db)
        seen.retried += retry_crashed(db)
        seen.in_flight += left
        seen.astray += strays

    def _wait(self, db: Database, seen: Seen) -> None:
        """Wait until every run has finished, or until nothing moves any more."""
        left, end = None, time.monotonic() + PATIENCE
        while time.monotonic() < end:
            seen.retried += retry_crashed(db)
            before, left = left, unfinished(db)
            if left == 0:
                return
            if left != before:
                end = time.monotonic() + PATIENCE
            time.sleep(0.1)


def retry_until_available(look: Callable[[], T]) -> T:
    """What is seen as soon as the database can say."""
    while True:
        with suppress(DatabaseUnavailable):
            return look()
        time.sleep(0.1)
