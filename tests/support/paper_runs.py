"""What a test does with the paper engine: have runs wait on it, and see what it was handed."""

import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

PACKAGE = Path(__file__).with_name("paper")
"""What has to be on `sys.path`, or in `PYTHONPATH`, for the engine to be installed."""

APPROVAL = {
    "title": "Approval",
    "type": "object",
    "properties": {"approved": {"title": "Approved", "type": "boolean"}},
    "required": ["approved"],
    "additionalProperties": False,
}


class Handed(NamedTuple):
    """One outcome that the engine has taken.

    Attributes:
        in_doubt: Whether it was told that this may not be the first time.
    """

    delivery: str
    run: str
    outcome: str
    answer: Any
    in_doubt: bool


class PaperRuns:
    """The file of the paper engine."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._execute("CREATE TABLE runs (id TEXT PRIMARY KEY, pause TEXT)")
        self._execute("CREATE TABLE handed (delivery TEXT, run TEXT, outcome TEXT, answer TEXT, in_doubt INTEGER)")
        self._execute("CREATE TABLE modes (name TEXT PRIMARY KEY, words TEXT)")

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to have the engine installed."""
        return {"PAPER": str(self.file), "PYTHONPATH": str(PACKAGE)}

    def pause(
        self,
        run: str,
        *,
        channel: str = "#releases",
        requester: str | None = None,
        schema: Mapping[str, Any] | None = APPROVAL,
    ) -> None:
        """Have a run wait for a person."""
        asked = {
            "external_run_id": run,
            "run_name": f"paper-{run}",
            "flow": "train",
            "key": "approve",
            "title": f"May {run} go on?",
            "schema": schema,
            "channel": channel,
            "requester": requester,
        }
        self._execute("INSERT INTO runs VALUES (?, ?)", run, json.dumps(asked))

    def go_on(self, run: str) -> None:
        """Have a run go on without an answer."""
        self._execute("DELETE FROM runs WHERE id = ?", run)

    def set(self, mode: str, words: str | None) -> None:
        """Be `away`, `refuses` everything, or `dawdles` for up to so many seconds; `None` ends that."""
        self._execute("DELETE FROM modes WHERE name = ?", mode)
        if words is not None:
            self._execute("INSERT INTO modes VALUES (?, ?)", mode, words)

    def handed(self) -> list[Handed]:
        """What the engine has taken, in the order in which it did."""
        rows = self._execute("SELECT delivery, run, outcome, answer, in_doubt FROM handed ORDER BY rowid")
        return [
            Handed(delivery, run, outcome, json.loads(answer), bool(in_doubt))
            for delivery, run, outcome, answer, in_doubt in rows
        ]

    def _execute(self, statement: str, *values: str) -> list[Any]:
        with closing(sqlite3.connect(self.file, timeout=30)) as connection, connection:
            return connection.execute(statement, values).fetchall()
