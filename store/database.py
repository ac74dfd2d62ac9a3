"""The way to the record: one `Database`, on SQLite or PostgreSQL, and nothing else knows which.

SQLite is used in WAL mode with `synchronous=FULL`, and every writing transaction begins with
`BEGIN IMMEDIATE`, so that it never fails half-way for want of the lock.
"""

import json
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, PoolProxiedConnection, String, bindparam, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from signoff.store.changes import Changes, Topic
from signoff.store.errors import CommitInDoubt, DatabaseOutdated, DatabaseUnavailable
from signoff.store.postgres.pool_check import Pinging
from signoff.store.sql.statements import Statement
from signoff.store.sql.transactions import PostgresReading, PostgresTransaction, Reading, Transaction
from signoff.store.sql.write_timeout import BUSY_TIMEOUT
from signoff.store.sqlite.group_commit import TooLong, Turns
from signoff.store.sqlite.wakeup import Doorbell
from signoff.store.watchers import PostgresWatcher, SqliteWatcher

CONNECTIONS = 16
"""How many are open at once, at most. Others wait: to open one more and close it again costs more than any wait."""

_NOTIFY = Statement(select(func.pg_notify("signoff", bindparam("payload", type_=String))))

_PLAINLY, _IN_ASCII = (
    json.JSONEncoder(ensure_ascii=ascii_only, allow_nan=False, separators=(",", ":")) for ascii_only in (False, True)
)
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
"""What UTF-8 cannot write, and JSON can in its own way."""


