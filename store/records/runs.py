"""Runs of flows, their journal, and the schedules that create them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from signoff.store.records.actors import Actor


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


EMBEDDED = "embedded"
"""The name of the engine that runs flows in Signoff's own workers."""

JOURNAL_VERSION = 2
"""How the journals of new runs name what runs side by side: since 2, each coroutine has a scope of its own."""


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
        source: Where its flow comes from, see `FlowIdentity`.
        fingerprint: The hash of its flow's code when it was created.
        journal_version: How its journal names what runs side by side, see `JOURNAL_VERSION`; `None` for a run that an
            earlier version of Signoff has created.
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
    source: str | None = None
    fingerprint: str | None = None
    journal_version: int | None = None

    @property
    def is_done(self) -> bool:
        """Whether it is over and its hooks have been called, so that no worker has anything left to do."""
        return self.state.is_final and self.runnable_at is None and self.lease_owner is None


@dataclass(frozen=True, slots=True)
class FlowIdentity:
    """What tells a flow from others that have its name.

    A flow that comes from the same place is the same, even if it was edited. One whose code is the same is too, even if
    it has moved.

    Attributes:
        source: Where it comes from: a file in a project, or the path of a file; `None` if that was not recorded.
        fingerprint: The hash of its code; `None` if that is unknown.
    """

    name: str
    source: str | None = None
    fingerprint: str | None = None

    def is_same(self, other: "FlowIdentity") -> bool:
        """Whether both are one flow, as far as is known."""
        if self.name != other.name:
            return False
        if None in (self.source, other.source):
            return True
        return self.source == other.source or self.fingerprint == other.fingerprint

    def __str__(self) -> str:
        return self.name if self.source is None else f"{self.name} ({self.source})"


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


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a run's journal: a call of a task or nested flow, or of a function in a thread or coroutine.

    Attributes:
        key: The name within the run: `build`, then `build-2`.
        arguments_hash: A hash of the arguments it was called with.
        fingerprint: The hash of the flow's code when it was recorded.
        format: How `result` is encoded: `json`, `typed`, `tree`, `pickle` or `error`; `begun` for a call that has not
            ended, as far as is recorded; `past` for an error of a step that is tried again.
        result: The recorded return value or error, as text.
        arguments: What a person may see of the arguments, see `Arguments.recorded`; `None` if that is not known.
    """

    run_id: str
    key: str
    arguments_hash: str
    fingerprint: str
    format: str
    result: str
    started_at: datetime
    finished_at: datetime
    arguments: str | None = None
