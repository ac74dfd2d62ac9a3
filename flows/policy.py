"""Who may answer a prompt, who is told and when, and what happens at the deadline."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("give a duration greater than zero")
    return value


Duration = Annotated[timedelta, AfterValidator(_positive)]
"""A positive duration: a `timedelta`, a number of seconds, or ISO 8601 text such as `PT4H`."""


class Policy(BaseModel):
    """The rules of one prompt. What it leaves open, the settings' defaults decide.

    Example:
        ```python
        Policy(channel="#releases", approvers=["@ana", "ben@example.com"], reminders=[timedelta(hours=4)])
        ```
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    channel: str | None = Field(default=None, min_length=1)
    """Where the card is posted: `#name` or a channel id."""

    approvers: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Who may answer: Slack user ids, `@handles` or e-mail addresses. Empty: everybody in the channel."""

    deadline: Duration | None = None
    """How long after its opening the prompt times out. Where given, it goes before the pause's `timeout`."""

    at_deadline: Literal["fail", "continue"] = "fail"
    """`fail` raises `FlowPauseTimeout` in the flow; `continue` goes on with the initial values."""

    reminders: tuple[Duration, ...] = ()
    """How long after its opening each reminder is posted into the card's thread."""
