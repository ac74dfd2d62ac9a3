"""The floor: runs of one step, one question and one more step as plain rows, in the same commits as the engine's.

There is no journal that is looked up, no policy, no lease and no validation: what is left is what the database costs.
"""

import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

BATCH = 32
"""How many runs are claimed in one commit, as by a worker."""

TABLES = (
    "CREATE TABLE runs (id INTEGER PRIMARY KEY, state TEXT NOT NULL, runnable INTEGER NOT NULL)",
    "CREATE INDEX ix_runs ON runs (id) WHERE runnable = 1",
    "CREATE TABLE steps (run_id INTEGER, key TEXT, result TEXT NOT NULL, PRIMARY KEY (run_id, key))",
    "CREATE TABLE prompts (run_id INTEGER PRIMARY KEY, answer TEXT)",
)


class Floor:
    """Plain rows, and one thread that works on them. `went_on` is told of each run that goes on after its answer."""

    def __init__(self, url: str, *, went_on: Callable[[int], None] = lambda run: None) -> None:
        self._url = make_url(url)
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        self._own = threading.local()
        self._turn: AbstractContextManager[Any] = threading.Lock() if self._is_sqlite else nullcontext()
        self._went_on = went_on
        self._woken, self._stopped = threading.Event(), threading.Event()
        for table in TABLES:
            self.commit((table, ()))
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def commit(self, *statements: tuple[str, tuple[object, ...]]) -> list[Any]:
        """One commit of these statements; the rows of the last."""
        connection = self._connection()
        with self._turn:
            connection.execute("BEGIN IMMEDIATE" if self._is_sqlite else "BEGIN")
            for statement, values in statements:
                cursor = connection.execute(statement if self._is_sqlite else statement.replace("?", "%s"), values)
            rows = cursor.fetchall() if cursor.description else []
            connection.execute("COMMIT")
        return rows

    def create(self, run: int) -> None:
        """Write a run, and wake who works."""
        self.commit(("INSERT INTO runs VALUES (?, 'Scheduled', 1)", (run,)))
        self._woken.set()

    def answer(self, run: int) -> None:
        """Settle a run's question and make the run runnable, if nobody has, and wake who works."""
        settled = ("UPDATE prompts SET answer = 'yes' WHERE run_id = ? AND answer IS NULL", (run,))
        self.commit(settled, ("UPDATE runs SET runnable = 1 WHERE id = ?", (run,)))
        self._woken.set()

    def step(self, run: int, key: str) -> None:
        """Record a step."""
        self.commit(("INSERT INTO steps VALUES (?, ?, '1')", (run, key)))

    def count(self, state: str) -> int:
        """How many runs are in a state."""
        return int(self.commit(("SELECT count(*) FROM runs WHERE state = ?", (state,)))[0][0])

    def close(self) -> None:
        """Stop working."""
        self._stopped.set()
        self._woken.set()
        self._thread.join()

    def _work(self) -> None:
        chosen = "SELECT id FROM runs WHERE runnable = 1 ORDER BY id LIMIT ?"
        claim = f"UPDATE runs SET runnable = 0, state = 'Running' WHERE id IN ({chosen}) RETURNING id"
        while not self._stopped.is_set():
            self._woken.wait()
            self._woken.clear()
            while claimed := self.commit((claim, (BATCH,))):
                for (run,) in claimed:
                    self._go_on(run)

    def _go_on(self, run: int) -> None:
        if self.commit(("SELECT answer FROM prompts WHERE run_id = ?", (run,))):
            self._went_on(run)
            self.step(run, "second")
            self.commit(("UPDATE runs SET state = 'Completed' WHERE id = ?", (run,)))
        else:
            self.step(run, "first")
            asked = ("INSERT INTO prompts VALUES (?, NULL)", (run,))
            self.commit(asked, ("UPDATE runs SET state = 'Suspended' WHERE id = ?", (run,)))

    def _connection(self) -> Any:
        if not hasattr(self._own, "connection"):
            self._own.connection = self._connect()
        return self._own.connection

    def _connect(self) -> Any:
        if not self._is_sqlite:
            return psycopg.connect(
                self._url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
            )
        connection = sqlite3.connect(str(self._url.database), isolation_level=None, timeout=10)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        return connection
