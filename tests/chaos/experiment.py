"""Rounds of `kill -9`: runs are created, people answer, and at a random moment a process ends as by a power cut."""

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
from tests.chaos import flow_file
from tests.chaos.people import answer_everything, retry_crashed
from tests.chaos.processes import Victim
from tests.chaos.verdict import Seen, Verdict, astray, cut_off, judge, shown, states, unfinished
from tests.chaos.workers import work

T = TypeVar("T")

FLOWS = ("pausing", "suspending", "gathering")
LONGEST_ROUND = 0.6
"""Seconds after which, at the latest, somebody is killed once everybody is at work."""

OFTEN_RESTARTED = 0.25
"""In which part of the rounds the database is restarted."""

MOST_UNFINISHED = 100
"""How many runs may be under way before no more are created for a while."""

PATIENCE = 60.0
"""Seconds without the end of any run after which the last ones are given up."""

OFTEN_KILLED = 0.5
"""In which part of the rounds the process of those who answer is killed too."""

OFTEN_UNREADY = 0.1
"""In which part of the rounds the next may be killed while it still begins."""

SAY_EVERY = 10.0
"""Seconds between two lines about how far it has come."""


@dataclass
class Siege:
    """What is done to the workers, and how often.

    Attributes:
        workers: How many work side by side.
        runs_a_round: How many runs are created before each kill.
        restart: Crashes the database and starts it again; `None` to leave it alone.
        way: The URL by which the processes go to the database; `None` for the same.
        say: Told now and then how far it has come.
    """

    url: str
    folder: Path
    rounds: int
    workers: int = 1
    runs_a_round: int = 12
    restart: Callable[[], None] | None = None
    way: str | None = None
    dice: random.Random = field(default_factory=random.Random)
    say: Callable[[str], None] = lambda _: None

    def run(self) -> Verdict:
        """Lay it, let the rest run out in peace, and judge."""
        shutil.copy(flow_file.__file__, self.folder / "shipping.py")
        db = Database(self.url)
        migrations.upgrade(db)
        seen = Seen()
        working, answering = [self._worker() for _ in range(self.workers)], self._people()
        began = said = time.monotonic()
        try:
            for number in range(1, self.rounds + 1):
                self._create(db)
                time.sleep(self.dice.uniform(0, LONGEST_ROUND))
                if self.restart is not None and self.dice.random() < OFTEN_RESTARTED:
                    self.restart()
                victim = working.pop(self.dice.randrange(len(working)))
                victim.kill()
                retry_until_available(partial(self._look, db, victim.pid, seen))
                if self.dice.random() < OFTEN_KILLED:
                    answering.kill()
                    answering = self._people()
                working.append(self._worker())
                if time.monotonic() - said > SAY_EVERY or number == self.rounds:
                    said = time.monotonic()
                    self.say(
                        f"{number} kills in {said - began:.0f} s: {retry_until_available(lambda: shown(states(db)))}"
                    )
            self._wait(db, seen)
        finally:
            for process in (*working, answering):
                process.kill()
        verdict = judge(db, self.folder, seen)
        db.close()
        return verdict

    def _worker(self) -> Victim:
        worker = Victim(work, self.way or self.url, str(self.folder / "shipping.py"), errors=self.folder / "errors.txt")
        if self.dice.random() > OFTEN_UNREADY:
            worker.until_ready()
        return worker

    def _people(self) -> Victim:
        return Victim(answer_everything, self.way or self.url, str(self.folder), errors=self.folder / "errors.txt")

    def _create(self, db: Database) -> None:
        # A run that is not created, because the database is just away, is none that could be lost.
        with suppress(DatabaseUnavailable):
            if unfinished(db) > MOST_UNFINISHED:
                return
            for _ in range(self.runs_a_round):
                flow = self.dice.choice(FLOWS)
                runs.create(db, run_id=new_id(), name=memorable_name(), flow=flow, parameters={}, now=now())

    def _look(self, db: Database, killed: int, seen: Seen) -> None:
        """Count what the record must never show, and what the process that was killed left in flight."""
        left = cut_off(db, self.folder, killed)
        strays = astray(db)
        seen.retried += retry_crashed(db)
        seen.in_flight += left
        seen.astray += strays

    def _wait(self, db: Database, seen: Seen) -> None:
        """Let what is still going on come to its end, or to a standstill."""
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
