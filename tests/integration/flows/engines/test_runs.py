"""Runs as a whole: retried, limited in time, cancelled, nested, called directly."""

import asyncio
import logging
import threading
from typing import Any

import pytest

from signoff import flow, pause_flow_run, suspend_flow_run, task
from signoff.flows.approval.desk import Desk
from signoff.flows.names import now
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Outcome
from signoff.store.records.runs import RunState
from signoff.store.runs import claims, journal, runs
from signoff.store.tables import flow_runs
from tests.support.answering import ANA, answer
from tests.support.fixtures import StartWorker
from tests.support.stopped_clock import StoppedClock
from tests.support.waiting import PATIENCE, until, until_asked, until_over


def test_each_run_has_a_thread_of_its_own(db: Database, start_worker: StartWorker) -> None:
    """What a flow keeps in `threading.local` does not reach the next run."""
    kept = threading.local()

    @flow
    def remember(word: str) -> str | None:
        before = getattr(kept, "word", None)
        kept.word = word
        return before

    start_worker(remember)
    for word in ("one", "two"):
        assert until_over(db, remember.create_run({"word": word}, db=db).id).result is None


@pytest.mark.parametrize("isasync", [False, True])
def test_a_retried_flow_does_not_run_finished_tasks_again(
    db: Database, start_worker: StartWorker, isasync: bool
) -> None:
    """Invariant 3: only what failed is tried again, and answers that were given are not asked for again."""
    done: list[str] = []

    @task
    def build() -> str:
        done.append("build")
        return "built"

    @task
    def deploy() -> str:
        done.append("deploy")
        if done.count("deploy") < 3:
            raise OSError("away")
        return "deployed"

    @flow(name="release", retries=2)
    def release() -> str:
        build()
        pause_flow_run()
        return deploy()

    @flow(name="release", retries=2)
    async def release_async() -> str:
        build()
        await pause_flow_run()
        return deploy()

    used: Any = release_async if isasync else release
    start_worker(used)
    run = used.create_run(db=db)
    answer(db, until_asked(db, run.id))
    ended = until_over(db, run.id)
    assert (ended.state, ended.result, ended.attempt) == (RunState.COMPLETED, "deployed", 3)
    assert done == ["build", "deploy", "deploy", "deploy"]


