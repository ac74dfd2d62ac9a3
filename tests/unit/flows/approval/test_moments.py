"""Until when somebody is away, as they type it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from signoff.flows.approval.moments import Unreadable, moment_in

MADRID = ZoneInfo("Europe/Madrid")
WEDNESDAY = datetime(2026, 10, 21, 15, 30, tzinfo=MADRID)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("until Monday", "2026-10-26T00:00:00+01:00"),
        ("until mon", "2026-10-26T00:00:00+01:00"),
        ("until Friday 5pm", "2026-10-23T17:00:00+02:00"),
        ("until friday at 17:30", "2026-10-23T17:30:00+02:00"),
        ("until Friday, 12am", "2026-10-23T00:00:00+02:00"),
        ("until Wednesday", "2026-10-28T00:00:00+01:00"),
        ("until Wednesday 6 pm", "2026-10-21T18:00:00+02:00"),
        ("until Wednesday 9am", "2026-10-28T09:00:00+01:00"),
        ("until tomorrow", "2026-10-22T00:00:00+02:00"),
        ("until tomorrow noon", None),
        ("until today 17:00", "2026-10-21T17:00:00+02:00"),
        ("until 17:00", "2026-10-21T17:00:00+02:00"),
        ("until 5pm", "2026-10-21T17:00:00+02:00"),
        ("UNTIL  2026-12-24", "2026-12-24T00:00:00+01:00"),
        ("until 2026-12-24 09:15", "2026-12-24T09:15:00+01:00"),
        ("for 3 days", "2026-10-24T15:30:00+02:00"),
        ("for 1 week", "2026-10-28T15:30:00+01:00"),
        ("for a day", "2026-10-22T15:30:00+02:00"),
        ("for 2 hours", "2026-10-21T17:30:00+02:00"),
        ("for 96 hours", "2026-10-25T14:30:00+01:00"),
    ],
)
def test_a_moment_is_read_where_the_person_is(typed: str, meant: str | None) -> None:
    """A day without a time is meant from its beginning, and days are those of the calendar when the clocks change."""
    if meant is None:
        with pytest.raises(Unreadable):
            moment_in(typed, WEDNESDAY)
    else:
        assert moment_in(typed, WEDNESDAY).astimezone(UTC) == datetime.fromisoformat(meant)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Say until when, for instance `until Monday`"),
        ("Monday", "Say until when"),
        ("until", "Say until when"),
        ("until 17", "Say until when"),
        ("until the end of days", "Say until when"),
        ("until 2026-02-30", "Say until when"),
        ("until 2026-13-01", "Say until when"),
        ("until m", "Say until when"),
        ("until 2026-10-20", "That is over already."),
        ("until 9am", "That is over already."),
        ("until today", "That is over already."),
        ("for 0 days", "That is over already."),
        ("until 2028-01-01", "That is more than a year away."),
        ("for 999999 weeks", "That is more than a year away."),
        ("until Friday 25:00", "There is no time of day `25:00`."),
        ("until Friday 13pm", "There is no time of day `13 pm`."),
        ("until Friday 7:75", "There is no time of day `7:75`."),
    ],
)
def test_what_cannot_be_meant_is_said(typed: str, told: str) -> None:
    """With what to write instead."""
    with pytest.raises(Unreadable) as raised:
        moment_in(typed, WEDNESDAY)
    assert str(raised.value).startswith(told)
