"""Schedules as flow authors declare them. The name `Cron` is that of `prefect.schedules`."""

from dataclasses import dataclass
from typing import Literal, get_args

from signoff.flows.errors import InvalidFlow
from signoff.store.sentences import sentence

CatchUp = Literal["none", "last", "all"]


@dataclass(frozen=True, slots=True)
class Cron:
    """When runs of a flow are created automatically.

    Attributes:
        cron: Minute, hour, day, month and weekday, as in a crontab: `0 9 * * 1-5`.
        timezone: The time zone of the schedule: `Europe/Berlin`.
        catch_up: Which ticks are made up for if they came while no worker ran: `none`, only the `last`, or `all` (the
            last 100 at most). A tick that is less than a minute late does not count as missed.
    """

    cron: str
    timezone: str = "UTC"
    catch_up: CatchUp = "last"


def resolve_schedule(cron: str | None, schedule: Cron | None, *, flow: str) -> Cron | None:
    """The schedule that a flow was given as `cron` or as `schedule`, validated.

    Raises:
        InvalidFlow: If it is invalid.
    """
    if cron is not None and schedule is not None:
        raise InvalidFlow(f"The flow {flow} has both cron and schedule. Give only one of them.")
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
        raise InvalidFlow(sentence(f"The schedule of the flow {flow} is invalid: {error}")) from None
    if schedule.catch_up not in get_args(CatchUp):
        raise InvalidFlow(
            f"The schedule of the flow {flow} is invalid: {schedule.catch_up!r} is not a valid catch_up; "
            "use 'none', 'last' or 'all'."
        )
