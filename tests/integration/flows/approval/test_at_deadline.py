"""Deadlines that answer, or that leave a prompt open: each act happens once, whatever comes in the same moment."""

from datetime import timedelta
from functools import partial
from typing import Literal

import pytest

from signoff import Policy, flow, pause_flow_run
from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import Settled
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome
from tests.integration.flows.approval.test_deadlines import HOUR, NOON, events, look, opened
from tests.integration.flows.approval.test_votes import at_once
from tests.support.fixtures import StartWorker
from tests.support.waiting import until_over

ANA = Actor("@ana", "Ana")
SIZE = {"size": "small"}


def test_an_answer_and_a_deadline_that_answers_settle_once(db: Database) -> None:
    """Whichever comes first, and the other one is told what counted."""
    prompt, desk = opened(db, Policy(approvers=["@ana"], deadline=HOUR, at_deadline="continue")), Desk(db)
    early = Desk(db, clock=lambda: NOON)
    answer, timeout = at_once(
        [partial(early.submit, prompt.id, ANA, SIZE, via="slack"), partial(desk.time_out, prompt)]
    )
    assert sorted([type(answer).__name__, type(timeout).__name__]) == ["AlreadySettled", "Settled"]
    settled = prompts.get(db, prompt.id)
    assert settled.outcome is (Outcome.SUBMITTED if isinstance(answer, Settled) else Outcome.TIMED_OUT)
    assert [each for each in events(db, prompt) if each in ("submitted", "timed_out")] == [settled.outcome]
    assert answer.prompt == timeout.prompt == settled


def test_several_processes_note_once_that_a_prompt_is_overdue(db: Database) -> None:
    """It stays open, its card is drawn again, and reminders that are left still come."""
    prompt = opened(db, Policy(deadline=HOUR, at_deadline="none", reminders=(2 * HOUR,)))
    assert look(db, NOON + HOUR - timedelta(microseconds=1)) == 0
    assert not prompts.get(db, prompt.id).is_overdue
    at_once([DeadlineEnforcer(db, clock=lambda: NOON + HOUR).do_due] * 4)
    found = prompts.get(db, prompt.id)
    assert found.is_open
    assert found.is_overdue
    assert found.revision == prompt.revision + 1
    assert found.due_at == NOON + 2 * HOUR
    assert look(db, NOON + 2 * HOUR) == 1
    assert prompts.get(db, prompt.id).due_at is None
    assert prompts.get(db, prompt.id).is_overdue
    assert events(db, prompt) == ["opened", "overdue", "reminded"]


def test_what_was_missed_of_an_overdue_prompt_is_made_up_for(db: Database) -> None:
    """First the deadline, then one reminder; and an answer counts after both."""
    prompt = opened(db, Policy(approvers=["@ana"], deadline=HOUR, at_deadline="none", reminders=(HOUR / 2, 2 * HOUR)))
    look(db, NOON + 3 * HOUR)
    assert events(db, prompt) == ["opened", "overdue", "reminded"]
    reply = Desk(db, clock=lambda: NOON + 4 * HOUR).submit(prompt.id, ANA, SIZE, via="cli")
    assert isinstance(reply, Settled)


@pytest.mark.parametrize(
    ("asked", "fault"),
    [
        (int, "at_deadline: 'approve' needs a question that can be answered with yes or no"),
        (Literal["red", "green"], "at_deadline: 'approve' needs a question that can be answered with yes or no"),
    ],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_yes_needs_a_question_that_has_one(db: Database, start_worker: StartWorker, asked: type, fault: str) -> None:
    """The pause is refused with the name of the field."""

    @flow
    def ask() -> None:
        pause_flow_run(asked, policy=Policy(at_deadline="approve"))

    start_worker(ask)
    assert fault in str(until_over(db, ask.create_run(db=db).id).error)


@pytest.mark.parametrize(("rule", "value"), [("approve", "approve"), ("reject", "block")])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_choice_may_be_the_yes_or_the_no(
    db: Database, start_worker: StartWorker, rule: Literal["approve", "reject"], value: str
) -> None:
    """By what its values say."""

    @flow
    def ask() -> str:
        policy = Policy(deadline=timedelta(milliseconds=1), at_deadline=rule)
        return str(pause_flow_run(Literal["approve", "needs_work", "block"], policy=policy))

    start_worker(ask)
    with DeadlineEnforcer(db):
        assert until_over(db, ask.create_run(db=db).id).result == value
