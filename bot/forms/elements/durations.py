"""Input for durations, in the notation that people use."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from pydantic import TypeAdapter, ValidationError

from signoff.bot.blockkit.blocks import Block
from signoff.bot.forms.elements.element import Element, UnreadableInput
from signoff.bot.forms.elements.text import Text, typed_text
from signoff.bot.forms.unset import UNSET

_MICROSECONDS = {"d": 86_400_000_000, "h": 3_600_000_000, "m": 60_000_000, "s": 1_000_000}
_UNITS = {
    **dict.fromkeys(["w", "week", "weeks"], 7 * _MICROSECONDS["d"]),
    **dict.fromkeys(["d", "day", "days"], _MICROSECONDS["d"]),
    **dict.fromkeys(["h", "hour", "hours"], _MICROSECONDS["h"]),
    **dict.fromkeys(["m", "min", "minute", "minutes"], _MICROSECONDS["m"]),
    **dict.fromkeys(["s", "sec", "second", "seconds"], _MICROSECONDS["s"]),
}
_PART = re.compile(r"\s*([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*([a-z]+)\s*,?")
_ISO = TypeAdapter(timedelta)
_ASK = "Enter a duration with units, such as 90m, 2h30m, 3d or PT1H30M."


@dataclass(frozen=True, slots=True)
class Duration(Element):
    """A length of time. Its JSON value is in ISO 8601, as pydantic writes it."""

    @property
    def format_hint(self) -> str:
        """Examples."""
        return "such as 90m, 2h30m or 3d"

    def draw(self, value: Any) -> Block | None:
        """A text input with the duration in units, such as `2h30m`."""
        return Text(multiline=False).draw(self.show(value))

    def read(self, state: Mapping[str, Any]) -> Any:
        """The duration, typed as `90m`, `2h30m`, `1 day 4 hours` or in ISO 8601."""
        typed = typed_text(state).strip()
        if not typed:
            return UNSET
        duration = _iso(typed.upper()) if typed.lstrip("+-")[:1] in ("P", "p") else _worded(typed.lower())
        if duration is None:
            raise UnreadableInput(_ASK)
        return _ISO.dump_python(duration, mode="json")

    def show(self, value: Any) -> str:
        """The duration in units, such as `2h30m`."""
        duration = _iso(value) if isinstance(value, str | int | float) else None
        return Text(multiline=False).show(value) if duration is None else _in_units(duration)


def _iso(value: Any) -> timedelta | None:
    try:
        return _ISO.validate_python(value)
    except (ValidationError, OverflowError):
        return None


def _worded(typed: str) -> timedelta | None:
    sign = -1 if typed.startswith("-") else 1
    rest = typed.lstrip("+-")
    total = Decimal(0)
    while rest:
        part = _PART.match(rest)
        if part is None or part[2] not in _UNITS:
            return None
        total += Decimal(part[1]) * _UNITS[part[2]]
        rest = rest[part.end() :].lstrip()
    try:
        return timedelta(microseconds=sign * int(total))
    except OverflowError:
        return None


def _in_units(duration: timedelta) -> str:
    left = abs(duration) // timedelta(microseconds=1)
    shown = "-" if duration < timedelta(0) else ""
    for unit in ("d", "h", "m"):
        number, left = divmod(left, _MICROSECONDS[unit])
        shown += f"{number}{unit}" if number else ""
    if left or not shown.strip("-"):
        shown += f"{Decimal(left) / _MICROSECONDS['s']:f}s"
    return shown
