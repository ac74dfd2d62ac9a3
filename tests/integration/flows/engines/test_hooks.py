"""What a flow has done once a run of it has ended."""

import logging
import threading
from collections import Counter
from typing import Any

import pytest

from signoff import Flow, InvalidFlow, flow, get_run_logger, idempotency_key, pause_flow_run, runtime, suspend_flow_run
from signoff.artifacts import create_markdown_artifact
from signoff.blocks import JSON
from signoff.flows.approval.desk import Desk
from signoff.flows.engines.embedded.inline import run_to_completion
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.errors import AttentionNeeded, RunCancelled
from signoff.flows.names import now
from signoff.states import State
from signoff.store import artifacts
from signoff.store.database import Database
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import claims, runs
from tests.integration.store.samples import a_worker, claim_request
from tests.support.answering import ANA
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked


class Calls:
    """Hooks that note how they were called."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.made: list[tuple[str, str, str]] = []

    def hook(self, name: str) -> Any:
        """A hook that notes its name, the run's state in the database, and the state that it was given."""

        def noting(flow: Flow[Any, Any], flow_run: FlowRun, state: State) -> None:
            assert flow.name == flow_run.flow
            self.made.append((name, runs.get(self._db, flow_run.id).state.value, state.name))

        return noting


def until_done(db: Database, run: FlowRun) -> FlowRun:
    """The run, once its hooks have run."""
    return until(db, lambda: found if (found := runs.get(db, run.id)).is_done else None, what="the run's hooks")


def completes() -> None: ...


def fails() -> None:
    raise OSError("away")


def times_out() -> None:
    pause_flow_run(timeout=0)


def needs_attention() -> None:
    raise AttentionNeeded("The code was edited.")


def is_cancelled() -> None:
    suspend_flow_run(timeout=None)


ENDS = {
    completes: ("on_completion", "Completed"),
    fails: ("on_failure", "Failed"),
    times_out: ("on_failure", "TimedOut"),
    needs_attention: ("on_failure", "NeedsAttention"),
    is_cancelled: ("on_cancellation", "Cancelled"),
}


@pytest.mark.parametrize("function", ENDS)
def test_each_end_calls_its_own_hooks_once_it_is_recorded(
    db: Database, start_worker: StartWorker, function: Any
) -> None:
    """Those given as arguments first, then the decorated ones, in their order; sync and async."""
    calls = Calls(db)
    kinds = ("on_completion", "on_failure", "on_cancellation", "on_crashed")
    given: Any = {kind: [calls.hook(kind)] for kind in kinds}
    ending = flow(**given)(function)
    for kind in kinds:
        noting = calls.hook(f"{kind} again")

        async def awaited(flow: Any, flow_run: Any, state: Any, noting: Any = noting) -> None:
            noting(flow, flow_run, state)

        assert getattr(ending, kind)(awaited) is awaited
    start_worker(ending)
    run = ending.create_run(db=db)
    if function is times_out:
        Desk(db).time_out(until_asked(db, run.id))
    if function is is_cancelled:
        until_asked(db, run.id)
        Desk(db).cancel(run.id, ANA, "Not today")
    until_done(db, run)
    kind, state = ENDS[function]
    assert calls.made == [(kind, state, state), (f"{kind} again", state, state)]


