"""Schedules, as a flow author writes them. `Cron` is Prefect's name: `from prefect.schedules import Cron`."""

from dataclasses import dataclass
from typing import Literal, get_args

from signoff.flows.errors import InvalidFlow

CatchUp = Literal["none", "last", "all"]


@dataclass(frozen=True, slots=True)
class Cron:
    """When runs of a flow are made by themselves.

    Attributes:
        cron: Minute, hour, day, month and weekday, as in a crontab: `0 9 * * 1-5`.
        timezone: Whose clock counts: `Europe/Berlin`.
        catch_up: Which of the ticks that came while nothing ran are made up for: `none`, only the `last`, or `all`,
            at most the last 100. One that is not yet a minute late counts as come in time.
    """

    cron: str
    timezone: str = "UTC"
    catch_up: CatchUp = "last"


def resolve_schedule(cron: str | None, schedule: Cron | None, *, flow: str) -> Cron | None:
    """The schedule that a flow was given in one way or the other, checked.

    Raises:
        InvalidFlow: If it cannot be used.
    """
    if cron is not None and schedule is not None:
        raise InvalidFlow(f"The flow {flow} has both cron and schedule. Give one of them.")
    found = Cron(cron) if cron is not None else schedule
    if found is not None:
        _check(found, flow)
    return found


def _check(schedule: Cron, flow: str) -> None:
    # Imported late: it is slow to import, and most flows have no schedule.
    from signoff.flows.crontab import Crontab

    try:
        Crontab(schedule.cron, schedule.timezone)
    except ValueError as error:
        raise InvalidFlow(f"The schedule of the flow {flow} cannot be used: {error}.") from None
    if schedule.catch_up not in get_args(CatchUp):
        raise InvalidFlow(
            f"The schedule of the flow {flow} cannot be used: {schedule.catch_up!r} is no catch_up; "
            "it takes 'none', 'last' or 'all'."
        )
