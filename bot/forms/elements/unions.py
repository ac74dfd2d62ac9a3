"""Choosing the variant of a value: one of a union's types, or whether there is a model at all."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from signoff.bot.blockkit.blocks import Block
from signoff.bot.forms.elements.choices import SingleChoice
from signoff.bot.forms.elements.element import Choice, Element
from signoff.bot.forms.elements.options import widget_for
from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.parts import Property, has_fields, kind_of

_TYPES: Mapping[str | None, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
_FORMATS: Mapping[Any, Any] = {
    "date": date.fromisoformat,
    "date-time": datetime.fromisoformat,
    "time": time.fromisoformat,
}


@dataclass(frozen=True, slots=True)
class Variant:
    """One type that a value may have.

    Attributes:
        wanted: The schema of values of this variant.
        only: The only value of this variant, for null and for a constant; otherwise `UNSET`.
        constants: What every model of this variant holds, such as the tag of a discriminated union. Nobody is asked
            for these values; they are filled in.
        names: The names that pydantic may use for this variant in an error's path: a tag, a class or a type.
    """

    label: str
    wanted: Property
    only: Any = UNSET
    constants: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    @property
    def is_model(self) -> bool:
        """Whether its values have fields of their own."""
        return self.only is UNSET and has_fields(self.wanted.schema)

    @property
    def fresh(self) -> Any:
        """The value of this variant before anything is filled in."""
        return dict(self.constants) if self.is_model else self.only

    def is_called(self, name: object) -> bool:
        """Whether a step of an error's path names this variant."""
        step = str(name)
        return any(step == each or step.startswith(f"{each}[") or f"{each}]" in step for each in self.names)

    def fit(self, value: Any) -> tuple[int, int] | None:
        """How badly `value` fits: how many fields are missing, and how many are unknown. `None` if it does not fit."""
        if self.only is not UNSET:
            return (0, 0) if value == self.only and isinstance(value, bool) == isinstance(self.only, bool) else None
        if not _is_of_type(value, self.wanted):
            return None
        if not self.is_model:
            return (0, 0)
        properties = self.wanted.schema["properties"]
        if any(name in value and value[name] != constant for name, constant in self.constants.items()):
            return None
        if any(not _is_listed(value.get(name, UNSET), part) for name, part in properties.items()):
            return None
        needed = {*self.wanted.schema.get("required", ()), *self.constants}
        return len(needed - value.keys()), len(value.keys() - properties.keys())


@dataclass(frozen=True, slots=True)
class Union(Element):
    """The choice of a variant. The input holds the number of the variant, not the value."""

    variants: tuple[Variant, ...]

    def draw(self, value: Any) -> Block | None:
        """Radio buttons or a select, with the variant of `value` chosen."""
        return self.draw_variant(self.number_of(value))

    def draw_variant(self, number: int | None) -> Block | None:
        """Radio buttons or a select, with this variant chosen."""
        return self._input.draw(UNSET if number is None else number)

    def read(self, state: Mapping[str, Any]) -> Any:
        """The number of the chosen variant."""
        return self._input.read(state)

    def show(self, value: Any) -> str:
        """The label of the variant of `value`."""
        number = self.number_of(value)
        return "" if number is None or value is None else self.variants[number].label

    def number_of(self, value: Any) -> int | None:
        """The variant that `value` fits best, the first one if several fit equally; `None` if it fits none."""
        if value is UNSET:
            return None
        fits = [(fit, number) for number, each in enumerate(self.variants) if (fit := each.fit(value)) is not None]
        return min(fits)[1] if fits else None

    def has_field(self, value: Any) -> bool:
        """Whether a value of this variant has one field of its own, as text or a number has."""
        number = self.number_of(value)
        return number is not None and not self.variants[number].is_model and self.variants[number].only is UNSET

    def tells(self, value: Any) -> bool:
        """Whether the variant has to be named beside the fields of `value`, because they do not make it clear."""
        if self.has_field(value):
            return False
        number = self.number_of(value)
        if number is None or not self.variants[number].is_model:
            return True
        return sum(variant.is_model for variant in self.variants) > 1

    @property
    def _input(self) -> SingleChoice:
        choices = tuple(Choice(number, variant.label) for number, variant in enumerate(self.variants))
        return SingleChoice(choices, nullable=False, widget=widget_for(choices))


def _is_of_type(value: Any, wanted: Property) -> bool:
    schema = wanted.schema
    if not _is_listed(value, schema):
        return False
    kind = kind_of(schema)
    if kind is None:
        return True
    if not isinstance(value, _TYPES.get(kind, ())) or (isinstance(value, bool) and kind != "boolean"):
        return False
    parse = _FORMATS.get(schema.get("format")) if isinstance(value, str) else None
    try:
        return parse is None or parse(value) is not None
    except ValueError:
        return False


def _is_listed(value: Any, schema: Any) -> bool:
    """Whether `value` is in the schema's `enum`, if there is one. A missing value is fine."""
    listed = schema.get("enum") if isinstance(schema, Mapping) else None
    return value is UNSET or not isinstance(listed, list) or value in listed
