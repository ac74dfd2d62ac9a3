"""Reads until when somebody is away, as people type it: `until Friday 5pm`, `for 3 days`."""

import re
from datetime import UTC, date, datetime, time, timedelta

FORMS = "`until Monday`, `until Friday 5pm`, `until tomorrow`, `until 2026-12-24`, `until 17:00` or `for 3 days`"
"""The forms that can be read, for a message."""

MAX_DAYS = 366
"""How far ahead it may be."""

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_UNITS = {"minute": 1, "hour": 60, "day": 60 * 24, "week": 60 * 24 * 7}
_FOR = re.compile(r"for\s+(?P<number>[0-9]{1,6}|an?)\s+(?P<unit>minute|hour|day|week)s?")
_TIME = r"(?P<hour>[0-9]{1,2})(?::(?P<minute>[0-9]{2}))?\s*(?P<half>am|pm)?"
_CLOCK = re.compile(rf"(?:at\s+)?{_TIME}")
_UNTIL = re.compile(rf"until\s+(?P<day>[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}|[a-z]+)(?:,?\s+(?:at\s+)?(?P<clock>{_TIME}))?")


class Unreadable(ValueError):
    """It is no moment in the year to come. The message says why, as a sentence of mrkdwn."""


def moment_in(text: str, now: datetime) -> datetime:
    """The moment that a text names.

    Args:
        text: Such as `until Friday 5pm`. A day without a time is meant from its beginning: whoever is away until Monday
            is back on Monday.
        now: The time where the person is, with their time zone.

    Raises:
        Unreadable: If it cannot be read, is over, or is more than a year away.
    """
    words = " ".join(text.lower().split())
    moment = _after(words, now) or _until(words, now)
    if moment is None:
        raise Unreadable(f"Say until when, for instance {FORMS}.")
    if moment <= now:
        raise Unreadable("That is over already. Say until when in the future.")
    if moment > now + timedelta(days=MAX_DAYS):
        raise Unreadable("That is more than a year away. Name an earlier day.")
    return moment


def _after(words: str, now: datetime) -> datetime | None:
    found = _FOR.fullmatch(words)
    if found is None:
        return None
    number = int(found["number"]) if found["number"].isdigit() else 1
    minutes = number * _UNITS[found["unit"]]
    if minutes > MAX_DAYS * _UNITS["day"]:
        raise Unreadable("That is more than a year away. Name an earlier day.")
    # Days are those of the calendar: three days later it is the same time, also if the clocks have changed.
    if found["unit"] in ("day", "week"):
        return now + timedelta(minutes=minutes)
    return (now.astimezone(UTC) + timedelta(minutes=minutes)).astimezone(now.tzinfo)


def _until(words: str, now: datetime) -> datetime | None:
    if (found := _CLOCK.fullmatch(words.removeprefix("until").strip())) and words.startswith("until "):
        return _at(now.date(), _clock(found), now) if found["minute"] or found["half"] else None
    found = _UNTIL.fullmatch(words)
    if found is None:
        return None
    clock = _clock(found) if found["clock"] else time()
    day = _day(found["day"], clock, now)
    return None if day is None else _at(day, clock, now)


def _day(word: str, clock: time, now: datetime) -> date | None:
    today = now.date()
    if word in ("today", "tomorrow"):
        return today + timedelta(days=word == "tomorrow")
    matching = [number for number, name in enumerate(_DAYS) if name.startswith(word) and len(word) >= 3]
    if matching:
        ahead = (matching[0] - today.weekday()) % 7
        is_over = ahead == 0 and _at(today, clock, now) <= now
        return today + timedelta(days=7 if is_over else ahead)
    try:
        return date.fromisoformat(word)
    except ValueError:
        return None


def _clock(found: re.Match[str]) -> time:
    hour, minute = int(found["hour"]), int(found["minute"] or 0)
    if found["half"] and not 1 <= hour <= 12:
        raise Unreadable(f"There is no time of day `{hour} {found['half']}`. Write `5pm` or `17:00`.")
    if found["half"]:
        hour = hour % 12 + (12 if found["half"] == "pm" else 0)
    try:
        return time(hour, minute)
    except ValueError:
        raise Unreadable(f"There is no time of day `{hour}:{minute:02}`. Write `5pm` or `17:00`.") from None


def _at(day: date, clock: time, now: datetime) -> datetime:
    return datetime.combine(day, clock, tzinfo=now.tzinfo)
