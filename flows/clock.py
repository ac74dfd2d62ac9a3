"""Deadlines and reminders: a ticker that says "look now".

What is due stands on the prompts themselves, so that a deadline which passed while everything was down is
enforced at the next start, and two clocks on one record do no harm.
"""

import logging
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

from apscheduler.schedulers.background import BackgroundScheduler

from flows.desk import Desk
from flows.names import now
from flows.policy import Policy
from store import prompts
from store.database import Database
from store.errors import StoreError
from store.records import Prompt

logger = logging.getLogger(__name__)

TICK = 1.0
"""Seconds between two looks."""


class Clock:
    """Enforces deadlines and has reminders posted. Usable as a context manager."""

    def __init__(self, db: Database, *, clock: Callable[[], datetime] = now) -> None:
        self._db = db
        self._now = clock
        self._desk = Desk(db, clock=clock)
        self._said = False
        self._scheduler = BackgroundScheduler(
            timezone="UTC",
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )

    def start(self) -> None:
        """Look now, and then at every tick."""
        self._scheduler.add_job(self._look_safely, "interval", seconds=TICK, next_run_time=self._now())
        self._scheduler.start()

    def stop(self) -> None:
        """Look no more."""
        self._scheduler.shutdown(wait=True)

    def look(self) -> int:
        """Do what is due now; how many prompts that were."""
        done = 0
        # One moment for the whole look: a system clock that is set back meanwhile must not keep it going.
        moment = self._now()
        while due := prompts.due(self._db, now=moment):
            for prompt in due:
                self._do(prompt, moment)
            done += len(due)
        return done

    def _do(self, prompt: Prompt, moment: datetime) -> None:
        if prompt.deadline is not None and prompt.deadline <= moment:
            self._desk.time_out(prompt)
            return
        policy = Policy.model_validate(prompt.policy)
        # Reminders that were missed while everything was down are one reminder now.
        passed = sum(1 for after in policy.reminders if prompt.opened_at + after <= moment)
        due_at = policy.due_at(prompt.opened_at, reminders_sent=passed, deadline=prompt.deadline)
        prompts.remind(self._db, prompt, sent=passed, due_at=due_at, now=moment)

    def _look_safely(self) -> None:
        try:
            self.look()
            self._said = False
        except StoreError as error:
            if not self._said:
                logger.warning("Deadlines cannot be looked at, trying again: %s", error)
            self._said = True

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
