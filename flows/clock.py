"""Deadlines and reminders: a ticker that says "look now".

What is due stands on the prompts themselves, so that a deadline which passed while everything was down is
enforced at the next start, and two clocks on one record do no harm.
"""

from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

from flows.desk import Desk
from flows.names import now
from flows.policy import Policy
from flows.ticker import Ticker
from store import prompts
from store.database import Database
from store.records import Prompt


class Clock:
    """Enforces deadlines and has reminders posted. Usable as a context manager."""

    def __init__(self, db: Database, *, clock: Callable[[], datetime] = now) -> None:
        self._db = db
        self._now = clock
        self._desk = Desk(db, clock=clock)
        self._ticker = Ticker(self.look, what="Deadlines")

    def start(self) -> None:
        """Look now, and then at every tick."""
        self._ticker.start()

    def stop(self) -> None:
        """Look no more."""
        self._ticker.stop()

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

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
