"""What the record hands out: frozen values, never rows.

Times are timezone-aware and in UTC. Identifiers are UUIDs as text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from signoff.store.errors import UnreadablePolicy
from signoff.store.policy import BrokenPolicy, Policy


class RunState(StrEnum):
    """The states of a flow run, named as in Prefect where Prefect has them."""

    SCHEDULED = "Scheduled"
    RUNNING = "Running"
    PAUSED = "Paused"
    SUSPENDED = "Suspended"
    COMPLETED = "Completed"
    FAILED = "Failed"
    CRASHED = "Crashed"
    CANCELLED = "Cancelled"
    TIMED_OUT = "TimedOut"
    NEEDS_ATTENTION = "NeedsAttention"

    @property
    def is_final(self) -> bool:
        """Whether the run is over unless a person retries it."""
        return self not in _UNFINISHED

    @property
    def is_waiting(self) -> bool:
        """Whether the run waits for an answer."""
        return self in (RunState.PAUSED, RunState.SUSPENDED)


_UNFINISHED = frozenset({RunState.SCHEDULED, RunState.RUNNING, RunState.PAUSED, RunState.SUSPENDED})


class Outcome(StrEnum):
    """How a prompt ended. A timeout is never a "no"."""

    SUBMITTED = "submitted"
    REJECTED = "rejected"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody, or something, that acts on a prompt.

    Attributes:
        id: What the record keeps: a Slack user id (`U…`), a handle given on the command line, or
            the name of a part of Signoff (`clock`).
        name: What people read.
        aliases: Every other way a policy may name this person: `@handle`, an e-mail address.
    """

    id: str
    name: str
    aliases: frozenset[str] = frozenset()


SIGNOFF = Actor("signoff", "Signoff")
"""Who acts when nobody does."""

EMBEDDED = "embedded"
"""The name of the engine that runs flows in Signoff's own workers."""


@dataclass(frozen=True, slots=True)
class FlowRun:
    """One run of a flow.

    Attributes:
        runnable_at: When a worker may take it; `None` while it waits or is being run. One that is over is taken once
            more where it may have hooks.
        lease_owner: The worker that holds it, running or paused.
        fencing_token: The fencing token: grows when the run goes to another holder; only the newest may record.
        attempt: How many times the flow function was tried; waiting and restarting do not count.
        result: The flow's return value as JSON.
        crashes: How many workers in a row have died of it.
        engine: What runs it. A run of another engine than the embedded one is never claimed by a worker: its row
            says only what that engine has reported.
        external_id: What another engine calls it; `None` for a run of the embedded engine.
        requester: Who started it; `None` where nobody said, as for the run of a schedule.
    """

    id: str
    name: str
    flow: str
    parameters: Mapping[str, Any]
    state: RunState
    message: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    runnable_at: datetime | None
    lease_owner: str | None
    fencing_token: int
    attempt: int
    result: Any
    error: str | None
    crashes: int
    engine: str = EMBEDDED
    external_id: str | None = None
    requester: Actor | None = None

    @property
    def is_done(self) -> bool:
        """Whether it is over, and no worker has to do anything about that any more, such as to run its hooks."""
        return self.state.is_final and self.runnable_at is None and self.lease_owner is None


@dataclass(frozen=True, slots=True)
class Schedule:
    """When runs of a flow are made by themselves.

    Attributes:
        name: Tells it from others of the flow; empty for the flow's own.
        cron: Minute, hour, day, month and weekday, as in a crontab.
        timezone: Whose clock counts.
        parameters: What its runs are given, JSON values by name.
        catch_up: Which missed ticks are made up for: `none`, the `last`, or `all`.
        next_at: The first tick that nothing was done about yet.
    """

    flow: str
    name: str
    cron: str
    timezone: str
    parameters: Mapping[str, Any]
    catch_up: str
    next_at: datetime

    @property
    def full_name(self) -> str:
        """What people call it: `release`, or `release/nightly`."""
        return f"{self.flow}/{self.name}" if self.name else self.flow


@dataclass(frozen=True, slots=True)
class Tick:
    """A moment of a schedule, and the run that is made for it."""

    at: datetime
    run_id: str
    run_name: str


