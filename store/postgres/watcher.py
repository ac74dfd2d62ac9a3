"""How a process learns of other processes' commits on PostgreSQL: by `LISTEN` and `NOTIFY`.

Through a connection pooler that gives each transaction another connection, notifications do not arrive. There the
process polls: PostgreSQL numbers the transactions that write, and tells which of them have ended.
"""

import logging
import time
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from signoff.store.changes import RECONNECT_AFTER, Announce, Stop, Topic, outage_log, topics_in
from signoff.store.outage_log import OutageLog
from signoff.store.postgres import session

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn

logger = logging.getLogger(__name__)

MIN_INTERVAL = 0.002
"""Seconds from one look at the notifications to the next, at least."""


POLL_INTERVAL = 0.1
"""Seconds between two looks where notifications do not arrive."""

_SNAPSHOT = "SELECT txid_current_snapshot()::text"
"""Which transactions have ended, of all that write. It is another one after each of them."""


class PostgresWatcher:
    """Listens on the channel `signoff`, or polls, on a connection of its own.

    Args:
        url: A URL that psycopg understands, with its password.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._name = uuid.uuid4().hex

    def payload(self, topics: Iterable[Topic]) -> str:
        """What to notify other processes with. It names the sender, because PostgreSQL notifies that one too."""
        return ",".join([*sorted(topics), self._name])

    def watch(self, announce: Announce, stop: Stop) -> None:
        """Announce what others commit.

        After a lost connection every topic is announced, since something may have been missed.
        """
        # Imported late: it is slow to import, and not needed where the database is SQLite.
        import psycopg

        outage = outage_log()
        while not stop.is_set:
            try:
                with psycopg.connect(self._url, autocommit=True) as connection:
                    watch = self._poll if session.set_up(connection) else self._listen
                    watch(connection, announce, stop, outage)
            except psycopg.Error as error:
                outage.failed(str(error))
                stop.wait(RECONNECT_AFTER)

    def _listen(self, connection: Any, announce: Announce, stop: Stop, outage: OutageLog) -> None:
        connection.execute("LISTEN signoff")
        outage.worked()
        announce(Topic)
        while not stop.is_set:
            if stop.wait(None, connection.fileno()):
                self._receive(connection.pgconn, announce)
                # Every commit of every process arrives here. Many at once are handled together.
                time.sleep(MIN_INTERVAL)

    def _poll(self, connection: Any, announce: Announce, stop: Stop, outage: OutageLog) -> None:
        logger.info(
            "The database is behind a connection pooler. Changes by other processes are looked for every %g s.",
            POLL_INTERVAL,
        )
        seen = None
        while not stop.is_set:
            (snapshot,) = connection.execute(_SNAPSHOT).fetchone()
            outage.worked()
            if snapshot != seen:
                seen = snapshot
                announce(Topic)
            stop.wait(POLL_INTERVAL)

    def _receive(self, connection: "PGconn", announce: Announce) -> None:
        # libpq itself: psycopg's generator of notifications costs more than all the rest of this.
        connection.consume_input()
        while notification := connection.notifies():
            words = set(notification.extra.decode().split(","))
            if self._name not in words:
                announce(topics_in(words))
