"""Workers that die, and what becomes of the runs that they held."""

from collections.abc import Callable

import pytest

from signoff.store import leases, ledger
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Outcome
from signoff.store.records.runs import FlowRun, RunState, Step
from signoff.store.runs import journal, pauses, recovery, retries, runs
from tests.integration.store.samples import (
    ANA,
    NOON,
    a_claimed_run,
    a_run,
    a_worker,
    an_open_prompt,
    asking,
    claim,
    settle,
)


def claimed_and_dropped(db: Database) -> FlowRun:
    """The run, after a worker has claimed it and died."""
    worker = a_worker(db)
    (run,) = claim(db, worker)
    recovery.expire_worker(db, worker, now=NOON)
    return runs.get(db, run.id)


def test_a_run_whose_worker_died_says_so_until_it_is_claimed_again(db: Database) -> None:
    """It is scheduled like a new one, and no longer shows the error of an earlier attempt."""
    run = a_claimed_run(db, first := a_worker(db))
    retries.schedule_retry(db, run.id, run.fencing_token, attempt=1, at=NOON, error="It broke")
    (run,) = claim(db, first)
    assert recovery.expire_worker(db, first, now=NOON) == recovery.ExpiredWorker(held=1, given_up=[])
    freed = runs.get(db, run.id)
    assert (freed.state, freed.lease_owner, freed.runnable_at, freed.error) == (RunState.SCHEDULED, None, NOON, None)
    assert freed.message == "Its worker died. The run continues from its journal when a worker has its flow."
    (again,) = claim(db, a_worker(db))
    assert (again.state, again.message, again.fencing_token) == (RunState.RUNNING, "", run.fencing_token + 2)


def test_a_crash_is_counted_once_if_several_processes_find_the_dead_worker(db: Database) -> None:
    """Every process looks for dead workers."""
    a_claimed_run(db, dead := a_worker(db))
    assert [recovery.expire_worker(db, dead, now=NOON).held for _ in range(3)] == [1, 0, 0]
    (run,) = runs.newest(db)
    assert run.message.startswith("Its worker died. ")


def test_a_run_crashes_that_kills_its_workers_without_progress(db: Database) -> None:
    """Its open prompts are cancelled, a notice is posted in its thread, and its hooks are due."""
    worker = a_worker(db)
    run = a_claimed_run(db, worker)
    prompt = pauses.open_prompt(db, asking(run), fencing_token=run.fencing_token, state=None, held=True)
    recovery.expire_worker(db, worker, now=NOON)
    assert claimed_and_dropped(db).message.startswith(
        "Its worker died 2 times in a row with nothing recorded in between."
    )
    (run,) = claim(db, worker := a_worker(db))
    expired = recovery.expire_worker(db, worker, now=NOON)
    crashed = runs.get(db, run.id)
    assert expired == recovery.ExpiredWorker(held=1, given_up=[crashed])
    assert (crashed.state, crashed.finished_at, crashed.is_done) == (RunState.CRASHED, NOON, False)
    assert crashed.message == (
        "Its worker died 3 times in a row with nothing recorded in between. `signoff retry brave-otter` tries again."
    )
    assert prompts.get(db, prompt.id).outcome is Outcome.CANCELLED
    assert [line.event for line in ledger.lines(db, prompt.id)] == ["opened", "cancelled", "run_ended"]
    (for_its_hooks,) = claim(db, a_worker(db))
    assert for_its_hooks.state is RunState.CRASHED


def test_crashes_are_counted_from_zero_after_a_retry(db: Database) -> None:
    """A person has looked at it."""
    a_run(db)
    for _ in range(3):
        run = claimed_and_dropped(db)
    assert run.state is RunState.CRASHED
    retries.retry(db, run.id, actor=ANA, now=NOON)
    assert [claimed_and_dropped(db).state for _ in range(3)] == [
        RunState.SCHEDULED,
        RunState.SCHEDULED,
        RunState.CRASHED,
    ]


def record_a_step(db: Database, run: FlowRun) -> None:
    key = f"step-{run.fencing_token}"
    journal.record(db, Step(run.id, key, "", "", "json", "1", NOON, NOON), fencing_token=run.fencing_token)


def ask(db: Database, run: FlowRun) -> None:
    pauses.open_prompt(
        db, asking(run, key=f"{run.fencing_token}"), fencing_token=run.fencing_token, state=None, held=True
    )


def ask_and_be_answered(db: Database, run: FlowRun) -> None:
    # Asked in its first execution, answered in the second, and so on.
    asked = [each for each in prompts.of_run(db, run.id) if each.is_open]
    if asked:
        settle(db, asked[0])
    else:
        ask(db, run)


@pytest.mark.parametrize("progress", [record_a_step, ask, ask_and_be_answered])
def test_a_run_that_makes_progress_between_crashes_is_never_given_up(
    db: Database, progress: Callable[[Database, FlowRun], None]
) -> None:
    """However often the machine is switched off."""
    run_id = a_run(db).id
    for _ in range(6):
        worker = a_worker(db)
        (run,) = claim(db, worker)
        progress(db, run)
        recovery.expire_worker(db, worker, now=NOON)
        run = runs.get(db, run_id)
        assert (run.state, run.message.partition(".")[0]) == (RunState.SCHEDULED, "Its worker died")


@pytest.mark.parametrize("held", [True, False])
def test_a_waiting_run_does_not_count_crashes(db: Database, held: bool) -> None:
    """A wait may outlive any number of workers."""
    worker = a_worker(db)
    prompt = an_open_prompt(db, held=held, worker=worker)
    before = runs.get(db, prompt.run_id)
    recovery.expire_worker(db, worker, now=NOON)
    for _ in range(4):
        recovery.expire_worker(db, a_worker(db), now=NOON)
    run = runs.get(db, prompt.run_id)
    assert (run.state, run.message, run.runnable_at) == (before.state, "", None)
    settle(db, prompt)
    assert claimed_and_dropped(db).message.startswith("Its worker died. ")


def test_a_worker_that_stops_in_good_order_does_not_count_as_a_crash(db: Database) -> None:
    """Its unfinished runs say that their worker stopped."""
    a_run(db)
    for _ in range(5):
        worker = a_worker(db)
        (run,) = claim(db, worker)
        recovery.deregister(db, worker, now=NOON)
        run = runs.get(db, run.id)
        assert run.state is RunState.SCHEDULED
        assert run.message == "Its worker stopped. The run continues from its journal when a worker has its flow."
    assert leases.all_workers(db) == []


def test_hooks_that_kill_their_workers_are_given_up(db: Database) -> None:
    """The run keeps its final state. Crashes before its end do not count."""
    run = a_claimed_run(db, worker := a_worker(db))
    recovery.expire_worker(db, worker, now=NOON)
    claimed_and_dropped(db)
    (run,) = claim(db, a_worker(db))
    runs.finish(db, run.id, run.fencing_token, state=RunState.COMPLETED, now=NOON, result=1, has_hooks=True)
    for _ in range(2):
        tried = claimed_and_dropped(db)
        assert (tried.state, tried.message, tried.is_done) == (RunState.COMPLETED, "", False)
    claim(db, worker := a_worker(db))
    expired = recovery.expire_worker(db, worker, now=NOON)
    ended = runs.get(db, run.id)
    assert expired.given_up == [ended]
    assert (ended.state, ended.result, ended.is_done) == (RunState.COMPLETED, 1, True)
    assert ended.message == "Its hooks were given up: their worker died 3 times in a row."
