"""From what Slack reports of a modal's inputs back to values."""

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from signoff.bot.forms.draft import Draft
from signoff.bot.forms.elements.element import Unreadable
from signoff.bot.forms.elements.entries import ListOf
from signoff.bot.forms.elements.unions import KindOf
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
        kept: What was typed and is no value, as in a draft.
        switched: Whether another kind was chosen than the one whose fields were asked for.
    """

    values: dict[str, Any]
    errors: dict[Path, str] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)
    switched: bool = False

    @property
    def draft(self) -> Draft:
        """What was filled in, to be drawn again."""
        return Draft(self.values, self.kept)


def chosen_kind(one: Field, kinds: KindOf, values: Mapping[str, Any], kept: Mapping[str, Any]) -> int | None:
    """The number of the kind whose fields are asked for: as it was chosen, else as the value says."""
    number = kept.get(one.block_id)
    if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < len(kinds.kinds):
        return number
    return kinds.number_of(one.value(values))


def read(parts: Iterable[Part], state_values: Any, initial: Mapping[str, Any], kept: Mapping[str, Any]) -> Reading:
    """What Slack reports in `view.state.values` for the inputs of `parts`, over the values they were drawn with."""
    values = copy.deepcopy(dict(initial))
    reading = _Reader(state_values if isinstance(state_values, Mapping) else {}, initial, values, dict(kept))
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
        self, state: Mapping[str, Any], initial: Mapping[str, Any], values: dict[str, Any], kept: dict[str, Any]
    ) -> None:
        self._state = state
        self._initial = initial
        self._values = values
        self._kept = kept
        self._errors: dict[Path, str] = {}
        self._switches: list[tuple[Field, KindOf, int | None, int]] = []

    def take(self, one: Field) -> None:
        """Read one field. What has no input on this modal keeps its value."""
        state = self._reported(one)
        try:
            if state is not None and isinstance(one.element, KindOf):
                self._take_kind(one, one.element, state)
            elif state is not None and not isinstance(one.element, ListOf):
                self._take_value(one, state)
        except Unreadable as error:
            self._errors[one.path] = str(error)
            self._keep_text(one, state or {})

    def done(self) -> Reading:
        """The reading, once every field was taken."""
        # The innermost first: what was typed in one is set aside with the one around it.
        for one, kinds, old, new in reversed(self._switches):
            self._switch(one, kinds, old, new)
        return Reading(self._values, self._errors, self._kept, bool(self._switches))

    def _reported(self, one: Field) -> Mapping[str, Any] | None:
        block = self._state.get(one.block_id)
        state = block.get(ACTION) if isinstance(block, Mapping) else None
        if isinstance(state, Mapping):
            return state
        # Typed on another page, and never readable.
        text = self._kept.get(one.block_id)
        return {"value": text} if isinstance(text, str) else None

    def _keep_text(self, one: Field, state: Mapping[str, Any]) -> None:
        text = state.get("value")
        if isinstance(text, str):
            self._kept[one.block_id] = text

    def _take_value(self, one: Field, state: Mapping[str, Any]) -> None:
        value = _value(one, state, one.value(self._initial))
        self._kept.pop(one.block_id, None)
        if value is UNSET:
            drop(self._values, one.path)
        else:
            put(self._values, one.path, value)

    def _take_kind(self, one: Field, kinds: KindOf, state: Mapping[str, Any]) -> None:
        drawn = chosen_kind(one, kinds, self._initial, self._kept)
        number = kinds.read(state)
        if number is UNSET:
            if drawn is None and one.required and one.value(self._initial) is UNSET:
                raise Unreadable("Choose one.")
        elif number != drawn:
            self._switches.append((one, kinds, drawn, number))
        else:
            self._put_kind(one, kinds, number)

    def _put_kind(self, one: Field, kinds: KindOf, number: int) -> None:
        """Have the value be one of this kind, as far as that needs no input."""
        kind = kinds.kinds[number]
        if kind.only is not UNSET:
            put(self._values, one.path, kind.only)
        elif kind.is_model:
            held = value_at(self._values, one.path)
            put(self._values, one.path, {**(held if isinstance(held, Mapping) else {}), **kind.constants})

    def _switch(self, one: Field, kinds: KindOf, old: int | None, new: int) -> None:
        held = value_at(self._values, one.path)
        if old is not None and held is not UNSET:
            self._kept[_aside(one, old)] = held
        before = self._kept.pop(_aside(one, new), kinds.kinds[new].fresh)
        if before is UNSET:
            drop(self._values, one.path)
        else:
            put(self._values, one.path, before)
        self._put_kind(one, kinds, new)
        self._kept[one.block_id] = new
        self._errors = {path: text for path, text in self._errors.items() if path[: len(one.path)] != one.path}


def _complete(part: Part, values: dict[str, Any]) -> None:
    """Give a model what it needs and nobody can type: an empty value for a nested one, no entries for a list."""
    if isinstance(part, Section):
        if part.required:
            put(values, part.path, {})
        return
    is_held = part.required or value_at(values, part.path[:-1]) is not UNSET
    if isinstance(part.element, ListOf) and part.needed and is_held and part.empty is not UNSET:
        put(values, part.path, copy.copy(part.empty))


def _aside(one: Field, number: int) -> str:
    """Where the value of a kind is kept that was not chosen after all."""
    return f"{one.spot.kind(number).block_id}~aside"


def _value(one: Field, state: Mapping[str, Any], drawn: Any) -> Any:
    """The value of a field that was drawn with `drawn`; `UNSET` where the model has its own."""
    value = one.element.read(state)
    if value is UNSET and not one.may_be_empty(drawn):
        raise Unreadable("Fill this in.")
    if value is UNSET:
        return drawn if drawn in _EMPTY or not (one.element.fills or drawn is UNSET) else one.empty
    if drawn is UNSET or isinstance(value, bool) or not one.element.fills:
        return value
    return drawn if one.element.draw(value) == one.element.draw(drawn) else value
