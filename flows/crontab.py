"""The ticks of a cron expression, computed with APScheduler."""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

FIELDS: Mapping[str, str] = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day": "1 to 31",
    "month": "1 to 12 or jan to dec",
    "day_of_week": "0 to 7 or sun to sat",
}
"""The fields of an expression in their order, and the values that each takes."""

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_ONE = rf"[0-7]|{'|'.join(_WEEKDAYS)}"
_WEEKDAY_PART = re.compile(rf"(?:\*|(?P<first>{_ONE})(?:-(?P<last>{_ONE}))?)(?:/(?P<step>[1-9]))?")
_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_LONGEST_SHIFT = timedelta(hours=3)


class Crontab:
    """A cron expression of five fields in a time zone, with the meaning that it has in crontab(5).

    Ticks follow the local time of that zone. A tick in the hour that is skipped in spring comes an hour later by the
    clock; a tick in the hour that is repeated in autumn comes twice.

    Raises:
        ValueError: If the expression is invalid. The message names the field and the values that it takes.
    """

    def __init__(self, expression: str, timezone: str) -> None:
        fields = expression.split()
        if len(fields) != len(FIELDS):
            raise ValueError(f"{expression!r} does not have the five fields minute, hour, day, month and weekday")
        self._zone = _zone(timezone)
        given = {name: _checked(name, field, expression) for name, field in zip(FIELDS, fields, strict=True)}
        # APScheduler computes in UTC here, because it is wrong when the clocks change in between. In Berlin it skips
        # the first of April: by its reckoning, a month after midnight on the first of March is one o'clock.
        self._triggers = [CronTrigger(**each, timezone=UTC) for each in _alternatives(given)]
        try:
            self.after(datetime.now(UTC))
        except ValueError:
            raise ValueError(f"{expression!r} names a day that never comes") from None

    def after(self, moment: datetime) -> datetime:
        """The first tick after a moment, in UTC."""
        found: datetime | None = None
        until: datetime | None = None
        for tick in self._local_ticks(moment + min(self._offsets(moment))):
            if until is not None and tick > until:
                break
            for each in self._moments(tick):
                if each > moment:
                    found = each if found is None else min(found, each)
            if found is not None and len(set(self._offsets(found))) == 1:
                break
            if found is not None and until is None:
                # The clocks change about now, so a tick with a later local time may be the earlier moment.
                until = tick + _LONGEST_SHIFT
        assert found is not None  # noqa: S101 - there is no last tick
        return found

    def _local_ticks(self, after: datetime) -> Iterator[datetime]:
        """The ticks in local time, written as if they were in UTC."""
        while True:
            ticks = (trigger.get_next_fire_time(None, after + _INSTANT) for trigger in self._triggers)
            after = min(tick for tick in ticks if tick is not None)
            yield after

    def _moments(self, tick: datetime) -> set[datetime]:
        """The moments, in UTC, of a local time: two for a repeated one, and one for a skipped one, too."""
        shown = [tick.replace(tzinfo=self._zone, fold=fold) for fold in (0, 1)]
        moments = [each.astimezone(UTC) for each in shown]
        # In the skipped hour, `fold=1` gives the earlier moment, which shows a local time before that hour.
        return {moments[0]} if moments[1] < moments[0] else set(moments)

    def _offsets(self, moment: datetime) -> list[timedelta]:
        """The UTC offsets of the zone a day before a moment, at the moment, and a day after it."""
        return [
            (moment + days).astimezone(self._zone).utcoffset() or timedelta(0) for days in (-_DAY, timedelta(0), _DAY)
        ]

    def newest(self, first: datetime, last: datetime, *, most: int) -> list[datetime]:
        """The last ticks, `most` at most, from the tick `first` up to the moment `last`, oldest first."""
        # Searched from the end in growing spans, since there may be years of ticks between the two.
        span = timedelta(minutes=most)
        while last - span > first:
            found = list(self._between(last - span, last))
            if len(found) >= most:
                return found[-most:]
            span *= 2
        return [first, *self._between(first, last)][-most:]

    def _between(self, start: datetime, last: datetime) -> Iterator[datetime]:
        tick = self.after(start)
        while tick <= last:
            yield tick
            tick = self.after(tick)


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is not a time zone; use a name such as Europe/Berlin") from None


def _checked(name: str, field: str, expression: str) -> str:
    """A field in the syntax of APScheduler, validated."""
    try:
        understood = _weekdays(field.lower()) if name == "day_of_week" else field
        CronTrigger(**{name: understood}, timezone=UTC)
    except ValueError:
        called = name.replace("_", " ")
        takes = f"{FIELDS[name]}, as in 1, 1-5, 1,3 or */2"
        raise ValueError(f"{field!r} is not a valid {called} in {expression!r}; use {takes}") from None
    return understood


def _weekdays(field: str) -> str:
    """Weekdays by name, because APScheduler counts them from Monday and a crontab from Sunday."""
    if field == "*":
        return field
    named: list[str] = []
    for part in field.split(","):
        found = _WEEKDAY_PART.fullmatch(part)
        if found is None:
            raise ValueError(part)
        named += _weekdays_of(found["first"], found["last"], found["step"])
    return ",".join(dict.fromkeys(named))


def _weekdays_of(first: str | None, last: str | None, step: str | None) -> list[str]:
    start = _number(first or "sun")
    end = _number(last) if last else start if first and not step else 6
    if end < start:
        # A range across the weekend, such as fri-mon.
        end += 7
    return [_WEEKDAYS[day % 7] for day in range(start, end + 1, int(step or 1))]


def _number(weekday: str) -> int:
    return _WEEKDAYS.index(weekday) if weekday in _WEEKDAYS else int(weekday)


def _alternatives(fields: Mapping[str, str]) -> list[dict[str, str]]:
    """A crontab with both a day of the month and a weekday means either of them; APScheduler would require both."""
    days = ("day", "day_of_week")
    if any(fields[name].startswith("*") for name in days):
        return [dict(fields)]
    return [{**fields, name: "*"} for name in days]
