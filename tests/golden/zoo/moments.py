"""Days, times, moments and durations; people and channels of Slack."""

from datetime import UTC, date, datetime, time, timedelta

from pydantic import AwareDatetime, Field, NaiveDatetime

from signoff import RunInput
from signoff.input import AwareTime, SlackChannel, SlackUser
from tests.golden.zoo.pen import Pen


class Day(RunInput):
    """A calendar day."""

    day: date


class Leave(RunInput):
    """Two days."""

    first: date
    last: date | None = None


class Alarm(RunInput):
    """A time of day."""

    alarm: time = time(9, 15)


class DailyReport(RunInput):
    """A time of day with its zone."""

    at: AwareTime


class GoLive(RunInput):
    """A moment."""

    at: datetime = Field(title="Go live at")


class Window(RunInput):
    """Moments that must have a zone, and must not."""

    opens: AwareDatetime
    closes: NaiveDatetime | None = None


class Cooling(RunInput):
    """A duration."""

    wait: timedelta = Field(description="How long to wait after the first tenth")


class Timeout(RunInput):
    """A duration between bounds, with a default."""

    timeout: timedelta = Field(default=timedelta(minutes=90), ge=timedelta(minutes=1), le=timedelta(days=2))


class Owner(RunInput):
    """One person."""

    owner: SlackUser


class Handover(RunInput):
    """People and channels, one and several."""

    owner: SlackUser
    helpers: list[SlackUser] = Field(default=[], max_length=3)
    tell: SlackChannel | None = None
    also: list[SlackChannel] = Field(default=[])


MOMENTS: Pen = {
    "date": Day,
    "date_range": Leave.with_initial_data(first=date(2026, 5, 4), last=date(2026, 5, 8)),
    "time": Alarm,
    "time_zoned": DailyReport.with_initial_data(at=time(7, 30, tzinfo=UTC)),
    "datetime": GoLive.with_initial_data(at=datetime(2026, 5, 1, 18, tzinfo=UTC)),
    "datetime_zones": Window,
    "duration": Cooling.with_initial_data(wait=timedelta(hours=2, minutes=30)),
    "duration_bounds": Timeout,
    "slack_user": Owner,
    "slack_users_and_channels": Handover.with_initial_data(
        "Who takes over while **Ana** is away?",
        owner="U0BENOKAF1",
        helpers=["U0CHLOEM01", "U0MEITANA1"],
        also=["C0ORDERS01"],
    ),
}
