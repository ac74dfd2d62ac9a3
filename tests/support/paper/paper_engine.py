"""An engine of a few lines, for tests: its runs are rows of a SQLite file.

With this folder on `sys.path` it is installed: the folder beside this file has its entry point. The environment
variable `PAPER` names the file.
"""

import json
import logging
import os
import random
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from signoff import DatabaseUnavailable, Policy
from signoff.engines import (
    Acceptance,
    Accepted,
    Actor,
    EngineUnavailable,
    InvalidPause,
    OutgoingDelivery,
    PauseReports,
    Problem,
    Refused,
    ReportedPause,
)

logger = logging.getLogger("paper_engine")

POLL_INTERVAL = 0.02
"""Seconds."""


class PaperEngine:
    """Reports what waits in the file, and writes there what it is handed."""

    name = "paper"

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._refused: set[str] = set()

    def start(self, reports: PauseReports) -> None:
        self._stopping.clear()
        self._refused.clear()
        self._thread = threading.Thread(target=self._report, args=(reports,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def deliver(self, delivery: OutgoingDelivery) -> Acceptance:
        return self._take(delivery)

    def cancel(self, delivery: OutgoingDelivery) -> Acceptance:
        return self._take(delivery)

    def link(self, external_run_id: str) -> str:
        return f"https://paper.example.com/runs/{external_run_id}?a=1&b=2"

    def check(self) -> Iterable[Problem]:
        with _paper() as paper:
            if (away := _mode(paper, "away")) is not None:
                yield Problem(f"The paper is away: {away}. Bring it back.")

    def _take(self, delivery: OutgoingDelivery) -> Acceptance:
        with _paper() as paper:
            if (away := _mode(paper, "away")) is not None:
                raise EngineUnavailable(away, may_have_arrived=False)
            if (why := _mode(paper, "refuses")) is not None:
                return Refused(why)
            # Looks only if it is told to: what is handed over twice without a doubt is there twice.
            query = "SELECT 1 FROM handed WHERE delivery = ?"
            if delivery.in_doubt and paper.execute(query, (delivery.id,)).fetchone():
                return Accepted("It was here already.")
            _dawdle(paper)
            paper.execute("DELETE FROM runs WHERE id = ?", (delivery.external_run_id,))
            paper.execute(
                "INSERT INTO handed VALUES (?, ?, ?, ?, ?)",
                (
                    delivery.id,
                    delivery.external_run_id,
                    delivery.outcome,
                    json.dumps(delivery.answer),
                    delivery.in_doubt,
                ),
            )
        with _paper() as paper:
            _dawdle(paper)
        return Accepted("Noted.")

    def _report(self, reports: PauseReports) -> None:
        while not self._stopping.wait(POLL_INTERVAL):
            try:
                known = set(reports.waiting())
                with _paper() as paper:
                    waiting = [json.loads(row[0]) for row in paper.execute("SELECT pause FROM runs")]
                for each in waiting:
                    self._ask(reports, dict(each))
                for run in known - {each["external_run_id"] for each in waiting}:
                    reports.ended(run, "It went on by itself.")
            except (DatabaseUnavailable, sqlite3.Error):
                continue

    def _ask(self, reports: PauseReports, pause: dict[str, Any]) -> None:
        policy, requester = Policy(channel=pause.pop("channel")), pause.pop("requester")
        asked_by = None if requester is None else Actor(requester, requester.removeprefix("@"))
        try:
            reports.paused(ReportedPause(**pause, policy=policy, requester=asked_by))
        except InvalidPause as error:
            # Once for each run, which waits until somebody mends it. The others are asked all the same.
            if (run := pause["external_run_id"]) not in self._refused:
                self._refused.add(run)
                logger.error("The run %s cannot be asked about: %s", run, error)


@contextmanager
def _paper() -> Iterator[sqlite3.Connection]:
    """The file, for one transaction. It has to survive `kill -9`, and no power cut."""
    with closing(sqlite3.connect(os.environ["PAPER"], timeout=30)) as connection, connection:
        connection.execute("PRAGMA synchronous = OFF")
        yield connection


def _mode(paper: sqlite3.Connection, name: str) -> str | None:
    found = paper.execute("SELECT words FROM modes WHERE name = ?", (name,)).fetchone()
    return None if found is None else str(found[0])


def _dawdle(paper: sqlite3.Connection) -> None:
    """Take some time, so that a process can be killed while it waits."""
    if (longest := _mode(paper, "dawdles")) is not None:
        time.sleep(random.uniform(0, float(longest)))
