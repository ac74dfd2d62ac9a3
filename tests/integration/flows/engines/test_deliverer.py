"""Handing outcomes to an engine that fails in every way it can."""

import logging
import threading
from collections.abc import Callable, Iterable

import pytest

from signoff.flows.engine import (
    Acceptance,
    Accepted,
    EngineUnavailable,
    OutgoingDelivery,
    PauseReports,
    Problem,
    Refused,
)
from signoff.flows.engines.deliverer import Deliverer
from signoff.flows.names import now
from signoff.store import leases, ledger
from signoff.store.database import Database
from signoff.store.outbox import deliveries
from signoff.store.prompts import prompts
from signoff.store.records.prompts import DeliveryState, Prompt
from tests.integration.store.samples import a_prompt_elsewhere, a_worker, settle
from tests.support.waiting import until

Answer = Callable[[OutgoingDelivery], Acceptance]


class Elsewhere:
    """An engine that answers as the test says."""

    name = "elsewhere"

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.got: list[OutgoingDelivery] = []

    def start(self, reports: PauseReports) -> None:
        """Nothing to report."""

    def stop(self) -> None:
        """Nothing to stop."""

    def deliver(self, delivery: OutgoingDelivery) -> Acceptance:
        self.got.append(delivery)
        return self._answer(delivery)

    def cancel(self, delivery: OutgoingDelivery) -> Acceptance:
        return self.deliver(delivery)

    def link(self, external_run_id: str) -> None:
        return None

    def check(self) -> Iterable[Problem]:
        return ()


def answered(db: Database, key: str = "1") -> Prompt:
    """A prompt whose outcome is due to its engine."""
    return settle(db, a_prompt_elsewhere(db, key=key, title=f"Question {key}"), now=now()).prompt


def until_taken(db: Database, prompt: Prompt, state: DeliveryState = DeliveryState.ACCEPTED) -> None:
    """Returns as soon as the delivery has come that far."""

    def look() -> bool:
        delivery = prompts.get(db, prompt.id).delivery
        return delivery is not None and delivery.state is state

    until(db, lambda: look() or None, what=f"the delivery to be {state}")


def test_what_is_answered_while_it_runs_is_handed_over_at_once(db: Database) -> None:
    """And what was answered before it runs as soon as it does."""
    engine = Elsewhere(lambda _: Accepted("thanks"))
    before = answered(db)
    with Deliverer(db, engine):
        until_taken(db, before)
        during = answered(db, "2")
        until_taken(db, during)
    assert [(each.id, each.attempts, each.in_doubt) for each in engine.got] == [
        (before.id, 1, False),
        (during.id, 1, False),
    ]


@pytest.mark.parametrize("may_have_arrived", [True, False])
def test_an_engine_is_told_what_is_in_doubt(db: Database, may_have_arrived: bool) -> None:
    """Where the last attempt may have arrived it has to look first; where it cannot have, it need not."""

    def answer(delivery: OutgoingDelivery) -> Acceptance:
        if delivery.attempts == 1:
            raise EngineUnavailable("away", may_have_arrived=may_have_arrived)
        return Accepted()

    engine, prompt = Elsewhere(answer), answered(db)
    with Deliverer(db, engine):
        until_taken(db, prompt)
    assert [each.in_doubt for each in engine.got] == [False, may_have_arrived]


def test_while_an_engine_is_unavailable_it_is_left_in_peace(db: Database) -> None:
    """Of many that wait for it one is tried at a time, and all go once it is back."""
    calls = threading.Semaphore(0)
    is_back = threading.Event()

    def answer(_: OutgoingDelivery) -> Acceptance:
        calls.release()
        if not is_back.is_set():
            raise EngineUnavailable("away", may_have_arrived=False)
        return Accepted()

    engine = Elsewhere(answer)
    waiting = [answered(db, str(number)) for number in range(20)]
    with Deliverer(db, engine):
        for _ in range(2):
            assert calls.acquire(timeout=20)
        assert len(engine.got) == 2
        is_back.set()
        for prompt in waiting:
            until_taken(db, prompt)
    assert len(engine.got) <= len(waiting) + 4


