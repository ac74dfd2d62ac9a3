"""The one place where a submission is authorised, validated, counted and settled."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest
from pydantic import Field, model_validator

from signoff import Policy, RunInput
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.policy import deadline_of, next_due_at
from signoff.flows.approval.replies import AlreadySettled, Invalid, Refused, Settled
from signoff.flows.durable.question import Question
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.errors import NoSuchPrompt
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import RunState
from signoff.store.runs import pauses, runs
from tests.integration.store.samples import a_claimed_run, asking

NOON = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
ANA = Actor("U1", "Ana", frozenset({"@ana", "ana@example.com"}))
BEN = Actor("U2", "Ben", frozenset({"@ben"}))

Open = Callable[..., Prompt]


class Refund(RunInput):
    """A refund to be approved."""

    amount: float = Field(gt=0, le=100)
    size: Literal["small", "large"]
    approve: bool
    reason: str = ""

    @model_validator(mode="after")
    def _say_why(self) -> "Refund":
        if not self.approve and not self.reason:
            raise ValueError("Say why not.")
        return self


@pytest.fixture
def ask(db: Database) -> Open:
    """Opens a prompt with a policy."""

    def opened(policy: Policy | None = None, **initial_values: Any) -> Prompt:
        question = Question.of(Refund.with_initial_data(**initial_values) if initial_values else Refund)
        rules = policy or Policy()
        deadline = deadline_of(rules, NOON, timeout=3600)
        run = a_claimed_run(db)
        prompt = asking(
            run,
            title=question.title,
            description=question.description,
            schema=question.schema,
            initial_values=question.initial_values,
            model=question.model_reference,
            schema_hash=question.hash,
            stored_policy=rules,
            opened_at=NOON,
            deadline=deadline,
            due_at=next_due_at(rules, NOON, reminders_sent=0, deadline=deadline),
        )
        return pauses.open_prompt(db, prompt, fencing_token=run.fencing_token, state=RunState.PAUSED, held=True)

    return opened


@pytest.fixture
def desk(db: Database) -> Desk:
    return Desk(db, clock=lambda: NOON)


def events(db: Database, prompt: Prompt) -> list[str]:
    return [line.event for line in ledger.lines(db, prompt.id)]


GOOD = {"amount": 10, "size": "small", "approve": True}


def test_values_that_fit_settle_with_the_model_s_defaults(db: Database, desk: Desk, ask: Open) -> None:
    """The flow gets the values, completed by the model, and the ledger names the person."""
    prompt = ask()
    reply = desk.submit(prompt.id, ANA, GOOD, via="cli")
    assert isinstance(reply, Settled)
    assert reply.prompt.answer == {"amount": 10.0, "size": "small", "approve": True, "reason": ""}
    assert events(db, prompt) == ["opened", "submitted"]
    assert ledger.lines(db, prompt.id)[-1].detail["name"] == "Ana"


def test_what_is_left_out_is_taken_from_the_initial_values(desk: Desk, ask: Open) -> None:
    """A button sends one value; the others are the initial values on the card."""
    reply = desk.submit(ask(amount=20, size="large").id, ANA, {"approve": True}, via="slack")
    assert isinstance(reply, Settled)
    assert reply.prompt.answer == {"amount": 20.0, "size": "large", "approve": True, "reason": ""}


def test_every_error_of_every_field_is_told_at_once(db: Database, desk: Desk, ask: Open) -> None:
    """Invariant 10: nothing is settled, and the ledger records the errors."""
    prompt = ask()
    reply = desk.submit(prompt.id, ANA, {"amount": -1, "size": "huge", "color": "red"}, via="cli")
    assert isinstance(reply, Invalid)
    assert {error.path for error in reply.errors} == {("amount",), ("size",), ("approve",), ("color",)}
    assert prompts.get(db, prompt.id).is_open
    assert events(db, prompt) == ["opened", "invalid"]
    assert len(ledger.lines(db, prompt.id)[-1].detail["errors"]) == 4


def test_a_tentative_submission_that_does_not_fit_leaves_no_trace(db: Database, desk: Desk, ask: Open) -> None:
    """A press that opens a form is not an error of the person."""
    prompt = ask(amount=10, size="small")
    reply = desk.submit(prompt.id, ANA, {"approve": False}, via="slack", tentative=True)
    assert isinstance(reply, Invalid)
    assert str(reply.errors[0]) == "Say why not."
    assert events(db, prompt) == ["opened"]


@pytest.mark.parametrize("amount", [float("nan"), float("inf"), 10**5000], ids=["NaN", "infinity", "huge"])
def test_a_number_that_cannot_be_kept_is_invalid(db: Database, desk: Desk, ask: Open, amount: Any) -> None:
    """It is refused like any wrong value, and not by the database."""
    prompt = ask()
    assert isinstance(desk.submit(prompt.id, ANA, {**GOOD, "amount": amount}, via="cli"), Invalid)
    assert prompts.get(db, prompt.id).is_open


@pytest.mark.parametrize("text", ["a\0b", "half \ud83d", "tick ✓ and 𝄞", "' OR 1=1 --"], ids=ascii)
def test_text_of_any_kind_is_kept(db: Database, desk: Desk, ask: Open, text: str) -> None:
    """What a person writes comes back as it was written."""
    prompt = ask()
    reply = desk.submit(prompt.id, ANA, {**GOOD, "reason": text}, via="cli")
    if "\ud83d" in text:
        assert isinstance(reply, Invalid), "pydantic takes no half characters"
        return
    assert prompts.get(db, prompt.id).answer == {**GOOD, "reason": text}
    assert ledger.lines(db, prompt.id)[-1].detail["answer"]["reason"] == text


@pytest.mark.parametrize("approver", ["U1", "u1", "@ANA", "ana@example.com"])
def test_an_approver_may_be_named_in_any_way(desk: Desk, ask: Open, approver: str) -> None:
    """By id, handle or address, in capitals or not."""
    prompt = ask(Policy(approvers=(approver,)))
    assert isinstance(desk.submit(prompt.id, ANA, GOOD, via="cli"), Settled)


@pytest.mark.parametrize("act", ["submit", "reject"])
def test_who_may_not_answer_is_told_who_may(db: Database, desk: Desk, ask: Open, act: str) -> None:
    """Invariant 10: a refusal changes nothing, and the ledger records it."""
    prompt = ask(Policy(approvers=("@ana", "@buyers")))
    if act == "submit":
        reply = desk.submit(prompt.id, BEN, GOOD, via="slack")
    else:
        reply = desk.reject(prompt.id, BEN, "No", via="slack")
    assert isinstance(reply, Refused)
    assert reply.may == ("@ana", "@buyers")
    assert prompts.get(db, prompt.id).is_open
    assert events(db, prompt) == ["opened", "refused"]


def test_whose_values_are_wrong_and_who_may_not_answer_learns_only_that(desk: Desk, ask: Open) -> None:
    """Permission comes before validation."""
    prompt = ask(Policy(approvers=("@ana",)))
    assert isinstance(desk.submit(prompt.id, BEN, {}, via="slack"), Refused)


def test_who_is_too_late_learns_who_won_and_with_what(db: Database, desk: Desk, ask: Open) -> None:
    """Invariant 2: this includes people who may not answer, or whose values are invalid."""
    prompt = ask(Policy(approvers=("@ana",)))
    desk.submit(prompt.id, ANA, GOOD, via="cli")
    for reply in (
        desk.submit(prompt.id, ANA, {}, via="cli"),
        desk.submit(prompt.id, BEN, GOOD, via="cli"),
        desk.reject(prompt.id, BEN, "No", via="cli"),
    ):
        assert isinstance(reply, AlreadySettled)
        assert reply.prompt.settled_by is not None
        assert reply.prompt.settled_by.name == "Ana"
        assert reply.prompt.answer is not None
    assert events(db, prompt) == ["opened", "submitted", "too_late", "too_late", "too_late"]


def test_a_rejection_needs_a_reason(db: Database, desk: Desk, ask: Open) -> None:
    """A no without a word leaves the prompt open."""
    prompt = ask()
    for said in ("", "  \n", "\0"):
        assert isinstance(desk.reject(prompt.id, ANA, said, via="cli"), Invalid)
    reply = desk.reject(prompt.id, ANA, " Too\0 dear ", via="cli")
    assert isinstance(reply, Settled)
    assert (reply.prompt.outcome, reply.prompt.reason, reply.prompt.answer) == (Outcome.REJECTED, "Too dear", None)


def test_at_exactly_the_deadline_it_is_too_late(db: Database, ask: Open) -> None:
    """Invariant 6: a microsecond before it is not."""
    for moment, expected in (
        (timedelta(hours=1), AlreadySettled),
        (timedelta(hours=1, microseconds=-1), Settled),
    ):
        prompt = ask(Policy(deadline=timedelta(hours=1)))
        late = NOON + moment
        reply = Desk(db, clock=lambda late=late: late).submit(prompt.id, ANA, GOOD, via="cli")  # type: ignore[misc]
        assert isinstance(reply, expected)
    assert prompts.pending(db) == []


def test_a_timeout_is_nobody_s_no(db: Database, desk: Desk, ask: Open) -> None:
    """It has an outcome of its own, and no answer."""
    reply = desk.time_out(ask(amount=1, size="small"))
    assert (reply.prompt.outcome, reply.prompt.answer, reply.prompt.reason) == (Outcome.TIMED_OUT, None, None)


def test_a_deadline_that_continues_takes_the_initial_values(desk: Desk, ask: Open) -> None:
    """They are validated like any answer."""
    policy = Policy(at_deadline="continue")
    reply = desk.time_out(ask(policy, amount=5, size="small", approve=True))
    assert (reply.prompt.outcome, reply.prompt.answer) == (
        Outcome.TIMED_OUT,
        {"amount": 5.0, "size": "small", "approve": True, "reason": ""},
    )
    assert desk.time_out(ask(policy, amount=5)).prompt.answer is None


def test_an_unknown_prompt_is_refused(desk: Desk) -> None:
    """An id that somebody made up finds nothing."""
    with pytest.raises(NoSuchPrompt):
        desk.submit("made-up", ANA, {}, via="slack")


def test_many_people_at_once_settle_once(db: Database, desk: Desk, ask: Open) -> None:
    """Invariant 2: of eight people who press at the same time one wins, and all others learn who did."""
    prompt = ask(amount=1, size="small")
    start, replies = threading.Barrier(8), []

    def press(number: int) -> None:
        start.wait()
        replies.append(desk.submit(prompt.id, Actor(f"U{number}", f"Person {number}"), {"approve": True}, via="slack"))

    pressing = [threading.Thread(target=press, args=(number,)) for number in range(8)]
    for each in pressing:
        each.start()
    for each in pressing:
        each.join()
    assert sorted(type(reply).__name__ for reply in replies) == ["AlreadySettled"] * 7 + ["Settled"]
    assert len({reply.prompt.settled_by for reply in replies}) == 1


def test_cancelling_a_run_cancels_its_question(db: Database, desk: Desk, ask: Open) -> None:
    """Cancellation goes through the desk, too, and the ledger names the person."""
    prompt = ask()
    desk.cancel(prompt.run_id, ANA, "Not today, with token=abc")
    settled = prompts.get(db, prompt.id)
    assert (settled.outcome, settled.reason) == (Outcome.CANCELLED, "Not today, with token=abc")
    assert settled.settled_by == Actor("U1", "Ana")
    assert runs.get(db, prompt.run_id).state is RunState.CANCELLED
    assert events(db, prompt) == ["opened", "cancelled", "run_ended"]
