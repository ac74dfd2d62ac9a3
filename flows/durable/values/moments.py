"""Texts that have the moment in them at which they were written."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from datetime import time as clock
from typing import Any

_TIME = re.compile(
    r"(?:(?P<date>\d{4}-\d\d-\d\d)[T ])?(?<![\d.:])(?P<time>\d\d:\d\d(?P<seconds>:\d\d(?:[.,]\d{1,9})?)?)(?![\d:])"
    r"(?: ?(?P<zone>Z|UTC|[+-]\d\d:?\d\d)(?!\d))?|(?<![\d.])(?P<epoch>\d{10}(?:\.\d{1,9})?)(?![\d.])"
)
"""A time of day, perhaps with a date before it and a zone behind it; or seconds since 1970."""

_CLOCKS_APART = timedelta(seconds=5)
"""How far the clock that a flow reads may be from the one of the database."""


@dataclass(frozen=True, slots=True)
class Span:
    """The time in which an execution may have read a clock."""

    since: datetime
    until: datetime


def without_times(words: str, span: Span) -> str:
    """The words without the times that lie within a span."""
    return _TIME.sub(lambda found: "⏲" if _is_within(found, span) else found[0], words)


def _is_within(found: re.Match[str], span: Span) -> bool:
    local = datetime.now().astimezone().tzinfo or UTC
    precision = timedelta(seconds=1 if found["seconds"] or found["epoch"] else 60)
    earliest, latest = span.since - _CLOCKS_APART - precision, span.until + _CLOCKS_APART
    return any(earliest <= moment <= latest for moment in _moments(found, span, local))


def _moments(found: re.Match[str], span: Span, local: tzinfo) -> Iterable[datetime]:
    """The moments that a text may mean. Without a zone that is UTC or the zone of this machine."""
    if found["epoch"]:
        yield datetime.fromtimestamp(float(found["epoch"]), UTC)
        return
    named = found["zone"]
    zones: list[Any] = [UTC, local] if named is None else [_zone(named)]
    for zone in zones:
        days = [span.since.astimezone(zone).date(), span.until.astimezone(zone).date()]
        try:
            moment = clock.fromisoformat(found["time"][:8])
            given = [date.fromisoformat(found["date"])] if found["date"] else days
        except ValueError:
            return
        yield from (datetime.combine(day, moment, zone) for day in given)


def _zone(named: str) -> tzinfo:
    return UTC if named in ("Z", "UTC") else datetime.fromisoformat(f"2000-01-01T00:00:00{named}").tzinfo or UTC
