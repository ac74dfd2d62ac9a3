"""How a process hears of other processes' commits: SQLite's are told by a bell, PostgreSQL's by `NOTIFY`."""

import logging
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from signoff.store.changes import Stop, Topic
from signoff.store.sqlite.wakeup import Doorbell, heard

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn

logger = logging.getLogger(__name__)

Announce = Callable[[Iterable[Topic]], None]

LOOK_EVERY = 0.5
"""Seconds between two looks at SQLite's counter, for the commits of those who ring no bell."""

LOOK_WITHOUT_BELL_EVERY = 0.04
"""The same where no bell can be hung."""

HEAR_EVERY = 0.002
"""Seconds from one hearing of PostgreSQL's notices to the next, at the least."""

RECONNECT_AFTER = 1.0
"""Seconds until a lost database is tried again."""


class Outage:
    """Says once, however often it is told, that the database is away."""

    def __init__(self) -> None:
        self._said = False

    def say(self, error: Exception) -> None:
        """The database is away, or still is."""
        if not self._said:
            logger.warning("The database cannot be watched for changes, trying again: %s", error)
        self._said = True

    def end(self) -> None:
        """It is there."""
        self._said = False


class SqliteWatcher:
    """Waits for its bell, and reads `PRAGMA data_version`, which moves whenever another connection has committed."""

    def __init__(self, engine: Engine, doorbell: Doorbell) -> None:
        self._engine = engine
        self._doorbell = doorbell

    def watch(self, announce: Announce, stop: Stop) -> None:
        """Listen and look; after a failure announce everything, since something may have been missed."""
        outage = Outage()
        while not stop.is_set:
            try:
                self._watch(announce, stop, outage)
            except (SQLAlchemyError, sqlite3.Error) as error:
                outage.say(error)
                stop.wait(RECONNECT_AFTER)

    def _watch(self, announce: Announce, stop: Stop, outage: Outage) -> None:
        connection = self._engine.raw_connection()
        try:
            with self._doorbell.hung() as bell:
                every = LOOK_WITHOUT_BELL_EVERY if bell is None else LOOK_EVERY
                files = () if bell is None else (bell,)
                cursor = connection.cursor()
                seen, next_look = None, 0.0
                while not stop.is_set:
                    if time.monotonic() >= next_look:
                        version = cursor.execute("PRAGMA data_version").fetchone()
                        outage.end()
                        if version != seen:
                            announce(Topic)
                        seen, next_look = version, time.monotonic() + every
                    if stop.wait(next_look - time.monotonic(), *files) and bell is not None:
                        announce(named(heard(bell)))
                cursor.close()
        finally:
            connection.close()


class PostgresWatcher:
    """Listens on the channel `signoff`, on a connection of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._name = uuid.uuid4().hex

    def payload(self, topics: Iterable[Topic]) -> str:
        """What other processes are told of these topics. This one knows by itself, and does not heed it."""
        return ",".join([*sorted(topics), self._name])

    def watch(self, announce: Announce, stop: Stop) -> None:
        """Listen; after a lost connection announce everything, since something may have been missed."""
        # Imported late: it is slow to import, and who keeps the record in SQLite never needs it.
        import psycopg

        outage = Outage()
        while not stop.is_set:
            try:
                with psycopg.connect(self._url, autocommit=True) as connection:
                    connection.execute("LISTEN signoff")
                    outage.end()
                    announce(Topic)
                    while not stop.is_set:
                        if stop.wait(None, connection.fileno()):
                            self._hear(connection.pgconn, announce)
                            # Every commit of every process comes by here: of many at once several are heard together.
                            time.sleep(HEAR_EVERY)
            except psycopg.Error as error:
                outage.say(error)
                stop.wait(RECONNECT_AFTER)

    def _hear(self, connection: "PGconn", announce: Announce) -> None:
        # Without psycopg's own loop around it, which costs more than the rest.
        connection.consume_input()
        while notice := connection.notifies():
            words = set(notice.extra.decode().split(","))
            if self._name not in words:
                announce(named(words))


def named(words: set[str]) -> list[Topic]:
    """The topics among these words."""
    return [topic for topic in Topic if topic in words]
