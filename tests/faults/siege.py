"""Rounds of `kill -9`: runs are created, people answer, and at a random moment a process ends as by a power cut."""

import random
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from flows.names import memorable_name, new_id, now
from store import migrations, runs
from store.database import Database
from store.errors import DatabaseUnavailable
from store.tables import flow_runs
from tests.child_process import ChildProcess
from tests.faults import answerer, shipping
from tests.faults.verdict import Verdict, cut_off, judge
from tests.integration.flows.worker_process import WorkerProcess

FLOWS = ("pausing", "suspending", "gathering")
LONGEST_ROUND = 0.8
"""Seconds after which, at the latest, somebody is killed once everybody is at work."""

OFTEN_RESTARTED = 0.25
"""In which part of the rounds the database is restarted."""

PATIENCE = 90.0
"""Seconds that the last runs get to end."""


@dataclass(frozen=True)
class Siege:
    """What is done to the workers, and how often.

    Attributes:
        workers: How many work side by side.
        runs_a_round: How many runs are created before each kill.
        restart: Crashes the database and starts it again; `None` to leave it alone.
    """

    url: str
    folder: Path
    rounds: int
    workers: int = 1
    runs_a_round: int = 12
    restart: Callable[[], None] | None = None
    dice: random.Random = field(default_factory=random.Random)

    def run(self) -> Verdict:
        """Lay it, let the rest run out in peace, and judge."""
        file = Path(shutil.copy(shipping.__file__, self.folder / "shipping.py"))
        in_flight = 0
        db = Database(self.url)
        migrations.upgrade(db)
        with (self.folder / "errors.txt").open("wb") as errors:

            def worker() -> ChildProcess:
                return WorkerProcess(self.url, file, errors=errors)

            def people() -> ChildProcess:
                return ChildProcess(answerer.__name__, self.url, str(self.folder / "acks.txt"), errors=errors)

            working = [worker() for _ in range(self.workers)]
            answering = people()
            for _ in range(self.rounds):
                self._create(db)
                time.sleep(self.dice.uniform(0, LONGEST_ROUND))
                if self.restart is not None and self.dice.random() < OFTEN_RESTARTED:
                    self.restart()
                victim = working.pop(self.dice.randrange(len(working)))
                victim.kill()
                in_flight += patiently_counted(db, self.folder, victim.pid)
                if self.dice.random() < 0.5:
                    answering.kill()
                    answering = people()
                working.append(worker())
            self._wait(db)
            for process in (*working, answering):
                process.kill()
        verdict = judge(db, self.folder, in_flight=in_flight)
        db.close()
        return verdict

    def _create(self, db: Database) -> None:
        for _ in range(self.runs_a_round):
            flow = self.dice.choice(FLOWS)
            # Not created, when the database is just away, is no run that could be lost.
            with suppress(DatabaseUnavailable):
                runs.create(db, run_id=new_id(), name=memorable_name(), flow=flow, parameters={}, now=now())

    def _wait(self, db: Database) -> None:
        """Let what is still going on come to its end, or to a standstill."""
        end = time.monotonic() + PATIENCE
        # One query: between two of them a run could slip from one state to another.
        unfinished = select(func.count()).where(flow_runs.c.finished_at.is_(None))
        while time.monotonic() < end:
            with db.read() as connection:
                if connection.execute(unfinished).scalar_one() == 0:
                    return
            time.sleep(0.1)


def patiently_counted(db: Database, folder: Path, pid: int) -> int:
    """The steps that a killed process left in flight, counted as soon as the database can say."""
    while True:
        with suppress(DatabaseUnavailable):
            return cut_off(db, folder, pid)
        time.sleep(0.1)