def test_a_hook_that_fails_changes_nothing_and_keeps_no_other_from_running(
    db: Database, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said once, whatever it raises, and the slot of the worker is free again."""
    calls = Calls(db)

    def breaks(flow: Any, flow_run: Any, state: Any) -> None:
        raise OSError("no route")

    async def leaves(flow: Any, flow_run: Any, state: Any) -> None:
        raise SystemExit(1)

    @flow(on_completion=[breaks, leaves, calls.hook("last")])
    def work() -> int:
        return 1

    worker = start_worker(work)
    run = until_done(db, work.create_run(db=db))
    assert (run.state, run.result, run.error, run.message) == (RunState.COMPLETED, 1, None, "")
    assert [name for name, *_ in calls.made] == ["last"]
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        f"{run.name} | the hook breaks failed: OSError: no route",
        f"{run.name} | the hook leaves failed: SystemExit: 1",
    ]
    until(db, lambda: worker._running_count == 0)


@pytest.mark.parametrize("is_suspended", [False, True])
def test_a_run_that_nobody_holds_has_its_hooks_run_by_a_worker_that_comes_later(
    db: Database, start_worker: StartWorker, is_suspended: bool
) -> None:
    """Who cancels it need not know its flow; and a flow without such hooks costs nothing that stays."""
    calls = Calls(db)

    @flow(on_cancellation=[calls.hook("cleaned")])
    def work() -> None:
        suspend_flow_run()

    @flow
    def bare() -> None: ...

    run, other = work.create_run(db=db), bare.create_run(db=db)
    if is_suspended:
        with Worker(db, [work]):
            until_asked(db, run.id)
    for each in (run, other):
        Desk(db).cancel(each.id, ANA, "")
    assert not runs.get(db, run.id).is_done
    start_worker(work, bare)
    until_done(db, run)
    until_done(db, other)
    assert calls.made == [("cleaned", "Cancelled", "Cancelled")]


def test_hooks_of_a_run_that_ends_while_its_worker_stops_are_left_to_others(
    db: Database, start_worker: StartWorker
) -> None:
    """A worker that is stopping starts nothing."""
    calls = Calls(db)
    began, go_on = threading.Event(), threading.Event()

    @flow(on_completion=[calls.hook("told")])
    def work() -> None:
        began.set()
        go_on.wait(20)

    worker = start_worker(work)
    run = work.create_run(db=db)
    assert began.wait(20)
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    assert worker._stopping.wait(20)
    worker._thread.stop()
    go_on.set()
    stopping.join()
    assert (runs.get(db, run.id).state, calls.made) == (RunState.COMPLETED, [])
    start_worker(work)
    until_done(db, run)
    assert len(calls.made) == 1


def test_a_stopping_worker_gives_hooks_that_run_their_time(db: Database, start_worker: StartWorker) -> None:
    """They count as running steps do."""
    began, go_on = threading.Event(), threading.Event()
    ended: list[str] = []

    @flow
    def work() -> None: ...

    @work.on_completion
    def slow(flow: Any, flow_run: FlowRun, state: Any) -> None:
        began.set()
        go_on.wait(20)
        ended.append(flow_run.id)

    worker = start_worker(work)
    run = work.create_run(db=db)
    assert began.wait(20)
    stopping = threading.Thread(target=worker.stop)
    stopping.start()
    assert worker._stopping.wait(20)
    go_on.set()
    stopping.join()
    assert ended == [run.id]
    assert runs.get(db, run.id).is_done


def test_of_several_workers_one_runs_the_hooks(db: Database, start_worker: StartWorker) -> None:
    """Whichever ran the flow."""
    told: Counter[str] = Counter()

    @flow
    def work() -> None: ...

    @work.on_completion
    def tell(flow: Any, flow_run: FlowRun, state: Any) -> None:
        told[flow_run.id] += 1

    for _ in range(3):
        start_worker(work)
    created = [work.create_run(db=db) for _ in range(20)]
    for run in created:
        until_done(db, run)
    assert told == {run.id: 1 for run in created}


def test_a_hook_stands_in_its_run(db: Database, start_worker: StartWorker, caplog: pytest.LogCaptureFixture) -> None:
    """It logs as its run does, knows it, writes to its database, and has a key for its effect: each end has another."""
    keys: list[str] = []
    known: set[tuple[str, str]] = set()

    @flow
    def work() -> None:
        raise OSError("away")

    @work.on_failure
    def tell(flow: Any, flow_run: Any, state: Any) -> None:
        keys.append(idempotency_key())
        get_run_logger().info("Told")
        JSON(value=state.message).save("told", overwrite=True)
        create_markdown_artifact("# Told")
        known.add((runtime.flow_run.id, runtime.flow_run.name))

    work.on_failure(tell)
    start_worker(work)
    with caplog.at_level(logging.INFO, logger="signoff.flows.run"):
        run = until_done(db, work.create_run(db=db))
    assert caplog.text.count(f"{run.name} | Told") == 2
    assert known == {(run.id, run.name)}
    assert [each.data for each in artifacts.find(db, run_id=run.id)] == ["# Told"] * 2
    Desk(db).retry(run.id, ANA)
    until(db, lambda: len(keys) == 4)
    assert keys == [f"{run.id}:{key}" for key in ("tell:1", "tell-2:1", "tell:2", "tell-2:2")]


def test_a_failure_that_is_retried_is_no_end(db: Database, start_worker: StartWorker) -> None:
    """`on_failure` is called when no retry is left."""
    calls = Calls(db)

    @flow(retries=2, on_failure=[calls.hook("failed")])
    def work() -> None:
        raise OSError("away")

    start_worker(work)
    assert until_done(db, work.create_run(db=db)).attempt == 3
    assert calls.made == [("failed", "Failed", "Failed")]


def test_a_retry_before_the_hooks_have_run_drops_them(db: Database, start_worker: StartWorker) -> None:
    """The run has not failed any more; its next end has its own hooks."""
    calls = Calls(db)
    healed = threading.Event()

    @flow(on_failure=[calls.hook("failed")], on_completion=[calls.hook("completed")])
    def work() -> None:
        if not healed.is_set():
            raise OSError("away")

    run = work.create_run(db=db)
    (claimed,) = claims.claim(db, claim_request(a_worker(db), work.name), limit=1, now=now()).claimed
    runs.finish(db, run.id, claimed.run.fencing_token, state=RunState.FAILED, now=now(), has_hooks=True)
    Desk(db).retry(run.id, ANA)
    healed.set()
    start_worker(work)
    until_done(db, run)
    assert [name for name, *_ in calls.made] == ["completed"]


@pytest.mark.parametrize("ending", [completes, fails, is_cancelled])
def test_who_sees_a_run_through_sees_its_hooks_through(db: Database, ending: Any) -> None:
    """A flow that is called like a function returns, or raises, when they have run."""
    ended: list[str] = []

    def tell(flow: Any, flow_run: Any, state: State) -> None:
        threading.Event().wait(0.1)
        ended.append(state.name)

    seen = flow(on_completion=[tell], on_failure=[tell], on_cancellation=[tell])(ending)
    run = seen.create_run(db=db)
    if ending is completes:
        run_to_completion(db, seen, run.id)
    elif ending is fails:
        assert isinstance(run_to_completion(db, seen, run.id).error, OSError)
    else:
        cancelling = threading.Thread(target=lambda: Desk(db).cancel(until_asked(db, run.id).run_id, ANA, "Not today"))
        cancelling.start()
        with pytest.raises(RunCancelled):
            run_to_completion(db, seen, run.id)
        cancelling.join()
    assert ended == [ENDS[ending][1]]


def test_a_flow_that_another_calls_has_no_end_of_its_own(db: Database, start_worker: StartWorker) -> None:
    """It is a step of that one's run, whose hooks are called."""
    calls = Calls(db)

    @flow(on_completion=[calls.hook("inner")])
    def inner() -> None: ...

    @flow(on_completion=[calls.hook("outer")])
    def outer() -> None:
        inner()

    start_worker(outer)
    until_done(db, outer.create_run(db=db))
    assert [name for name, *_ in calls.made] == ["outer"]


def test_what_is_no_hook_is_refused_where_it_is_given() -> None:
    """Not months later, when the first run fails."""

    def tell(flow_run: Any) -> None: ...

    with pytest.raises(InvalidFlow, match=r"on_failure of the flow completes takes a list of functions"):
        flow(on_failure=tell)(completes)  # type: ignore[call-overload]
    for wrong in ("tell", tell):
        with pytest.raises(InvalidFlow, match=r"cannot be a hook of the flow completes\. .*\(flow, flow_run, state\)"):
            flow(on_crashed=[wrong])(completes)  # type: ignore[list-item]
    with pytest.raises(InvalidFlow, match="tell cannot be a hook"):
        flow(completes).on_completion(tell)  # type: ignore[type-var]
