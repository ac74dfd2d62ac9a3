"""What follows from a policy: which of several rules holds, and when something is due."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from signoff.store.policy import SCHEMA_KEY, Policy


def policy_in(schema: Mapping[str, Any]) -> Policy:
    """The policy in a model's JSON Schema, or one that leaves everything open.

    Raises:
        pydantic.ValidationError: If what is there is not a valid policy.
    """
    return Policy.model_validate(schema.get(SCHEMA_KEY, {}))


def merged(policy: Policy, defaults: Policy) -> Policy:
    """`policy`, with what it leaves open taken from `defaults`."""
    return defaults.model_copy(update={name: getattr(policy, name) for name in policy.model_fields_set})


def deadline_of(policy: Policy, opened_at: datetime, timeout: float | None) -> datetime | None:
    """When a prompt times out.

    Args:
        policy: The prompt's policy.
        opened_at: When the prompt is opened.
        timeout: Seconds that apply if the policy has no deadline; `None` for no deadline.
    """
    if policy.deadline is not None:
        return opened_at + policy.deadline
    return None if timeout is None else opened_at + timedelta(seconds=timeout)


def next_due_at(
    policy: Policy, opened_at: datetime, *, reminders_sent: int, deadline: datetime | None
) -> datetime | None:
    """When a prompt is due next, for a reminder or at its deadline; `None` for never."""
    moments = [opened_at + after for after in sorted(policy.reminders)[reminders_sent:][:1]]
    if deadline is not None:
        moments.append(deadline)
    return min(moments, default=None)
