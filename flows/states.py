"""The states of runs, as in `prefect.states`."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from signoff.flows.current_database import current_database
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import runs


class StateType(StrEnum):
    """The types of states, as in Prefect. Several states have the same type."""

    SCHEDULED = "SCHEDULED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CRASHED = "CRASHED"
    CANCELLED = "CANCELLED"


_TYPES = {
    RunState.SUSPENDED: StateType.PAUSED,
    RunState.TIMED_OUT: StateType.FAILED,
    RunState.NEEDS_ATTENTION: StateType.FAILED,
}


@dataclass(frozen=True, slots=True)
class StateDetails:
    """Details of a state.

    Attributes:
        pause_key: The key of the oldest open prompt; `None` if there is none.
        pause_timeout: When that prompt times out; `None` for never.
        pause_reschedule: Whether the run has left memory while it waits.
    """

    pause_key: str | None = None
    pause_timeout: datetime | None = None
    pause_reschedule: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """The state of a run.

    Attributes:
        name: `Paused`, `TimedOut` and so on.
        message: More about it, such as the error that a run failed with.
    """

    type: StateType
    name: str
    message: str = ""
    state_details: StateDetails = field(default_factory=StateDetails)

    def is_paused(self) -> bool:
        """Whether the run waits for an answer."""
        return self.type is StateType.PAUSED

    def is_completed(self) -> bool:
        """Whether the flow has returned."""
        return self.type is StateType.COMPLETED

    def is_failed(self) -> bool:
        """Whether the run ended without a result, unless it crashed or was cancelled."""
        return self.type is StateType.FAILED

    def is_cancelled(self) -> bool:
        """Whether somebody cancelled the run."""
        return self.type is StateType.CANCELLED

    def is_final(self) -> bool:
        """Whether the run has ended."""
        return self.type not in (StateType.SCHEDULED, StateType.RUNNING, StateType.PAUSED)


def type_of(state: RunState) -> StateType:
    """The type of a run's state."""
    return _TYPES.get(state) or StateType(state.upper())


def state_of(db: Database, run: FlowRun) -> State:
    """The state of a run."""
    details = StateDetails()
    if run.state.is_waiting:
        asked = [prompt for prompt in prompts.of_run(db, run.id) if prompt.is_open]
        left_memory = run.state is RunState.SUSPENDED
        if asked:
            details = StateDetails(asked[0].key, asked[0].deadline, left_memory)
    return State(type_of(run.state), run.state.value, run.error or run.message, details)


def flow_run_state(flow_run_id: UUID | str) -> State:
    """The current state of a run.

    Raises:
        NoSuchRun: If there is no such run.
    """
    db = current_database()
    return state_of(db, runs.get(db, str(flow_run_id)))
