"""Input for whole and decimal numbers."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from signoff.bot.blockkit.blocks import Block
from signoff.bot.forms.elements.element import Element, UnreadableInput
from signoff.bot.forms.elements.text import as_json, typed_text
from signoff.bot.forms.unset import UNSET

_WHOLE = re.compile(r"[+-]?[0-9]{1,4000}(?:\.0*)?")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")

_MAX_DIGITS = 400
"""More than a `float` has before its point. Written out, a number such as `1e9999` would not fit into the input."""


_Number = int | float | Decimal


@dataclass(frozen=True, slots=True)
class Number(Element):
    """A number with bounds.

    Attributes:
        whole: Whether it is an integer.
        minimum: The smallest value that Slack accepts. For an exclusive bound of a decimal number it is the bound
            itself, which the model rejects.
        exact: Whether the JSON value is a string of digits, as for a `Decimal`.
    """

    whole: bool
    minimum: int | float | None = None
    maximum: int | float | None = None
    exact: bool = False

    def draw(self, value: Any) -> Block | None:
        """The input with its bounds."""
        element: Block = {"type": "number_input", "is_decimal_allowed": not self.whole}
        least: _Number | None = self.minimum
        most: _Number | None = self.maximum
        number = _number(value)
        if number is not None and not (self.whole and number != int(number)):
            # Slack rejects an initial value outside the bounds. Widen them, so that the person can correct it.
            least = None if least is None else min(least, number)
            most = None if most is None else max(most, number)
            element["initial_value"] = _digits(number)
        if least is not None:
            element["min_value"] = _digits(least)
        if most is not None and (least is None or least <= most):
            element["max_value"] = _digits(most)
        return element

    def read(self, state: Mapping[str, Any]) -> Any:
        """An `int`, a finite `float`, or the digits as they were typed."""
        typed = typed_text(state).strip()
        if not typed:
            return UNSET
        if self.whole:
            if not _WHOLE.fullmatch(typed):
                raise UnreadableInput("Enter a whole number, such as 12.")
            return int(typed.partition(".")[0])
        if not _DECIMAL.fullmatch(typed) or not math.isfinite(number := float(typed)):
            raise UnreadableInput("Enter a number with a decimal point, such as 12.5.")
        return typed if self.exact else number

    def show(self, value: Any) -> str:
        """The number in digits."""
        if value is UNSET or value is None:
            return ""
        if isinstance(value, str):
            return value
        number = _number(value)
        return as_json(value) if number is None else _digits(number)


def _number(value: Any) -> _Number | None:
    if isinstance(value, str):
        number = Decimal(value) if _DECIMAL.fullmatch(value) else None
        return None if number is None or abs(number.adjusted()) > _MAX_DIGITS else number
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # `isfinite` would make a `float` of an `int`, which may be too large for one.
    is_shown = abs(value) < 10**_MAX_DIGITS if isinstance(value, int) else math.isfinite(value)
    return value if is_shown else None


def _digits(number: _Number) -> str:
    """`number` without an exponent, which Slack's input does not accept."""
    if isinstance(number, Decimal):
        return f"{number:f}"
    return str(number) if isinstance(number, int) else f"{Decimal(repr(number)).normalize():f}"
