"""Transactions on an open connection: for reading, and for writing."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine, Executable, PoolProxiedConnection
from sqlalchemy.engine import CursorResult

from signoff.store.changes import Topic
from signoff.store.sql.statements import BoundStatement, Compiled, Statement


class DeferredResult:
    """The rows of a statement, or what will be its rows once its transaction has committed.

    Rows are decoded when they are read, because decoding costs the more the larger they are, and not every caller
    needs them.
    """

    def __init__(self, compiled: Compiled, fetched: Sequence[Sequence[Any]] = ()) -> None:
        self._compiled = compiled
        self.fetched = fetched

    def rows(self) -> list[Any]:
        """The rows, as named tuples."""
        return self._compiled.rows(self.fetched)


class ReadTransaction:
    """A connection to read from. Each statement sees what is committed when it begins."""

    def __init__(self, engine: Engine, opened: PoolProxiedConnection) -> None:
        self._engine = engine
        self._opened = opened
        self._dialect = engine.dialect
        self._driver: Any = opened.driver_connection

    @cached_property
    def connection(self) -> Connection:
        """SQLAlchemy's view of the same connection."""
        return Connection(self._engine, connection=self._opened)

    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Execute a statement through SQLAlchemy."""
        return self.connection.execute(statement, parameters)

    def rows(self, statement: Statement, **given: Any) -> list[Any]:
        """Execute a statement; its rows, as named tuples."""
        compiled = statement.on(self._dialect)
        return compiled.rows(self._cursor(compiled.sql, compiled.values(given)).fetchall())

    def row(self, statement: Statement, **given: Any) -> Any | None:
        """Execute a statement; its first row, or `None` if there is none."""
        found = self.rows(statement, **given)
        return found[0] if found else None

    def execute_many(self, *statements: BoundStatement) -> list[list[Any]]:
        """Execute several statements in order; the rows of each."""
        return [result.rows() for result in self.execute_deferred(*statements)]

    def execute_deferred(self, *statements: BoundStatement) -> list[DeferredResult]:
        """Execute several statements in order; their results, to be decoded when they are read."""
        return [
            DeferredResult(compiled, self._driver.execute(*call).fetchall())
            for compiled, call in self._prepared(statements)
        ]

    def _prepared(self, statements: Iterable[BoundStatement]) -> Iterator[tuple[Compiled, tuple[str, Any]]]:
        """Each statement, compiled, and the arguments for the driver."""
        for statement, given in statements:
            compiled = statement.on(self._dialect)
            yield compiled, (compiled.sql, compiled.values(given))

    def _cursor(self, sql: str, values: Any) -> Any:
        """The driver's cursor, after it has executed a statement."""
        return self._driver.execute(sql, values)


class Transaction(ReadTransaction):
    """An open transaction, and the topics that it changes."""

    def __init__(self, engine: Engine, opened: PoolProxiedConnection) -> None:
        super().__init__(engine, opened)
        self.topics: set[Topic] = set()

    def touch(self, *topics: Topic) -> None:
        """Wake whoever waits for these topics, once the transaction has committed."""
        self.topics.update(topics)

    def run(self, statement: Statement, **given: Any) -> None:
        """Execute a statement that returns nothing. An error may be raised later, by the commit at the latest."""
        compiled = statement.on(self._dialect)
        self._driver.execute(compiled.sql, compiled.values(given))

    def run_at_commit(self, *statements: BoundStatement) -> list[DeferredResult]:
        """Execute statements after all others. Their results can be read once the transaction has committed."""
        return self.execute_deferred(*statements)

    def run_last(self, key: str, *statements: BoundStatement) -> None:
        """Execute statements that return nothing after all others, ordered by their keys.

        For rows that many transactions change, of which each may hold other locks. Transactions that lock such rows
        last, and in one order, cannot deadlock over them.
        """
        for statement, given in statements:
            self.run(statement, **given)

    def changed(self, statement: Statement, **given: Any) -> int:
        """Execute a statement; how many rows it has changed."""
        compiled = statement.on(self._dialect)
        count: int = self._cursor(compiled.sql, compiled.values(given)).rowcount
        return count
