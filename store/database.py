"""The database: one `Database`, on SQLite or PostgreSQL. Outside of the store, nothing knows which."""

import json
import os
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Engine, PoolProxiedConnection, String, create_engine, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from signoff.store.changes import Changes, Topic
from signoff.store.clock import DatabaseClock
from signoff.store.errors import (
    CommitInDoubt,
    DatabaseOutdated,
    DatabaseReplaced,
    DatabaseUnavailable,
    ForkedProcess,
    TransactionConflict,
)
from signoff.store.postgres import session
from signoff.store.postgres.clock import PostgresClock
from signoff.store.postgres.identity import PostgresIdentity
from signoff.store.postgres.pipeline import PostgresReadTransaction, PostgresTransaction
from signoff.store.postgres.pool_check import PoolCheck
from signoff.store.postgres.watcher import PostgresWatcher
from signoff.store.redaction import redacted, remember_secrets_of, shown_url
from signoff.store.sentences import sentence
from signoff.store.sql.statements import Statement, param
from signoff.store.sql.transactions import ReadTransaction, Transaction
from signoff.store.sqlite import connect
from signoff.store.sqlite.clock import SqliteClock
from signoff.store.sqlite.file_guard import FileGuard, FileReplaced
from signoff.store.sqlite.group_commit import CommitQueue, WriteTimeout
from signoff.store.sqlite.wakeup import Wakeup
from signoff.store.sqlite.watcher import SqliteWatcher

CONNECTIONS = 16
"""How many connections are open at once, at most. Whoever needs another one waits, which takes less time than opening
one more and closing it again."""

_NOTIFY = Statement(select(func.pg_notify("signoff", param("payload", String))))

_UNICODE, _ASCII = (
    json.JSONEncoder(ensure_ascii=ascii_only, allow_nan=False, separators=(",", ":")) for ascii_only in (False, True)
)
_USE = "Use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME."

_CONFLICTS = ("40001", "40P01")
"""PostgreSQL's codes for a serialization failure and for a deadlock."""

_NO_RIGHT = "42501"
"""PostgreSQL's code for a right that a role does not have."""

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
"""Half of a character. UTF-8 cannot encode it; JSON can, as an ASCII escape."""


