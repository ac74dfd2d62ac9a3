"""How a SQLite file is opened.

In WAL mode, so that readers and the writer do not block each other; with `synchronous=FULL`, so that a commit survives
a power failure; and without the driver's own transactions, because `CommitQueue` begins them with `BEGIN IMMEDIATE`: a
transaction that takes the write lock only at its first write may fail in the middle because another has it.
"""

import sqlite3
import time
from typing import Any

from sqlalchemy import Engine, event

from signoff.store.sql.functions import SQLITE_NAME, sqlite_sha256_hex
from signoff.store.sql.write_timeout import BUSY_TIMEOUT

CONNECT_ARGS: dict[str, Any] = {"timeout": BUSY_TIMEOUT, "check_same_thread": False}
"""What `sqlite3.connect` gets."""


def prepare(engine: Engine) -> None:
    """Have every connection of this engine set up, before any is opened."""
    event.listen(engine, "connect", _set_up)


def _set_up(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.create_function(SQLITE_NAME, 1, sqlite_sha256_hex, deterministic=True)
    _use_wal(connection)
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA foreign_keys=ON")


def _use_wal(connection: sqlite3.Connection) -> None:
    # SQLite does not wait for the lock when it changes the mode, so processes that open a new file together collide.
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