SUPERSEDED = "~"
"""Stands in the key of a prompt that its run, since it was retried, asks anew; no other key can have it."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question that one paused run has open, or had.

    Attributes:
        run_name: The run's memorable name.
        flow: The flow's name.
        key: Names the prompt within its run.
        title: One line: what is asked.
        description: More about it, as Markdown; may be empty.
        schema: The JSON Schema of the answer; `None` when the run asks only to resume or cancel.
        initial_values: The values under decision, by field name.
        stored_policy: The policy in force, or that it cannot be read. Use `policy` to decide by it.
        model: Where the pydantic model can be imported from; `None` when nowhere.
        deadline: When the prompt times out; `None` for never.
        due_at: When the clock has to look at it next; `None` for never.
        schema_hash: A hash of what was asked: title, description and schema.
        fingerprint: The hash of the flow's code when the prompt was opened.
        outcome: How it ended; `None` while it is open.
        settled_by: Who ended it; `None` while it is open.
        answer: The validated values, by field name, when they count; otherwise `None`.
        reason: Why it was rejected or cancelled.
        revision: Grows with every change that a card shows.
        requester: Who started the run; `None` where nobody said.
        engine: What runs the run.
        external_run_id: What another engine calls the run; `None` for a run of the embedded engine.
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
    stored_policy: Policy | BrokenPolicy
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

    @property
    def policy(self) -> Policy:
        """The policy in force.

        Raises:
            UnreadablePolicy: If this version cannot read it, so that nobody decides by other rules than the prompt's.
        """
        if isinstance(self.stored_policy, BrokenPolicy):
            raise UnreadablePolicy(self.policy_fault)
        return self.stored_policy

    @property
    def policy_fault(self) -> str | None:
        """Why the policy cannot be read, and what to do; `None` if it can."""
        if not isinstance(self.stored_policy, BrokenPolicy):
            return None
        return (
            f"The policy of prompt {self.id[:8]} cannot be read: {self.stored_policy.reason}. If a newer Signoff wrote "
            f"it, use that version; otherwise end the run with `signoff cancel {self.run_id[:8]}`."
        )

    @property
    def is_open(self) -> bool:
        """Whether the prompt still waits for an answer."""
        return self.outcome is None

    @property
    def is_superseded(self) -> bool:
        """Whether its run was retried since, and asks anew."""
        return SUPERSEDED in self.key


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a run's journal: one task, or nested flow, that has ended.

    Attributes:
        key: The name within the run: `build`, then `build-2`.
        arguments_hash: A hash of the arguments it was called with.
        fingerprint: The hash of the flow's code when it was recorded.
        format: How `result` is written: `json`, `typed`, `pickle` or `error`; `past` for an error that was tried again.
        result: The recorded return value or error, as text.
    """

    run_id: str
    key: str
    arguments_hash: str
    fingerprint: str
    format: str
    result: str
    started_at: datetime
    finished_at: datetime


@dataclass(frozen=True, slots=True)
class Card:
    """Where a prompt is shown in Slack, and how far that is behind the record.

    Attributes:
        channel: The id of the channel it was posted to; `None` before it was posted.
        ts: Slack's timestamp of the message; `None` before it was posted.
        attempts: How often posting or updating was tried since it last succeeded.
        error: What Slack last said against it.
        in_doubt: Whether an earlier try may have gone through without having been recorded.
    """

    prompt: Prompt
    channel: str | None
    ts: str | None
    attempts: int
    error: str | None
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to be posted once into the thread of a prompt's card.

    Attributes:
        kind: `reminder` or `run_ended`.
        detail: What the message is about, as JSON.
        card_channel: The card's channel; `None` while the card is not posted.
        card_ts: The card's timestamp; `None` while the card is not posted.
        in_doubt: Whether an earlier try may have gone through without having been recorded.
    """

    id: int
    prompt: Prompt
    kind: str
    detail: Mapping[str, Any]
    created_at: datetime
    attempts: int
    card_channel: str | None
    card_ts: str | None
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One thing that happened to a prompt.

    Attributes:
        event: What happened, as a word: `opened`, `card_posted`, `submitted`, `rejected`,
            `refused`, `invalid`, `too_late`, `reminded`, `timed_out`, `cancelled`, `continued`, …
        actor: Who did it; `None` when it was Signoff itself.
        detail: The rest, as JSON.
    """

    prompt_id: str
    at: datetime
    event: str
    actor: str | None
    detail: Mapping[str, Any] = field(default_factory=dict)