class Database:
    """The record, opened.

    Args:
        url: An SQLAlchemy URL: `sqlite:///file.db`, or `postgresql://user:password@host/name`.

    Raises:
        DatabaseUnavailable: If the URL cannot be understood.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.url = self.engine.url
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._driver_error = self.engine.dialect.loaded_dbapi.Error
        self._turns: Turns | None = None
        self._doorbell: Doorbell | None = None
        self._pinging: Pinging | None = None
        self._listener: PostgresWatcher | None = None
        if self.is_sqlite:
            self._turns = Turns(self.engine, self._tell)
            self._doorbell = Doorbell(Path(self.url.database or ""))
            self.changes = Changes(SqliteWatcher(self.engine, self._doorbell))
        else:
            plain_url = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
            self._listener = PostgresWatcher(plain_url)
            self._pinging = Pinging(self.engine)
            self.changes = Changes(self._listener)

    @property
    def shown_url(self) -> str:
        """The URL without its password."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction that commits at the end of the block, or leaves no trace.

        Raises:
            DatabaseUnavailable: If the database cannot be reached or written.
            CommitInDoubt: If it went away during the commit.
            DatabaseOutdated: If its tables are not those of this Signoff.
        """
        opened = self._write_postgres() if self._turns is None else self._write_sqlite(self._turns)
        with opened as transaction:
            yield transaction

    @contextmanager
    def read(self) -> Iterator[Reading]:
        """A connection to read by.

        Raises:
            DatabaseUnavailable: If the database cannot be reached.
            DatabaseOutdated: If its tables are not those of this Signoff.
        """
        with self._connected() as opened:
            yield Reading(self.engine, opened) if self.is_sqlite else PostgresReading(self.engine, opened)

    def close(self) -> None:
        """Let go of every connection."""
        self.changes.close()
        self.engine.dispose()

    @contextmanager
    def _write_sqlite(self, turns: Turns) -> Iterator[Transaction]:
        try:
            with self._explained(), turns.transaction() as transaction:
                yield transaction
        except TooLong:
            raise DatabaseUnavailable(f"The database {self.shown_url} is busy. Try again in a moment.") from None

    def _tell(self, topics: set[Topic]) -> None:
        self.changes.announce(topics)
        if self._doorbell is not None:
            self._doorbell.ring(topics)

    @contextmanager
    def _write_postgres(self) -> Iterator[Transaction]:
        with self._connected() as opened:
            transaction = PostgresTransaction(self.engine, opened)
            yield transaction
            if transaction.topics and self._listener is not None:
                transaction.run(_NOTIFY, payload=self._listener.payload(transaction.topics))
            self._commit(transaction, opened)
        self.changes.announce(transaction.topics)

    def _commit(self, transaction: PostgresTransaction, opened: PoolProxiedConnection) -> None:
        try:
            transaction.commit()
        except self._driver_error as error:
            if not self._forget_if_lost(opened, error):
                raise
            # If it did commit, whoever waits for it has to look.
            self.changes.announce(transaction.topics)
            raise CommitInDoubt(
                f"The database {self.shown_url} went away during a commit, so what was to be written may or may not "
                "have been recorded. Look what stands, or do it again: nothing counts twice."
            ) from error

    @contextmanager
    def _connected(self) -> Iterator[PoolProxiedConnection]:
        with self._explained():
            opened = self.engine.raw_connection()
            try:
                yield opened
            except BaseException as error:
                if not (isinstance(error, self._driver_error) and self._forget_if_lost(opened, error)):
                    self._undo(opened)
                raise
            finally:
                if opened.is_valid:
                    opened.close()

    def _undo(self, opened: PoolProxiedConnection) -> None:
        # Not left to the pool, which would log that a connection is lost with all that led to it.
        if not opened.is_valid:
            return
        try:
            opened.rollback()
        except self._driver_error as error:
            self._forget_if_lost(opened, error)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except PoolTimeout as error:
            raise DatabaseUnavailable(f"The database {self.shown_url} has no connection free: {error}") from error
        except DBAPIError as error:
            self._explain(error.orig or error)
            raise
        except self._driver_error as error:
            self._explain(error)
            raise

    def _forget_if_lost(self, opened: PoolProxiedConnection, error: Any) -> bool:
        """Whether the connection leads nowhere any more; then no other may either."""
        lost = self.engine.dialect.is_disconnect(error, opened.dbapi_connection, None)
        if lost:
            opened.invalidate()
            if self._pinging is not None:
                self._pinging.lost()
        return lost

    def _explain(self, error: BaseException) -> None:
        """Raise what a person can use, if the database itself is at fault."""
        cause = " ".join(str(error).split()) or type(error).__name__
        if _is_missing_table(error):
            raise DatabaseOutdated(
                f"The database {self.shown_url} lacks tables of this Signoff ({cause}). Run `signoff db upgrade`."
            ) from error
        dbapi = self.engine.dialect.loaded_dbapi
        # Not only OperationalError: SQLite says DatabaseError where the file is no database.
        if not isinstance(error, (dbapi.IntegrityError, dbapi.DataError, dbapi.ProgrammingError)):
            raise DatabaseUnavailable(
                f"The database {self.shown_url} cannot be used: {cause}. Check DATABASE_URL, that the "
                "server runs, and that the file and its folder can be written."
            ) from error


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql":
            return create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                # `PostgresTransaction` says where transactions begin; a single look needs none.
                isolation_level="AUTOCOMMIT",
                use_native_hstore=False,
                json_serializer=_dumps,
                pool_size=CONNECTIONS,
                max_overflow=0,
                pool_reset_on_return=None,
                pool_use_lifo=True,
            )
        if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
            engine = create_engine(
                parsed,
                json_serializer=_dumps,
                connect_args={"timeout": BUSY_TIMEOUT, "check_same_thread": False},
                pool_size=CONNECTIONS,
                max_overflow=0,
                pool_reset_on_return=None,
                pool_use_lifo=True,
            )
            event.listen(engine, "connect", _prepare_sqlite)
            _make_no_second(engine, Path(parsed.database or ""))
            return engine
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise DatabaseUnavailable(f"DATABASE_URL cannot be understood: {_first_line(error)}") from None
    raise DatabaseUnavailable(
        f"DATABASE_URL names a database that Signoff does not know, {parsed.render_as_string()!r}. "
        "Give sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME."
    )


def sqlite_file(database: Database) -> Path | None:
    """The file that holds the record, where it is one."""
    return Path(database.url.database or "") if database.is_sqlite else None


def _dumps(value: Any) -> str:
    text = _PLAINLY.encode(value)
    return text if _HALF_CHARACTER.search(text) is None else _IN_ASCII.encode(value)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver must not begin transactions by itself: `Turns` says how they begin.
    connection.isolation_level = None
    _use_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _make_no_second(engine: Engine, file: Path) -> None:
    """Once the file was there, its absence is an outage: SQLite would make an empty one in its place."""
    was_there = False

    def look_before(*_: Any) -> None:
        if was_there and not file.exists():
            raise sqlite3.OperationalError("unable to open database file: it is gone")

    def look_after(*_: Any) -> None:
        nonlocal was_there
        was_there = file.exists()

    event.listen(engine, "do_connect", look_before)
    event.listen(engine, "connect", look_after)


def _use_wal(connection: sqlite3.Connection) -> None:
    # Several that open a new file together collide here: for a change of mode SQLite does not wait by itself.
    end = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _is_missing_table(error: BaseException) -> bool:
    cause = str(error)
    return (
        "no such table" in cause or "no such column" in cause or getattr(error, "sqlstate", None) in ("42P01", "42703")
    )


def _first_line(error: Exception) -> str:
    lines = str(error.args[0] if isinstance(error, SQLAlchemyError) and error.args else error).splitlines()
    return lines[0] if lines else type(error).__name__
