"""Choosing the kind of a value that may be of several: a union, or a model that may be left out."""

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
class Kind:
    """One of the kinds.

    Attributes:
        wanted: The schema of a value of this kind.
        only: The one value of this kind, where there is only one: null, a constant.
        constants: What every model of this kind holds, the tag of a discriminated union among it. It is put in,
            not asked for.
        names: How an error's path may call this kind; pydantic uses the tag, the class or the type.
    """

    label: str
    wanted: Property
    only: Any = UNSET
    constants: Mapping[str, Any] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    @property
    def is_model(self) -> bool:
        """Whether its value has fields of its own."""
        return self.only is UNSET and has_fields(self.wanted.schema)

    @property
    def fresh(self) -> Any:
        """The value of this kind before anything was filled in."""
        return dict(self.constants) if self.is_model else self.only

    def is_called(self, name: object) -> bool:
        """Whether a step of an error's path names this kind."""
        said = str(name)
        return any(said == one or said.startswith(f"{one}[") or f"{one}]" in said for one in self.names)

    def fit(self, value: Any) -> tuple[int, int] | None:
        """How badly `value` fits: what it lacks, and what it has too much. `None` where it is not of this kind."""
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
    """The choice of a kind. What stands in it is the number of the kind, not the value."""

    kinds: tuple[Kind, ...]

    def draw(self, value: Any) -> Block | None:
        """Radio buttons or a select with the kind of `value` chosen."""
        return self.draw_kind(self.number_of(value))

    def draw_kind(self, number: int | None) -> Block | None:
        """The same with this kind chosen."""
        return self._chooser.draw(UNSET if number is None else number)

    def read(self, state: Mapping[str, Any]) -> Any:
        """The number of the kind chosen."""
        return self._chooser.read(state)

    def show(self, value: Any) -> str:
        """What the kind of `value` is called."""
        number = self.number_of(value)
        return "" if number is None or value is None else self.kinds[number].label

    def number_of(self, value: Any) -> int | None:
        """The kind that `value` fits best, the first of equals; `None` where it fits none."""
        if value is UNSET:
            return None
        fits = [(fit, number) for number, kind in enumerate(self.kinds) if (fit := kind.fit(value)) is not None]
        return min(fits)[1] if fits else None

    def has_field(self, value: Any) -> bool:
        """Whether a value like this is asked for in one field, and is not a model's or the only one of its kind."""
        number = self.number_of(value)
        return number is not None and not self.kinds[number].is_model and self.kinds[number].only is UNSET

    def tells(self, value: Any) -> bool:
        """Whether it has to be said which kind `value` is of: its fields alone do not."""
        if self.has_field(value):
            return False
        number = self.number_of(value)
        return number is None or not self.kinds[number].is_model or sum(kind.is_model for kind in self.kinds) > 1

    @property
    def _chooser(self) -> SingleChoice:
        choices = tuple(Choice(number, kind.label) for number, kind in enumerate(self.kinds))
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
    """Whether `value` is among those that `schema` lists, where it lists any. What is not there does not count."""
    listed = schema.get("enum") if isinstance(schema, Mapping) else None
    return value is UNSET or not isinstance(listed, list) or value in listed
