"""Who may answer a prompt, who is told and when, and what happens at the deadline."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

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

    def over(self, defaults: "Policy") -> "Policy":
        """This policy, with what it leaves open taken from `defaults`."""
        return defaults.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})

    def in_schema(self) -> dict[str, Any]:
        """This policy as a part of a model's JSON Schema: `ConfigDict(json_schema_extra=policy.in_schema())`."""
        return {_SCHEMA_KEY: self.model_dump(mode="json", exclude_unset=True)}

    def deadline_from(self, opened_at: datetime, timeout: float | None) -> datetime | None:
        """When a prompt times out.

        Args:
            opened_at: When it is opened.
            timeout: Seconds that hold where the policy names no deadline; `None` for no end.
        """
        if self.deadline is not None:
            return opened_at + self.deadline
        return None if timeout is None else opened_at + timedelta(seconds=timeout)

    def due_at(self, opened_at: datetime, *, reminders_sent: int, deadline: datetime | None) -> datetime | None:
        """When the clock has to look at a prompt next: at a reminder or at the deadline, or never."""
        moments = [opened_at + after for after in sorted(self.reminders)[reminders_sent:][:1]]
        if deadline is not None:
            moments.append(deadline)
        return min(moments, default=None)


_SCHEMA_KEY = "x-signoff-policy"


def policy_in(schema: Mapping[str, Any]) -> Policy:
    """The policy that stands on a model's schema, or one that leaves everything open.

    Raises:
        pydantic.ValidationError: If what stands there is no policy.
    """
    return Policy.model_validate(schema.get(_SCHEMA_KEY, {}))
