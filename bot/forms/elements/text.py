"""Inputs for text, and for JSON typed as text, which any other value can be asked for as."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from signoff.bot.blockkit.blocks import INPUT_TEXT, Block
from signoff.bot.blockkit.markup import plain
from signoff.bot.forms.elements.element import Element, UnreadableInput
from signoff.bot.forms.unset import UNSET

_ONE_LINE = 50
"""How many characters of a text can be seen in an input of one line. Slack scrolls in it, and shows its beginning."""


@dataclass(frozen=True, slots=True)
class Text(Element):
    """A string, on one line or on several.

    Attributes:
        min_length: The minimum length. Slack enforces at most 3000.
        max_length: The maximum length.
    """

    multiline: bool
    min_length: int = 0
    max_length: int = INPUT_TEXT

    def draw(self, value: Any) -> Block | None:
        """The input. It has several lines if the value has them, or could not be read in one."""
        typed = self.show(value)
        if len(typed) > INPUT_TEXT:
            return None
        # Slack rejects an initial value outside the bounds. Widen them, so that the person can correct it.
        shortest = min(self.min_length, len(typed) or self.min_length, INPUT_TEXT)
        longest = max(1, min(self.max_length, INPUT_TEXT), len(typed), shortest)
        element: Block = {
            "type": "plain_text_input",
            "multiline": self.multiline or "\n" in typed or len(typed) > _ONE_LINE,
            "max_length": longest,
        }
        if shortest:
            element["min_length"] = shortest
        if typed:
            element["initial_value"] = typed
        return element

    def read(self, state: Mapping[str, Any]) -> Any:
        """The text as it was typed."""
        return typed_text(state) or UNSET

    def show(self, value: Any) -> str:
        """The text."""
        if value is UNSET or value is None:
            return ""
        return value if isinstance(value, str) else as_json(value)


@dataclass(frozen=True, slots=True)
class JsonText(Element):
    """Any JSON value, typed as JSON."""

    @property
    def format_hint(self) -> str:
        """How to enter it."""
        return "as JSON"

    def draw(self, value: Any) -> Block | None:
        """The input, with the value as indented JSON."""
        typed = "" if value is UNSET or value is None else as_json(value, indent=2)
        return Text(multiline=True).draw(typed)

    def read(self, state: Mapping[str, Any]) -> Any:
        """The value. Errors name the line and the column."""
        typed = typed_text(state)
        if not typed.strip():
            return UNSET
        try:
            return json.loads(typed, parse_constant=_refuse_constant, parse_float=_finite)
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise UnreadableInput(f"This is not valid JSON: {error.msg} at {where}.") from None
        except (RecursionError, ValueError):
            raise UnreadableInput("This JSON is nested too deeply, or contains a number that is too long.") from None

    def show(self, value: Any) -> str:
        """Text as it is, and anything else as JSON."""
        if value is UNSET or value is None:
            return ""
        return value if isinstance(value, str) else as_json(value)


def typed_text(state: Mapping[str, Any]) -> str:
    """What was typed into a text or number input.

    Raises:
        UnreadableInput: If it contains half of a surrogate pair.
    """
    typed = state.get("value")
    text = typed if isinstance(typed, str) else ""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UnreadableInput("This text contains an invalid character. Type it again.") from None
    return text


def as_json(value: Any, indent: int | None = None) -> str:
    """`value` as readable JSON."""
    return json.dumps(value, indent=indent, ensure_ascii=False)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise UnreadableInput(f"The number {plain(digits, 40)} is too large.")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is not a JSON number", "", 0)