def test_an_outcome_that_an_engine_cannot_cope_with_does_not_hold_up_the_others(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the traceback; the ledger only what kind of error it was, which may hold a secret."""

    def answer(delivery: OutgoingDelivery) -> Acceptance:
        if delivery.key == "bad":
            raise RuntimeError("token xoxb-secret")
        if delivery.key == "odd":
            return None  # type: ignore[return-value]
        if delivery.key == "wordless":
            return Accepted(None)  # type: ignore[arg-type]
        if delivery.key == "exits":
            raise SystemExit(1)
        return Accepted()

    bad, odd, wordless, exits, good = (answered(db, key) for key in ("bad", "odd", "wordless", "exits", "good"))
    with caplog.at_level(logging.ERROR, "signoff.flows.engines.deliverer"), Deliverer(db, Elsewhere(answer)):
        until_taken(db, good)
    for prompt, name in (
        (bad, "RuntimeError"),
        (odd, "TypeError"),
        (wordless, "TypeError"),
        (exits, "SystemExit"),
    ):
        found = next(line for line in ledger.lines(db, prompt.id) if line.event == "delivery_failed")
        assert found.detail == {"error": name}
    assert "Question bad" in caplog.text


def test_an_engine_may_say_a_great_deal(db: Database) -> None:
    """What is kept of it is enough to know why."""
    prompt = answered(db)
    with Deliverer(db, Elsewhere(lambda _: Refused("no " * 10_000))):
        until_taken(db, prompt, DeliveryState.REFUSED)
    delivery = prompts.get(db, prompt.id).delivery
    assert delivery is not None
    assert len(delivery.words) == 1000


def test_what_an_engine_says_is_recorded_without_secrets(db: Database) -> None:
    """Its words stand on the card and in the ledger, and why an attempt failed in the ledger."""

    def answer(delivery: OutgoingDelivery) -> Acceptance:
        if delivery.attempts == 1:
            raise EngineUnavailable("https://me:hush@engine.example is away")
        return Refused("ValueError: token=hush")

    prompt = answered(db)
    with Deliverer(db, Elsewhere(answer)):
        until_taken(db, prompt, DeliveryState.REFUSED)
    delivery = prompts.get(db, prompt.id).delivery
    assert delivery is not None
    assert delivery.words == "ValueError: token=***"
    assert "hush" not in str(ledger.lines(db, prompt.id))


class Unspeakable(EngineUnavailable):
    """An error that fails while it is being reported."""

    def __str__(self) -> str:
        raise RuntimeError("nothing to say")


def test_deliveries_go_on_after_any_error(db: Database, caplog: pytest.LogCaptureFixture) -> None:
    """The thread that delivers never ends by itself, and says once what goes wrong."""

    def answer(delivery: OutgoingDelivery) -> Acceptance:
        if delivery.attempts <= 2:
            raise Unspeakable("away")
        return Accepted()

    engine, prompt = Elsewhere(answer), answered(db)
    with caplog.at_level(logging.ERROR, "signoff.flows.engines.deliverer"), Deliverer(db, engine):
        until_taken(db, prompt)
    assert [each.in_doubt for each in engine.got] == [False, True, True]
    assert [message for message in caplog.messages if "unexpectedly" in message] == [
        "A delivery to elsewhere failed unexpectedly; retrying: nothing to say"
    ]


def test_an_outcome_that_fails_in_any_way_waits_for_the_others(db: Database) -> None:
    """It is not tried again and again before them."""
    others_are_taken = threading.Event()

    def answer(delivery: OutgoingDelivery) -> Acceptance:
        if delivery.key == "good":
            others_are_taken.set()
        elif not others_are_taken.is_set():
            raise Unspeakable("away")
        return Accepted()

    bad, good = answered(db, "bad"), answered(db, "good")
    with Deliverer(db, Elsewhere(answer)):
        until_taken(db, good)
        until_taken(db, bad)


def test_nobody_else_delivers_what_an_engine_is_still_taking(db: Database) -> None:
    """A process that stops keeps its claim until the call has ended, and then records what the engine said."""
    is_called, may_answer = threading.Event(), threading.Event()

    def answer(_: OutgoingDelivery) -> Acceptance:
        is_called.set()
        assert may_answer.wait(60)
        return Accepted()

    prompt = answered(db)
    with Deliverer(db, Elsewhere(answer), stop_within=0.01):
        assert is_called.wait(60)
    assert deliveries.claim_due(db, "elsewhere", a_worker(db), now=now()) == []
    workers = len(leases.all_workers(db))
    may_answer.set()
    until_taken(db, prompt)
    until(db, lambda: len(leases.all_workers(db)) == workers - 1, what="the worker to be unregistered")
