"""What a task has returned or raised comes back as it was when the run is replayed after an answer."""

from collections import OrderedDict, defaultdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from signoff import flow, suspend_flow_run, task
from signoff.store.database import Database
from signoff.store.records.runs import RunState
from tests.support.answering import answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import until_asked, until_over


class Level(StrEnum):
    """How bad it is."""

    HIGH = "high"


class Declined(Exception):
    """An error with a code."""

    def __init__(self, code: int, *, retry: bool) -> None:
        super().__init__(f"declined with {code}")
        self.code = code
        self.retry = retry


def test_an_error_is_caught_after_an_answer_as_before(db: Database, start_worker: StartWorker) -> None:
    """A flow asks because of an error, and catches it in the replay, too, with all that it tells."""
    seen: list[Any] = []

    @task
    def read() -> str:
        raise FileNotFoundError(2, "No such file or directory", "a.txt")

    @task
    def pay() -> None:
        error = Declined(7, retry=True)
        error.add_note("for ana")
        raise error

    @task
    async def fetch() -> None:
        request = httpx.Request("GET", "https://example.com/")
        httpx.Response(503, request=request).raise_for_status()

    @flow
    async def caught() -> int:
        try:
            read()
        except FileNotFoundError as error:
            seen.append(("read", error.errno, error.filename))
        try:
            await fetch()
        except httpx.HTTPStatusError as error:
            seen.append(("fetch", error.response.status_code))
        try:
            pay()
        except Declined as error:
            seen.append(("pay", error.code, error.retry, *error.__notes__))
            given: int = await suspend_flow_run(int)
            return given
        return 0

    start_worker(caught)
    run = caught.create_run(db=db)
    answer(db, until_asked(db, run.id), value=3)
    assert until_over(db, run.id).result == 3
    assert seen[:3] == seen[3:] == [("read", 2, "a.txt"), ("fetch", 503), ("pay", 7, True, "for ana")]


def test_an_error_that_a_replay_cannot_raise_is_not_caught_the_first_time(
    db: Database, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    """The author learns it at once, and not the approver after the answer."""

    class Local(Exception):
        pass

    @task
    def fail() -> None:
        raise Local("away")

    @flow
    def unaware() -> None:
        try:
            fail()
        except Local:
            suspend_flow_run(bool)

    start_worker(unaware)
    ended = until_over(db, unaware.create_run(db=db).id)
    assert ended.state is RunState.FAILED
    assert "Local: away (A replay cannot raise this error: it is of the class" in str(ended.error)
    assert "A replay cannot raise this error" in caplog.text


def test_types_are_those_of_before_after_an_answer(db: Database, start_worker: StartWorker) -> None:
    """A day later in its time zone is the same hour, and what `isinstance` says does not change."""
    seen: list[Any] = []

    @task
    def values() -> list[Any]:
        start = datetime(2031, 10, 25, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))
        return [start, {"level": Level.HIGH}, defaultdict(int, a=1), OrderedDict(b=1)]

    @flow
    def typed() -> None:
        start, level, counts, order = values()
        next_day = (start + timedelta(days=1)).astimezone(ZoneInfo("UTC")).isoformat()
        seen.append([next_day, type(level["level"]), counts["c"], type(order)])
        suspend_flow_run(bool)

    start_worker(typed)
    run = typed.create_run(db=db)
    answer(db, until_asked(db, run.id), value=True)
    assert until_over(db, run.id).state is RunState.COMPLETED
    assert seen == [["2031-10-26T11:00:00+00:00", Level, 0, OrderedDict]] * 2
