"""Which worker holds a run: claims, leases and fencing tokens."""

import threading
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from signoff.store import leases
from signoff.store.database import Database
from signoff.store.errors import LeaseLost
from signoff.store.prompts import prompts
from signoff.store.records.runs import RunState, Step
from signoff.store.run_locks import LOCK_RUN_OF_PROMPT
from signoff.store.runs import claims, journal, pauses, recovery, retries, runs
from tests.integration.store.samples import (
    ANA,
    NOON,
    a_claimed_run,
    a_run,
    a_worker,
    an_open_prompt,
    asking,
    claim,
    claim_request,
    settle,
)

LATER = NOON + timedelta(minutes=5)


def a_step(run_id: str, key: str = "build") -> Step:
    return Step(run_id, key, "", "", "json", "1", NOON, NOON)


def test_the_longest_runnable_runs_are_claimed_first_up_to_the_limit(db: Database) -> None:
    """Runs are claimed in the order in which they became runnable."""
    ids = [a_run(db, now=NOON + timedelta(seconds=second)).id for second in range(5)]
    worker = a_worker(db)
    assert [run.id for run in claim(db, worker, now=LATER, limit=2)] == ids[:2]
    assert [run.id for run in claim(db, worker, now=LATER, limit=9)] == ids[2:]
    assert claim(db, worker, now=LATER) == []


def test_only_runs_that_are_due_and_whose_flow_the_worker_has_are_claimed(db: Database) -> None:
    """A run of another flow, or for a later time, stays."""
    a_run(db, flow="other")
    a_run(db, now=LATER)
    worker = a_worker(db)
    assert claim(db, worker) == []
    assert claims.claim(db, claim_request(worker), limit=1, now=NOON) == claims.ClaimResult([], LATER)
    assert claims.claim(db, claim_request(worker, "nothing"), limit=1, now=NOON) == claims.ClaimResult([], None)


def test_a_claim_says_when_to_poll_next(db: Database) -> None:
    """At once if there may be more, when the next run is due otherwise, and soon if a run could not be claimed."""
    worker, expired = a_worker(db), a_worker(db)
    recovery.expire_worker(db, expired, now=NOON)
    for _ in range(3):
        a_run(db)
    a_run(db, now=LATER)
    assert claims.claim(db, claim_request(expired), limit=2, now=NOON).next_poll_at == NOON + claims.RETRY_AFTER
    assert claims.claim(db, claim_request(worker), limit=2, now=NOON).next_poll_at == NOON
    assert claims.claim(db, claim_request(worker), limit=2, now=NOON).next_poll_at == LATER


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("others", [0, 1])
def test_a_run_that_somebody_else_has_locked_is_looked_for_again_within_50_ms(db: Database, others: int) -> None:
    """A second press holds a run that the first one has settled. A claim skips it, whatever else it gets."""
    worker = a_worker(db)
    pressed = [an_open_prompt(db, worker=worker) for _ in range(others + 1)]
    for prompt in pressed:
        settle(db, prompt)
    with db.write() as second_press:
        second_press.rows(LOCK_RUN_OF_PROMPT, prompt_id=pressed[-1].id)
        result = claims.claim(db, claim_request(worker), limit=10, now=NOON)
    assert [each.run.id for each in result.claimed] == [prompt.run_id for prompt in pressed[:-1]]
    assert result.next_poll_at is not None
    assert result.next_poll_at - NOON <= timedelta(milliseconds=50)
    assert [run.id for run in claim(db, worker)] == [pressed[-1].run_id]


def test_a_claim_gets_at_most_one_of_the_runs_whose_worker_died(db: Database) -> None:
    """A worker that executed two of them side by side could not tell which one kills it."""
    quarantined = {a_run(db).id for _ in range(3)}
    claim(db, dead := a_worker(db))
    recovery.expire_worker(db, dead, now=NOON)
    others = {a_run(db).id for _ in range(2)}
    worker = a_worker(db)
    first = {run.id: run.crashes for run in claim(db, worker, limit=5)}
    assert others < first.keys() <= others | quarantined
    assert sorted(first.values()) == [0, 0, 1]
    assert claims.claim(db, replace(claim_request(worker), with_quarantined=False), limit=5, now=NOON).claimed == []
    assert len(claim(db, worker)) == 1


