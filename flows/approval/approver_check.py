"""Finds out who the approvers of a new prompt are, and says at once which of them do not exist.

The check runs in the background, so a prompt opens and its card is posted whether Slack answers or not. What is found
is recorded with the prompt: from then on an approver is that person, whoever takes over the handle. Somebody who gets
an address that was nobody's, or a group that gets people, is an approver once that is recorded too.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from signoff.flows.approval.approvers import Directory, NameKind, Unknowable
from signoff.flows.approval.due_check import DueCheck
from signoff.flows.approval.names import spelling_fault
from signoff.flows.services.foreground import foreground
from signoff.store.database import Database
from signoff.store.errors import UnreadablePolicy
from signoff.store.prompts import approvers
from signoff.store.records.prompts import Approver, Prompt

logger = logging.getLogger(__name__)

MIN_RETRY = timedelta(seconds=2)
"""When the directory is asked again after it could not say who somebody is. Older prompts wait longer."""

MAX_RETRY = timedelta(minutes=5)
"""The longest that they wait."""

RECHECK = timedelta(hours=1)
"""When it is asked again about an approver that nobody could be, such as a group without people."""


class ApproverCheck(DueCheck):
    """Asks a directory about the approvers of prompts. Usable as a context manager."""

    def __init__(self, db: Database, directory: Directory, *, clock: Callable[[], datetime] | None = None) -> None:
        super().__init__(db, failure="Could not check the approvers of prompts", clock=clock)
        self._directory = directory

    def do_due(self) -> int:
        """Ask about the approvers of each prompt that is due. Returns the number of prompts."""
        found = approvers.due(self._db, now=self._now())
        for prompt in found:
            foreground.let_pass()
            self._check(prompt)
        self._next_due_at = approvers.next_due_at(self._db)
        return len(found)

    def _check(self, prompt: Prompt) -> None:
        try:
            answers = [self._find(each, prompt) for each in prompt.approvers]
        except UnreadablePolicy:
            # Another version can; and this one may be that version by then.
            approvers.record(self._db, prompt, (), due_at=self._now() + RECHECK, now=self._now())
            return
        found = tuple(each for each in answers if isinstance(each, Approver))
        unknown = len(found) < len(answers)
        moment = self._now()
        again = RECHECK if any(_may_change(each) for each in found) else None
        if unknown:
            again = min(max((moment - prompt.opened_at) / 4, MIN_RETRY), MAX_RETRY)
        due_at = None if again is None else moment + again
        changed = approvers.record(self._db, prompt, found, due_at=due_at, now=moment)
        for each in changed:
            if each.fault:
                logger.warning("%s asks %s, who cannot answer. %s", prompt.label, each.name, each.fault)
            else:
                logger.info("%s asks %s, who can answer now: it is %s.", prompt.label, each.name, each.id)
        if any(each.fault for each in changed) and all(isinstance(each, Approver) and each.fault for each in answers):
            logger.error("Nobody can answer %s, so it waits for its deadline.", prompt.label)

    def _find(self, approver: Approver, prompt: Prompt) -> Approver | Unknowable:
        """What is known of an approver. Who was found once stays the same person."""
        if approver.id is not None and not approver.fault:
            return approver
        if approver.fault and not _may_change(approver):
            return approver
        # A handle that nobody has is settled for good, so somebody who joined just before the prompt opened must count.
        found = self._directory.find(approver.name, max_age=(self._now() - prompt.opened_at).total_seconds())
        return approver if isinstance(found, Unknowable) and approver.fault else found


def _may_change(approver: Approver) -> bool:
    """Whether an approver that does not exist may come to exist.

    A handle may not: whoever takes it after the prompt opened is not the one who was meant. An address may, because
    Slack makes sure that whoever has it can read its mail.
    """
    is_handle = NameKind.of(approver.name) is NameKind.HANDLE and approver.id is None
    return bool(approver.fault) and not is_handle and not spelling_fault(approver.name)
