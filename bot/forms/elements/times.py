"""Pickers for dates, times of day, and points in time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar, Literal

from signoff.bot.blockkit.blocks import Block
from signoff.bot.blockkit.markup import at, day_in_words, escape
from signoff.bot.forms.elements.element import Element, UnreadableInput
from signoff.bot.forms.elements.text import as_json
from signoff.bot.forms.unset import UNSET

_ANY_DAY = date(2001, 1, 1)


@dataclass(frozen=True, slots=True)
class DatePicker(Element):
    """A calendar day, such as `2026-05-01`."""

    def draw(self, value: Any) -> Block | None:
        """A date picker."""
        element: Block = {"type": "datepicker"}
        if (day := _day(value)) is not None:
            element["initial_date"] = day.isoformat()
        return element

    def read(self, state: Mapping[str, Any]) -> Any:
        """The day in ISO 8601."""
        picked = state.get("selected_date")
        if not picked:
            return UNSET
        day = _day(picked)
        if day is None:
            raise UnreadableInput("Enter a date, such as 2026-05-01.")
        return day.isoformat()

    def show(self, value: Any) -> str:
        """The day, in the form in which Slack shows points in time."""
        day = _day(value)
        return _as_given(value) if day is None else day_in_words(day)


@dataclass(frozen=True, slots=True)
class DateTimePicker(Element):
    """A point in time in UTC, in ISO 8601. People pick and read it in their own time zone.

    Attributes:
        naive: Whether the value is written without a zone. It is in UTC all the same.
    """

    naive: bool = False

    text_type: ClassVar[Literal["plain_text", "mrkdwn"]] = "mrkdwn"

    def draw(self, value: Any) -> Block | None:
        """A date and time picker, which can hold moments from 2001 to 2286."""
        moment = _moment(value)
        if moment is None:
            return {"type": "datetimepicker"}
        return {"type": "datetimepicker", "initial_date_time": int(moment.timestamp())} if _fits(moment) else None

    def read(self, state: Mapping[str, Any]) -> Any:
        """The moment in UTC, to the second."""
        picked = state.get("selected_date_time")
        if picked is None:
            return UNSET
        try:
            written = datetime.fromtimestamp(int(picked), UTC).isoformat()
            return written.removesuffix("+00:00") if self.naive else written.replace("+00:00", "Z")
        except (TypeError, ValueError, OverflowError, OSError):
            raise UnreadableInput("Enter a date and a time.") from None

    def show(self, value: Any) -> str:
        """The moment as mrkdwn that Slack shows in the reader's time zone."""
        moment = _moment(value)
        return at(moment) if moment is not None and _fits(moment) else escape(_as_given(value))


@dataclass(frozen=True, slots=True)
class TimePicker(Element):
    """A time of day, such as `14:30:00`.

    Attributes:
        zoned: Whether the value has a zone. It is then picked in UTC, because the offset of other zones depends on
            the day.
    """

    zoned: bool = False

    @property
    def format_hint(self) -> str | None:
        """The zone in which it is picked, if the value has one."""
        return "in UTC" if self.zoned else None

    def draw(self, value: Any) -> Block | None:
        """A time picker. One without a zone cannot show a value that has one."""
        element: Block = {"type": "timepicker"} | ({"timezone": "UTC"} if self.zoned else {})
        moment = _time(value)
        if moment is None:
            return element
        if moment.tzinfo and not self.zoned:
            return None
        return element | {"initial_time": f"{_in_utc(moment):%H:%M}"}

    def read(self, state: Mapping[str, Any]) -> Any:
        """The time in ISO 8601, to the minute."""
        picked = state.get("selected_time")
        if not picked:
            return UNSET
        moment = _time(picked)
        if moment is None:
            raise UnreadableInput("Enter a time of day, such as 14:30.")
        return moment.isoformat() + ("Z" if self.zoned else "")

    def show(self, value: Any) -> str:
        """The time with its zone, and without seconds if they are zero."""
        moment = _time(value)
        if moment is None:
            return _as_given(value)
        shown = moment.replace(tzinfo=None).isoformat().removesuffix(":00")
        zone = f"{moment:%z}"
        return f"{shown} {'UTC' if zone == '+0000' else f'UTC{zone[:3]}:{zone[3:]}'}" if zone else shown


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _moment(value: Any) -> datetime | None:
    """The moment in `value`. Without an offset it is taken as UTC."""
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _fits(moment: datetime) -> bool:
    """Whether the timestamp has the ten digits that Slack requires."""
    return 10**9 <= moment.timestamp() < 10**10


def _time(value: Any) -> time | None:
    try:
        return time.fromisoformat(value)
    except (TypeError, ValueError):
        return None


def _in_utc(moment: time) -> time:
    """`moment` in UTC, if its offset is fixed. That of a zone with daylight saving time is not, so it stays."""
    return datetime.combine(_ANY_DAY, moment).astimezone(UTC).time() if moment.utcoffset() is not None else moment


def _as_given(value: Any) -> str:
    if value is UNSET or value is None:
        return ""
    return value if isinstance(value, str) else as_json(value)