def test_a_flow_that_fails_each_time_fails(
    db: Database, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    """The last error is what the run says; text that no database holds does not keep it from ending."""
    # pytest-xdist cannot carry half a character from process to process.
    caplog.set_level(logging.CRITICAL, logger="signoff.flows.run")

    @flow(retries=1)
    def fail() -> None:
        raise OSError("away \0 \ud800")

    start_worker(fail)
    ended = until_over(db, fail.create_run(db=db).id)
    assert (ended.state, ended.error, ended.attempt) == (RunState.FAILED, "OSError: away \ufffd \ufffd", 2)


@pytest.mark.parametrize("error", [SystemExit(1), asyncio.CancelledError(), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("isasync", [False, True])
def test_whatever_a_flow_raises_ends_its_run(
    db: Database, start_worker: StartWorker, error: BaseException, isasync: bool
) -> None:
    """No run is left running by nobody."""

    @flow(name="leave")
    def leave() -> None:
        raise error

    @flow(name="leave")
    async def leave_async() -> None:
        raise error

    used: Any = leave_async if isasync else leave
    worker = start_worker(used)
    ended = until_over(db, used.create_run(db=db).id)
    assert ended.state is RunState.FAILED
    until(db, lambda: worker._running_count == 0)


def test_a_flow_s_time_does_not_count_the_waiting(
    db: Database, start_worker: StartWorker, stopped_clock: StoppedClock
) -> None:
    """A sync flow is stopped at its next task, and a long wait costs it nothing."""

    @task
    def step() -> None: ...

    @flow(timeout_seconds=60)
    def slow() -> None:
        pause_flow_run()
        step()
        stopped_clock.advance(61)
        step()

    start_worker(slow)
    run = slow.create_run(db=db)
    prompt = until_asked(db, run.id)
    stopped_clock.advance(3600)
    answer(db, prompt)
    ended = until_over(db, run.id)
    assert (ended.state, ended.error) == (RunState.TIMED_OUT, "The flow slow took longer than 60 seconds.")
    assert [*journal.load(db, run.id)] == ["step"]


def test_an_async_flow_is_stopped_when_its_time_is_up(
    db: Database, start_worker: StartWorker, stopped_clock: StoppedClock
) -> None:
    """It is cancelled at once, unless it waits for a person."""
    cleaned = threading.Event()

    @flow(timeout_seconds=60)
    async def slow() -> None:
        stopped_clock.advance(59.9)
        try:
            await pause_flow_run()
            await asyncio.sleep(600)
        finally:
            cleaned.set()

    start_worker(slow)
    run = slow.create_run(db=db)
    prompt = until_asked(db, run.id)
    stopped_clock.advance(3600)
    answer(db, prompt)
    assert until_over(db, run.id).state is RunState.TIMED_OUT
    assert cleaned.is_set()


@pytest.mark.parametrize("wait", [pause_flow_run, suspend_flow_run])
def test_a_waiting_run_that_is_cancelled_stops_at_once(db: Database, start_worker: StartWorker, wait: Any) -> None:
    """The flow unwinds where it waits, its prompt is cancelled, and its slot is free."""
    unwound, went_on = threading.Event(), threading.Event()

    @flow
    def ask() -> None:
        try:
            wait()
        finally:
            unwound.set()
        went_on.set()

    worker = start_worker(ask)
    run = ask.create_run(db=db)
    prompt = until_asked(db, run.id)
    Desk(db).cancel(run.id, ANA, "Not today")
    ended = until_over(db, run.id)
    assert (ended.state, ended.message) == (RunState.CANCELLED, "Not today")
    assert unwound.wait(PATIENCE)
    assert not went_on.is_set()
    assert prompts.get(db, prompt.id).outcome is Outcome.CANCELLED
    worker.stop()
    assert (worker._running_count, len(worker._executions)) == (0, 0)


def test_a_running_run_that_is_cancelled_stops_at_its_next_step(db: Database, start_worker: StartWorker) -> None:
    """Whatever it does afterwards is not recorded, and no further step starts."""
    began, go_on = threading.Event(), threading.Event()
    further = threading.Event()

    @task
    def first() -> None:
        began.set()
        go_on.wait(20)

    @task
    def second() -> None:
        further.set()

    @flow
    def work() -> None:
        first()
        second()

    worker = start_worker(work)
    run = work.create_run(db=db)
    assert began.wait(20)
    runs.cancel(db, run.id, actor=ANA, reason="", now=now())
    go_on.set()
    worker.stop()
    assert not further.is_set()
    assert journal.load(db, run.id) == {}
    assert (worker._running_count, runs.get(db, run.id).state) == (0, RunState.CANCELLED)


@pytest.mark.parametrize("beside", [False, True])
def test_a_running_async_run_that_is_cancelled_stops_at_once(
    db: Database, start_worker: StartWorker, beside: bool
) -> None:
    """It is cancelled at once, within a task or beside a prompt, and can record nothing more."""
    began, left = threading.Event(), threading.Event()

    @task
    async def endless() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()

    @flow
    async def work() -> None:
        asking: list[Any] = [pause_flow_run()] if beside else []
        await asyncio.gather(endless(), *asking)

    worker = start_worker(work)
    run = work.create_run(db=db)
    assert began.wait(20)
    if beside:
        until_asked(db, run.id)
    runs.cancel(db, run.id, actor=ANA, reason="", now=now())
    assert left.wait(20)
    worker.stop()
    assert journal.load(db, run.id) == {}
    assert (worker._running_count, len(worker._executions)) == (0, 0)
    assert runs.get(db, run.id).state is RunState.CANCELLED


def test_a_scheduled_run_that_is_cancelled_never_begins(db: Database, start_worker: StartWorker) -> None:
    """A worker that comes later does not take it."""

    @flow
    def work() -> str:
        return "worked"

    cancelled = work.create_run(db=db)
    runs.cancel(db, cancelled.id, actor=ANA, reason="", now=now())
    start_worker(work)
    assert until_over(db, work.create_run(db=db).id).result == "worked"
    assert runs.get(db, cancelled.id).started_at is None


def test_a_run_that_ends_while_it_is_claimed_does_not_begin_again(db: Database, start_worker: StartWorker) -> None:
    """It waits in memory beside a coroutine, and is claimed because it was answered; then that coroutine fails."""
    go_on, begun = threading.Event(), []

    @task
    async def fail() -> None:
        begun.append("fail")
        await asyncio.to_thread(go_on.wait, PATIENCE)
        raise ValueError("clouds")

    @flow
    async def work() -> None:
        await asyncio.gather(pause_flow_run(), fail())

    @flow
    async def another() -> str:
        return "worked"

    worker = start_worker(work, another)
    run = work.create_run(db=db)
    until_asked(db, run.id)
    with db.write() as tx:  # announced to nobody, so that the worker does not claim it itself
        tx.execute(flow_runs.update().where(flow_runs.c.id == run.id).values(runnable_at=db.now()))
    request = claims.ClaimRequest(worker._heartbeat.worker, worker._identities, only=run.id)
    (claimed,) = claims.claim(db, request, limit=1, now=db.now()).claimed
    assert claimed.was_held
    go_on.set()
    assert until_over(db, run.id).state is RunState.FAILED
    until(db, lambda: not worker._executions, what="the run to leave the worker's memory")
    worker._begin(claimed)
    # What begins in the same event loop after it has begun ends after it has begun.
    assert until_over(db, another.create_run(db=db).id).result == "worked"
    assert begun == ["fail"]
    assert runs.get(db, run.id).state is RunState.FAILED
