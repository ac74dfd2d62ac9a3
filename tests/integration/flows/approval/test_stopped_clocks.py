"""A question stops the clock: the deadline and the reminders move, and whoever dies, they come when they should."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import update

from signoff import Policy
from signoff.bot.surfaces.comments import clock_line
from signoff.flows.approval.comments import MAX_COMMENTS, MAX_TEXT, with_comment
from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.policy import deadline_of
from signoff.flows.approval.replies import AlreadySettled, Commented, Invalid
from signoff.flows.engine import ReportedPause
from signoff.flows.engines.pause_reports import DatabasePauseReports
from signoff.store.database import Database
from signoff.store.prompts import due, prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Comment, Outcome, Prompt
from signoff.store.records.runs import RunState
from signoff.store.records.stages import PassedStage
from signoff.store.runs import pauses
from signoff.store.tables import flow_runs
from tests.integration.flows.approval.test_votes import at_once
from tests.integration.store.samples import a_claimed_run, asking

NOON = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANA, BEN, MEI = Actor("U1ANA", "Ana"), Actor("U2BEN", "Ben"), Actor("U3MEI", "Mei")
ASKING_BACK = Policy(approvers=[ANA.id, MEI.id], comments="pause-clock", deadline=2 * HOUR, reminders=[1.5 * HOUR])


on_sqlite = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def opened(db: Database, policy: Policy = ASKING_BACK) -> Prompt:
    """A prompt that was opened at noon for a run that Ben has requested."""
    run = a_claimed_run(db)
    with db.write() as tx:
        tx.execute(update(flow_runs).where(flow_runs.c.id == run.id).values(requester=BEN.id, requester_name=BEN.name))
    deadline = deadline_of(policy, NOON, None)
    asked = asking(run, stored_policy=policy, deadline=deadline, due_at=deadline)
    asked = pauses.open_prompt(db, asked, fencing_token=run.fencing_token, state=RunState.PAUSED, held=True)
    return prompts.get(db, asked.id)


def says(db: Database, prompt: Prompt, who: Actor, text: str, *, at: datetime, stops: bool = False) -> Prompt:
    """Comment at this moment."""
    said = Desk(db, clock=lambda: at).comment(prompt.id, who, text, via="slack", stops_clock=stops)
    assert isinstance(said, Commented), said
    return prompts.get(db, prompt.id)


def look(db: Database, at: datetime) -> None:
    DeadlineEnforcer(db, clock=lambda: at).do_due()


def test_a_question_that_nobody_answers_does_not_stop_the_clock_for_ever(db: Database) -> None:
    """The prompt gets as much time again as it had. Reminders wait, too."""
    prompt = says(db, opened(db), ANA, "Why?", at=NOON + HOUR, stops=True)
    assert prompt.deadline == NOON + 4 * HOUR
    look(db, NOON + 3.5 * HOUR - timedelta(microseconds=1))
    assert prompts.get(db, prompt.id).reminders_sent == 0
    look(db, NOON + 3.5 * HOUR)
    assert prompts.get(db, prompt.id).reminders_sent == 1
    look(db, NOON + 4 * HOUR - timedelta(microseconds=1))
    assert prompts.get(db, prompt.id).is_open
    look(db, NOON + 4 * HOUR)
    assert prompts.get(db, prompt.id).outcome is Outcome.TIMED_OUT


def test_an_answer_starts_the_clock_again(db: Database) -> None:
    """Everything comes later by the time that was waited, and a second question may use what is left."""
    prompt = says(db, opened(db), ANA, "Why?", at=NOON + HOUR, stops=True)
    prompt = says(db, prompt, BEN, "Because.", at=NOON + 1.5 * HOUR)
    assert (prompt.deadline, prompt.due_at) == (NOON + 2.5 * HOUR, NOON + 2 * HOUR)
    prompt = says(db, prompt, BEN, "And one more thing.", at=NOON + 1.6 * HOUR)
    assert prompt.deadline == NOON + 2.5 * HOUR
    prompt = says(db, prompt, MEI, "Which?", at=NOON + 1.75 * HOUR, stops=True)
    assert prompt.deadline == NOON + 4 * HOUR
    assert prompt.comments[-1].stops_until == NOON + 3.25 * HOUR
    prompt = says(db, prompt, ANA, "Yes, which?", at=NOON + 1.8 * HOUR, stops=True)
    assert (prompt.deadline, prompt.comments[-1].stops_until) == (NOON + 4 * HOUR, None)
    # The answer comes after the clock has started again by itself.
    prompt = says(db, prompt, BEN, "This.", at=NOON + 3.5 * HOUR)
    assert prompt.deadline == NOON + 4 * HOUR


def test_a_deadline_that_moved_while_it_was_enforced_does_not_count(db: Database) -> None:
    """Whoever has read the prompt before the question leaves it open, in its ledger as well."""
    read = opened(db)
    moved = says(db, read, ANA, "Why?", at=NOON + HOUR, stops=True)
    left = Desk(db, clock=lambda: NOON + 2 * HOUR).time_out(read)
    assert isinstance(left, AlreadySettled)
    assert left.prompt == moved
    assert not due.remind(db, read, sent=1, due_at=read.deadline, now=NOON + 2 * HOUR)
    assert prompts.get(db, read.id) == moved


@on_sqlite
def test_the_requester_and_others_do_not_stop_the_clock(db: Database) -> None:
    """Their comments are taken all the same."""
    prompt = opened(db)
    for who in (BEN, Actor("U4CHLOE", "Chloé")):
        assert says(db, prompt, who, "Well…", at=NOON + HOUR, stops=True).deadline == prompt.deadline


def test_of_questions_at_once_one_stops_the_clock(db: Database) -> None:
    """And none of them is lost."""
    prompt = opened(db)
    desk = Desk(db, clock=lambda: NOON + HOUR)
    asking_at_once = [
        partial(desk.comment, prompt.id, who, f"{who.name} {number}?", via="slack", stops_clock=True)
        for who in (ANA, MEI)
        for number in range(3)
    ]
    assert all(isinstance(reply, Commented) for reply in at_once(asking_at_once))
    asked = prompts.get(db, prompt.id)
    assert sorted(each.text for each in asked.comments) == [f"{name} {n}?" for name in ("Ana", "Mei") for n in range(3)]
    assert [each.stops_until for each in asked.comments if each.stops_until] == [NOON + 3 * HOUR]
    assert asked.deadline == NOON + 4 * HOUR


@on_sqlite
def test_a_stop_ends_with_its_stage(db: Database) -> None:
    """The next stage has a deadline of its own, which an answer does not move."""
    asked = says(db, opened(db), ANA, "Why?", at=NOON + HOUR, stops=True)
    assert clock_line(asked) != ""
    passed = PassedStage("Peer review", NOON + 1.5 * HOUR)
    next_stage = replace(asked, passed=(passed,), deadline=NOON + 2.25 * HOUR)
    assert (next_stage.stopped_for, clock_line(next_stage)) == (HOUR / 2, "")
    answered = with_comment(next_stage, Comment(BEN, "Because.", NOON + 2 * HOUR, is_reply=True), stops_clock=False)
    assert (answered.deadline, answered.stopped_for) == (NOON + 2.25 * HOUR, HOUR / 2)


@on_sqlite
def test_the_clock_of_another_engine_cannot_be_stopped(db: Database) -> None:
    """It would not know of that, and stop waiting. Comments are taken."""
    reports = DatabasePauseReports(db, "elsewhere", Policy())
    pause = ReportedPause(
        external_run_id="1", run_name="one", flow="train", key="1", title="Train?", policy=ASKING_BACK, requester=BEN
    )
    prompt = prompts.get(db, reports.paused(pause))
    assert says(db, prompt, ANA, "Why?", at=prompt.opened_at + HOUR, stops=True).deadline == prompt.deadline


def test_an_overdue_prompt_has_no_clock_to_stop(db: Database) -> None:
    """Where a deadline leaves a prompt open. A note of it that comes after a question, and was read before, is void."""
    policy = ASKING_BACK.model_copy(update={"at_deadline": "none"})
    read = opened(db, policy)
    moved = says(db, read, ANA, "Why?", at=NOON + HOUR, stops=True)
    assert not due.note_overdue(db, read, due_at=None, now=NOON + 2 * HOUR)
    look(db, NOON + 4 * HOUR)
    late = says(db, moved, ANA, "Why?", at=NOON + 5 * HOUR, stops=True)
    assert (late.is_overdue, late.deadline, late.comments[-1].stops_until) == (True, moved.deadline, None)


@on_sqlite
@pytest.mark.parametrize("text", ["", " \n\0", "x" * (MAX_TEXT + 1)])
def test_a_comment_says_something_that_can_be_shown(db: Database, text: str) -> None:
    """Whoever writes it learns what to change."""
    assert isinstance(Desk(db, clock=lambda: NOON).comment(opened(db).id, ANA, text, via="slack"), Invalid)


@on_sqlite
def test_a_prompt_takes_so_many_comments(db: Database) -> None:
    """Each is stored with the prompt, which every press reads."""
    prompt = opened(db)
    for number in range(MAX_COMMENTS):
        says(db, prompt, ANA, f"Comment {number}", at=NOON)
    refused = Desk(db, clock=lambda: NOON).comment(prompt.id, ANA, "One more", via="slack")
    assert isinstance(refused, Invalid)
    assert "Use the thread of its card." in refused.errors[0].message
    assert len(prompts.get(db, prompt.id).comments) == MAX_COMMENTS
