"""The floor: runs of one step, one question and one more step as plain rows, the same rows in the same commits.

What the engine writes for such a run is written here into the same tables by one short program: SQL as text, nothing
read that is not needed, no engine, no journal that is looked up, no policy, lease or validation. What is left is what
the database costs, and one thread that wakes another.
"""

import json
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from datetime import UTC, datetime
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from signoff.flows.durable.question import Question
from signoff.store import migrations
from signoff.store.database import Database

BATCH = 32
"""How many runs are claimed in one commit, as by a worker."""

HASH = "0" * 64
QUESTION = Question.of(bool)
SCHEMA = json.dumps(QUESTION.schema)

CREATE = (
    "INSERT INTO flow_runs (id, name, flow, parameters, state, message, created_at, runnable_at, fencing_token,"
    " attempt) VALUES (?, 'brave-otter', 'plain', '{}', 'Scheduled', '', ?, ?, 0, 1)"
)
CLAIM = (
    "UPDATE flow_runs SET state = 'Running', lease_owner = 'floor', fencing_token = fencing_token + 1,"
    " runnable_at = NULL, started_at = coalesce(started_at, ?) WHERE id IN"
    " (SELECT id FROM flow_runs WHERE runnable_at <= ? ORDER BY runnable_at LIMIT ?) RETURNING id, fencing_token"
)
STEP = "INSERT INTO steps VALUES (?, ?, ?, ?, 'json', '1', ?, ?)"
OPEN = (
    'INSERT INTO prompts (id, run_id, "key", title, description, schema, schema_hash, fingerprint, initial_values,'
    " policy, opened_at, reminders_sent, revision) VALUES (?, ?, '1', 'Input needed', '', ?, ?, ?, '{}', '{}', ?, 0, 1)"
)
HEAD = f"INSERT INTO ledger_heads VALUES (?, 1, '{HASH}')"
CHAIN = f"UPDATE ledger_heads SET number = number + 1, hash = '{HASH}' WHERE prompt_id = ?"
OPENED = f"INSERT INTO ledger (prompt_id, at, event, detail, number, hash) VALUES (?, ?, 'opened', ?, 1, '{HASH}')"
CARD = (
    "INSERT INTO cards (prompt_id, place_kind, place_target, due_at, shown_revision, attempts)"
    " VALUES (?, 'channel', '', ?, 0, 0)"
)
SUSPEND = "UPDATE flow_runs SET state = 'Suspended', lease_owner = NULL WHERE id = ?"
SETTLE = (
    "UPDATE prompts SET outcome = 'submitted', settled_at = ?, settled_by = 'U1', settled_by_name = 'Ana',"
    " answer = '{\"value\":true}', due_at = NULL, revision = revision + 1 WHERE id = ? AND outcome IS NULL"
)
TOUCH = "UPDATE cards SET due_at = ? WHERE prompt_id = ?"
SUBMISSION = (
    'INSERT INTO submissions (prompt_id, at, actor, actor_name, via, "values")'
    " VALUES (?, ?, 'U1', 'Ana', 'cli', '{\"value\":true}')"
)
SUBMITTED = (
    "INSERT INTO ledger (prompt_id, at, event, actor, detail, number, hash)"
    f" VALUES (?, ?, 'submitted', 'U1', ?, 2, '{HASH}')"
)
GO_ON = "UPDATE flow_runs SET runnable_at = ? WHERE id = ?"
FINISH = "UPDATE flow_runs SET state = 'Completed', finished_at = ?, result = '1', lease_owner = NULL WHERE id = ?"
NOTICE = (
    "INSERT INTO notices (prompt_id, kind, detail, created_at, due_at, attempts) VALUES (?, 'run_ended', ?, ?, ?, 0)"
)
ENDED = f"INSERT INTO ledger (prompt_id, at, event, detail, number, hash) VALUES (?, ?, 'run_ended', ?, 3, '{HASH}')"
DETAIL = json.dumps({"via": "cli", "answer": {"value": True}, "name": "Ana"})

Statement = tuple[str, tuple[object, ...]]


class Floor:
    """Plain rows, and one thread that works on them. `went_on` is called for each run that continues."""

    def __init__(self, url: str, *, went_on: Callable[[int], None] = lambda run: None) -> None:
        with closing(Database(url)) as db:
            migrations.upgrade(db)
        self._url = make_url(url)
        self._is_sqlite = self._url.get_backend_name() == "sqlite"
        self._own = threading.local()
        self._turn: AbstractContextManager[Any] = threading.Lock() if self._is_sqlite else nullcontext()
        self._went_on = went_on
        self._woken, self._stopped = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def commit(self, *statements: Statement) -> list[Any]:
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
        at = moment()
        self.commit((CREATE, (name(run), at, at)))
        self._woken.set()

    def answer(self, run: int) -> None:
        """Settle a run's question and make the run runnable, if nobody has, and wake who works."""
        at, asked = moment(), name(run)
        self.commit(
            (SETTLE, (at, asked)),
            (TOUCH, (at, asked)),
            (SUBMISSION, (asked, at)),
            (CHAIN, (asked,)),
            (SUBMITTED, (asked, at, DETAIL)),
            (GO_ON, (at, asked)),
        )
        self._woken.set()

    def step(self, run: int, key: str) -> None:
        """Record a step."""
        at = moment()
        self.commit((STEP, (name(run), key, HASH, HASH, at, at)))

    def count(self, state: str) -> int:
        """How many runs are in a state."""
        return int(self.commit(("SELECT count(*) FROM flow_runs WHERE state = ?", (state,)))[0][0])

    def close(self) -> None:
        """Stop working."""
        self._stopped.set()
        self._woken.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stopped.is_set():
            self._woken.wait()
            self._woken.clear()
            while claimed := self.commit((CLAIM, (moment(), moment(), BATCH))):
                for run, fencing_token in claimed:
                    (self._begin if fencing_token == 1 else self._go_on)(int(run))

    def _begin(self, run: int) -> None:
        self.step(run, "first")
        at, asked = moment(), name(run)
        self.commit(
            (OPEN, (asked, asked, SCHEMA, HASH, HASH, at)),
            (HEAD, (asked,)),
            (OPENED, (asked, at, DETAIL)),
            (CARD, (asked, at)),
            (SUSPEND, (asked,)),
        )

    def _go_on(self, run: int) -> None:
        self._went_on(run)
        self.step(run, "second")
        at, asked = moment(), name(run)
        self.commit(
            (FINISH, (at, asked)),
            (NOTICE, (asked, DETAIL, at, at)),
            (CHAIN, (asked,)),
            (ENDED, (asked, at, DETAIL)),
        )

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
        connection.execute("PRAGMA foreign_keys=ON")
        return connection


def name(run: int) -> str:
    """The id of a run, and of its question."""
    return f"{run:036d}"


def moment() -> str:
    """Now, as text that both stores take."""
    return datetime.now(UTC).isoformat(" ")
