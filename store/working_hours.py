"""Working hours: on which days of the week, and from when to when, in each person's own time zone."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Self

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = "|".join(_DAYS)
_HOURS = re.compile(
    rf"(?P<days>(?:{_DAY})(?:-(?:{_DAY}))?(?:,(?:{_DAY})(?:-(?:{_DAY}))?)*)"
    r" (?P<start>[0-9]{1,2}(?::[0-9]{2})?)-(?P<end>[0-9]{1,2}(?::[0-9]{2})?)"
)
_MIDNIGHT = 24 * 60


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """The hours of a week in which people work, such as `Mon-Fri 9:00-17:00`.

    Attributes:
        text: As somebody wrote it.
        days: The days of the week; Monday is 0.
        start: When work begins on each of them, in minutes after midnight.
        end: When it ends; up to 1440.
    """

    text: str
    days: frozenset[int]
    start: int
    end: int

    @classmethod
    @lru_cache
    def of(cls, text: str) -> Self:
        """Working hours as somebody wrote them.

        Raises:
            ValueError: If they make no sense.
        """
        wanted = "write days and hours, as in 'Mon-Fri 9:00-17:00' or 'Mon,Wed,Sat 10-14'"
        found = _HOURS.fullmatch(re.sub(r"\s*([-,])\s*", r"\1", " ".join(text.lower().split())))
        if found is None:
            raise ValueError(wanted)
        start, end = _minutes(found["start"]), _minutes(found["end"])
        if start is None or end is None or start >= end:
            raise ValueError(f"{wanted}; the end comes after the start, and 24:00 is the latest")
        return cls(text, frozenset(_days(found["days"])), start, end)

    def next_moment(self, moment: datetime, zone: tzinfo) -> datetime:
        """`moment` if somebody in this time zone works then, or else the start of their next working hours, in UTC."""
        today = moment.astimezone(zone).date()
        # A week, and one more: where clocks are set forward, the hours of a day may not exist.
        for ahead in range(15):
            day = today + timedelta(days=ahead)
            if day.weekday() in self.days and moment < _at(day, self.end, zone):
                return max(moment.astimezone(UTC), _at(day, self.start, zone))
        raise AssertionError("a week has a working day")


def _days(text: str) -> list[int]:
    days = []
    for part in text.split(","):
        first, _, last = part.partition("-")
        start = _DAYS.index(first)
        length = (_DAYS.index(last) - start) % 7 if last else 0
        days += [(start + each) % 7 for each in range(length + 1)]
    return days


def _minutes(text: str) -> int | None:
    hours, _, minutes = text.partition(":")
    found = int(hours) * 60 + int(minutes or 0)
    return found if found <= _MIDNIGHT and int(minutes or 0) < 60 else None


def _at(day: date, minutes: int, zone: tzinfo) -> datetime:
    """A time of day in UTC. Where clocks are set, it is what people there read off them."""
    if minutes == _MIDNIGHT:
        day, minutes = day + timedelta(days=1), 0
    return datetime.combine(day, time(minutes // 60, minutes % 60), zone).astimezone(UTC)
