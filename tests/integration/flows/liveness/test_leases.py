"""A worker that lost its lease can record nothing, and gets in nobody's way."""

import threading
import time
from datetime import timedelta
from types import SimpleNamespace

import pytest

from signoff import flow, pause_flow_run, task
from signoff.artifacts import create_markdown_artifact
from signoff.blocks import JSON
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.liveness import reaper
from signoff.flows.names import now
from signoff.store import artifacts, blocks, leases
from signoff.store.database import Database
from signoff.store.records.runs import RunState
from signoff.store.runs import journal, recovery, runs
from tests.support.answering import ANA, answer
from tests.support.fixtures import StartWorker
from tests.support.waiting import PATIENCE, until, until_asked, until_over, until_state


def expire(db: Database, worker: Worker) -> None:
    """Expire a worker that is alive."""
    recovery.expire_worker(db, worker._heartbeat.worker, now=now())


def test_what_a_worker_does_after_its_lease_was_lost_is_not_recorded(db: Database, start_worker: StartWorker) -> None:
    """Invariant 3: of two workers that run one task the one that holds the run counts, and the other leaves quietly."""
    go_on, gone = threading.Event(), threading.Event()
    workers: list[str] = []

    @task
    def work(by: str) -> str:
        if by == "first":
            go_on.wait(20)
        return f"by the {by}"

    @flow
    def once() -> str:
        workers.append("second" if workers else "first")
        by = workers[-1]
        try:
            done = work(by)
            create_markdown_artifact(by)
        except BaseException:
            gone.set()
            raise
        return done

    first = start_worker(once)
    run = once.create_run(db=db)
    until(db, lambda: workers)
    expire(db, first)
    second = Worker(db, [once])
    with second:
        assert until_over(db, run.id).result == "by the second"
        go_on.set()
        assert gone.wait(20)
    assert journal.load(db, run.id)["work"].result == '"by the second"'
    assert [each.data for each in artifacts.find(db, run_id=run.id)] == ["second"]


def test_a_block_that_is_saved_after_the_lease_was_lost_is_not_kept(db: Database, start_worker: StartWorker) -> None:
    """The other worker's results count."""
    began, go_on, gone = threading.Event(), threading.Event(), threading.Event()

    @flow
    def save() -> None:
        began.set()
        go_on.wait(20)
        try:
            JSON("late").save("kept")
        finally:
            gone.set()

    worker = start_worker(save)
    save.create_run(db=db)
    assert began.wait(20)
    expire(db, worker)
    go_on.set()
    assert gone.wait(20)
    assert blocks.load(db, "json", "kept") is None


def test_a_flow_that_catches_every_exception_does_not_catch_the_loss(db: Database, start_worker: StartWorker) -> None:
    """A worker that lost its lease stops the flow, so that it cannot continue by mistake."""
    go_on, caught, gone = threading.Event(), threading.Event(), threading.Event()

    @task
    def work() -> int:
        go_on.wait(20)
        return 1

    @flow
    def stubborn() -> None:
        try:
            work()
        except Exception:  # noqa: BLE001 - as flows do
            caught.set()
        finally:
            gone.set()

    worker = start_worker(stubborn)
    run = stubborn.create_run(db=db)
    until_state(db, run.id, RunState.RUNNING)
    runs.cancel(db, run.id, actor=ANA, reason="", now=now())
    go_on.set()
    assert gone.wait(20)
    assert not caught.is_set()
    worker.stop()
    assert worker._running_count == 0


def test_a_worker_that_had_expired_starts_again_and_releases_what_waited(
    db: Database, start_worker: StartWorker
) -> None:
    """After a long sleep of the machine its runs are replayed, with nothing stale left in memory."""
    begun: list[str] = []
    unwound = threading.Event()

    @flow
    def ask() -> str:
        begun.append("once more")
        try:
            return pause_flow_run(wait_for_input=str)
        finally:
            unwound.set()

    worker = start_worker(ask)
    run = ask.create_run(db=db)
    prompt = until_asked(db, run.id)
    before = worker._heartbeat.worker
    expire(db, worker)
    worker._heartbeat.beat()
    assert worker._heartbeat.worker != before
    assert unwound.wait(PATIENCE)
    answer(db, prompt, value="yes")
    assert until_over(db, run.id).result == "yes"
    assert len(begun) == 2
    worker.stop()
    assert (worker._running_count, len(worker._executions)) == (0, 0)


def test_a_worker_whose_lease_ran_out_is_expired_by_another(
    db: Database, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a worker on another machine nothing is known but when it last renewed."""
    leases.register(db, "silent", domain="elsewhere", pid=1, now=now() - timedelta(hours=1), lease=timedelta(minutes=1))
    leases.register(db, "alive", domain="elsewhere", pid=1, now=now(), lease=timedelta(minutes=1))

    @flow
    def nothing() -> None: ...

    worker = start_worker(nothing)
    in_a_while = time.monotonic() + reaper.LEASE.total_seconds() / 2
    monkeypatch.setattr(reaper, "time", SimpleNamespace(monotonic=lambda: in_a_while))
    worker._heartbeat.beat()
    assert {row.id for row in leases.all_workers(db)} & {"silent", "alive"} == {"alive"}


def test_a_stopped_worker_leaves_waiting_runs_to_others_at_once(db: Database, start_worker: StartWorker) -> None:
    """A redeployment costs a run nothing: no lease has to run out."""

    @flow
    def ask() -> str:
        return pause_flow_run(wait_for_input=str)

    first = start_worker(ask)
    run = ask.create_run(db=db)
    prompt = until_asked(db, run.id)
    first.stop()
    assert (first._running_count, len(first._executions)) == (0, 0)
    waiting = runs.get(db, run.id)
    assert (waiting.state, waiting.lease_owner) == (RunState.PAUSED, None)
    start_worker(ask)
    answer(db, prompt, value="yes")
    assert until_over(db, run.id).result == "yes"


def test_a_run_that_begins_to_wait_while_its_worker_stops_is_released_too(
    db: Database, start_worker: StartWorker
) -> None:
    """Stopping waits for what runs, and for nothing that waits."""
    began, go_on = threading.Event(), threading.Event()

    @flow
    def ask() -> str:
        began.set()
        go_on.wait(20)
        return pause_flow_run(wait_for_input=str)

    worker = start_worker(ask)
    run = ask.create_run(db=db)
    assert began.wait(20)
    stopping = threading.Thread(target=worker.stop, kwargs={"grace": 10 * PATIENCE})
    stopping.start()
    assert worker._stopping.wait(20)
    go_on.set()
    stopping.join(timeout=PATIENCE)
    assert not stopping.is_alive()
    assert (worker._running_count, len(worker._executions)) == (0, 0)
    assert runs.get(db, run.id).lease_owner is None
