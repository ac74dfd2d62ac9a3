"""Inputs for choosing one or several of listed values, and yes or no."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signoff.bot.blockkit.blocks import Block, option
from signoff.bot.forms.elements.element import Choice, Element
from signoff.bot.forms.elements.options import (
    Widget,
    label_of,
    matching,
    offered,
    option_of,
    position_of,
    reported_value,
    value_of,
)
from signoff.bot.forms.unset import UNSET

YES_OR_NO = (Choice(True, "Yes"), Choice(False, "No"))

NO_ANSWER = "No answer"
"""The label with which null is offered."""

_NONE = option(NO_ANSWER, "none")
_ONE = {
    Widget.BUTTONS: "radio_buttons",
    Widget.SELECT: "static_select",
    Widget.GROUPED_SELECT: "static_select",
    Widget.EXTERNAL_SELECT: "external_select",
}
_SOME = {
    Widget.BUTTONS: "checkboxes",
    Widget.SELECT: "multi_static_select",
    Widget.GROUPED_SELECT: "multi_static_select",
    Widget.EXTERNAL_SELECT: "multi_external_select",
}


@dataclass(frozen=True, slots=True)
class SingleChoice(Element):
    """One of the choices.

    Attributes:
        nullable: Whether "No answer" is offered too, because a radio button cannot be cleared.
    """

    choices: tuple[Choice, ...]
    nullable: bool
    widget: Widget

    def draw(self, value: Any) -> Block | None:
        """Radio buttons or a select, with the choice that equals `value` selected."""
        element: Block = {
            "type": _ONE[self.widget],
            **offered(self.choices, self.widget, [_NONE] if self.nullable else []),
        }
        position = position_of(self.choices, value)
        if position is not None:
            element["initial_option"] = option_of(self.choices, position)
        elif self.nullable and value is None:
            element["initial_option"] = _NONE
        return element

    def read(self, state: Mapping[str, Any]) -> Any:
        """The chosen value."""
        chosen = state.get("selected_option")
        if chosen is None:
            return UNSET
        if self.nullable and reported_value(chosen) == _NONE["value"]:
            return None
        return value_of(self.choices, chosen)

    def show(self, value: Any) -> str:
        """The label of the choice."""
        return label_of(self.choices, value)

    def matching(self, query: str) -> list[Block]:
        """The options for what a person typed into the select."""
        found = matching(self.choices, query)
        return [_NONE, *found[:-1]] if self.nullable and not query.strip() else found


@dataclass(frozen=True, slots=True)
class MultiChoice(Element):
    """Any number of the choices, as a list.

    Attributes:
        max_items: How many can be chosen; `None` for any number.
    """

    choices: tuple[Choice, ...]
    max_items: int | None
    widget: Widget

    def draw(self, value: Any) -> Block | None:
        """Checkboxes or a multi-select, with the choices in `value` selected."""
        wanted = value if isinstance(value, list) else []
        found = {position for item in wanted if (position := position_of(self.choices, item)) is not None}
        initial = [option_of(self.choices, position) for position in sorted(found)]
        element: Block = {"type": _SOME[self.widget], **offered(self.choices, self.widget)}
        if initial:
            element["initial_options"] = initial
        if self.max_items is not None and self.widget is not Widget.BUTTONS:
            element["max_selected_items"] = max(1, self.max_items, len(initial))
        return element

    def read(self, state: Mapping[str, Any]) -> Any:
        """The chosen values."""
        chosen = state.get("selected_options")
        if not isinstance(chosen, list) or not chosen:
            return UNSET
        return [value_of(self.choices, one) for one in chosen]

    def show(self, value: Any) -> str:
        """The labels of the choices in the order of the schema, because a set has no order of its own."""
        if not isinstance(value, list):
            return label_of(self.choices, value)
        return ", ".join(label_of(self.choices, item) for item in sorted(value, key=self._position))

    def _position(self, value: Any) -> int:
        position = position_of(self.choices, value)
        return len(self.choices) if position is None else position

    def matching(self, query: str) -> list[Block]:
        """The options for what a person typed into the select."""
        return matching(self.choices, query)


@dataclass(frozen=True, slots=True)
class Checkbox(Element):
    """Yes or no as one checkbox, for a field with a default."""

    def draw(self, value: Any) -> Block | None:
        """One checkbox, ticked if `value` is true."""
        only = option("Yes", "yes")
        ticked = {"initial_options": [only]} if value is True else {}
        return {"type": "checkboxes", "options": [only], **ticked}

    def read(self, state: Mapping[str, Any]) -> Any:
        """Whether it is ticked."""
        return bool(state.get("selected_options"))

    def show(self, value: Any) -> str:
        """Yes or No."""
        return label_of(YES_OR_NO, value)
