"""Prompts, and how they ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from signoff.store.errors import UnreadablePolicy
from signoff.store.records.actors import Actor
from signoff.store.records.approvers import UNKNOWN_REVIEWERS, Approver, Reviewers
from signoff.store.records.assignment import UNASSIGNED, Assignment
from signoff.store.records.rulings import Ruling
from signoff.store.records.runs import EMBEDDED
from signoff.store.records.stages import PassedStage
from signoff.store.records.votes import Ballot, Held, Vote
from signoff.store.sentences import sentence

if TYPE_CHECKING:
    # Imports pydantic, which most commands that read no prompt do not need.
    from signoff.store.policy import BrokenPolicy, Policy
    from signoff.store.policy_parts import Stage


class Outcome(StrEnum):
    """How a prompt ended. A timeout is never a rejection."""

    SUBMITTED = "submitted"
    REJECTED = "rejected"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    UNANSWERABLE = "unanswerable"
    """Nobody was left who could answer."""


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody has said about a prompt without deciding.

    Attributes:
        is_reply: Whether it is the requester who said it.
        stops_until: Until when it stops the clock, or stopped it; `None` if it does not.
    """

    actor: Actor
    text: str
    at: datetime
    is_reply: bool = False
    stops_until: datetime | None = None


SUPERSEDED = "~"
"""Part of the key of a prompt that its run has asked again. No other key contains it."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a run asked before, where it now asks something else.

    Attributes:
        prompt_id: The prompt that asked it.
        question: What it asked and how that ended, as the fields of `Prompt`; `None` if the people who are asked now
            may not all see it.
    """

    prompt_id: str
    question: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class AutomaticAnswer:
    """How a prompt is settled in the transaction that opens it.

    Attributes:
        ruling: The rule, or the earlier approval, that answers it; `None` for a check that has failed.
        actor: What answers it, such as a rule.
        answer: The validated values that the flow gets; `None` for a rejection.
        reason: Why a check has failed.
    """

    ruling: Ruling | None
    outcome: Outcome
    actor: Actor
    answer: Mapping[str, Any] | None = None
    reason: str | None = None