class Database:
    """An open database.

    Args:
        url: An SQLAlchemy URL: `sqlite:///file.db`, or `postgresql://user:password@host/name`.

    Raises:
        DatabaseUnavailable: If the URL is invalid, or names a database that is not supported.
    """

    def __init__(self, url: str) -> None:
        self._process = os.getpid()
        self.engine = _engine(url)
        self.url = self.engine.url
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        self._driver_error = self.engine.dialect.loaded_dbapi.Error
        self.clock: DatabaseClock = (SqliteClock if self.is_sqlite else PostgresClock)(self.read, self._write)
        self._guard: FileGuard | None = None
        self._commit_queue: CommitQueue | None = None
        self._wakeup: Wakeup | None = None
        self._pool_check: PoolCheck | None = None
        self._watcher: PostgresWatcher | None = None
        if self.is_sqlite:
            file = Path(self.url.database or "")
            guard = self._guard = FileGuard(file)
            guard.watch(self.engine)
            self._commit_queue = CommitQueue(self.engine, self._announce, guard)
            self._wakeup = Wakeup(file)
            self.changes = Changes(SqliteWatcher(self.engine, self._wakeup, guard))
        else:
            plain_url = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
            self._watcher = PostgresWatcher(plain_url)
            session.set_up_all(self.engine, self.shown_url)
            self._pool_check = PoolCheck(self.engine)
            PostgresIdentity(self.engine, self.shown_url)
            self.changes = Changes(self._watcher)

    @property
    def shown_url(self) -> str:
        """The URL without its secrets."""
        return shown_url(self.url)

    def now(self) -> datetime:
        """The time by the clock that all processes on this database share.

        Raises:
            StoreError: If the database cannot be read at the first call.
        """
        return self.clock.now()

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction that commits at the end of the block, or is rolled back if the block raises.

        Raises:
            DatabaseUnavailable: If the database cannot be reached or written.
            CommitInDoubt: If the connection was lost during the commit.
            TransactionConflict: If the database has aborted it in favour of others; see `transactional`.
            DatabaseReplaced: If another database has taken its place.
            DatabaseOutdated: If a table or column is missing.
            ForkedProcess: If another process has opened the database.
        """
        self._check_process()
        self.clock.prepare()
        with self._write() as transaction:
            yield transaction

    @contextmanager
    def read(self) -> Iterator[ReadTransaction]:
        """A connection to read from.

        Raises:
            DatabaseUnavailable: If the database cannot be reached.
            DatabaseOutdated: If a table or column is missing.
            ForkedProcess: If another process has opened the database.
        """
        self._check_process()
        with self._connected() as opened:
            yield (ReadTransaction if self.is_sqlite else PostgresReadTransaction)(self.engine, opened)

    def close(self) -> None:
        """Close every connection."""
        self.changes.close()
        self.engine.dispose()

    def _check_process(self) -> None:
        # What the parent has sent and not read, its locks, and its threads, are not here.
        if os.getpid() != self._process:
            raise ForkedProcess(
                f"This process was forked from the one that has opened the database {self.shown_url}. Two processes "
                "cannot share a connection, so use the database in the process that has opened it, or open it here."
            )

    def _write(self) -> AbstractContextManager[Transaction]:
        return self._write_postgres() if self._commit_queue is None else self._write_sqlite(self._commit_queue)

    @contextmanager
    def _write_sqlite(self, queue: CommitQueue) -> Iterator[Transaction]:
        try:
            with self._explained(), queue.transaction() as transaction:
                yield transaction
        except WriteTimeout:
            raise DatabaseUnavailable(f"The database {self.shown_url} is busy. Try again in a moment.") from None

    def _announce(self, topics: set[Topic]) -> None:
        self.changes.announce(topics)
        if self._wakeup is not None:
            self._wakeup.notify(topics)

    @contextmanager
    def _write_postgres(self) -> Iterator[Transaction]:
        with self._connected() as opened:
            transaction = PostgresTransaction(self.engine, opened)
            yield transaction
            if transaction.topics and self._watcher is not None:
                transaction.run(_NOTIFY, payload=self._watcher.payload(transaction.topics))
            self._commit(transaction, opened)
        self.changes.announce(transaction.topics)

    def _commit(self, transaction: PostgresTransaction, opened: PoolProxiedConnection) -> None:
        try:
            transaction.commit()
        except self._driver_error as error:
            if not self._discard_if_lost(opened, error):
                raise
            # It may have been committed, so whoever waits for this change has to look.
            self.changes.announce(transaction.topics)
            raise CommitInDoubt(
                f"The connection to the database {self.shown_url} was lost during a commit, so the change may or may "
                "not have been saved. Check, or do it again: nothing counts twice."
            ) from error

    @contextmanager
    def _connected(self) -> Iterator[PoolProxiedConnection]:
        with self._explained():
            opened = self._open()
            try:
                yield opened
            except BaseException as error:
                if not (isinstance(error, self._driver_error) and self._discard_if_lost(opened, error)):
                    self._roll_back(opened)
                raise
            finally:
                if opened.is_valid:
                    opened.close()

    def _open(self) -> PoolProxiedConnection:
        try:
            return self.engine.raw_connection()
        except self.engine.dialect.loaded_dbapi.ProgrammingError as error:
            # No statement is at fault here, but an option in the URL that psycopg does not know, for example.
            raise self._unavailable(error) from error

    def _roll_back(self, opened: PoolProxiedConnection) -> None:
        # Not left to the pool, which would log a lost connection with its traceback.
        if not opened.is_valid:
            return
        try:
            opened.rollback()
        except self._driver_error as error:
            self._discard_if_lost(opened, error)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except PoolTimeout as error:
            raise DatabaseUnavailable(
                f"All {CONNECTIONS} connections to the database {self.shown_url} are in use. Try again in a moment."
            ) from error
        except DBAPIError as error:
            self._explain(error.orig or error)
            raise
        except self._driver_error as error:
            self._explain(error)
            raise

    def _discard_if_lost(self, opened: PoolProxiedConnection, error: Any) -> bool:
        """Whether the connection is lost. If it is, the others of the pool may be lost too."""
        lost = self.engine.dialect.is_disconnect(error, opened.dbapi_connection, None)
        if lost:
            opened.invalidate()
            if self._pool_check is not None:
                self._pool_check.connection_lost()
        return lost

    def _explain(self, error: BaseException) -> None:
        """Raise an error that tells a person what to do, if the database is at fault and not the statement."""
        if getattr(error, "sqlstate", None) in _CONFLICTS:
            raise TransactionConflict(
                f"The database {self.shown_url} has aborted a transaction in favour of others. Try again in a moment."
            ) from error
        if isinstance(error, FileReplaced):
            raise (CommitInDoubt if error.in_doubt else DatabaseReplaced)(str(error)) from error
        if _is_missing_table(error):
            raise DatabaseOutdated(
                f"The database {self.shown_url} lacks tables or columns of this version of Signoff ({_cause(error)}). "
                "Run `signoff db upgrade`."
            ) from error
        if getattr(error, "sqlstate", None) == _NO_RIGHT:
            denied = sentence(f"The database {self.shown_url} refuses this: {_cause(error)}")
            raise DatabaseUnavailable(
                f"{denied} Grant it to the role in DATABASE_URL, or use the owner's role if this is an upgrade."
            ) from error
        dbapi = self.engine.dialect.loaded_dbapi
        # Not only OperationalError: SQLite raises DatabaseError if the file is not a database.
        if not isinstance(error, (dbapi.IntegrityError, dbapi.DataError, dbapi.ProgrammingError)):
            self._explain_by_files(error)
            raise self._unavailable(error) from error

    def _explain_by_files(self, error: BaseException) -> None:
        """Raise an error that says what happened to the files of a SQLite database, if that is why it fails."""
        try:
            if self._guard is not None:
                self._guard.check()
        except FileReplaced as replaced:
            raise DatabaseReplaced(str(replaced)) from error

    def _unavailable(self, error: BaseException) -> DatabaseUnavailable:
        what = sentence(f"The database {self.shown_url} cannot be used: {_cause(error)}")
        where = "the file and its folder can be written" if self.is_sqlite else "the server is running"
        return DatabaseUnavailable(f"{what} Check DATABASE_URL, and that {where}.")


def _engine(url: str) -> Engine:
    parsed = _parsed(url)
    try:
        if parsed.get_backend_name() == "postgresql":
            return create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                # `PostgresTransaction` begins transactions itself. A single SELECT needs none.
                isolation_level="AUTOCOMMIT",
                use_native_hstore=False,
                json_serializer=_dumps,
                # What people answered is nothing for an error message.
                hide_parameters=True,
                pool_size=CONNECTIONS,
                max_overflow=0,
                pool_reset_on_return=None,
                pool_use_lifo=True,
            )
        if parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:"):
            engine = create_engine(
                parsed.set(drivername="sqlite"),
                json_serializer=_dumps,
                hide_parameters=True,
                connect_args=connect.CONNECT_ARGS,
                pool_size=CONNECTIONS,
                max_overflow=0,
                pool_reset_on_return=None,
                pool_use_lifo=True,
            )
            connect.prepare(engine)
            return engine
    except (ArgumentError, NoSuchModuleError, ValueError):
        # Its message may quote any part of the URL.
        raise DatabaseUnavailable(f"DATABASE_URL is not a valid database URL. {_USE}") from None
    if parsed.get_backend_name() == "sqlite":
        raise DatabaseUnavailable(f"DATABASE_URL names no file. A database in memory is not kept. {_USE}")
    raise DatabaseUnavailable(
        f"DATABASE_URL names a database that Signoff does not support: {parsed.get_backend_name()}. {_USE}"
    )


def _parsed(url: str) -> URL:
    """`url`, whose secrets are masked from now on.

    Raises:
        DatabaseUnavailable: If it is invalid, or could be read in two ways.
    """
    scheme, _, rest = url.partition("://")
    user = rest.rpartition("@")[0]
    # In both, SQLAlchemy would take a part of the password for the host, and show it.
    if scheme.startswith("postgres") and ("@" in user or "=" in user.partition("?")[2]):
        raise DatabaseUnavailable("DATABASE_URL has an @ in its password, or in its user name. Write it as %40.")
    try:
        url.encode()  # which half a character cannot be
        # Many hosts still hand out addresses with the earlier name.
        parsed = make_url(url.replace("postgres://", "postgresql://", 1) if scheme == "postgres" else url)
    except (ArgumentError, ValueError):
        raise DatabaseUnavailable(f"DATABASE_URL is not a valid database URL. {_USE}") from None
    remember_secrets_of(parsed)
    return parsed


def sqlite_file(database: Database) -> Path | None:
    """The file of a SQLite database; `None` on PostgreSQL."""
    return Path(database.url.database or "") if database.is_sqlite else None


def _dumps(value: Any) -> str:
    text = _UNICODE.encode(value)
    return text if _LONE_SURROGATE.search(text) is None else _ASCII.encode(value)


def _cause(error: BaseException) -> str:
    return redacted(" ".join(str(error).split())) or type(error).__name__


def _is_missing_table(error: BaseException) -> bool:
    cause = str(error)
    return (
        "no such table" in cause or "no such column" in cause or getattr(error, "sqlstate", None) in ("42P01", "42703")
    )
