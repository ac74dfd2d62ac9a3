"""Enforces deadlines and sends reminders.

When a prompt is due is a column of the prompt itself. So a deadline that passed while everything was down is enforced
at the next start, and several enforcers can work on one database. A tick does not read the database: the enforcer
remembers when the next prompt is due, and is notified of every prompt that is opened.
"""

import logging
import math
import time
from collections.abc import Callable
from datetime import datetime

from signoff.flows.approval.desk import Desk
from signoff.flows.approval.policy import next_due_at
from signoff.flows.approval.ticker import Ticker
from signoff.flows.background import BackgroundService
from signoff.store.changes import Subscription, Topic
from signoff.store.database import Database
from signoff.store.errors import UnreadablePolicy
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt

logger = logging.getLogger(__name__)

MAX_POLL_SECONDS = 30.0
"""Seconds after which the database is read even if nothing is known to be due."""


class DeadlineEnforcer(BackgroundService):
    """Enforces deadlines and has reminders posted. Usable as a context manager."""

    def __init__(self, db: Database, *, clock: Callable[[], datetime] | None = None) -> None:
        self._db = db
        self._now = clock or db.now
        self._desk = Desk(db, clock=clock)
        self._changes: Subscription | None = None
        self._next_due_at: datetime | None = None
        self._check_by = -math.inf
        self._reported: set[str] = set()
        self._ticker = Ticker(self.check, failure="Could not check the deadlines")

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
        # Deadlines are points in time on the database's clock. The poll interval uses one that nobody can set.
        is_due = self._next_due_at is not None and self._next_due_at <= self._now()
        if is_due or time.monotonic() >= self._check_by:
            self.enforce_due()
            self._check_by = time.monotonic() + MAX_POLL_SECONDS

    def enforce_due(self) -> int:
        """Time out and remind what is due now. Returns the number of prompts.

        A prompt whose policy cannot be read is left as it is, for a Signoff that can read it. It is tried again at
        every look, but the next look does not come sooner because of it.
        """
        done = 0
        unreadable: set[str] = set()
        # One moment for the whole loop: it would not end if the clock were corrected in between.
        moment = self._now()
        while (due_at := prompts.next_due_at(self._db, without=unreadable)) is not None and due_at <= moment:
            for prompt in prompts.due(self._db, now=moment, without=unreadable):
                try:
                    self._do(prompt, moment)
                except UnreadablePolicy as error:
                    unreadable.add(prompt.id)
                    self._report(prompt, error)
                else:
                    done += 1
        self._next_due_at = due_at
        return done

    def _report(self, prompt: Prompt, error: UnreadablePolicy) -> None:
        if prompt.id not in self._reported:
            self._reported.add(prompt.id)
            logger.error("%r is due, but this version cannot enforce its deadline. %s", prompt.title, error)

    def _do(self, prompt: Prompt, moment: datetime) -> None:
        if prompt.deadline is not None and prompt.deadline <= moment:
            self._desk.time_out(prompt)
            return
        policy = prompt.policy
        # All reminders that were missed while everything was down are sent as one.
        passed = sum(1 for after in policy.reminders if prompt.opened_at + after <= moment)
        due_at = next_due_at(policy, prompt.opened_at, reminders_sent=passed, deadline=prompt.deadline)
        prompts.remind(self._db, prompt, sent=passed, due_at=due_at, now=moment)
