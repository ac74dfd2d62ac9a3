"""From what Slack reports of a modal's inputs back to values."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from signoff.bot.forms.draft import Draft
from signoff.bot.forms.elements.element import InvalidInput
from signoff.bot.forms.elements.entry_list import EntryList
from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.field import Field
from signoff.bot.forms.parsing import Part, Section
from signoff.bot.forms.paths import Path, drop, put, value_at
from signoff.bot.forms.unset import UNSET

ACTION = "value"
"""The `action_id` of every input; the block id says which field it is."""

_EMPTY: tuple[Any, ...] = (None, "", [], {})
"""The values that leave an input empty."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a person filled in.

    Attributes:
        values: The initial values and what was filled in over them. An input left empty has the value that
            stands for "empty": null, an empty text, an empty list; or none, where the model has its own.
        errors: What could not be read, by the path of its field.
        raw_input: What was typed and is no value, as in a draft.
        switched: Whether another kind was chosen than the one whose fields were asked for.
    """

    values: dict[str, Any]
    errors: dict[Path, str] = field(default_factory=dict)
    raw_input: dict[str, Any] = field(default_factory=dict)
    switched: bool = False

    @property
    def draft(self) -> Draft:
        """What was filled in, to be drawn again."""
        return Draft(self.values, self.raw_input)


def chosen_kind(field: Field, kinds: Union, values: Mapping[str, Any], raw_input: Mapping[str, Any]) -> int | None:
    """The number of the kind whose fields are asked for: as it was chosen, else as the value says."""
    number = raw_input.get(field.block_id)
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < len(kinds.kinds):
        return number
    return kinds.number_of(field.value(values))


def read(parts: Iterable[Part], state_values: Any, initial: Mapping[str, Any], raw_input: Mapping[str, Any]) -> Reading:
    """What Slack reports in `view.state.values` for the inputs of `parts`, over the values they were drawn with."""
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
        """Read one field. What has no input on this modal keeps its value."""
        state = self._reported(field)
        try:
            if state is not None and isinstance(field.element, Union):
                self._take_kind(field, field.element, state)
            elif state is not None and not isinstance(field.element, EntryList):
                self._take_value(field, state)
        except InvalidInput as error:
            self._errors[field.path] = str(error)
            self._keep_text(field, state or {})

    def done(self) -> Reading:
        """The reading, once every field was taken."""
        # The innermost first: what was typed in one is set aside with the one around it.
        for switch in reversed(self._switches):
            self._switch(*switch)
        return Reading(self._values, self._errors, self._raw_input, bool(self._switches))

    def _reported(self, field: Field) -> Mapping[str, Any] | None:
        block = self._state.get(field.block_id)
        state = block.get(ACTION) if isinstance(block, Mapping) else None
        if isinstance(state, Mapping):
            return state
        # Typed on another page, and never readable.
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

    def _take_kind(self, field: Field, kinds: Union, state: Mapping[str, Any]) -> None:
        drawn = chosen_kind(field, kinds, self._initial, self._raw_input)
        number = kinds.read(state)
        if number is UNSET:
            if drawn is None and field.required and field.value(self._initial) is UNSET:
                raise InvalidInput("Choose one.")
        elif number != drawn:
            self._switches.append((field, kinds, drawn, number))
        else:
            self._put_kind(field, kinds, number)

    def _put_kind(self, field: Field, kinds: Union, number: int) -> None:
        """Have the value be one of this kind, as far as that needs no input."""
        kind = kinds.kinds[number]
        if kind.only is not UNSET:
            put(self._values, field.path, kind.only)
        elif kind.is_model:
            held = value_at(self._values, field.path)
            put(self._values, field.path, {**(held if isinstance(held, Mapping) else {}), **kind.constants})

    def _switch(self, field: Field, kinds: Union, old: int | None, new: int) -> None:
        held = value_at(self._values, field.path)
        if old is not None and held is not UNSET:
            self._raw_input[_aside(field, old)] = held
        before = self._raw_input.pop(_aside(field, new), kinds.kinds[new].fresh)
        if before is UNSET:
            drop(self._values, field.path)
        else:
            put(self._values, field.path, before)
        self._put_kind(field, kinds, new)
        self._raw_input[field.block_id] = new
        self._errors = {path: text for path, text in self._errors.items() if path[: len(field.path)] != field.path}


def _complete(part: Part, values: dict[str, Any]) -> None:
    """Give a model what it needs and nobody can type: an empty value for a nested one, no entries for a list."""
    if isinstance(part, Section):
        if part.required:
            put(values, part.path, {})
        return
    is_held = part.required or value_at(values, part.path[:-1]) is not UNSET
    if isinstance(part.element, EntryList) and part.needed and is_held and part.empty is not UNSET:
        put(values, part.path, copy.copy(part.empty))


def _aside(field: Field, number: int) -> str:
    """Where the value of a kind is raw_input that was not chosen after all."""
    return f"{field.location.kind(number).block_id}~aside"


def _value(field: Field, state: Mapping[str, Any], drawn: Any) -> Any:
    """The value of a field that was drawn with `drawn`; `UNSET` where the model has its own."""
    value = field.element.read(state)
    if value is UNSET and not field.may_be_empty(drawn):
        raise InvalidInput("Fill this in.")
    if value is UNSET:
        return drawn if drawn in _EMPTY or not (field.element.prefillable or drawn is UNSET) else field.empty
    if drawn is UNSET or isinstance(value, bool) or not field.element.prefillable:
        return value
    return drawn if field.element.draw(value) == field.element.draw(drawn) else value
