"""Transactions that save round trips to PostgreSQL, by sending statements in pipelines.

Each statement that is awaited by itself costs a round trip over the network, which takes longer than the server needs
for the statement. So statements travel together wherever nothing has to be known in between:

- `run` only adds a statement to the queue. The queue is sent before the next statement whose result is needed.
- `BEGIN` waits in the queue as well, and travels with the first statement.
- `run_at_commit` keeps statements for the end, so that they travel with `COMMIT`.
- `run_last` does the same, for statements that lock what must be locked last.

A transaction that locks a row, writes three others and commits takes two round trips instead of six. The price: an
error of a queued statement is raised by whichever call sends the queue, and results of `run_at_commit` exist only after
the commit. In a pipeline the server skips everything after a failed statement, `COMMIT` too, so nothing of a
transaction is committed when a part of it fails.
"""

from contextlib import nullcontext
from functools import cached_property
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Engine, Executable, PoolProxiedConnection
from sqlalchemy.engine import CursorResult

from signoff.store.sql.statements import BoundStatement, Statement
from signoff.store.sql.transactions import DeferredResult, ReadTransaction, Transaction

# The level is named because behind a connection pooler the session's default is the server's, see `session`.
_BEGIN, _COMMIT = ("BEGIN ISOLATION LEVEL READ COMMITTED", None), ("COMMIT", None)


class PostgresReadTransaction(ReadTransaction):
    """A connection to read from, which sends several statements in one round trip."""

    def execute_deferred(self, *statements: BoundStatement) -> list[DeferredResult]:
        """Execute several statements in order; their results, to be decoded when they are read."""
        prepared = list(self._prepared(statements))
        cursors = self._send([call for _, call in prepared])
        # What was queued before has been sent too, and comes first.
        own = cursors[len(cursors) - len(prepared) :]
        return [
            DeferredResult(compiled, cursor.fetchall()) for (compiled, _), cursor in zip(prepared, own, strict=True)
        ]

    def _send(self, statements: list[tuple[str, Any]]) -> list[Any]:
        """Send statements together and wait until they have been executed; the cursor of each."""
        with self._driver.pipeline() if len(statements) > 1 else nullcontext():
            return [
                # BEGIN and COMMIT, which have no values, need no plan: there is nothing to gain by preparing them.
                self._driver.execute(sql, values, prepare=False if values is None else None)
                for sql, values in statements
            ]


class PostgresTransaction(PostgresReadTransaction, Transaction):
    """An open transaction that sends what need not be awaited together with what comes next."""

    def __init__(self, engine: Engine, opened: PoolProxiedConnection) -> None:
        super().__init__(engine, opened)
        self._queue: list[tuple[str, Any]] = [_BEGIN]
        self._at_commit: list[tuple[str, Any]] = []
        self._results: list[DeferredResult] = []
        self._last: list[tuple[str, list[tuple[str, Any]]]] = []

    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Execute a statement through SQLAlchemy."""
        self._send([])
        return super().execute(statement, parameters)

    @cached_property
    def connection(self) -> Connection:
        """SQLAlchemy's view of the same connection."""
        self._send([])
        return super().connection

    def run(self, statement: Statement, **given: Any) -> None:
        """Execute a statement that returns nothing. An error may be raised later, by the commit at the latest."""
        compiled = statement.on(self._dialect)
        self._queue.append((compiled.sql, compiled.values(given)))

    def run_at_commit(self, *statements: BoundStatement) -> list[DeferredResult]:
        """Execute statements after all others. Their results can be read once the transaction has committed."""
        prepared = list(self._prepared(statements))
        self._at_commit += [call for _, call in prepared]
        results = [DeferredResult(compiled) for compiled, _ in prepared]
        self._results += results
        return results

    def run_last(self, key: str, *statements: BoundStatement) -> None:
        """Execute statements that return nothing after all others, ordered by their keys."""
        self._last.append((key, [call for _, call in self._prepared(statements)]))

    def commit(self) -> None:
        """Commit, and fill in the results of `run_at_commit`."""
        last = [call for _, calls in sorted(self._last, key=itemgetter(0)) for call in calls]
        if self._queue == [_BEGIN] and len(self._at_commit) == 1 and not last:
            # A single statement is a transaction by itself.
            self._queue = []
            cursors = self._send(self._at_commit)
        else:
            sent = self._send([*self._at_commit, *last, _COMMIT])
            cursors = sent[: len(sent) - len(last) - 1]
        for result, cursor in zip(self._results, cursors[len(cursors) - len(self._results) :], strict=True):
            result.fetched = cursor.fetchall()

    def _cursor(self, sql: str, values: Any) -> Any:
        return self._send([(sql, values)])[-1]

    def _send(self, statements: list[tuple[str, Any]]) -> list[Any]:
        queued, self._queue = self._queue, []
        return super()._send(queued + statements)
