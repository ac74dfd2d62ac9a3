"""Reads values from what Slack reports of a modal's inputs."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from signoff.bot.forms.draft import Draft
from signoff.bot.forms.elements.element import UnreadableInput
from signoff.bot.forms.elements.entry_list import EntryList
from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.field import Field
from signoff.bot.forms.parsing import Part, Section
from signoff.bot.forms.paths import Path, drop, put, value_at
from signoff.bot.forms.unset import UNSET

ACTION = "value"
"""The `action_id` of every input. The block id says which field it is."""

_EMPTY: tuple[Any, ...] = (None, "", [], {})
"""Values with which an input is drawn empty."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a person filled in.

    Attributes:
        values: The initial values, with everything that was filled in on top. An empty input has the value that
            stands for "empty", such as null, an empty text or an empty list; or no value, if the model has a default.
        errors: Why inputs could not be read, by the path of their field.
        raw_input: Input that is not a value, as in a draft.
        switched: Whether another variant of a union was chosen than the one whose fields the modal showed.
    """

    values: dict[str, Any]
    errors: dict[Path, str] = field(default_factory=dict)
    raw_input: dict[str, Any] = field(default_factory=dict)
    switched: bool = False

    @property
    def draft(self) -> Draft:
        """The draft to store, or to draw again."""
        return Draft(self.values, self.raw_input)


def chosen_variant(field: Field, union: Union, values: Mapping[str, Any], raw_input: Mapping[str, Any]) -> int | None:
    """The number of the variant whose fields are asked for: the chosen one, or else that of the value."""
    number = raw_input.get(field.block_id)
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < len(union.variants):
        return number
    return union.number_of(field.value(values))


def read(parts: Iterable[Part], state_values: Any, initial: Mapping[str, Any], raw_input: Mapping[str, Any]) -> Reading:
    """Read the inputs of `parts` from `view.state.values`, on top of the values that they were drawn with."""
    values = copy.deepcopy(dict(initial))
    reading = _Reader(state_values if isinstance(state_values, Mapping) else {}, initial, values, dict(raw_input))
    parts = tuple(parts)
    for part in parts:
        if isinstance(part, Field):
            reading.take(part)
    for part in parts:
        if value_at(values, part.path) is UNSET:
            _complete(part, values)
    return reading.done()


class _Reader:
    """One reading, field by field."""

    def __init__(
        self, state: Mapping[str, Any], initial: Mapping[str, Any], values: dict[str, Any], raw_input: dict[str, Any]
    ) -> None:
        self._state = state
        self._initial = initial
        self._values = values
        self._raw_input = raw_input
        self._errors: dict[Path, str] = {}
        self._switches: list[tuple[Field, Union, int | None, int]] = []

    def take(self, field: Field) -> None:
        """Read one field. A field without an input in this modal keeps its value."""
        state = self._reported(field)
        try:
            if state is not None and isinstance(field.element, Union):
                self._take_variant(field, field.element, state)
            elif state is not None and not isinstance(field.element, EntryList):
                self._take_value(field, state)
        except UnreadableInput as error:
            self._errors[field.path] = str(error)
            self._keep_text(field, state or {})

    def done(self) -> Reading:
        """The reading, after every field was taken."""
        # Innermost first, so that the values of an inner union are set aside together with those of the outer one.
        for switch in reversed(self._switches):
            self._switch(*switch)
        return Reading(self._values, self._errors, self._raw_input, bool(self._switches))

    def _reported(self, field: Field) -> Mapping[str, Any] | None:
        block = self._state.get(field.block_id)
        state = block.get(ACTION) if isinstance(block, Mapping) else None
        if isinstance(state, Mapping):
            return state
        # It was typed on another page and could not be read, so it is still an error.
        text = self._raw_input.get(field.block_id)
        return {"value": text} if isinstance(text, str) else None

    def _keep_text(self, field: Field, state: Mapping[str, Any]) -> None:
        text = state.get("value")
        if isinstance(text, str):
            self._raw_input[field.block_id] = text

    def _take_value(self, field: Field, state: Mapping[str, Any]) -> None:
        value = _value(field, state, field.value(self._initial))
        self._raw_input.pop(field.block_id, None)
        if value is UNSET:
            drop(self._values, field.path)
        else:
            put(self._values, field.path, value)

    def _take_variant(self, field: Field, union: Union, state: Mapping[str, Any]) -> None:
        drawn = chosen_variant(field, union, self._initial, self._raw_input)
        number = union.read(state)
        if number is UNSET:
            if drawn is None and field.required and field.value(self._initial) is UNSET:
                raise UnreadableInput("Choose one.")
        elif number != drawn:
            self._switches.append((field, union, drawn, number))
        else:
            self._put_variant(field, union, number)

    def _put_variant(self, field: Field, union: Union, number: int) -> None:
        """Set the parts of the value that follow from its variant, without any input."""
        variant = union.variants[number]
        if variant.only is not UNSET:
            put(self._values, field.path, variant.only)
        elif variant.is_model:
            held = value_at(self._values, field.path)
            put(self._values, field.path, {**(held if isinstance(held, Mapping) else {}), **variant.constants})

    def _switch(self, field: Field, union: Union, old: int | None, new: int) -> None:
        """Set the value of the old variant aside, and restore what was filled in for the new one before."""
        held = value_at(self._values, field.path)
        if old is not None and held is not UNSET:
            self._raw_input[_aside(field, old)] = held
        before = self._raw_input.pop(_aside(field, new), union.variants[new].fresh)
        if before is UNSET:
            drop(self._values, field.path)
        else:
            put(self._values, field.path, before)
        self._put_variant(field, union, new)
        self._raw_input[field.block_id] = new
        self._errors = {path: text for path, text in self._errors.items() if path[: len(field.path)] != field.path}


def _complete(part: Part, values: dict[str, Any]) -> None:
    """Set the values that a model needs but that have no input: an empty nested model, and an empty list."""
    if isinstance(part, Section):
        if part.required:
            put(values, part.path, {})
        return
    is_held = part.required or value_at(values, part.path[:-1]) is not UNSET
    if isinstance(part.element, EntryList) and part.needed and is_held and part.empty is not UNSET:
        put(values, part.path, copy.copy(part.empty))


def _aside(field: Field, number: int) -> str:
    """The key in the raw input for the value of a variant that is not chosen."""
    return f"{field.location.variant(number).block_id}~aside"


def _value(field: Field, state: Mapping[str, Any], drawn: Any) -> Any:
    """The value of a field that was drawn with `drawn`; `UNSET` if the model has a default."""
    value = field.element.read(state)
    if value is UNSET and not field.may_be_empty(drawn):
        raise UnreadableInput("This field is required.")
    if value is UNSET:
        return drawn if drawn in _EMPTY or not (field.element.prefillable or drawn is UNSET) else field.empty
    if drawn is UNSET or isinstance(value, bool) or not field.element.prefillable:
        return value
    # An input that looks the same was not changed. The original value may hold more than the input can show.
    return drawn if field.element.draw(value) == field.element.draw(drawn) else value
