"""Creates the runs of schedules: one for each tick, however many processes check, and whenever one of them dies.

The schedules in force are in the database, each with its next tick. A process writes the schedules that its code
declares there when it starts. From then on every process that declares a schedule of that name fires it as it is in the
database. So the process that started last decides, and any process may do the firing.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from signoff.flows.crontab import Crontab
from signoff.flows.flow import Flow
from signoff.flows.names import memorable_name, new_id
from signoff.flows.schedules import Cron
from signoff.flows.services.background import BackgroundService
from signoff.flows.services.ticker import Ticker
from signoff.store.database import Database
from signoff.store.records.runs import FlowIdentity, Schedule, Tick
from signoff.store.runs import schedules

logger = logging.getLogger(__name__)

LATE_LIMIT = timedelta(minutes=1)
"""How late a tick may be fired without counting as missed."""

MAX_CATCH_UP = 100
"""How many missed ticks are made up for at most."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """A schedule as the code declares it.

    Attributes:
        name: Identifies it among the schedules of the flow; empty for the one of `@flow` itself.
        cron: When it fires; `None` if there is to be no such schedule.
        parameters: The parameters of its runs, as JSON values by name.
        identity: Its flow; `None` if only the name is known.
    """

    flow: str
    name: str
    cron: Cron | None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    identity: FlowIdentity | None = None


def own_schedules(flows: Iterable[Flow[Any, Any]]) -> list[Declaration]:
    """The schedules that flows declare with `@flow(...)`."""
    return [Declaration(flow.name, "", flow.schedule, identity=flow.identity) for flow in flows]


class Scheduler(BackgroundService):
    """Fires the schedules that are declared in this process. Usable as a context manager."""

    def __init__(
        self, db: Database, declared: Sequence[Declaration], *, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._db = db
        # Schedules go by the time of day, however that is set; runs by the clock that all processes share.
        self._now, self._database_now = clock or db.clock.wall_now, clock or db.now
        self._declared = declared
        self._own = {(each.flow, each.name): each.identity for each in declared if each.cron is not None}
        self._looked_at: datetime | None = None
        self._ticker = Ticker(self.fire_due, failure="Could not check the schedules")

    def start(self) -> None:
        """Put the declared schedules in force, and start firing them."""
        self.declare()
        if self._own:
            self._ticker.start()

    def stop(self) -> None:
        """Fire no more."""
        if self._own:
            self._ticker.stop()

    def declare(self) -> None:
        """Put the declared schedules in force, and withdraw those that are declared to be gone."""
        in_force = {(each.flow, each.name) for each in schedules.in_force(self._db)}
        self._looked_at = moment = self._now()
        for each in self._declared:
            if each.cron is not None:
                next_at = Crontab(each.cron.cron, each.cron.timezone).after(moment)
                schedules.declare(
                    self._db,
                    Schedule(
                        flow=each.flow,
                        name=each.name,
                        cron=each.cron.cron,
                        timezone=each.cron.timezone,
                        parameters=each.parameters,
                        catch_up=each.cron.catch_up,
                        next_at=next_at,
                    ),
                )
            elif (each.flow, each.name) in in_force:
                schedules.withdraw(self._db, each.flow, each.name)

    def fire_due(self) -> None:
        """Fire every schedule that is due now."""
        moment = self._now()
        is_set_back = self._looked_at is not None and moment < self._looked_at
        for schedule in schedules.in_force(self._db):
            if (schedule.flow, schedule.name) not in self._own:
                continue
            if schedule.next_at <= moment:
                self._fire(schedule, moment)
            elif is_set_back:
                # While the system's clock was ahead, ticks were skipped that are still to come by the corrected clock.
                next_at = min(Crontab(schedule.cron, schedule.timezone).after(moment), schedule.next_at)
                schedules.fire(self._db, schedule, [], next_at=next_at, now=self._database_now())
        self._looked_at = moment

    def _fire(self, schedule: Schedule, moment: datetime) -> None:
        crontab = Crontab(schedule.cron, schedule.timezone)
        most = MAX_CATCH_UP if schedule.catch_up == "all" else 1
        passed = crontab.newest(schedule.next_at, moment, most=most)
        due = [tick for tick in passed if schedule.catch_up != "none" or moment - tick < LATE_LIMIT]
        ticks = [Tick(at, new_id(), memorable_name()) for at in due]
        is_mine = schedules.fire(
            self._db,
            schedule,
            ticks,
            next_at=crontab.after(passed[-1]),
            now=self._database_now(),
            flow=self._own[schedule.flow, schedule.name],
        )
        if is_mine and due[:1] != [schedule.next_at]:
            logger.warning(
                "The schedule %s missed ticks since %s; it catches up with %s (catch_up=%r)",
                schedule.full_name,
                schedule.next_at,
                f"{len(due)} run{'' if len(due) == 1 else 's'}",
                schedule.catch_up,
            )
