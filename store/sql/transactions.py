"""What can be done with an open connection: reading, and writing within a transaction."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Engine, Executable, PoolProxiedConnection
from sqlalchemy.engine import CursorResult

from signoff.store.changes import Topic
from signoff.store.sql.statements import Compiled, Statement

Call = tuple[Statement, Mapping[str, Any]]
"""A statement with its values."""

_BEGIN, _COMMIT = ("BEGIN", None), ("COMMIT", None)


class Later:
    """What a statement has found, or will have found once its transaction has committed.

    To read it costs the more the more it is; so it is read by who needs it, when it is needed.
    """

    def __init__(self, compiled: Compiled, fetched: Sequence[Sequence[Any]] = ()) -> None:
        self._compiled = compiled
        self.fetched = fetched

    def rows(self) -> list[Any]:
        """Rows whose values have names."""
        return self._compiled.rows(self.fetched)


class Reading:
    """A connection to read by. Each statement sees what is committed when it begins."""

    def __init__(self, engine: Engine, opened: PoolProxiedConnection) -> None:
        self._engine = engine
        self._opened = opened
        self._dialect = engine.dialect
        self._driver: Any = opened.driver_connection

    @cached_property
    def connection(self) -> Connection:
        """The same for SQLAlchemy."""
        return Connection(self._engine, connection=self._opened)

    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Run a statement through SQLAlchemy."""
        return self.connection.execute(statement, parameters)

    def rows(self, statement: Statement, **given: Any) -> list[Any]:
        """What a statement finds: rows whose values have names."""
        compiled = statement.on(self._dialect)
        return compiled.rows(self._cursor(compiled.sql, compiled.values(given)).fetchall())

    def row(self, statement: Statement, **given: Any) -> Any | None:
        """The first row that a statement finds; `None` where it finds none."""
        found = self.rows(statement, **given)
        return found[0] if found else None

    def several(self, *calls: Call) -> list[list[Any]]:
        """What each of several statements finds, one after the other."""
        return [found.rows() for found in self.later(*calls)]

    def later(self, *calls: Call) -> list[Later]:
        """What each of several statements finds, to be read later."""
        return [Later(each, self._driver.execute(*sent).fetchall()) for each, sent in self._prepared(calls)]

    def _prepared(self, calls: Iterable[Call]) -> Iterator[tuple[Compiled, tuple[str, Any]]]:
        """Each statement as this database takes it, and what its driver is given."""
        for statement, given in calls:
            compiled = statement.on(self._dialect)
            yield compiled, (compiled.sql, compiled.values(given))

    def _cursor(self, sql: str, values: Any) -> Any:
        """The driver's cursor, after a statement whose end is awaited."""
        return self._driver.execute(sql, values)


class Transaction(Reading):
    """One open transaction, and what it will have changed."""

    def __init__(self, engine: Engine, opened: PoolProxiedConnection) -> None:
        super().__init__(engine, opened)
        self.topics: set[Topic] = set()

    def touch(self, *topics: Topic) -> None:
        """Wake those who wait for these topics once the transaction has committed."""
        self.topics.update(topics)

    def run(self, statement: Statement, **given: Any) -> None:
        """Run a statement of which nothing is to be learned but that it failed, perhaps only at the commit."""
        compiled = statement.on(self._dialect)
        self._driver.execute(compiled.sql, compiled.values(given))

    def at_last(self, *calls: Call) -> list[Later]:
        """Run statements when all others have run; what they find is known when the transaction has committed."""
        return self.later(*calls)

    def changed(self, statement: Statement, **given: Any) -> int:
        """Run a statement; how many rows it has changed."""
        compiled = statement.on(self._dialect)
        count: int = self._cursor(compiled.sql, compiled.values(given)).rowcount
        return count


class PostgresReading(Reading):
    """One that saves journeys: what belongs together travels together."""

    def later(self, *calls: Call) -> list[Later]:
        """What each of several statements finds, to be read later."""
        prepared = list(self._prepared(calls))
        cursors = self._send([sent for _, sent in prepared])
        awaited = cursors[len(cursors) - len(prepared) :]
        return [Later(each, cursor.fetchall()) for (each, _), cursor in zip(prepared, awaited, strict=True)]

    def _send(self, statements: list[tuple[str, Any]]) -> list[Any]:
        """Send statements and await their end; the cursor of each."""
        # What has no values is run once in each transaction, and needs no plan.
        with self._driver.pipeline() if len(statements) > 1 else nullcontext():
            return [
                self._driver.execute(sql, values, prepare=False if values is None else None)
                for sql, values in statements
            ]


class PostgresTransaction(PostgresReading, Transaction):
    """One in which also what need not be awaited travels together with what comes next."""

    def __init__(self, engine: Engine, opened: PoolProxiedConnection) -> None:
        super().__init__(engine, opened)
        self._unsent: list[tuple[str, Any]] = [_BEGIN]
        self._last: list[tuple[str, Any]] = []
        self._later: list[Later] = []

    def execute(self, statement: Executable, parameters: Any = None) -> CursorResult[Any]:
        """Run a statement through SQLAlchemy."""
        self._send([])
        return super().execute(statement, parameters)

    @cached_property
    def connection(self) -> Connection:
        """The same for SQLAlchemy."""
        self._send([])
        return super().connection

    def run(self, statement: Statement, **given: Any) -> None:
        """Run a statement of which nothing is to be learned but that it failed, perhaps only at the commit."""
        compiled = statement.on(self._dialect)
        self._unsent.append((compiled.sql, compiled.values(given)))

    def at_last(self, *calls: Call) -> list[Later]:
        """Run statements when all others have run; what they find is known when the transaction has committed."""
        prepared = list(self._prepared(calls))
        self._last += [sent for _, sent in prepared]
        found = [Later(each) for each, _ in prepared]
        self._later += found
        return found

    def commit(self) -> None:
        """Commit."""
        if self._unsent == [_BEGIN] and len(self._last) == 1:
            # One statement is a transaction by itself.
            self._unsent = []
            cursors = self._send(self._last)
        else:
            *cursors, _ = self._send([*self._last, _COMMIT])
        for later, cursor in zip(self._later, cursors[len(cursors) - len(self._later) :], strict=True):
            later.fetched = cursor.fetchall()

    def _cursor(self, sql: str, values: Any) -> Any:
        return self._send([(sql, values)])[-1]

    def _send(self, statements: list[tuple[str, Any]]) -> list[Any]:
        unsent, self._unsent = self._unsent, []
        return super()._send(unsent + statements)
