"""How a process learns of other processes' commits on PostgreSQL: by `LISTEN` and `NOTIFY`."""

import time
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING

from signoff.store.changes import RECONNECT_AFTER, Announce, Stop, Topic, outage_log, topics_in

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn

MIN_INTERVAL = 0.002
"""Seconds from one look at the notifications to the next, at least."""


class PostgresWatcher:
    """Listens on the channel `signoff`, on a connection of its own.

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
                    connection.execute("LISTEN signoff")
                    outage.worked()
                    announce(Topic)
                    while not stop.is_set:
                        if stop.wait(None, connection.fileno()):
                            self._receive(connection.pgconn, announce)
                            # Every commit of every process arrives here. Many at once are handled together.
                            time.sleep(MIN_INTERVAL)
            except psycopg.Error as error:
                outage.failed(str(error))
                stop.wait(RECONNECT_AFTER)

    def _receive(self, connection: "PGconn", announce: Announce) -> None:
        # libpq itself: psycopg's generator of notifications costs more than all the rest of this.
        connection.consume_input()
        while notification := connection.notifies():
            words = set(notification.extra.decode().split(","))
            if self._name not in words:
                announce(topics_in(words))
