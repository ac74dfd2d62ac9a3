"""Whole and decimal numbers."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Literal

from bot.blocks import PLACEHOLDER_TEXT, Block, plain_text
from bot.forms.element import UNSET, Unreadable
from bot.forms.text import as_json, typed_text
from bot.markup import plain

_WHOLE = re.compile(r"[+-]?[0-9]{1,4000}(?:\.0*)?")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class Number:
    """A number with bounds.

    Attributes:
        whole: Whether it is an integer.
        minimum: The least value that Slack lets through; an exclusive bound of a decimal number is one here,
            and the model refuses the bound itself.
    """

    whole: bool
    minimum: int | float | None = None
    maximum: int | float | None = None
    placeholder: str | None = None

    shown_as: ClassVar[Literal["plain_text", "mrkdwn"]] = "plain_text"

    def draw(self, value: Any) -> Block | None:
        """The input with its bounds."""
        element: Block = {"type": "number_input", "is_decimal_allowed": not self.whole}
        bounds = {"min_value": self.minimum, "max_value": self.maximum, "initial_value": _number(value)}
        element |= {name: _digits(bound) for name, bound in bounds.items() if bound is not None}
        if self.placeholder:
            element["placeholder"] = plain_text(plain(self.placeholder, PLACEHOLDER_TEXT))
        return element

    def read(self, state: Mapping[str, Any]) -> Any:
        """An `int`, or a finite `float`."""
        typed = typed_text(state).strip()
        if not typed:
            return UNSET
        if self.whole:
            if not _WHOLE.fullmatch(typed):
                raise Unreadable("Give a whole number, such as 12.")
            return int(typed.partition(".")[0])
        if not _DECIMAL.fullmatch(typed) or not math.isfinite(number := float(typed)):
            raise Unreadable("Give a number with a point, such as 12.5.")
        return number

    def show(self, value: Any) -> str:
        """The number in digits."""
        if value is UNSET or value is None:
            return ""
        number = _number(value)
        return as_json(value) if number is None else _digits(number)


def _number(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def _digits(number: int | float) -> str:
    """`number` without an exponent, which Slack's input does not take."""
    return str(number) if isinstance(number, int) else f"{Decimal(repr(number)).normalize():f}"
