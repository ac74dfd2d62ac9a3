"""Working hours, in each person's own time zone."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from signoff.store.working_hours import WorkingHours

MADRID, TOKYO = ZoneInfo("Europe/Madrid"), ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("text", "days", "start", "end"),
    [
        ("Mon-Fri 9:00-17:00", {0, 1, 2, 3, 4}, 540, 1020),
        ("sun - thu 8-16:30", {6, 0, 1, 2, 3}, 480, 990),
        ("Mon,Wed,Sat 10-24", {0, 2, 5}, 600, 1440),
        ("Fri-Mon,Wed 0-1", {4, 5, 6, 0, 2}, 0, 60),
    ],
)
def test_hours_are_written_as_on_a_door(text: str, days: set[int], start: int, end: int) -> None:
    """Days, and from when to when."""
    found = WorkingHours.of(text)
    assert (set(found.days), found.start, found.end) == (days, start, end)


@pytest.mark.parametrize("text", ["", "9-17", "Mon-Fri", "Mon-Fri 17-9", "Mon 9-25", "Mon 9:60-17", "Mon-Fri 9-9"])
def test_hours_that_make_no_sense_are_refused(text: str) -> None:
    """With an example of how to write them."""
    with pytest.raises(ValueError, match="as in 'Mon-Fri 9:00-17:00'"):
        WorkingHours.of(text)


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2031-05-06T12:00", "2031-05-06T12:00"),  # a Tuesday
        ("2031-05-06T09:00", "2031-05-06T09:00"),
        ("2031-05-06T08:59", "2031-05-06T09:00"),
        ("2031-05-06T17:00", "2031-05-07T09:00"),
        ("2031-05-09T17:00", "2031-05-12T09:00"),  # a Friday
        ("2031-05-10T12:00", "2031-05-12T09:00"),
    ],
)
@pytest.mark.parametrize("zone", [MADRID, TOKYO, UTC], ids=str)
def test_the_next_working_moment(local: str, expected: str, zone: ZoneInfo) -> None:
    """At once within the hours, or else when they begin next."""
    moment = datetime.fromisoformat(local).replace(tzinfo=zone)
    found = WorkingHours.of("Mon-Fri 9-17").next_moment(moment, zone)
    assert (found, found.tzinfo) == (datetime.fromisoformat(expected).replace(tzinfo=zone), UTC)


def test_hours_are_those_on_the_clock_also_when_clocks_are_set() -> None:
    """Nine in the morning is an hour earlier in UTC once summer time has begun, and an hour later once it has ended."""
    hours = WorkingHours.of("Mon-Sun 9-17")
    for evening, before, after in (
        (datetime(2031, 3, 29, 20, tzinfo=UTC), 8, 7),
        (datetime(2031, 10, 25, 20, tzinfo=UTC), 7, 8),
    ):
        morning = hours.next_moment(evening, MADRID)
        assert (morning.day - evening.day, morning.hour) == (1, after)
        assert hours.next_moment(evening.replace(hour=1), MADRID).hour == before


def test_hours_that_a_day_does_not_have_are_those_of_the_next() -> None:
    """Clocks are set from two to three at night."""
    night = WorkingHours.of("Mon-Sun 2:00-2:30")
    found = night.next_moment(datetime(2031, 3, 30, 0, 0, tzinfo=UTC), MADRID)
    assert found.astimezone(MADRID).date().isoformat() in ("2031-03-30", "2031-03-31")
    assert night.next_moment(found, MADRID) == found
