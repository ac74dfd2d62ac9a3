"""Runs: found, listed, finished, retried, cancelled."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from signoff.flows.names import new_id
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.errors import NoSuchRun, RunFinished, RunNotFailed
from signoff.store.outbox import cards
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Outcome
from signoff.store.records.runs import RunState, Step
from signoff.store.runs import journal, pauses, retries, runs
from signoff.store.runs.orphans import count_orphaned, is_orphaned
from signoff.store.tables import flow_runs
from tests.integration.store.samples import (
    ANA,
    BEN,
    NOON,
    a_claimed_run,
    a_run,
    a_worker,
    an_open_prompt,
    asking,
    claim,
    claim_cards,
    claim_notices,
    settle,
)

SOON = NOON + timedelta(seconds=30)


def test_a_run_is_found_by_its_id_the_beginning_of_it_or_its_name(db: Database) -> None:
    """People type the beginning of the id, or the name."""
    run = a_run(db)
    for given in (run.id, run.id[:8], run.name):
        assert runs.get(db, given).id == run.id


def test_a_name_of_no_run_or_of_several_is_refused(db: Database) -> None:
    """Nothing is guessed, and wildcards are plain characters."""
    a_run(db)
    a_run(db)
    with pytest.raises(NoSuchRun, match="signoff runs"):
        runs.get(db, "unknown")
    with pytest.raises(NoSuchRun, match="More than one"):
        runs.get(db, "brave-otter")
    with pytest.raises(NoSuchRun, match="There is no run"):
        runs.get(db, "%")


def test_a_run_and_what_it_asks_know_who_requested_it(db: Database) -> None:
    """The requester is kept with the run; a run that nobody requested has none."""
    worker = a_worker(db)
    runs.create(db, run_id=new_id(), name="calm-heron", flow="order", parameters={}, now=NOON, requester=ANA)
    (claimed,) = claim(db, worker)
    assert claimed.requester == ANA
    asked = asking(claimed)
    pauses.open_prompt(db, asked, fencing_token=claimed.fencing_token, state=RunState.PAUSED, held=True)
    assert prompts.get(db, asked.id).requester == ANA
    assert settle(db, asked, BEN).prompt.requester == ANA
    assert prompts.of_run(db, claimed.id)[0].requester == ANA
    assert a_run(db).requester is None
    assert an_open_prompt(db, worker=worker).requester is None


def test_a_run_of_another_engine_is_left_alone_by_workers(db: Database) -> None:
    """It is never claimed, retried or reported as without a worker."""
    run = a_run(db)
    with db.write() as tx:
        tx.execute(
            update(flow_runs)
            .where(flow_runs.c.id == run.id)
            .values(engine="elsewhere", external_id="7", runnable_at=None, state=RunState.PAUSED)
        )
    worker = a_worker(db)
    assert claim(db, worker) == []
    assert count_orphaned(db, now=NOON) == {}
    assert not is_orphaned(runs.get(db, run.id), set())
    assert runs.get(db, run.id).external_id == "7"
    with pytest.raises(RunNotFailed, match="Retry it there"):
        retries.retry(db, run.id, actor=ANA, now=SOON)


def test_the_newest_runs_come_first(db: Database) -> None:
    """A list of runs begins with the newest."""
    ids = [a_run(db, now=NOON + timedelta(seconds=second)).id for second in range(3)]
    assert [run.id for run in runs.newest(db)] == ids[::-1]
    assert [run.id for run in runs.newest(db, limit=1)] == ids[-1:]
    assert runs.newest(db, state=RunState.FAILED) == []


def test_the_end_of_a_run_cancels_its_open_prompts_and_is_posted(db: Database) -> None:
    """No card stays open for a run that is over."""
    prompt = an_open_prompt(db)
    (card,) = claim_cards(db, a_worker(db), now=NOON)
    cards.drawn(db, card, channel="C1", ts="1.0", now=NOON)
    run, worker = runs.get(db, prompt.run_id), a_worker(db)
    runs.finish(
        db,
        run.id,
        run.fencing_token,
        state=RunState.FAILED,
        now=SOON,
        error="ValueError: token=abc",
        reason="ValueError",
    )
    settled = prompts.get(db, prompt.id)
    assert (settled.outcome, settled.reason) == (Outcome.CANCELLED, "The run has ended.")
    (card,) = claim_cards(db, worker, now=SOON)
    assert (card.prompt.id, claim_notices(db, worker, now=SOON)) == (prompt.id, [])
    cards.drawn(db, card, channel="C1", ts="1.0", now=SOON)
    (notice,) = claim_notices(db, worker, now=SOON)
    assert (notice.kind, notice.detail) == ("run_ended", {"state": "Failed", "result": None, "reason": "ValueError"})
    assert [line.event for line in ledger.lines(db, prompt.id)] == ["opened", "card_posted", "cancelled", "run_ended"]


def test_no_worker_claims_a_run_that_has_ended(db: Database) -> None:
    """Even if the answer to another of its prompts had just made it runnable."""
    worker = a_worker(db)
    prompt = an_open_prompt(db, worker=worker)
    settle(db, prompt)
    run = runs.get(db, prompt.run_id)
    runs.finish(db, run.id, run.fencing_token, state=RunState.FAILED, now=SOON, error="It broke")
    assert claim(db, worker, now=SOON) == claim(db, a_worker(db), now=SOON) == []
    assert runs.get(db, run.id).state is RunState.FAILED


def test_a_retried_run_waits_until_its_time_and_keeps_its_finished_steps(db: Database) -> None:
    """Failed steps run again, finished ones do not."""
    run = a_claimed_run(db)
    for key, format_ in (("build", "json"), ("test", "error")):
        journal.record(db, Step(run.id, key, "", "", format_, "{}", NOON, NOON), fencing_token=run.fencing_token)
    retries.schedule_retry(db, run.id, run.fencing_token, attempt=1, at=SOON, error="It broke")
    worker = a_worker(db)
    assert claim(db, worker) == []
    (again,) = claim(db, worker, now=SOON)
    assert (again.attempt, again.error) == (2, "It broke")
    assert [*journal.load(db, run.id)] == ["build"]


@pytest.mark.parametrize("held", [True, False])
def test_a_cancelled_run_ends_at_once_with_its_question(db: Database, held: bool) -> None:
    """A waiting run, paused or suspended, ends in the same transaction as its prompt."""
    prompt = an_open_prompt(db, held=held)
    run = runs.cancel(db, prompt.run_id, actor=ANA, reason="Not today", now=SOON)
    assert (run.state, run.message, run.finished_at) == (RunState.CANCELLED, "Not today", SOON)
    settled = prompts.get(db, prompt.id)
    assert (settled.outcome, settled.settled_by, settled.reason) == (Outcome.CANCELLED, ANA, "Not today")


def test_a_run_that_is_over_cannot_be_cancelled(db: Database) -> None:
    """The error says how it ended."""
    run = a_run(db)
    runs.cancel(db, run.id, actor=ANA, reason="", now=NOON)
    with pytest.raises(RunFinished, match="over already: Cancelled"):
        runs.cancel(db, run.id, actor=ANA, reason="", now=NOON)
    with pytest.raises(NoSuchRun):
        runs.cancel(db, "none", actor=ANA, reason="", now=NOON)
