"""Each tick of a schedule creates one run, whatever is restarted, killed, changed or set back."""

import logging
import random
import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest

from signoff import Flow, flow
from signoff.flows.engines.embedded.scheduler import Declaration, Scheduler, own_schedules
from signoff.runtime import flow_run
from signoff.schedules import Cron
from signoff.store.database import Database
from signoff.store.records.runs import Tick
from signoff.store.runs import runs, schedules
from tests.integration.flows.engines.scheduler_process import SchedulerProcess
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_over

MONDAY = datetime(2031, 5, 5, 8, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOURLY = Cron("0 * * * *")


def at(hours: float) -> datetime:
    """This many hours after midnight."""
    return MONDAY.replace(hour=0, minute=0) + hours * HOUR


class Process:
    """A process that was started at a given moment with these schedules, and fires them on request."""

    def __init__(self, db: Database, *declared: Declaration, moment: datetime = MONDAY) -> None:
        self._moment = moment
        self._scheduler = Scheduler(db, declared, clock=lambda: self._moment)
        self._scheduler.declare()

    def look(self, *moments: datetime) -> None:
        """Look at each of these moments."""
        for moment in moments:
            self._moment = moment
            self._scheduler.fire_due()


def report(cron: Cron | None = HOURLY, *, name: str = "", **parameters: Any) -> Declaration:
    """The schedule of the flow `report`."""
    return Declaration("report", name, cron, parameters)


def ticks(db: Database) -> list[datetime]:
    """The ticks that runs were made for, one for each run."""
    made = [schedules.tick_of(db, run.id) for run in runs.newest(db, limit=1000)]
    return sorted(tick for tick in made if tick is not None)


def test_each_tick_makes_a_run_at_its_moment_and_not_before(db: Database) -> None:
    """However often is looked; the run has the schedule's parameters and knows its tick."""
    process = Process(db, report(day="today"))
    process.look(MONDAY, at(9) - timedelta(microseconds=1))
    assert ticks(db) == []
    process.look(at(9), at(9), at(9.5), at(10))
    assert ticks(db) == [at(9), at(10)]
    newest = runs.newest(db)[0]
    assert (newest.flow, newest.parameters, newest.runnable_at) == ("report", {"day": "today"}, at(10))


def test_a_worker_takes_the_run(db: Database, start_worker: StartWorker) -> None:
    """It is a run as any other, and knows its tick."""

    @flow(schedule=HOURLY)
    def report() -> datetime:
        return flow_run.scheduled_start_time

    start_worker(report)
    moment = datetime.now(UTC)
    Process(db, *own_schedules([report]), moment=moment - HOUR).look(moment)
    made, by_hand = runs.newest(db)[0], report.create_run(db=db)
    assert until_over(db, made.id).result == f"{ticks(db)[0]:%Y-%m-%dT%H:%M:%SZ}"
    assert until_over(db, by_hand.id).result == f"{by_hand.created_at:%Y-%m-%dT%H:%M:%S.%fZ}"


def test_a_scheduler_looks_by_itself(db: Database) -> None:
    """It also fires what was due before it started."""
    Process(db, report(), moment=datetime.now(UTC) - 2 * HOUR)
    with Scheduler(db, [report()]):
        until(db, lambda: ticks(db))
    assert len(ticks(db)) == 1


def test_processes_with_the_same_schedule_make_a_run_once(db: Database) -> None:
    """Whoever comes first; the others find it made."""
    processes = [Process(db, report()) for _ in range(3)]
    for hour in (9, 10, 11):
        for process in processes:
            process.look(at(hour))
    assert ticks(db) == [at(9), at(10), at(11)]


def test_processes_that_start_together_put_one_schedule_in_force(db: Database) -> None:
    """None of them is refused, whoever comes first."""
    start = threading.Barrier(6)
    failed: list[BaseException] = []

    def declare() -> None:
        start.wait()
        try:
            Process(db, report(name="nightly"), report())
        except BaseException as error:  # noqa: BLE001 - told below
            failed.append(error)

    starting = [threading.Thread(target=declare) for _ in range(6)]
    for each in starting:
        each.start()
    for each in starting:
        each.join()
    assert failed == []
    assert [each.full_name for each in schedules.in_force(db)] == ["report", "report/nightly"]


def test_what_another_process_did_in_between_is_not_done_again(db: Database) -> None:
    """Two processes that have read the same row fire one tick: the second one learns that it was too late."""
    Process(db, report())
    (seen,) = schedules.in_force(db)
    due = [Tick(at(9), "1", "one")], [Tick(at(9), "2", "two")]
    assert [schedules.fire(db, seen, each, next_at=at(10), now=at(9)) for each in due] == [True, False]
    assert ticks(db) == [at(9)]


def test_a_restart_neither_loses_nor_doubles_a_tick(db: Database) -> None:
    """Wherever it falls: before the tick, at its moment, or after."""
    for moment in (at(8.9), at(9), at(9.1)):
        process = Process(db, report(), moment=moment)
    process.look(at(9.1))
    assert ticks(db) == [at(9)]
    Process(db, report(), moment=at(9.2)).look(at(9.3), at(10))
    assert ticks(db) == [at(9), at(10)]


@pytest.mark.parametrize(("catch_up", "hours"), [("none", []), ("last", [14]), ("all", [9, 10, 11, 12, 13, 14])])
def test_missed_ticks_are_made_up_for_as_the_schedule_says(
    db: Database, catch_up: Literal["none", "last", "all"], hours: Sequence[int], caplog: pytest.LogCaptureFixture
) -> None:
    """Everything was down from before nine until after two, and the log says what was skipped."""
    daily = report(Cron("0 * * * *", catch_up=catch_up))
    Process(db, daily)
    Process(db, daily, moment=at(14.5)).look(at(14.5), at(14.6), at(15))
    assert ticks(db) == [*map(at, hours), at(15)]
    told = f"The schedule report missed ticks since 2031-05-05 09:00:00+00:00; it catches up with {len(hours)} run"
    assert (told in caplog.text) == (catch_up != "all")


def test_a_tick_that_is_less_than_a_minute_late_was_not_missed(db: Database) -> None:
    """A restart over its moment does not lose it, although nothing is to be made up for."""
    daily = report(Cron("0 * * * *", catch_up="none"))
    Process(db, daily)
    Process(db, daily, moment=at(9) + timedelta(seconds=59)).look(at(9) + timedelta(seconds=59))
    assert ticks(db) == [at(9)]


def test_making_up_for_all_has_an_end(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    """The last hundred are made up for, oldest first, and the log says so."""
    every_minute = report(Cron("* * * * *", catch_up="all"))
    Process(db, every_minute, moment=at(0))
    Process(db, every_minute, moment=at(9)).look(at(9))
    assert ticks(db) == [at(9) - number * timedelta(minutes=1) for number in reversed(range(100))]
    assert "missed ticks since 2031-05-05 00:01:00+00:00; it catches up with 100 runs" in caplog.text


def test_a_changed_schedule_holds_from_its_start_on(db: Database) -> None:
    """What the old one had missed is forgotten, and processes started before follow the new one."""
    old = Process(db, report())
    new = Process(db, report(Cron("15 * * * *", catch_up="all"), day="new"), moment=at(11.5))
    old.look(at(11.6))
    assert ticks(db) == []
    old.look(at(12), at(12.25))
    new.look(at(12.25), at(13), at(13.25))
    assert ticks(db) == [at(12.25), at(13.25)]
    assert {run.parameters["day"] for run in runs.newest(db)} == {"new"}


def test_another_time_zone_is_a_changed_schedule(db: Database) -> None:
    """Nine in Tokyo is midnight by UTC."""
    Process(db, report(Cron("0 9 * * *")))
    tokyo = Process(db, report(Cron("0 9 * * *", timezone="Asia/Tokyo")), moment=at(10))
    tokyo.look(at(10), at(24))
    assert ticks(db) == [datetime(2031, 5, 6, 9, tzinfo=ZoneInfo("Asia/Tokyo"))]


def test_the_days_on_which_clocks_change_have_their_ticks(db: Database) -> None:
    """In spring half past two comes as half past three; in autumn it comes twice."""
    nightly = report(Cron("30 2 * * *", timezone="Europe/Berlin", catch_up="none"))
    for month, day in ((3, 30), (10, 26)):
        midnight = datetime(2031, month, day, tzinfo=UTC)
        process = Process(db, nightly, moment=midnight - 2 * HOUR)
        process.look(*(midnight + number * HOUR / 6 for number in range(36)))
    berlin = ZoneInfo("Europe/Berlin")
    assert [f"{tick.astimezone(berlin):%d.%m. %H:%M %Z}" for tick in ticks(db)] == [
        "30.03. 03:30 CEST",
        "26.10. 02:30 CEST",
        "26.10. 02:30 CET",
    ]


def test_a_change_of_the_catch_up_holds_for_what_was_missed(db: Database) -> None:
    """It is still the same schedule."""
    Process(db, report(Cron("0 * * * *", catch_up="none")))
    Process(db, report(Cron("0 * * * *", catch_up="all")), moment=at(11.5)).look(at(11.5))
    assert ticks(db) == [at(9), at(10), at(11)]


def test_a_schedule_that_was_taken_out_makes_no_more_runs(db: Database) -> None:
    """Nor do processes that were started with it. When it comes back, it does not make up for the time in between."""
    old = Process(db, report())
    without = Process(db, report(None), moment=at(9.5))
    for process in (old, without):
        process.look(at(10))
    assert (ticks(db), schedules.in_force(db)) == ([], [])
    Process(db, report(), moment=at(12.5)).look(at(12.5), at(13))
    assert ticks(db) == [at(13)]


def test_a_flow_has_a_schedule_of_its_own_beside_named_ones(db: Database) -> None:
    """A process that knows only the flow's own leaves the others to those that were started with them."""
    served = Process(db, report(None), report(name="nightly"))
    worker = Process(db, report(None))
    worker.look(at(9))
    assert ticks(db) == []
    served.look(at(9))
    assert ticks(db) == [at(9)]
    assert [each.full_name for each in schedules.in_force(db)] == ["report/nightly"]


def test_a_system_clock_that_is_set_back_doubles_no_tick(db: Database) -> None:
    """The hour comes again, its tick does not, with and without a restart."""
    process = Process(db, report())
    process.look(at(9), at(8.5), at(9), at(9.5), at(10))
    assert ticks(db) == [at(9), at(10)]
    Process(db, report(), moment=at(9.5)).look(at(10), at(11))
    assert ticks(db) == [at(9), at(10), at(11)]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_system_clock_that_was_ahead_for_a_while_loses_no_tick(db: Database, restarted: bool) -> None:
    """Ticks that were skipped while it was ahead come at their time."""
    process = Process(db, report())
    process.look(at(9), at(24 * 365), at(9.5), at(9.55))
    if restarted:
        process = Process(db, report(), moment=at(9.6))
    process.look(at(10), at(11))
    assert ticks(db) == [at(9), at(10), at(11), at(24 * 365)]


def test_several_processes_of_which_some_are_killed_make_each_tick_once(database_url: str) -> None:
    """They look all the time, at clocks that run fast; one after the other dies in the middle, and comes back."""
    began = time.time()
    dice = random.Random(3)
    with closing(Database(database_url)) as db:
        enough = 0
        with ExitStack() as stack:
            processes = [stack.enter_context(SchedulerProcess(database_url, began)) for _ in range(3)]
            for number in range(6):
                enough = len(ticks(db)) + dice.randint(1, 4)
                until(db, lambda: len(ticks(db)) >= enough or None, what="the next ticks")  # noqa: B023
                processes[number % 3].kill()
                processes[number % 3] = stack.enter_context(SchedulerProcess(database_url, began))
        fired = ticks(db)
        assert len(fired) >= enough
        assert fired == [fired[0] + number * timedelta(minutes=1) for number in range(len(fired))]
        assert len(runs.newest(db, limit=1000)) == len(fired)


def test_what_a_flow_says_is_its_own_schedule(db: Database) -> None:
    """A flow without one declares that it has none."""

    def report() -> None: ...

    flows: list[Flow[[], None]] = [flow(cron="0 9 * * 1-5")(report), flow(name="plain")(report)]
    assert own_schedules(flows) == [
        Declaration("report", "", Cron("0 9 * * 1-5"), identity=flows[0].identity),
        Declaration("plain", "", None, identity=flows[1].identity),
    ]


@pytest.fixture(autouse=True)
def _everything_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
