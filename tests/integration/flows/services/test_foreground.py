"""What a person waits for is done first: each kind of background work gives way before each of its steps."""

import threading
from collections.abc import Callable
from itertools import count
from typing import Any, cast

import pytest

from signoff import Policy, flow, suspend_flow_run
from signoff.bot.connection.answers import Answers
from signoff.flows.approval.approver_check import ApproverCheck
from signoff.flows.approval.approvers import Directory
from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.engine import Accepted, ReportedPause
from signoff.flows.engines.deliverer import Deliverer
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.engines.pause_reports import DatabasePauseReports
from signoff.flows.names import now
from signoff.flows.services.foreground import foreground
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Outcome
from signoff.store.records.runs import RunState
from signoff.store.runs import runs
from tests.integration.bot.test_approver_check import Asked
from tests.integration.flows.approval.test_deadlines import HOUR, NOON, opened
from tests.integration.flows.engines.test_deliverer import Elsewhere, answered, until_taken
from tests.integration.store.samples import settle
from tests.support.held_up import HeldUp
from tests.support.paper_runs import APPROVAL
from tests.support.waiting import PATIENCE, until_asked, until_over

WORKER = "signoff-worker"


def started(work: Callable[[], Any], name: str) -> threading.Thread:
    """A thread of that name, in which `work` runs."""
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread


def ended(thread: threading.Thread) -> bool:
    """Whether a thread ends."""
    thread.join(PATIENCE)
    return not thread.is_alive()


@flow(name="proceed")
def proceed() -> str:
    """Ask whether to go on."""
    suspend_flow_run(wait_for_input=bool)
    return "gone on"


def test_an_answered_run_waits_while_a_press_is_in_progress(db: Database, held_up: HeldUp) -> None:
    """It continues as soon as nobody waits for an ack any more."""
    with Worker(db, [proceed]):
        asked = until_asked(db, proceed.create_run(db=db).id)
        with foreground.work():
            # The worker may be in the middle of a look. It comes to the next one.
            db.changes.announce([Topic.RUNS])
            held_up.wait_for(WORKER)
            settle(db, asked, answer={"value": True}, now=now())
            assert runs.get(db, asked.run_id).state is RunState.SUSPENDED
        assert until_over(db, asked.run_id).result == "gone on"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_runs_that_are_claimed_together_let_presses_pass_one_by_one(db: Database, held_up: HeldUp) -> None:
    """A press that comes after the claim waits for one of them at most."""
    pressed, acked, comes = threading.Event(), threading.Event(), count(1)

    def press() -> None:
        with foreground.work():
            pressed.set()
            acked.wait(PATIENCE)

    def press_before_the_second_begins() -> None:
        if next(comes) == 2:
            threading.Thread(target=press).start()
            assert pressed.wait(PATIENCE)

    with Worker(db, [proceed]):
        asked = [until_asked(db, proceed.create_run(db=db).id) for _ in range(3)]
        with foreground.work():
            db.changes.announce([Topic.RUNS])
            held_up.wait_for(WORKER)
            for each in asked:
                settle(db, each, answer={"value": True}, now=now())
            # It has come to the claim by now, and comes again before each run.
            held_up.on_coming = press_before_the_second_begins
        assert pressed.wait(PATIENCE)
        first, *others = asked
        until_over(db, first.run_id)
        assert [runs.get(db, each.run_id).state for each in others] == [RunState.RUNNING] * 2
        acked.set()
        for each in others:
            until_over(db, each.run_id)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_outcome_waits_while_a_press_is_in_progress(db: Database, held_up: HeldUp) -> None:
    """The other engine gets it as soon as nobody waits for an ack any more."""
    engine, prompt = Elsewhere(lambda _: Accepted("thanks")), answered(db)
    with foreground.work():
        deliverer = Deliverer(db, engine)
        deliverer.start()
        held_up.wait_for("signoff-deliver-elsewhere")
        assert engine.got == []
    until_taken(db, prompt)
    deliverer.stop()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_deadline_waits_while_a_press_is_in_progress(db: Database, held_up: HeldUp) -> None:
    """Thousands may pass in the same second."""
    prompt = opened(db, Policy(deadline=HOUR))
    enforcer = DeadlineEnforcer(db, clock=lambda: NOON + HOUR)
    with foreground.work():
        check = started(enforcer.do_due, "deadlines")
        held_up.wait_for("deadlines")
        assert prompts.get(db, prompt.id).is_open
    assert ended(check)
    assert prompts.get(db, prompt.id).outcome is Outcome.TIMED_OUT


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_approvers_are_not_looked_up_while_a_press_is_in_progress(db: Database, held_up: HeldUp) -> None:
    """Thousands of prompts may have been opened."""
    opened(db, Policy(approvers=["@zoe"]))
    directory = Asked()
    approvers = ApproverCheck(db, cast("Directory", directory), clock=lambda: NOON)
    with foreground.work():
        check = started(approvers.do_due, "approvers")
        held_up.wait_for("approvers")
        assert directory.names == []
    assert ended(check)
    assert directory.names == ["@zoe"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_pause_is_not_taken_while_a_press_is_in_progress(db: Database, held_up: HeldUp) -> None:
    """Another engine may report thousands."""
    reports = DatabasePauseReports(db, "elsewhere", Policy())
    pause = ReportedPause("7", "quick-heron", "train", "approve", "May it go on?", schema=APPROVAL)
    with foreground.work():
        report = started(lambda: reports.paused(pause), "engine")
        held_up.wait_for("engine")
        assert prompts.pending(db) == []
    assert ended(report)
    assert len(prompts.pending(db)) == 1


def test_a_press_that_waits_for_slack_holds_nothing_up(held_up: HeldUp) -> None:
    """Slack may take a second to say who somebody is, and nobody else needs to wait for that."""

    def ask_slack() -> str:
        assert ended(started(foreground.let_pass, "while it waits")), "the background waits for Slack"
        return "Mei"

    with foreground.work():
        assert Answers().ask("users.info", "U1", ask_slack) == "Mei"
        later = started(foreground.let_pass, "afterwards")
        held_up.wait_for("afterwards")
        assert later.is_alive()
    assert ended(later)
