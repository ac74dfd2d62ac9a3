"""Who may give a prompt more time, and by how much."""

from dataclasses import replace
from datetime import datetime, timedelta

from signoff.flows.approval.acts import next_due_at_of
from signoff.flows.approval.approvers import Directory, Unknowable, is_requester, may_answer
from signoff.store.policy import APPROVERS, REQUESTER
from signoff.store.records.actors import Actor
from signoff.store.records.approvers import Approver
from signoff.store.records.outbox import CardPlace
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import EMBEDDED

LENGTHS = {
    "1 hour": timedelta(hours=1),
    "4 hours": timedelta(hours=4),
    "1 day": timedelta(days=1),
    "3 days": timedelta(days=3),
    "1 week": timedelta(weeks=1),
}
"""By how much a deadline can be moved at once, as people read it."""

NOT_ALLOWED = "You may not give this more time: its policy does not name you in may_extend."
"""What somebody is told who may not."""


def can_be_extended(prompt: Prompt) -> bool:
    """Whether somebody may give an open prompt more time. Another engine stops waiting when it wants to."""
    return bool(prompt.policy.may_extend) and prompt.deadline is not None and prompt.engine == EMBEDDED


def may_extend(prompt: Prompt, actor: Actor, directory: Directory, places: list[CardPlace]) -> bool | Unknowable:
    """Whether the policy lets this person give a prompt more time.

    Raises:
        UnreadablePolicy: If this version cannot read the policy.
    """
    if not can_be_extended(prompt):
        return False
    known = {each.name: each for each in prompt.found_approvers}
    unknown: Unknowable | None = None
    for name in prompt.policy.may_extend:
        match name:
            case _ if name == APPROVERS:
                may = may_answer(prompt, actor, directory, places)
            case _ if name == REQUESTER:
                may = is_requester(prompt, actor, directory)
            case _:
                may = directory.is_approver(actor, known.get(name) or Approver(name))
        if isinstance(may, Unknowable):
            unknown = may
        elif may:
            return True
    return False if unknown is None else unknown


def extended(prompt: Prompt, more: timedelta, *, now: datetime) -> Prompt:
    """An open prompt with its deadline moved, and with the next act that follows from it.

    One that is overdue has so much time from now on.
    """
    changed = replace(prompt, deadline=max(prompt.deadline or now, now) + more, overdue_at=None)
    return replace(changed, due_at=next_due_at_of(changed))
