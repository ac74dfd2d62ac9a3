"""The outbox of outcomes for other engines: nothing is lost, and what may have arrived is known to be in doubt."""

from datetime import timedelta

import pytest

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.errors import RunElsewhere, RunFinished
from signoff.store.outbox import cards, deliveries
from signoff.store.prompts import prompts
from signoff.store.prompts import settle as settling
from signoff.store.records.outbox import ClaimedDelivery
from signoff.store.records.prompts import Delivery, DeliveryState, Outcome, Prompt
from signoff.store.records.runs import RunState
from signoff.store.runs import recovery, runs
from tests.integration.store.samples import (
    ANA,
    NOON,
    a_prompt_elsewhere,
    a_worker,
    an_open_prompt,
    claim,
    claim_cards,
    claim_notices,
    post_cards,
    settle,
)

SOON = NOON + timedelta(seconds=30)


def claimed(db: Database, worker: str | None = None) -> list[ClaimedDelivery]:
    """What somebody who delivers gets."""
    return deliveries.claim_due(db, "elsewhere", worker or a_worker(db), now=NOON, limit=10)


def events(db: Database, prompt: Prompt) -> list[str]:
    return [line.event for line in ledger.lines(db, prompt.id)]


def state_of(db: Database, prompt: Prompt) -> Delivery | None:
    return prompts.get(db, prompt.id).delivery


def test_an_outcome_of_another_engine_goes_into_the_outbox(db: Database) -> None:
    """It is written with the outcome, and the run becomes runnable for no worker."""
    prompt = a_prompt_elsewhere(db)
    with db.changes.subscribe(Topic.DELIVERIES) as changes:
        settled = settle(db, prompt, answer={"size": "large"}).prompt
        assert changes.wait(10)
    assert settled.delivery == state_of(db, prompt) == Delivery(DeliveryState.PENDING)
    assert claim(db, a_worker(db)) == []
    (one,) = claimed(db)
    assert (one.prompt.answer, one.prompt.external_run_id) == ({"size": "large"}, "7")
    assert (one.attempts, one.in_doubt) == (1, False)


def test_an_outcome_of_the_embedded_engine_does_not(db: Database) -> None:
    """Its run is claimable in the same transaction."""
    prompt = an_open_prompt(db, held=False)
    assert settle(db, prompt).prompt.delivery is None
    assert claimed(db) == []
    assert [run.id for run in claim(db, a_worker(db))] == [prompt.run_id]


def test_only_one_at_a_time_hands_an_outcome_over(db: Database) -> None:
    """While one does, no other can; once that one is dead another does, and knows that it may have arrived."""
    settle(db, a_prompt_elsewhere(db))
    dead = a_worker(db)
    assert len(claimed(db, dead)) == 1
    assert claimed(db) == []
    recovery.expire_worker(db, dead, now=NOON)
    (again,) = claimed(db)
    assert (again.attempts, again.in_doubt) == (2, True)


def test_an_engine_gets_its_own_outcomes_only(db: Database) -> None:
    """Two engines may have a run of the same id."""
    other = a_prompt_elsewhere(db, engine="beyond")
    prompt = a_prompt_elsewhere(db)
    assert other.run_id != prompt.run_id
    settle(db, other)
    settle(db, prompt)
    assert [each.prompt.id for each in claimed(db)] == [prompt.id]


def test_what_an_engine_took_is_on_the_card_and_in_the_ledger(db: Database) -> None:
    """The run goes on there, and its card is drawn once more, even if it is being drawn just now."""
    prompt = a_prompt_elsewhere(db)
    settle(db, prompt)
    (drawing,) = claim_cards(db, a_worker(db), now=NOON)
    claimed(db)
    assert deliveries.accepted(db, prompt.id, words="RUNNING", now=SOON)
    cards.drawn(db, drawing, channel="C1", ts="1.0", now=SOON)
    (card,) = claim_cards(db, a_worker(db), now=SOON)
    assert card.prompt.delivery == Delivery(DeliveryState.ACCEPTED, "RUNNING")
    assert runs.get(db, prompt.run_id).state is RunState.RUNNING
    assert events(db, prompt) == ["opened", "submitted", "delivery_accepted", "card_posted"]
    assert ledger.lines(db, prompt.id)[2].detail == {"engine": "elsewhere", "words": "RUNNING"}
    assert claimed(db) == []
    assert deliveries.next_due_at(db, "elsewhere") is None


def test_what_an_engine_refused_is_not_handed_over_again(db: Database) -> None:
    """The run's message says what was said, and it is listed for a person to look."""
    prompt = a_prompt_elsewhere(db)
    settle(db, prompt)
    claimed(db)
    assert deliveries.refused(db, prompt.id, words="not paused", now=SOON)
    assert not deliveries.accepted(db, prompt.id, words="", now=SOON)
    assert state_of(db, prompt) == Delivery(DeliveryState.REFUSED, "not paused")
    assert "not paused" in runs.get(db, prompt.run_id).message
    assert [each.id for each in deliveries.stuck(db, now=SOON, pending_for=timedelta(minutes=1))] == [prompt.id]
    assert claimed(db) == []


