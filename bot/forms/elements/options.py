"""Choices as Slack's options.

An option carries the position of its value, so that any JSON value of any length can be chosen. A position
that Slack reports is a claim: one that is not in the list is refused.
"""

import json
import re
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from signoff.bot.blockkit.blocks import OPTION_TEXT, Block, option, plain_text
from signoff.bot.blockkit.markup import plain, shorten
from signoff.bot.forms.elements.element import Choice, InvalidInput
from signoff.bot.forms.elements.text import as_json
from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.elements import MAX_BUTTONS

_MOST_OPTIONS = 100
_MOST_IN_GROUPS = 1000
"""Slack would take 100 groups of 100, but a view of 250 kB holds about two thousand options."""

_POSITION = re.compile(r"choice-(0|[1-9][0-9]{0,6})")


class Widget(Enum):
    """How choices are offered, by their number."""

    BUTTONS = "radio buttons or checkboxes"
    SELECT = "a select"
    GROUPED_SELECT = "a select with groups"
    EXTERNAL_SELECT = "a select that asks this side for what matches"


def widget_for(choices: Sequence[Choice], more: int = 0) -> Widget:
    """How to offer `choices` and `more` options beside them: as buttons where they are few, and short."""
    number = len(choices) + more
    if number <= MAX_BUTTONS and all(len(_name(choice.value)) <= OPTION_TEXT for choice in choices):
        return Widget.BUTTONS
    if number <= _MOST_OPTIONS:
        return Widget.SELECT
    return Widget.GROUPED_SELECT if number <= _MOST_IN_GROUPS else Widget.EXTERNAL_SELECT


def labelled(options: Sequence[tuple[Any, str | None]]) -> tuple[Choice, ...]:
    """Choices with labels fit for an option: cut where long, numbered where two would be alike."""
    choices: list[Choice] = []
    taken: set[str] = set()
    for number, (value, title) in enumerate(options, 1):
        label = plain(title or _name(value), OPTION_TEXT) or shorten(json.dumps(value), OPTION_TEXT)
        if label in taken:
            label = f"{shorten(label, OPTION_TEXT - 10)} ({number})"
        taken.add(label)
        choices.append(Choice(value, label))
    return tuple(choices)


def offered(choices: Sequence[Choice], widget: Widget, more: Sequence[Block] = ()) -> Block:
    """The part of an element that offers the choices, and `more` options after them."""
    if widget is Widget.EXTERNAL_SELECT:
        return {"min_query_length": 0}
    options = [*(option_of(choices, position) for position in range(len(choices))), *more]
    if widget is not Widget.GROUPED_SELECT:
        return {"options": options}
    groups = [options[start : start + _MOST_OPTIONS] for start in range(0, len(options), _MOST_OPTIONS)]
    return {"option_groups": [{"label": plain_text(_span(group)), "options": group} for group in groups]}


def matching(choices: Sequence[Choice], query: str) -> list[Block]:
    """The options whose label holds `query`, those that begin with it first; as many as Slack takes."""
    wanted = query.casefold().strip()
    labels = [choice.label.casefold() for choice in choices]
    found = [position for position, label in enumerate(labels) if wanted in label]
    found.sort(key=lambda position: not labels[position].startswith(wanted))
    return [option_of(choices, position) for position in found[:_MOST_OPTIONS]]


def option_of(choices: Sequence[Choice], position: int) -> Block:
    """The option for the choice at `position`."""
    return option(choices[position].label, f"choice-{position}")


def position_of(choices: Sequence[Choice], value: Any) -> int | None:
    """Where `value` stands. True is not 1 here, though it is to Python."""
    for index, choice in enumerate(choices):
        if choice.value == value and isinstance(choice.value, bool) == isinstance(value, bool):
            return index
    return None


def claimed_by(chosen: Any) -> Any:
    """What the option that Slack reports says of itself."""
    return chosen.get("value") if isinstance(chosen, Mapping) else None


def value_of(choices: Sequence[Choice], chosen: Any) -> Any:
    """The value that Slack reports as chosen.

    Raises:
        InvalidInput: It was not offered.
    """
    found = _POSITION.fullmatch(str(claimed_by(chosen)))
    if found is None or int(found[1]) >= len(choices):
        raise InvalidInput("This choice is no longer offered; please choose again.")
    return choices[int(found[1])].value


def label_of(choices: Sequence[Choice], value: Any) -> str:
    """What `value` is called, also when it is not offered."""
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
