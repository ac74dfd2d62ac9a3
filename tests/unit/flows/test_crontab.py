"""Cron expressions mean what crontab(5) says, by the clock of their zone."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff import InvalidFlow, flow
from signoff.flows.crontab import Crontab
from signoff.schedules import Cron

BERLIN = "Europe/Berlin"
MARCH = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def between(crontab: Crontab, first: datetime, end: datetime) -> Iterator[datetime]:
    """The ticks from a moment on, up to another that no longer counts."""
    tick = crontab.after(first - timedelta(microseconds=1))
    while tick < end:
        yield tick
        tick = crontab.after(tick)


def days(expression: str) -> list[int]:
    """The days of March 2026 with a tick. The month begins on a Sunday."""
    return [tick.day for tick in between(Crontab(expression, "UTC"), MARCH, MARCH + 31 * DAY)]


def on(day: date, expression: str) -> list[str]:
    """The ticks of a day in Berlin, by the clocks there and by UTC."""
    start = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(BERLIN)).astimezone(UTC)
    next_day = day + DAY
    end = datetime(next_day.year, next_day.month, next_day.day, tzinfo=ZoneInfo(BERLIN)).astimezone(UTC)
    ticks = between(Crontab(expression, BERLIN), start, end)
    return [f"{tick.astimezone(ZoneInfo(BERLIN)):%H:%M} {tick:%H:%M}" for tick in ticks]


@pytest.mark.parametrize(
    ("weekdays", "expected"),
    [
        ("0", [1, 8, 15, 22, 29]),
        ("7", [1, 8, 15, 22, 29]),
        ("1", [2, 9, 16, 23, 30]),
        ("sat,SUN", [1, 7, 8, 14, 15, 21, 22, 28, 29]),
        ("mon-wed", [2, 3, 4, 9, 10, 11, 16, 17, 18, 23, 24, 25, 30, 31]),
        ("6-7", [1, 7, 8, 14, 15, 21, 22, 28, 29]),
        ("fri-mon/3", [2, 6, 9, 13, 16, 20, 23, 27, 30]),
        ("4/2", [5, 7, 12, 14, 19, 21, 26, 28]),
        ("*/3", [1, 4, 7, 8, 11, 14, 15, 18, 21, 22, 25, 28, 29]),
    ],
)
def test_weekdays_count_from_sunday(weekdays: str, expected: list[int]) -> None:
    """As in a crontab, and not from Monday as APScheduler counts them."""
    assert days(f"0 9 * * {weekdays}") == expected


def test_a_day_of_the_month_and_a_weekday_mean_either() -> None:
    """As in a crontab. If one of the fields begins with a star, both have to match."""
    assert days("0 9 13,20 * tue") == [3, 10, 13, 17, 20, 24, 31]
    assert days("0 9 */10 * tue") == [31]


def test_a_tick_goes_by_the_clock_of_its_zone() -> None:
    """In summer an hour earlier by UTC."""
    assert on(date(2026, 3, 28), "0 9 * * *") == ["09:00 08:00"]
    assert on(date(2026, 3, 29), "0 9 * * *") == ["09:00 07:00"]


def test_a_tick_in_the_hour_that_spring_leaves_out_comes_an_hour_later() -> None:
    """None is lost, and none comes twice."""
    assert on(date(2026, 3, 29), "30 2 * * *") == ["03:30 01:30"]
    assert on(date(2026, 3, 29), "0 2,3 * * *") == ["03:00 01:00"]
    assert on(date(2026, 3, 29), "*/30 1-3 * * *") == ["01:00 00:00", "01:30 00:30", "03:00 01:00", "03:30 01:30"]


def test_a_tick_in_the_hour_that_autumn_has_twice_comes_twice() -> None:
    """And one an hour comes every hour."""
    assert on(date(2026, 10, 25), "30 2 * * *") == ["02:30 00:30", "02:30 01:30"]
    assert on(date(2026, 10, 25), "0 1-3 * * *") == ["01:00 23:00", "02:00 00:00", "02:00 01:00", "03:00 02:00"]


def test_no_month_is_left_out_for_the_setting_of_a_clock() -> None:
    """Midnight after a month in which the clock was set is midnight."""
    crontab, tick = Crontab("0 0 1 * *", BERLIN), datetime(2026, 1, 15, tzinfo=UTC)
    months = []
    for _ in range(12):
        tick = crontab.after(tick)
        months.append(f"{tick.astimezone(ZoneInfo(BERLIN)):%m-%d %H:%M}")
    assert months == [f"{month:02}-01 00:00" for month in (*range(2, 13), 1)]


def test_every_tick_of_the_hour_that_spring_leaves_out_comes() -> None:
    """An hour later by the clock, whoever asks in the middle of it."""
    assert on(date(2026, 3, 29), "*/20 2 * * *") == ["03:00 01:00", "03:20 01:20", "03:40 01:40"]
    asked = datetime(2026, 3, 29, 1, 10, tzinfo=UTC)
    assert Crontab("*/20 2 * * *", BERLIN).after(asked) == datetime(2026, 3, 29, 1, 20, tzinfo=UTC)


@given(
    st.sampled_from(["* * * * *", "*/7 * * * *", "30 2 * * *", "0 0 1 * *", "5 3 * 2 *", "0 12 29 2 *", "0 0 1 * sun"]),
    st.sampled_from(["UTC", BERLIN, "Australia/Lord_Howe", "America/St_Johns"]),
    st.timedeltas(timedelta(0), 2000 * DAY),
    st.integers(1, 20),
)
def test_going_on_from_tick_to_tick_misses_none(expression: str, zone: str, after: timedelta, number: int) -> None:
    """Each one is later than the one before, and searching backwards finds the same ticks."""
    crontab, start = Crontab(expression, zone), MARCH + after
    ticks = [crontab.after(start)]
    for _ in range(number):
        ticks.append(crontab.after(ticks[-1]))
    assert ticks == sorted(set(ticks))
    assert all(tick > start for tick in ticks)
    assert crontab.newest(ticks[0], ticks[-1] + timedelta(seconds=1), most=number + 1) == ticks
    assert crontab.newest(ticks[0], ticks[-1], most=2) == ticks[-2:]


def test_the_newest_ticks_of_many_years_are_found_at_once() -> None:
    """A clock that was wrong by decades costs no more than one that was not."""
    last = datetime(2026, 12, 31, tzinfo=UTC)
    found = Crontab("* * * * *", "UTC").newest(datetime(1970, 1, 1, tzinfo=UTC), last, most=3)
    assert found == [last - timedelta(minutes=2), last - timedelta(minutes=1), last]


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        (Cron("61 9 * * *"), "'61' is not a valid minute in '61 9 * * *'; use 0 to 59, as in 1, 1-5, 1,3 or */2"),
        (Cron("0 9-5 * * *"), "'9-5' is not a valid hour in '0 9-5 * * *'; use 0 to 23, as in 1, 1-5, 1,3 or */2"),
        (Cron("0 9 0 * *"), "'0' is not a valid day in '0 9 0 * *'; use 1 to 31, as in 1, 1-5, 1,3 or */2"),
        (
            Cron("0 9 * mai *"),
            "'mai' is not a valid month in '0 9 * mai *'; use 1 to 12 or jan to dec, as in 1, 1-5, 1,3 or */2",
        ),
        (
            Cron("0 9 * * mon-8"),
            "'mon-8' is not a valid day of week in '0 9 * * mon-8'; use 0 to 7 or sun to sat, as in 1, 1-5, 1,3 or */2",
        ),
        (Cron("@daily"), "'@daily' does not have the five fields minute, hour, day, month and weekday"),
        (Cron("0 9 30 2 *"), "'0 9 30 2 *' names a day that never comes"),
        (Cron("0 9 * * *", timezone="Berlin"), "'Berlin' is not a time zone; use a name such as Europe/Berlin"),
        (
            Cron("0 9 * * *", catch_up="some"),  # type: ignore[arg-type]
            "'some' is not a valid catch_up; use 'none', 'last' or 'all'",
        ),
    ],
)
def test_a_bad_schedule_is_refused_when_the_flow_is_made(schedule: Cron, problem: str) -> None:
    """In one sentence that names the flow, what is wrong, and what is accepted."""
    with pytest.raises(InvalidFlow) as refused:
        flow(schedule=schedule)(lambda: None)
    assert str(refused.value) == f"The schedule of the flow <lambda> is invalid: {problem}."


def test_a_flow_that_needs_a_parameter_cannot_be_scheduled_without() -> None:
    """Nobody would be there to give it."""

    def report(day: str) -> None: ...

    with pytest.raises(InvalidFlow, match=r"cannot be scheduled without day\. Give each parameter a default"):
        flow(cron="0 9 * * *")(report)
    with pytest.raises(InvalidFlow, match="cannot be scheduled without day"):
        flow(report).serve(cron="0 9 * * *")


def test_what_does_not_fit_together_is_refused() -> None:
    """Two schedules at once, and parameters for runs that nothing makes."""

    def report(day: str = "") -> None: ...

    with pytest.raises(InvalidFlow, match="both cron and schedule"):
        flow(cron="0 9 * * *", schedule=Cron("0 9 * * *"))(report)
    with pytest.raises(InvalidFlow, match=r"serve\(parameters=…\) is for scheduled runs"):
        flow(report).serve(parameters={"day": "today"})
