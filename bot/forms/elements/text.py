"""Text, and JSON typed as text: the way out for what has no element of its own."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from signoff.bot.blockkit.blocks import INPUT_TEXT, Block
from signoff.bot.blockkit.markup import plain
from signoff.bot.forms.elements.element import Element, InvalidInput
from signoff.bot.forms.unset import UNSET


@dataclass(frozen=True, slots=True)
class Text(Element):
    """A string, on one line or on several.

    Attributes:
        min_length: How many characters at least; Slack itself asks for no more than 3000.
        max_length: How many characters at most.
    """

    multiline: bool
    min_length: int = 0
    max_length: int = INPUT_TEXT

    def draw(self, value: Any) -> Block | None:
        """The input; on several lines too where the value has them."""
        typed = self.show(value)
        if len(typed) > INPUT_TEXT:
            return None
        # Slack refuses an initial value outside the bounds; here the person can correct it.
        shortest = min(self.min_length, len(typed) or self.min_length, INPUT_TEXT)
        longest = max(1, min(self.max_length, INPUT_TEXT), len(typed), shortest)
        element: Block = {
            "type": "plain_text_input",
            "multiline": self.multiline or "\n" in typed,
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
        """The text itself."""
        if value is UNSET or value is None:
            return ""
        return value if isinstance(value, str) else as_json(value)


@dataclass(frozen=True, slots=True)
class JsonText(Element):
    """Any JSON value, typed as JSON."""

    @property
    def format_hint(self) -> str:
        """How it is typed."""
        return "as JSON"

    def draw(self, value: Any) -> Block | None:
        """The input, holding the value as indented JSON."""
        typed = "" if value is UNSET or value is None else as_json(value, indent=2)
        return Text(multiline=True).draw(typed)

    def read(self, state: Mapping[str, Any]) -> Any:
        """The value; errors name the line and the column."""
        typed = typed_text(state)
        if not typed.strip():
            return UNSET
        try:
            return json.loads(typed, parse_constant=_refuse_constant, parse_float=_finite)
        except json.JSONDecodeError as error:
            where = f"line {error.lineno}, column {error.colno}"
            raise InvalidInput(f"This is not JSON: {error.msg} at {where}.") from None
        except (RecursionError, ValueError):
            raise InvalidInput("This JSON is nested too deeply or holds a number that is too long.") from None

    def show(self, value: Any) -> str:
        """A text as it is, everything else as JSON."""
        if value is UNSET or value is None:
            return ""
        return value if isinstance(value, str) else as_json(value)


def typed_text(state: Mapping[str, Any]) -> str:
    """What Slack reports of a text or number input.

    Raises:
        InvalidInput: It holds half of a character.
    """
    typed = state.get("value")
    text = typed if isinstance(typed, str) else ""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise InvalidInput("This holds half of a character; please type it again.") from None
    return text


def as_json(value: Any, indent: int | None = None) -> str:
    """`value` as JSON that people read."""
    return json.dumps(value, indent=indent, ensure_ascii=False)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise InvalidInput(f"The number {plain(digits, 40)} is too large.")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is no JSON number", "", 0)
