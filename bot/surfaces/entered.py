"""What was entered in a modal, by its blocks. It comes from outside, so each value may be anything, or missing."""

from collections.abc import Mapping
from typing import Any

from signoff.bot.forms import ACTION

State = Mapping[str, Any]
"""The values of a modal as Slack reports them: for each block, for each action, what was entered."""


def typed(state_values: State, block: str) -> str:
    """A text without spaces around it; empty if there is none."""
    value = _value(state_values, block, "value")
    return value.replace("\0", "").strip() if isinstance(value, str) else ""


def chosen(state_values: State, block: str) -> str:
    """The value of the option that was chosen; empty if none was."""
    return _value_of(_value(state_values, block, "selected_option"))


def ticked(state_values: State, block: str) -> list[str]:
    """The values of the options that were ticked."""
    options = _value(state_values, block, "selected_options")
    return list(filter(None, map(_value_of, options))) if isinstance(options, list) else []


def user(state_values: State, block: str) -> str:
    """The id of the user who was chosen; empty if nobody was."""
    value = _value(state_values, block, "selected_user")
    return value if isinstance(value, str) else ""


def _value(state_values: State, block: str, key: str) -> Any:
    found: Any = state_values
    for each in (block, ACTION, key):
        found = found.get(each) if isinstance(found, Mapping) else None
    return found


def _value_of(option: Any) -> str:
    value = option.get("value") if isinstance(option, Mapping) else None
    return value if isinstance(value, str) else ""
