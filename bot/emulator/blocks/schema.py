"""A small schema language whose error messages are those of Slack's own validator.

Slack generates its validator with its open-source `hack-json-schema`. The messages and codes here come from there.
A schema is a table of fields, so that the definition of a block reads like Slack's documentation of it.
"""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from signoff.bot.emulator.protocol import Json


@dataclass(frozen=True, slots=True)
class Violation:
    """One error, with the JSON pointer to the value."""

    pointer: str
    message: str
    code: str = "failed_constraint"

    def slack_json(self) -> Json:
        """The form in which `blocks.validate` returns it."""
        return {"pointer": self.pointer, "code": self.code, "message": self.message}

    def line(self) -> str:
        """The form in which `response_metadata.messages` returns it."""
        return f"[ERROR] {self.message} [json-pointer:{self.pointer}]"


class Schema(Protocol):
    """Validates a value."""

    def violations(self, value: Any, pointer: str) -> Iterator[Violation]:
        """Yield every violation of `value`, which is at `pointer`."""
        ...


@dataclass(frozen=True, slots=True)
class String:
    """A string with a length, in characters, and a pattern."""

    max_length: int | None = None
    min_length: int = 0
    pattern: str = ""

    def violations(self, value: Any, pointer: str) -> Iterator[Violation]:
        """Check the type, the length and the pattern."""
        if not isinstance(value, str):
            yield Violation(pointer, "must provide a string", "invalid_type")
        elif len(value) < self.min_length:
            yield Violation(pointer, f"must be more than {self.min_length - 1} characters")
        elif self.max_length is not None and len(value) > self.max_length:
            yield Violation(pointer, f"must be less than {self.max_length + 1} characters")
        elif self.pattern and not re.fullmatch(self.pattern, value):
            yield Violation(pointer, f"input must match regex pattern: {self.pattern}")


@dataclass(frozen=True, slots=True)
class Integer:
    """An integer within bounds."""

    minimum: int | None = None
    maximum: int | None = None

    def violations(self, value: Any, pointer: str) -> Iterator[Violation]:
        """Check the type and the bounds."""
        if isinstance(value, bool) or not isinstance(value, int):
            yield Violation(pointer, "must provide an integer", "invalid_type")
        elif self.minimum is not None and value < self.minimum:
            yield Violation(pointer, f"must be greater than {self.minimum - 1}")
        elif self.maximum is not None and value > self.maximum:
            yield Violation(pointer, f"must be less than {self.maximum + 1}")


@dataclass(frozen=True, slots=True)
class Number:
    """A finite number, greater than `above`."""

    above: float | None = None

    def violations(self, value: Any, pointer: str) -> Iterator[Violation]:
        """Check the type and the bound."""
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield Violation(pointer, "must provide a number", "invalid_type")
        elif self.above is not None and value <= self.above:
            yield Violation(pointer, f"must be greater than {self.above:g}")


@dataclass(frozen=True, slots=True)
class Boolean:
    """A boolean."""

    def violations(self, value: Any, pointer: str) -> Iterator[Violation]:
        """Check the type."""
        if not isinstance(value, bool):
            yield Violation(pointer, "must be a boolean", "invalid_type")


@dataclass(frozen=True, slots=True)
class Enum:
    """One of a set of strings."""

    values: tuple[str, ...]

    def violations(self, value: Any, pointer: str) -> Iterator[Violation]:
        """Reject any other value."""
        if value not in self.values:
            yield Violation(pointer, "must be a valid enum value")


@dataclass(frozen=True, slots=True)
class Array:
    """An array of items of one schema."""

    of: Schema
    max_items: int | None = None
    min_items: int = 0

    def violations(self, value: Any, pointer: str) -> Iterator[Violation]:
        """Check the array, then each item."""
        if not isinstance(value, list):
            yield Violation(pointer, "must provide an array", "invalid_type")
            return
        if len(value) < self.min_items:
            yield Violation(pointer, f"must provide at least {self.min_items} items")
        if self.max_items is not None and len(value) > self.max_items:
            yield Violation(pointer, f"no more than {self.max_items} items allowed")
        for index, item in enumerate(value):
            yield from self.of.violations(item, f"{pointer}/{index}")


Rule = Callable[[Json], Iterable[tuple[str, str]]]
"""A constraint across fields: takes the object and yields (relative pointer, message) for each violation."""


@dataclass(frozen=True, slots=True)
class Object:
    """An object with these fields and no others. Its rules are checked once every field is valid."""

    fields: Mapping[str, Schema]
    required: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()

    def violations(self, value: Any, pointer: str) -> Iterator[Violation]:
        """Check the fields. If they are valid, check the rules."""
        if not isinstance(value, dict):
            yield Violation(pointer, "must provide an object", "invalid_type")
            return
        found = list(self._field_violations(value, pointer))
        yield from found
        if not found:
            for rule in self.rules:
                yield from (Violation(pointer + below, message) for below, message in rule(value))

    def _field_violations(self, value: Json, pointer: str) -> Iterator[Violation]:
        for name in self.required:
            if name not in value:
                yield Violation(pointer, f"missing required field: {name}", "missing_field")
        for name, given in value.items():
            if name in self.fields:
                yield from self.fields[name].violations(given, f"{pointer}/{name}")
            else:
                yield Violation(pointer, f"invalid additional property: {name}")


@dataclass(frozen=True, slots=True)
class TaggedUnion:
    """An object whose `type` selects its schema."""

    schemas: Mapping[str, Object] = field(default_factory=dict)

    def violations(self, value: Any, pointer: str) -> Iterator[Violation]:
        """Check the object against the schema for its `type`."""
        if not isinstance(value, dict):
            yield Violation(pointer, "must provide an object", "invalid_type")
        elif "type" not in value:
            yield Violation(pointer, "missing required field: type", "missing_field")
        elif not isinstance(value["type"], str) or value["type"] not in self.schemas:
            yield Violation(f"{pointer}/type", f"unsupported type: {value['type']}")
        else:
            yield from self.schemas[value["type"]].violations(value, pointer)

    def only(self, *names: str) -> "TaggedUnion":
        """The same union with only these types."""
        return TaggedUnion({name: self.schemas[name] for name in names})


def object_of_type(type_: str, required: tuple[str, ...] = (), *rules: Rule, **fields: Schema) -> tuple[str, Object]:
    """An entry for a `TaggedUnion`: the schema of an object of that type."""
    return type_, Object({"type": Enum((type_,)), **fields}, required, rules)


def exactly_one(*names: str) -> Rule:
    """A rule: exactly one of these fields is present."""

    def rule(value: Json) -> Iterable[tuple[str, str]]:
        if sum(name in value for name in names) != 1:
            yield "", "must define exactly one of " + " or ".join(f"`{name}`" for name in names)

    return rule
