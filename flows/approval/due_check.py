"""Background work on prompts that are due by a column of their own.

When a prompt is due is in the database. So what became due while everything was down is found at the next start, and
several processes can work on one database. A tick does not read the database: it remembers when the next prompt is due,
and is notified of every prompt that is opened.
"""

import math
import time
from abc import abstractmethod
from collections.abc import Callable
from datetime import datetime

from signoff.flows.services.background import BackgroundService
from signoff.flows.services.ticker import Ticker
from signoff.store.changes import Subscription, Topic
from signoff.store.database import Database

MAX_POLL_SECONDS = 30.0
"""Seconds after which the database is read even if nothing is known to be due."""


class DueCheck(BackgroundService):
    """Looks for prompts that are due, once a second. Usable as a context manager.

    Args:
        failure: What is logged when a look fails: `Could not check the deadlines`.
        clock: By default the database's.
    """

    def __init__(self, db: Database, *, failure: str, clock: Callable[[], datetime] | None = None) -> None:
        self._db = db
        self._now = clock or db.now
        self._changes: Subscription | None = None
        self._next_due_at: datetime | None = None
        self._check_by = -math.inf
        self._ticker = Ticker(self.check, failure=failure)

    def start(self) -> None:
        """Check now, and then at every tick."""
        self._changes = self._db.changes.subscribe(Topic.PROMPTS)
        self._ticker.start()

    def stop(self) -> None:
        """Stop checking."""
        self._ticker.stop()
        if self._changes is not None:
            self._changes.close()

    def check(self) -> None:
        """Read the database if something may be due. After a failure this is tried again at the next tick."""
        if self._changes is not None and self._changes.wait(0):
            self._check_by = -math.inf
        # What is due is due by the database's clock. The poll interval uses one that nobody can set.
        is_due = self._next_due_at is not None and self._next_due_at <= self._now()
        if is_due or time.monotonic() >= self._check_by:
            self.do_due()
            self._check_by = time.monotonic() + MAX_POLL_SECONDS

    @abstractmethod
    def do_due(self) -> int:
        """Do what is due now, and set `_next_due_at`. Returns the number of prompts."""