def test_workers_that_claim_at_once_never_get_the_same_run(db: Database) -> None:
    """Each of 60 runs goes to one of four workers, at most three at a time."""
    ids = {a_run(db).id for _ in range(60)}
    taken: list[str] = []
    portions: list[int] = []

    def work(worker: str) -> None:
        while len(taken) < len(ids):
            claimed = claim(db, worker, limit=3)
            portions.append(len(claimed))
            taken.extend(run.id for run in claimed)

    threads = [threading.Thread(target=work, args=(a_worker(db),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(taken) == Counter(ids)
    assert max(portions) <= 3


def test_a_worker_that_died_loses_its_runs_and_can_record_nothing(db: Database) -> None:
    """Every write of a worker that lost its lease is refused: a step, a prompt, an end, a retry."""
    run = a_claimed_run(db, dead := a_worker(db))
    assert recovery.expire_worker(db, dead, now=NOON).held == 1
    (again,) = claim(db, a_worker(db))
    assert again.id == run.id
    for write in (
        lambda: journal.record(db, a_step(run.id), fencing_token=run.fencing_token),
        lambda: pauses.open_prompt(db, asking(run), fencing_token=run.fencing_token, state=RunState.PAUSED, held=True),
        lambda: runs.finish(db, run.id, run.fencing_token, state=RunState.COMPLETED, now=NOON),
        lambda: retries.schedule_retry(db, run.id, run.fencing_token, attempt=1, at=NOON, error=""),
        lambda: journal.forget_failed(db, run.id, fencing_token=run.fencing_token, scope=""),
    ):
        with pytest.raises(LeaseLost):
            write()
    assert journal.load(db, run.id) == {}
    assert prompts.of_run(db, run.id) == []
    journal.record(db, a_step(run.id), fencing_token=again.fencing_token)
    assert [*journal.load(db, run.id)] == ["build"]


def test_an_expired_worker_gets_no_runs(db: Database) -> None:
    """Nobody would free what it claims."""
    a_run(db)
    worker = a_worker(db)
    recovery.expire_worker(db, worker, now=NOON)
    assert claim(db, worker) == []
    assert not leases.renew(db, worker, now=NOON, lease=timedelta(1))
    assert len(claim(db, a_worker(db))) == 1


def test_a_run_that_waits_in_memory_returns_to_its_worker_with_its_fencing_token(db: Database) -> None:
    """As long as the worker that holds it is alive, no other gets the answered run."""
    prompt = an_open_prompt(db, worker=(mine := a_worker(db)))
    fencing_token = runs.get(db, prompt.run_id).fencing_token
    settle(db, prompt)
    assert claim(db, a_worker(db)) == []
    (run,) = claim(db, mine)
    assert (run.state, run.fencing_token, run.lease_owner) == (RunState.RUNNING, fencing_token, mine)


def test_a_suspended_run_goes_to_any_worker_with_a_new_fencing_token(db: Database) -> None:
    """Nobody holds a suspended run."""
    prompt = an_open_prompt(db, held=False)
    before = runs.get(db, prompt.run_id)
    assert before.lease_owner is None
    settle(db, prompt)
    (run,) = claim(db, a_worker(db))
    assert run.fencing_token == before.fencing_token + 1


def test_a_worker_that_takes_a_run_over_gets_its_history_for_the_replay(db: Database) -> None:
    """There is none for a run that starts, or that the worker has in memory."""
    held = an_open_prompt(db, worker=(mine := a_worker(db)))
    prompt = an_open_prompt(db, held=False)
    step = a_step(prompt.run_id)
    run = runs.get(db, prompt.run_id)
    journal.record(db, step, fencing_token=run.fencing_token)
    settled = settle(db, prompt).prompt
    settle(db, held)
    begins = a_run(db)
    claimed = {each.run.id: each.history for each in claims.claim(db, claim_request(mine), limit=3, now=NOON).claimed}
    past = claimed.pop(run.id)
    assert claimed == {held.run_id: None, begins.id: None}
    assert past is not None
    assert past() == journal.History({step.key: step}, {settled.key: settled}) == journal.history(db, run.id)


def test_a_step_that_is_recorded_again_stays_as_it_is(db: Database) -> None:
    """A worker repeats the write after a commit in doubt. It is refused if the worker no longer holds the run."""
    run = a_claimed_run(db)
    journal.record(db, a_step(run.id), fencing_token=run.fencing_token)
    journal.record(db, replace(a_step(run.id), result="2"), fencing_token=run.fencing_token)
    assert journal.load(db, run.id)["build"] == a_step(run.id)
    runs.finish(db, run.id, run.fencing_token, state=RunState.COMPLETED, now=NOON)
    with pytest.raises(LeaseLost):
        journal.record(db, a_step(run.id), fencing_token=run.fencing_token)


def test_a_run_whose_worker_died_while_it_waited_goes_on_waiting(db: Database) -> None:
    """Another worker claims it once it is answered, and not before."""
    prompt = an_open_prompt(db, worker=(dead := a_worker(db)))
    recovery.expire_worker(db, dead, now=NOON)
    other = a_worker(db)
    assert claim(db, other) == []
    assert runs.get(db, prompt.run_id).state is RunState.PAUSED
    settle(db, prompt)
    assert [run.id for run in claim(db, other)] == [prompt.run_id]


def test_a_run_that_was_answered_before_its_worker_was_found_dead_continues(db: Database) -> None:
    """It does not matter which came first."""
    prompt = an_open_prompt(db, worker=(dead := a_worker(db)))
    settle(db, prompt)
    recovery.expire_worker(db, dead, now=NOON)
    assert [run.id for run in claim(db, a_worker(db))] == [prompt.run_id]


def test_a_cancelled_run_is_claimed_once_by_its_worker_and_by_no_other(db: Database) -> None:
    """Its worker learns of it, calls its hooks and releases it; what it still records is refused."""
    run = a_claimed_run(db, mine := a_worker(db))
    other = a_worker(db)
    runs.cancel(db, run.id, actor=ANA, reason="Not today", now=NOON)
    assert claim(db, other) == []
    (gone,) = claim(db, mine)
    assert (gone.state, gone.started_at, gone.lease_owner) == (RunState.CANCELLED, NOON, mine)
    runs.release(db, gone.id, gone.fencing_token)
    assert runs.get(db, run.id).is_done
    assert claim(db, mine) == []
    with pytest.raises(LeaseLost):
        journal.record(db, a_step(run.id), fencing_token=run.fencing_token)


@pytest.mark.parametrize("claimed", [False, True])
def test_another_worker_calls_the_hooks_of_a_cancelled_run_whose_worker_died(db: Database, claimed: bool) -> None:
    """Whether or not the dead one had claimed it for its hooks. The run stays cancelled."""
    run = a_claimed_run(db, mine := a_worker(db))
    runs.cancel(db, run.id, actor=ANA, reason="", now=NOON)
    if claimed:
        claim(db, mine)
    recovery.expire_worker(db, mine, now=NOON)
    (again,) = claim(db, a_worker(db))
    assert (again.id, again.state) == (run.id, RunState.CANCELLED)
    assert claim(db, a_worker(db)) == []


def test_a_worker_that_was_thought_dead_does_not_release_the_claim_of_another(db: Database) -> None:
    """It called the hooks of the run too slowly, and another worker is calling them again."""
    run = a_claimed_run(db, late := a_worker(db))
    runs.finish(db, run.id, run.fencing_token, state=RunState.COMPLETED, now=NOON, has_hooks=True)
    (first,) = claim(db, late)
    recovery.expire_worker(db, late, now=NOON)
    (second,) = claim(db, other := a_worker(db))
    runs.release(db, run.id, first.fencing_token)
    assert runs.get(db, run.id).lease_owner == other
    runs.release(db, run.id, second.fencing_token)
    assert runs.get(db, run.id).is_done


def test_a_step_recorded_twice_is_recorded_once(db: Database) -> None:
    """A commit in doubt can be repeated."""
    run = a_claimed_run(db)
    for _ in range(2):
        journal.record(db, a_step(run.id), fencing_token=run.fencing_token)
    assert [*journal.load(db, run.id)] == ["build"]
