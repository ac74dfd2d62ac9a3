"""What happens next to an open prompt by itself, and when: a reminder, its deadline.

Pure functions of the prompt, without a clock or a database. `prompts.due_at` is the moment of the next act, and
`DeadlineEnforcer` performs the acts that are due, one in each transaction. A simulation can drive them with a clock of
its own: it performs `next_act` and continues with the progress `after` it.

A new kind of act is a function in `_KINDS` that says when it comes, what it changes in `Progress.after`, and how
`DeadlineEnforcer` performs it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from signoff.store.policy import Policy
from signoff.store.records.prompts import Prompt


class ActKind(StrEnum):
    """What happens."""

    TAKE_EFFECT = "take_effect"
    TIME_OUT = "time_out"
    BECOME_OVERDUE = "become_overdue"
    ESCALATE = "escalate"
    REMIND = "remind"


@dataclass(frozen=True, slots=True)
class Act:
    """Something that happens to an open prompt because its time has come.

    Attributes:
        number: Of several of its kind, which one: 2 for the second reminder.
    """

    at: datetime
    kind: ActKind
    number: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """What the acts of an open prompt depend on: its policy, and how far it has come.

    Attributes:
        reminders_sent: How many reminders have come, including those that were missed and sent as one.
        escalations: How many of the policy's escalations have come.
        held_until: When the decision takes effect that is held back; `None` if there is none.
        is_overdue: Whether it was noted that the deadline has passed, of a prompt that stays open after it.
    """

    policy: Policy
    opened_at: datetime
    deadline: datetime | None
    reminders_sent: int = 0
    is_overdue: bool = False
    escalations: int = 0
    held_until: datetime | None = None

    @classmethod
    def of(cls, prompt: Prompt) -> Self:
        """The progress of a prompt.

        Raises:
            UnreadablePolicy: If this version cannot read the policy.
        """
        # While the clock is stopped, no time passes for reminders either.
        opened_at = prompt.opened_at + prompt.stopped_for
        return cls(
            prompt.policy,
            opened_at,
            prompt.deadline,
            prompt.reminders_sent,
            prompt.is_overdue,
            prompt.escalations,
            None if prompt.held is None else prompt.held.until,
        )

    def after(self, act: Act) -> Self:
        """The progress once an act has been performed that does not settle the prompt."""
        match act.kind:
            case ActKind.REMIND:
                return replace(self, reminders_sent=act.number)
            case ActKind.ESCALATE:
                return replace(self, escalations=act.number)
            case ActKind.BECOME_OVERDUE:
                return replace(self, is_overdue=True)
            case ActKind.TIME_OUT | ActKind.TAKE_EFFECT:
                return self


def next_act(progress: Progress) -> Act | None:
    """What happens next; `None` if nothing does until somebody acts."""
    return min(_all(progress, by=progress.opened_at), key=lambda act: act.at, default=None)


def next_due_at(progress: Progress) -> datetime | None:
    """When the next act comes, for the column `due_at`; `None` for never."""
    act = next_act(progress)
    return None if act is None else act.at


def next_due_at_of(prompt: Prompt) -> datetime | None:
    """The same for a prompt, where it is computed in the transaction that has locked and read it.

    Raises:
        UnreadablePolicy: If this version cannot read the policy.
    """
    return next_due_at(Progress.of(prompt))


def act_due(progress: Progress, moment: datetime) -> Act | None:
    """What is to be done at this moment; `None` if nothing is due yet.

    If several acts are due, the most important kind comes first. After it, ask again.
    """
    return next((act for act in _all(progress, by=moment) if act.at <= moment), None)


def _all(progress: Progress, *, by: datetime) -> list[Act]:
    """The next act of each kind, the most important kind first.

    Args:
        by: Of acts of one kind that are due by then, only the last is meant: those that were missed are one.
    """
    if progress.held_until is not None:
        # A person has decided it. Nobody has to be asked any more, and the deadline was kept.
        return [Act(progress.held_until, ActKind.TAKE_EFFECT)]
    return [act for kind in _KINDS if (act := kind(progress, by)) is not None]


def _deadline(progress: Progress, _by: datetime) -> Act | None:
    if progress.deadline is None or progress.is_overdue:
        return None
    kind = ActKind.TIME_OUT if progress.policy.ends_at_deadline else ActKind.BECOME_OVERDUE
    return Act(progress.deadline, kind)


def _escalation(progress: Progress, _by: datetime) -> Act | None:
    # Of those that were missed none is left out: each is meant for others.
    coming = progress.policy.escalations[progress.escalations :]
    if not coming:
        return None
    at = progress.opened_at + coming[0].after
    if progress.policy.at_deadline == "escalate" and progress.deadline is not None:
        at = min(at, progress.deadline)
    return Act(at, ActKind.ESCALATE, progress.escalations + 1)


def _reminder(progress: Progress, by: datetime) -> Act | None:
    moments = [progress.opened_at + after for after in sorted(progress.policy.reminders)]
    due = sum(1 for moment in moments if moment <= by)
    number = max(due, progress.reminders_sent + 1)
    return Act(moments[number - 1], ActKind.REMIND, number) if number <= len(moments) else None


# A prompt that its deadline settles needs no reminder any more.
_KINDS: tuple[Callable[[Progress, datetime], Act | None], ...] = (_deadline, _escalation, _reminder)
