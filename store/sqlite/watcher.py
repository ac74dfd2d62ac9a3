"""How a process learns of other processes' commits on SQLite: by notification, and by polling in case there is none."""

import sqlite3
import time
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from signoff.store.changes import RECONNECT_AFTER, Announce, Stop, Topic, outage_log, topics_in
from signoff.store.outage_log import OutageLog
from signoff.store.sqlite.file_guard import FileGuard, FileReplaced
from signoff.store.sqlite.wakeup import Wakeup, drain

POLL_INTERVAL = 0.5
"""Seconds between two looks at SQLite's change counter, for the commits of programs that notify nobody."""

POLL_INTERVAL_WITHOUT_PIPE = 0.04
"""The same where this process cannot be notified."""


class SqliteWatcher:
    """Waits for notifications, and polls `PRAGMA data_version`, which changes when another connection has committed."""

    def __init__(self, engine: Engine, wakeup: Wakeup, guard: FileGuard) -> None:
        self._engine = engine
        self._wakeup = wakeup
        self._guard = guard

    def watch(self, announce: Announce, stop: Stop) -> None:
        """Announce what others commit. After a failure announce every topic, since something may have been missed."""
        outage = outage_log()
        while not stop.is_set:
            try:
                self._watch(announce, stop, outage)
            except (SQLAlchemyError, sqlite3.Error) as error:
                outage.failed(str(error))
                stop.wait(RECONNECT_AFTER)

    def _watch(self, announce: Announce, stop: Stop, outage: OutageLog) -> None:
        connection = self._engine.raw_connection()
        try:
            with self._wakeup.listen(self._guard.opened) as pipe:
                interval = POLL_INTERVAL_WITHOUT_PIPE if pipe is None else POLL_INTERVAL
                files = () if pipe is None else (pipe,)
                cursor = connection.cursor()
                seen, next_poll = None, 0.0
                while not stop.is_set:
                    if time.monotonic() >= next_poll:
                        version = self._version(cursor, outage)
                        if version not in (None, seen):
                            announce(Topic)
                        seen, next_poll = version, time.monotonic() + interval
                    if stop.wait(next_poll - time.monotonic(), *files) and pipe is not None:
                        announce(topics_in(drain(pipe)))
                cursor.close()
        finally:
            connection.close()

    def _version(self, cursor: Any, outage: OutageLog) -> Any:
        """The counter of other connections' commits; `None` while the file is not the one that is open."""
        try:
            # An idle process commits nothing that could be refused, and should say so all the same. It keeps listening,
            # so that others know of it.
            self._guard.check()
        except FileReplaced as error:
            outage.failed(str(error))
            return None
        version = cursor.execute("PRAGMA data_version").fetchone()
        outage.worked()
        return version
