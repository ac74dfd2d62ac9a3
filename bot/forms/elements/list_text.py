"""Inputs for lists and mappings of plain values, with one item per line."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from signoff.bot.blockkit.blocks import Block
from signoff.bot.forms.elements.element import Element, UnreadableInput
from signoff.bot.forms.elements.numbers import Number
from signoff.bot.forms.elements.text import Text, as_json, typed_text
from signoff.bot.forms.unset import UNSET

ScalarKind = Literal["string", "integer", "number", "boolean"]

_MAX_ERRORS = 5
_ON_ONE_LINE = 80
_BETWEEN = ", "
_BOOLEANS = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True, slots=True)
class ListText(Element):
    """A list of values of one type, one per line."""

    kind: ScalarKind

    @property
    def format_hint(self) -> str:
        """How to enter it."""
        return "one per line"

    def draw(self, value: Any) -> Block | None:
        """A multi-line text input."""
        items = value if isinstance(value, list) else []
        return Text(multiline=True).draw("\n".join(_written(item, self.kind) for item in items))

    def read(self, state: Mapping[str, Any]) -> Any:
        """The values on the lines that are not blank. An error names its line."""
        return _each_line(typed_text(state), lambda line: _scalar(line, self.kind)) or UNSET

    def show(self, value: Any) -> str:
        """The values, on one line if they are short. Text that looks like two of them is in quotes."""
        if not isinstance(value, list):
            return Text(multiline=True).show(value)
        in_a_row = _BETWEEN.join(_written(item, self.kind, _BETWEEN) for item in value)
        return in_a_row if len(in_a_row) <= _ON_ONE_LINE else "\n".join(_written(item, self.kind) for item in value)


@dataclass(frozen=True, slots=True)
class MapText(Element):
    """A mapping from names to values of one type, as `name: value` on each line."""

    kind: ScalarKind

    @property
    def format_hint(self) -> str:
        """How to enter it."""
        return "one “name: value” per line"

    def draw(self, value: Any) -> Block | None:
        """A multi-line text input."""
        return Text(multiline=True).draw("\n".join(_pairs(value if isinstance(value, Mapping) else {}, self.kind)))

    def read(self, state: Mapping[str, Any]) -> Any:
        """The mapping. An error names its line."""
        pairs: dict[str, Any] = {}

        def read_pair(line: str) -> None:
            name, value = _split(line)
            if name in pairs:
                raise UnreadableInput(f"“{name}” appears twice.")
            pairs[name] = _scalar(value, self.kind)

        _each_line(typed_text(state), read_pair)
        return pairs or UNSET

    def show(self, value: Any) -> str:
        """One pair per line. Text that looks like more than one of them is in quotes."""
        if not isinstance(value, Mapping):
            return Text(multiline=True).show(value)
        return "\n".join(_pairs(value, self.kind))


def _each_line(text: str, read: Callable[[str], Any]) -> list[Any]:
    """Call `read` for each line that is not blank.

    Raises:
        UnreadableInput: If lines could not be read. The message names them.
    """
    values: list[Any] = []
    errors: list[str] = []
    for number, line in enumerate(_split_lines(text), 1):
        try:
            if line.strip():
                values.append(read(line.strip()))
        except UnreadableInput as error:
            errors.append(f"Line {number}: {error}")
    if errors:
        more = [f"and {len(errors) - _MAX_ERRORS} more"] if len(errors) > _MAX_ERRORS else []
        raise UnreadableInput("\n".join([*errors[:_MAX_ERRORS], *more]))
    return values


def _split_lines(text: str) -> Iterable[str]:
    return text.replace("\r\n", "\n").split("\n")


def _pairs(value: Mapping[str, Any], kind: ScalarKind) -> Iterable[str]:
    return (f"{_written(name, 'string', ':')}: {_written(item, kind)}" for name, item in value.items())


def _written(value: Any, kind: ScalarKind, stop: str = "") -> str:
    """`value` as it is typed on a line. Text that could be read as something else is in quotes."""
    if kind != "string" or not isinstance(value, str):
        return as_json(value)
    is_plain = value == value.strip() and value and not value.startswith('"') and not set(value) & set("\r\n")
    return value if is_plain and not (stop and stop in value) else json.dumps(value)


def _split(line: str) -> tuple[str, str]:
    """The name and the value of a `name: value` line."""
    name, colon, value = line.partition(":")
    if line.startswith('"'):
        name, end = _quoted(line)
        rest = line[end:].lstrip()
        colon, value = rest[:1], rest[1:]
    if colon != ":":
        raise UnreadableInput("Enter a name, a colon and a value.")
    return name.strip() if not line.startswith('"') else name, value.strip()


def _quoted(line: str) -> tuple[str, int]:
    """The quoted text at the beginning of `line`, and the position of its end."""
    try:
        text, end = json.JSONDecoder().raw_decode(line)
    except json.JSONDecodeError:
        raise UnreadableInput("The quotes are not closed.") from None
    return str(text), end


def _scalar(text: str, kind: ScalarKind) -> Any:
    match kind:
        case "boolean" if text.lower() in _BOOLEANS:
            return _BOOLEANS[text.lower()]
        case "boolean":
            raise UnreadableInput("Enter yes or no.")
        case "integer" | "number":
            if (number := Number(whole=kind == "integer").read({"value": text})) is UNSET:
                raise UnreadableInput("Enter a number.")
            return number
        case "string" if text.startswith('"') and text.endswith('"') and len(text) > 1:
            return _quoted(text)[0]
        case _:
            return text
