"""The stages of a policy that a prompt goes through."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from signoff.store.records.votes import Vote


@dataclass(frozen=True, slots=True)
class PassedStage:
    """A stage of a policy that a prompt has passed.

    Attributes:
        votes: Those who have agreed; none for a check.
        check: The name of the function that has checked it; empty if people have.
        values: What they have agreed on, without the verdict: the initial values of the next stage.
    """

    name: str
    at: datetime
    votes: tuple[Vote, ...] = ()
    check: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NextStage:
    """What a prompt becomes when a stage has been passed and another one follows.

    Attributes:
        passed: The stages that it has passed by then.
        name: The name of the stage that follows.
        has_names: Whether Slack has to be asked who its approvers are.
    """

    passed: tuple[PassedStage, ...]
    name: str
    deadline: datetime | None
    due_at: datetime | None
    has_names: bool
