"""Enforces deadlines and sends reminders.

A deadline is a column of its prompt, see `due_check`.
"""

import logging
from collections.abc import Callable
from datetime import datetime

from signoff.flows.approval.acts import Act, ActKind, Progress, act_due, next_due_at
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.due_check import DueCheck
from signoff.flows.services.foreground import foreground
from signoff.store.database import Database
from signoff.store.errors import UnreadablePolicy
from signoff.store.prompts import due, escalations
from signoff.store.records.prompts import Prompt

logger = logging.getLogger(__name__)


class DeadlineEnforcer(DueCheck):
    """Enforces deadlines and has reminders posted. Usable as a context manager."""

    def __init__(self, db: Database, *, clock: Callable[[], datetime] | None = None) -> None:
        super().__init__(db, failure="Could not check the deadlines", clock=clock)
        self._desk = Desk(db, clock=clock)
        self._reported: set[str] = set()

    def do_due(self) -> int:
        """Time out and remind what is due now. Returns the number of prompts.

        A prompt whose policy cannot be read is left as it is, for a Signoff that can read it. It is tried again at
        every look, but the next look does not come sooner because of it.
        """
        done = 0
        unreadable: set[str] = set()
        # One moment for the whole loop: it would not end if the clock were corrected in between.
        moment = self._now()
        while (due_at := due.next_due_at(self._db, without=unreadable)) is not None and due_at <= moment:
            for prompt in due.due(self._db, now=moment, without=unreadable):
                foreground.let_pass()
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
            logger.error("%s is due, but this version cannot enforce its deadline. %s", prompt.label, error)

    def _do(self, prompt: Prompt, moment: datetime) -> None:
        """Perform one act of a prompt. The next one, if it is due as well, comes with the next read of the database."""
        progress = Progress.of(prompt)
        match act := act_due(progress, moment):
            case Act(kind=ActKind.TAKE_EFFECT):
                self._desk.take_effect(prompt)
            case Act(kind=ActKind.TIME_OUT):
                self._desk.time_out(prompt)
            case Act(kind=ActKind.BECOME_OVERDUE):
                due_at = next_due_at(progress.after(act))
                due.note_overdue(self._db, prompt, due_at=due_at, now=moment)
            case Act(kind=ActKind.ESCALATE):
                due_at = next_due_at(progress.after(act))
                if escalations.escalate(self._db, prompt, number=act.number, due_at=due_at, now=moment):
                    whom = ", ".join(prompt.policy.escalations[act.number - 1].to)
                    logger.info("%s was escalated to %s", prompt.label, whom)
            case Act(kind=ActKind.REMIND):
                due_at = next_due_at(progress.after(act))
                due.remind(self._db, prompt, sent=act.number, due_at=due_at, now=moment)
            case None:
                # Another process has been here, or counts differently. Left as it is, it would be due for ever.
                due.reschedule(self._db, prompt, due_at=next_due_at(progress))
