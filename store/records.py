"""What the store returns: frozen values, never rows.

Times are timezone-aware and in UTC. Identifiers are UUIDs as text.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from signoff.store.errors import UnreadablePolicy
from signoff.store.places import Place

if TYPE_CHECKING:
    # Imports pydantic, which most commands that read no prompt do not need.
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
    """How a prompt ended. A timeout is never a rejection."""

    SUBMITTED = "submitted"
    REJECTED = "rejected"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody, or something, that acts on a prompt.

    Attributes:
        id: What the database keeps: a Slack user id (`U…`), a handle given on the command line, or the name of a part
            of Signoff (`clock`).
        name: What people read.
        aliases: The other names that a policy may use for this person: `@handle`, an e-mail address.
    """

    id: str
    name: str
    aliases: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's submission to a prompt.

    Attributes:
        verdict: Whether values were submitted, or the prompt was rejected.
        values: What the person sent; `None` for a rejection.
        reason: Why it is rejected, in the person's words.
        via: How it came: `slack`, `cli`, `flow`.
    """

    actor: Actor
    verdict: Literal["submit", "reject"]
    values: Mapping[str, Any] | None
    reason: str | None
    via: str
    at: datetime


SIGNOFF = Actor("signoff", "Signoff")
"""The actor of what Signoff does by itself."""

EMBEDDED = "embedded"
"""The name of the engine that runs flows in Signoff's own workers."""


@dataclass(frozen=True, slots=True)
class FlowRun:
    """One run of a flow.

    Attributes:
        runnable_at: When a worker may claim it; `None` while it waits or is executed. A run that is over and may have
            hooks is claimed once more, to call them.
        lease_owner: The worker that holds it, running or paused.
        fencing_token: The number of the newest claim. Writes that name an older one are refused, see `store.leases`.
        attempt: How many times the flow function was called. Waits and restarts do not count.
        result: The flow's return value as JSON.
        crashes: How many workers in a row have died while they executed it.
        engine: What runs it. A run of another engine than the embedded one is never claimed by a worker: its row
            says only what that engine has reported.
        external_id: What another engine calls it; `None` for a run of the embedded engine.
        requester: Who started it; `None` if nobody did, as for the run of a schedule.
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
        """Whether it is over and its hooks have been called, so that no worker has anything left to do."""
        return self.state.is_final and self.runnable_at is None and self.lease_owner is None


@dataclass(frozen=True, slots=True)
class Schedule:
    """When runs of a flow are created automatically.

    Attributes:
        name: Distinguishes it from other schedules of the flow; empty for the one in the `@flow` decorator.
        cron: Minute, hour, day, month and weekday, as in a crontab.
        timezone: The time zone of the cron expression.
        parameters: The parameters of its runs, JSON values by name.
        catch_up: Which missed ticks get a run: `none`, the `last`, or `all`.
        next_at: The first tick that has not been handled yet.
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
"""Part of the key of a prompt that a retried run asks again. No other key contains it."""


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
        initial_values: The values under decision, by field name.
        stored_policy: The policy in force, or that it cannot be read. Use `policy` to decide by it.
        model: Where the pydantic model can be imported from; `None` if there is none to import.
        deadline: When the prompt times out; `None` for never.
        due_at: When the next reminder or the deadline is due; `None` for never.
        schema_hash: A hash of what was asked: title, description and schema.
        fingerprint: The hash of the flow's code when the prompt was opened.
        outcome: How it ended; `None` while it is open.
        settled_by: Who ended it; `None` while it is open.
        answer: The validated values, by field name, if it was submitted; otherwise `None`.
        reason: Why it was rejected or cancelled.
        revision: Raised by every change that its card shows.
        requester: Who started the run; `None` if nobody did.
        engine: What runs the run.
        external_run_id: What another engine calls the run; `None` for a run of the embedded engine.
        delivery: How far its outcome has come on its way to another engine; `None` while it is open, where the
            embedded engine runs the flow, and where that engine ended it.
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
    delivery: Delivery | None = None

    @property
    def policy(self) -> "Policy":
        """The policy in force.

        Raises:
            UnreadablePolicy: If this version cannot read it, so that nobody decides by other rules than the prompt's.
        """
        from signoff.store.policy import BrokenPolicy

        if isinstance(self.stored_policy, BrokenPolicy):
            raise UnreadablePolicy(self.policy_fault)
        return self.stored_policy

    @property
    def policy_fault(self) -> str | None:
        """Why the policy cannot be read, and what to do; `None` if it can."""
        from signoff.store.policy import BrokenPolicy

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
        """Whether its run has been retried since, and asks again."""
        return SUPERSEDED in self.key


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a run's journal: one task, or nested flow, that has ended.

    Attributes:
        key: The name within the run: `build`, then `build-2`.
        arguments_hash: A hash of the arguments it was called with.
        fingerprint: The hash of the flow's code when it was recorded.
        format: How `result` is encoded: `json`, `typed`, `pickle` or `error`; `past` for an error of a step that is
            tried again.
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
    """A message that shows a prompt in one of its places.

    Attributes:
        place: Where it goes.
        channel: The id of the channel that it was posted to; `None` before it was posted.
        ts: Slack's timestamp of the message; `None` before it was posted.
        attempts: The number of attempts to post or update it since the last one that succeeded.
        error: Why the last attempt failed.
        in_doubt: Whether an earlier attempt may have succeeded without having been recorded.
    """

    id: int
    prompt: Prompt
    place: Place
    channel: str | None
    ts: str | None
    attempts: int
    error: str | None
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class ClaimedDelivery:
    """An outcome that is to be handed to another engine now, by whoever has claimed it.

    Attributes:
        attempts: How often this was tried, this time included.
        in_doubt: Whether an earlier attempt may have gone through without having been recorded.
    """

    prompt: Prompt
    attempts: int
    in_doubt: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """A message about a prompt that is posted once.

    Attributes:
        kind: `reminder` or `run_ended`.
        detail: What the message is about, as JSON.
        place: Where it goes.
        is_reply: Whether it goes to the thread of the prompt's first card, and not to a place of its own.
        in_doubt: Whether an earlier attempt may have succeeded without having been recorded.
    """

    id: int
    prompt: Prompt
    kind: str
    detail: Mapping[str, Any]
    created_at: datetime
    attempts: int
    place: Place
    is_reply: bool
    in_doubt: bool = False


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One thing that happened to a prompt.

    Attributes:
        event: What happened, as a word: `opened`, `card_posted`, `submitted`, `rejected`,
            `refused`, `unverified`, `invalid`, `too_late`, `reminded`, `timed_out`, `cancelled`, `delivery_accepted`, …
        actor: Who did it; `None` if it was Signoff itself.
        detail: The rest, as JSON.
    """

    prompt_id: str
    at: datetime
    event: str
    actor: str | None
    detail: Mapping[str, Any] = field(default_factory=dict)