class DeliveryState(StrEnum):
    """How far the outcome of a prompt has come on its way to another engine."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Delivery:
    """The outcome of a prompt on its way to the engine that runs the flow.

    Attributes:
        words: What the engine said when it accepted or refused it; may be empty.
        error: Why the last attempt failed; `None` after an attempt that did not, or before the first.
    """

    state: DeliveryState
    words: str = ""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question that one paused run has open, or had.

    Attributes:
        run_name: The run's memorable name.
        flow: The flow's name.
        key: Names the prompt within its run.
        title: One line: what is asked.
        description: More about it, as Markdown; may be empty.
        schema: The JSON Schema of the answer; `None` if the run asks only whether to continue.
        initial_values: The values under decision, by field name: those that the flow gave, with what the stages that
            were passed have changed.
        stored_policy: The policy with all its stages, or that it cannot be read. Use `policy` to decide by it.
        model: Where the pydantic model can be imported from; `None` if there is none to import.
        deadline: When the prompt times out; `None` for never.
        due_at: When the next reminder or the deadline is due; `None` for never.
        held: The decision that its person may still undo; `None` if there is none.
        overdue_at: When it was noted that the deadline has passed, if the prompt stays open after it.
        schema_hash: A hash of what was asked: title, description and schema.
        fingerprint: The hash of the flow's code when the prompt was opened.
        outcome: How it ended; `None` while it is open.
        settled_by: Who ended it; `None` while it is open.
        answer: The validated values, by field name, if it was submitted; otherwise `None`.
        reason: Why it was rejected or cancelled, or why nobody could answer.
        revision: Raised by every change that its card shows.
        requester: Who started the run; `None` if nobody did.
        engine: What runs the run.
        external_run_id: What another engine calls the run; `None` for a run of the embedded engine.
        found_approvers: What Slack has said about the approvers of the policy; those that it was not asked about yet
            are missing.
        votes: The votes that count, one for each person; none if the first answer settles it.
        reviewers: What Slack has said about those who have to agree.
        escalations: How many of the policy's escalations have come.
        snoozed: Until when people have put off their reminders, by their ids.
        delivery: How far its outcome has come on its way to another engine; `None` while it is open, where the
            embedded engine runs the flow, and where that engine ended it.
        earlier: What the run asked before, where it now asks this; `None` if it asked nothing else there.
        ruling: What a rule, or an earlier approval, has said when it opened; `None` if none applied.
        repeat_key: Names the request, so that its approval is found for the same one; `None` if the policy does not let
            it count again.
        assignment: Who has taken it on.
        comments: What people have said about it without deciding, the oldest first.
        passed: The stages of the policy that it has passed, the first one first.
        values_asked: The values that the flow gave, if stages were passed since; `None` if they are the initial ones.
    """

    id: str
    run_id: str
    run_name: str
    flow: str
    key: str
    title: str
    description: str
    schema: Mapping[str, Any] | None
    initial_values: Mapping[str, Any]
    stored_policy: "Policy | BrokenPolicy"
    model: str | None
    opened_at: datetime
    deadline: datetime | None
    due_at: datetime | None
    reminders_sent: int
    schema_hash: str = ""
    fingerprint: str = ""
    outcome: Outcome | None = None
    settled_at: datetime | None = None
    settled_by: Actor | None = None
    answer: Mapping[str, Any] | None = None
    reason: str | None = None
    revision: int = 1
    requester: Actor | None = None
    engine: str = EMBEDDED
    external_run_id: str | None = None
    found_approvers: tuple[Approver, ...] = ()
    delivery: Delivery | None = None
    earlier: Earlier | None = None
    votes: tuple[Vote, ...] = ()
    reviewers: Reviewers = UNKNOWN_REVIEWERS
    ruling: Ruling | None = None
    repeat_key: str | None = None
    assignment: Assignment = UNASSIGNED
    comments: tuple[Comment, ...] = ()
    overdue_at: datetime | None = None
    passed: tuple[PassedStage, ...] = ()
    values_asked: Mapping[str, Any] | None = None
    held: Held | None = None
    escalations: int = 0
    snoozed: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def original_values(self) -> Mapping[str, Any]:
        """The values that the flow gave, whatever the stages that were passed have changed."""
        return self.initial_values if self.values_asked is None else self.values_asked

    @property
    def stages(self) -> "tuple[Stage, ...]":
        """The stages of its policy; none if it has none, or cannot be read."""
        return getattr(self.stored_policy, "stages", ())

    @property
    def stage(self) -> "Stage | None":
        """The stage that it is in, or in which it ended; `None` if its policy has none."""
        return self.stages[min(len(self.passed), len(self.stages) - 1)] if self.stages else None

    @property
    def stopped_for(self) -> timedelta:
        """How long the clock has been stopped. As long as it is, this is how long it may be."""
        stops = ((self.stop_ends(each), each.at) for each in self.comments)
        return sum((end - began for end, began in stops if end is not None), timedelta())

    def stop_ends(self, comment: Comment) -> datetime | None:
        """When the stop of the clock for a comment ends: with its stage at the latest. `None` if it stops nothing."""
        if comment.stops_until is None:
            return None
        return min([comment.stops_until, *(stage.at for stage in self.passed if stage.at >= comment.at)])

    @property
    def ballot(self) -> Ballot:
        """The votes that count, and what is known of those who may vote."""
        return Ballot(self.votes, self.found_approvers, self.reviewers)

    @property
    def approvers(self) -> tuple[Approver, ...]:
        """The approvers of the policy, with what is known about each, and those of escalations that have come.

        Raises:
            UnreadablePolicy: If this version cannot read the policy.
        """
        return self._approvers(self.escalations)

    @property
    def approvers_to_come(self) -> tuple[Approver, ...]:
        """The same, with those of all escalations and those who may give it more time.

        Raises:
            UnreadablePolicy: If this version cannot read the policy.
        """
        return self._approvers(None)

    def _approvers(self, escalations: int | None) -> tuple[Approver, ...]:
        found, policy = {each.name: each for each in self.found_approvers}, self.policy
        names = policy.named
        if policy.escalation:
            names = (*names, *(name for each in policy.escalations[:escalations] for name in each.to))
        if policy.may_extend and escalations is None:
            names = (*names, *(name for name in policy.may_extend if name not in ("approvers", "requester")))
        return tuple(found.get(name) or Approver(name) for name in dict.fromkeys(names))

    @property
    def policy(self) -> "Policy":
        """The policy in force: that of the stage that it is in.

        Raises:
            UnreadablePolicy: If this version cannot read it, so that nobody decides by other rules than the prompt's.
        """
        from signoff.store.policy import BrokenPolicy

        if isinstance(self.stored_policy, BrokenPolicy):
            raise UnreadablePolicy(self.policy_fault)
        return self.stored_policy.at_stage(len(self.passed))

    @property
    def policy_fault(self) -> str | None:
        """Why the policy cannot be read, and what to do; `None` if it can."""
        from signoff.store.policy import BrokenPolicy

        if not isinstance(self.stored_policy, BrokenPolicy):
            return None
        return (
            f"{sentence(f'The policy of prompt {self.id[:8]} cannot be read: {self.stored_policy.reason}')} If a newer "
            f"Signoff wrote it, use that version; otherwise end the run with `signoff cancel {self.run_id[:8]}`."
        )

    @property
    def label(self) -> str:
        """The title, which may say little, the beginning of the id, and the run. For logs.

        `'Approval' (1f0c2a9e) of the run brave-otter`
        """
        return f"{self.title!r} ({self.id[:8]}) of the run {self.run_name}"

    @property
    def is_open(self) -> bool:
        """Whether the prompt still waits for an answer."""
        return self.outcome is None

    @property
    def decided(self) -> "Prompt":
        """The prompt as it will have ended unless the decision that is held back is undone; else the prompt itself."""
        if self.held is None or not self.is_open:
            return self
        vote = self.held.vote
        return replace(
            self,
            outcome=Outcome.SUBMITTED if vote.verdict == "submit" else Outcome.REJECTED,
            settled_by=vote.actor,
            settled_at=vote.at,
            answer=vote.answer,
            reason=vote.reason if vote.verdict == "reject" else None,
        )

    @property
    def is_overdue(self) -> bool:
        """Whether it is open although its deadline has passed, and it was noted that it has."""
        return self.is_open and self.overdue_at is not None

    @property
    def is_superseded(self) -> bool:
        """Whether its run has asked again since, after a retry or in other words."""
        return SUPERSEDED in self.key
