"""Draws choices as Slack's options, and reads the chosen ones.

An option holds the position of its choice, so that JSON values of any type and length can be chosen. A position that
Slack reports is a claim, and rejected if there is no such choice.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import Any

from signoff.bot.blockkit.blocks import OPTION_TEXT, Block, option, plain_text
from signoff.bot.blockkit.excerpts import shorten
from signoff.bot.blockkit.lookalikes import exact, told_apart
from signoff.bot.blockkit.markup import plain
from signoff.bot.forms.elements.element import Choice, UnreadableInput
from signoff.bot.forms.elements.text import as_json
from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.elements import MAX_BUTTONS

_MAX_OPTIONS = 100
_MAX_GROUPED = 1000
"""Slack accepts 100 groups of 100 options, but a view of 250 kB can hold only about 2,000 options."""

_POSITION = re.compile(r"choice-(0|[1-9][0-9]{0,6})")


class Widget(Enum):
    """The inputs for choices, by their number."""

    BUTTONS = "radio buttons or checkboxes"
    SELECT = "a select"
    GROUPED_SELECT = "a select with groups"
    EXTERNAL_SELECT = "a select that asks the bot for matching options"


def widget_for(choices: Sequence[Choice], more: int = 0) -> Widget:
    """The widget for `choices` and `more` options besides. Only few and short ones become buttons."""
    number = len(choices) + more
    if number <= MAX_BUTTONS and all(len(_name(choice.value)) <= OPTION_TEXT for choice in choices):
        return Widget.BUTTONS
    if number <= _MAX_OPTIONS:
        return Widget.SELECT
    return Widget.GROUPED_SELECT if number <= _MAX_GROUPED else Widget.EXTERNAL_SELECT


def labelled(options: Sequence[tuple[Any, str | None]], reserved: Collection[str] = ()) -> tuple[Choice, ...]:
    """Choices with labels that fit into an option. Those that look alike show their values.

    Args:
        reserved: Other labels beside which these are offered.
    """
    values = [value for value, _ in options]
    names = [_line(title or _name(value)) or exact(value) for value, title in options]
    labels = told_apart(names, list(map(exact, values)), OPTION_TEXT, reserved)
    return tuple(
        Choice(value, label, name if len(name) > OPTION_TEXT else "")
        for value, label, name in zip(values, labels, names, strict=True)
    )


def _line(text: str) -> str:
    return plain(text, len(text))


def offered(choices: Sequence[Choice], widget: Widget, more: Sequence[Block] = ()) -> Block:
    """The attributes of an element that hold its options: the choices, followed by `more`."""
    if widget is Widget.EXTERNAL_SELECT:
        return {"min_query_length": 0}
    options = [*(option_of(choices, position) for position in range(len(choices))), *more]
    if widget is not Widget.GROUPED_SELECT:
        return {"options": options}
    groups = [options[start : start + _MAX_OPTIONS] for start in range(0, len(options), _MAX_OPTIONS)]
    return {"option_groups": [{"label": plain_text(_span(group)), "options": group} for group in groups]}


def matching(choices: Sequence[Choice], query: str) -> list[Block]:
    """The options whose label contains `query`, as many as Slack accepts. Those that begin with it come first."""
    wanted = query.casefold().strip()
    labels = [choice.label.casefold() for choice in choices]
    found = [position for position, label in enumerate(labels) if wanted in label]
    found.sort(key=lambda position: not labels[position].startswith(wanted))
    return [option_of(choices, position) for position in found[:_MAX_OPTIONS]]


def option_of(choices: Sequence[Choice], position: int) -> Block:
    """The option for the choice at `position`."""
    return option(choices[position].label, f"choice-{position}")


def position_of(choices: Sequence[Choice], value: Any) -> int | None:
    """The position of `value`. Unlike in Python, `True` does not equal 1."""
    for index, choice in enumerate(choices):
        if choice.value == value and isinstance(choice.value, bool) == isinstance(value, bool):
            return index
    return None


def reported_value(chosen: Any) -> Any:
    """The value of the option that Slack reports."""
    return chosen.get("value") if isinstance(chosen, Mapping) else None


def value_of(choices: Sequence[Choice], chosen: Any) -> Any:
    """The value of the choice that Slack reports.

    Raises:
        UnreadableInput: If there is no such choice.
    """
    found = _POSITION.fullmatch(str(reported_value(chosen)))
    if found is None or int(found[1]) >= len(choices):
        raise UnreadableInput("This choice is no longer available. Choose again.")
    return choices[int(found[1])].value


def label_of(choices: Sequence[Choice], value: Any) -> str:
    """The label of `value`, even if it is not among the choices."""
    if value is UNSET or value is None:
        return ""
    position = position_of(choices, value)
    return _name(value) if position is None else choices[position].label


def _name(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return value if isinstance(value, str) else as_json(value)


def _span(group: Sequence[Block]) -> str:
    first, last = (shorten(one["text"]["text"], OPTION_TEXT // 2 - 2) for one in (group[0], group[-1]))
    return f"{first} – {last}"
