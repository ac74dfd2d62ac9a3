"""Choosing one or several of listed values, and yes or no.

An option carries the position of its value, so that any JSON value of any length can be chosen. A position
that Slack reports is a claim: one that is not in the list is refused.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.blocks import OPTION_TEXT, Block, option
from bot.forms.element import UNSET, Choice, Element, Unreadable
from bot.forms.text import as_json
from bot.markup import plain, shorten

MOST_BUTTONS = 10
"""Slack draws at most 10 radio buttons or checkboxes."""
MOST_OPTIONS = 100
"""Slack draws at most 100 options in a select."""
YES_OR_NO = (Choice(True, "Yes"), Choice(False, "No"))
NO_ANSWER = "No answer"

_POSITION = "choice-"
_NONE = "none"


@dataclass(frozen=True, slots=True)
class OneOf(Element):
    """One of the choices.

    Attributes:
        nullable: Whether "No answer" is offered too: a radio button cannot be unpressed.
        radio: Radio buttons instead of a select.
    """

    choices: tuple[Choice, ...]
    nullable: bool
    radio: bool

    def draw(self, value: Any) -> Block | None:
        """Radio buttons or a select, with the choice that equals `value`."""
        options = _options(self.choices)
        chosen = _position(self.choices, value)
        initial = None if chosen is None else options[chosen]
        if self.nullable:
            options.append(option(NO_ANSWER, _NONE))
            if value is None:
                initial = options[-1]
        element: Block = {"type": "radio_buttons" if self.radio else "static_select", "options": options}
        if initial is not None:
            element["initial_option"] = initial
        return element

    def read(self, state: Mapping[str, Any]) -> Any:
        """The value chosen."""
        chosen = state.get("selected_option")
        if chosen is None:
            return UNSET
        if self.nullable and _value(chosen) == _NONE:
            return None
        return _chosen(self.choices, chosen)

    def show(self, value: Any) -> str:
        """The label of the choice."""
        return _label(self.choices, value)


@dataclass(frozen=True, slots=True)
class SomeOf(Element):
    """Any number of the choices, as a list in the order of the schema.

    Attributes:
        most: How many can be chosen at most; `None` for all.
        checkboxes: Checkboxes instead of a multi-select.
    """

    choices: tuple[Choice, ...]
    most: int | None
    checkboxes: bool

    def draw(self, value: Any) -> Block | None:
        """Checkboxes or a multi-select, with the choices that are in `value`."""
        options = _options(self.choices)
        wanted = value if isinstance(value, list) else []
        positions = {_position(self.choices, item) for item in wanted}
        initial = [one for index, one in enumerate(options) if index in positions]
        element: Block = {
            "type": "checkboxes" if self.checkboxes else "multi_static_select",
            "options": options,
        }
        if initial:
            element["initial_options"] = initial
        if self.most is not None and not self.checkboxes:
            element["max_selected_items"] = max(1, self.most, len(initial))
        return element

    def read(self, state: Mapping[str, Any]) -> Any:
        """The values chosen."""
        chosen = state.get("selected_options")
        if not isinstance(chosen, list) or not chosen:
            return UNSET
        return [_chosen(self.choices, one) for one in chosen]

    def show(self, value: Any) -> str:
        """The labels of the choices."""
        if not isinstance(value, list):
            return _label(self.choices, value)
        return ", ".join(_label(self.choices, item) for item in value)


@dataclass(frozen=True, slots=True)
class Tick(Element):
    """Yes or no as one checkbox, for a field that has a default."""

    def draw(self, value: Any) -> Block | None:
        """One checkbox, ticked when `value` is true."""
        only = option("Yes", "yes")
        ticked = {"initial_options": [only]} if value is True else {}
        return {"type": "checkboxes", "options": [only], **ticked}

    def read(self, state: Mapping[str, Any]) -> Any:
        """Whether it is ticked."""
        return bool(state.get("selected_options"))

    def show(self, value: Any) -> str:
        """Yes or No."""
        return _label(YES_OR_NO, value)


def labelled(options: Sequence[tuple[Any, str | None]]) -> tuple[Choice, ...]:
    """Choices with labels fit for an option: cut where long, numbered where two would be alike."""
    choices: list[Choice] = []
    taken: set[str] = set()
    for number, (value, title) in enumerate(options, 1):
        label = plain(title or _name(value), OPTION_TEXT) or shorten(json.dumps(value), OPTION_TEXT)
        if label in taken:
            label = f"{shorten(label, OPTION_TEXT - 8)} ({number})"
        taken.add(label)
        choices.append(Choice(value, label))
    return tuple(choices)


def _name(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return value if isinstance(value, str) else as_json(value)


def _options(choices: Sequence[Choice]) -> list[Block]:
    return [option(choice.label, f"{_POSITION}{index}") for index, choice in enumerate(choices)]


def _position(choices: Sequence[Choice], value: Any) -> int | None:
    """Where `value` stands. True is not 1 here, though it is to Python."""
    for index, choice in enumerate(choices):
        if choice.value == value and isinstance(choice.value, bool) == isinstance(value, bool):
            return index
    return None


def _value(chosen: Any) -> Any:
    return chosen.get("value") if isinstance(chosen, Mapping) else None


def _chosen(choices: Sequence[Choice], chosen: Any) -> Any:
    claimed = _value(chosen)
    for index, choice in enumerate(choices):
        if claimed == f"{_POSITION}{index}":
            return choice.value
    raise Unreadable("This choice is no longer offered; please choose again.")


def _label(choices: Sequence[Choice], value: Any) -> str:
    if value is UNSET or value is None:
        return ""
    position = _position(choices, value)
    return _name(value) if position is None else choices[position].label