def test_a_run_that_asks_something_else_still_waits(db: Database) -> None:
    """One of two answers does not make it go on."""
    first, second = a_prompt_elsewhere(db), a_prompt_elsewhere(db, key="2")
    assert first.run_id == second.run_id
    settle(db, first)
    deliveries.accepted(db, first.id, words="", now=SOON)
    assert runs.get(db, first.run_id).state is RunState.PAUSED


@pytest.mark.parametrize("in_doubt", [True, False])
def test_a_failed_attempt_is_noted_once_for_each_reason(db: Database, in_doubt: bool) -> None:
    """It is tried again at its time, and known to be in doubt if it may have arrived."""
    prompt, worker = a_prompt_elsewhere(db), a_worker(db)
    settle(db, prompt)
    for error in ("refused", "refused", "timeout"):
        (one,) = claimed(db, worker)
        deliveries.failed(db, one, error=error, retry_at=SOON, in_doubt=in_doubt, now=NOON)
        assert claimed(db, worker) == []
        deliveries.retry_now(db, "elsewhere", now=NOON)
    assert events(db, prompt).count("delivery_failed") == 2
    assert state_of(db, prompt) == Delivery(DeliveryState.PENDING, error="timeout")
    (again,) = claimed(db, worker)
    assert (again.attempts, again.in_doubt) == (4, in_doubt)


def test_what_is_pending_for_long_is_listed(db: Database) -> None:
    """Not what was answered a moment ago, and not what was refused long ago."""
    settle(db, a_prompt_elsewhere(db))
    for now, listed in ((SOON, 0), (NOON + timedelta(minutes=2), 1)):
        assert len(deliveries.stuck(db, now=now, pending_for=timedelta(minutes=1))) == listed


def test_cancelling_a_run_elsewhere_is_up_to_its_engine(db: Database) -> None:
    """It is over once the engine has taken that; then its thread says so, once."""
    first, second = a_prompt_elsewhere(db), a_prompt_elsewhere(db, key="2")
    run_id, taker = first.run_id, a_worker(db)
    post_cards(db)
    assert runs.cancel(db, run_id, actor=ANA, reason="No more", now=NOON).state is RunState.PAUSED
    assert {each.prompt.outcome for each in claimed(db)} == {Outcome.CANCELLED}
    assert claim_notices(db, taker, now=SOON) == []
    for prompt in (first, second):
        deliveries.accepted(db, prompt.id, words="", now=SOON)
    run = runs.get(db, run_id)
    assert (run.state, run.message, run.finished_at, run.runnable_at) == (RunState.CANCELLED, "No more", SOON, None)
    post_cards(db, SOON)
    assert [each.detail["state"] for each in claim_notices(db, taker, now=SOON)] == ["Cancelled"]
    with pytest.raises(RunFinished):
        runs.cancel(db, run_id, actor=ANA, reason="", now=SOON)


def test_a_run_elsewhere_that_asks_nothing_cannot_be_cancelled_from_here(db: Database) -> None:
    """Nothing would tell its engine."""
    prompt = a_prompt_elsewhere(db)
    settle(db, prompt)
    with pytest.raises(RunElsewhere, match="Cancel it in elsewhere"):
        runs.cancel(db, prompt.run_id, actor=ANA, reason="", now=SOON)


def test_a_timeout_is_handed_over_as_well(db: Database) -> None:
    """An engine learns of every end that it did not bring about."""
    prompt = a_prompt_elsewhere(db)
    settling.settle(db, prompt.id, outcome=Outcome.TIMED_OUT, actor=ANA, via="clock", now=NOON)
    (one,) = claimed(db)
    assert one.prompt.outcome is Outcome.TIMED_OUT


def test_a_late_failure_leaves_what_another_process_hands_over_in_doubt(db: Database) -> None:
    """It says nothing about the attempt that came after it."""
    prompt = a_prompt_elsewhere(db)
    settle(db, prompt)
    slow, second = a_worker(db), a_worker(db)
    (late,) = claimed(db, slow)
    recovery.deregister(db, slow, now=NOON)
    claimed(db, second)
    deliveries.failed(db, late, error="refused", retry_at=NOON, in_doubt=False, now=NOON)
    recovery.deregister(db, second, now=NOON)
    (third,) = claimed(db)
    assert (third.in_doubt, third.attempts) == (True, 3)
    assert "delivery_failed" not in events(db, prompt)


def test_a_worker_that_has_expired_hands_nothing_over(db: Database) -> None:
    """Nobody would see that it holds the outcome, so another one would hand it over at the same time."""
    settle(db, a_prompt_elsewhere(db))
    expired = a_worker(db)
    recovery.expire_worker(db, expired, now=NOON)
    assert claimed(db, expired) == []
    assert [each.in_doubt for each in claimed(db)] == [False]
