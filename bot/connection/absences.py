"""Who is away, as the database says, kept in memory until it changes."""

import threading
import time
from collections.abc import Sequence

from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.prompts import absences
from signoff.store.records.absence import Absence

MAX_AGE = 30.0
"""Seconds after which the database is read again even if no change was announced."""


class Absences:
    """Says who is away. Every card and every notice asks it, so it reads the database only when that has changed."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._changes = db.changes.subscribe(Topic.ABSENCES)
        self._lock = threading.Lock()
        self._known: list[Absence] | None = None
        self._read_at = 0.0

    def __call__(self) -> Sequence[Absence]:
        """Everybody who is away now.

        Raises:
            store.errors.StoreError: If the database cannot be read.
        """
        now = self._db.now()
        with self._lock:
            is_changed = self._changes.wait(0) or time.monotonic() > self._read_at + MAX_AGE
            if self._known is None or is_changed:
                self._known = None
                self._known = absences.current(self._db, now=now)
                self._read_at = time.monotonic()
            return [each for each in self._known if each.until > now]

    def stop(self) -> None:
        """Hear of no more changes."""
        self._changes.close()
