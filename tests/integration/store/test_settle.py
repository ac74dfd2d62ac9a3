"""A prompt settles once, however many attempts there are at the same time."""

from datetime import timedelta

import pytest

from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.errors import NoSuchPrompt
from signoff.store.policy import Policy
from signoff.store.prompts import approvers, due, prompts, votes
from signoff.store.prompts import settle as settling
from signoff.store.records.actors import DEADLINE, Actor, claim_of
from signoff.store.records.approvers import Approver
from signoff.store.records.prompts import Outcome
from signoff.store.records.runs import RunState
from signoff.store.runs import pauses, runs
from tests.integration.store.samples import ANA, NOON, an_open_prompt, asking, settle


def test_settling_makes_the_run_runnable_in_the_same_transaction(db: Database) -> None:
    """Invariant 1: a worker finds every answer that is recorded."""
    prompt = an_open_prompt(db)
    assert runs.get(db, prompt.run_id).runnable_at is None
    later = NOON + timedelta(hours=2)
    settlement = settle(db, prompt, answer={"size": "large"}, now=later)
    assert settlement.won
    assert (settlement.prompt.answer, settlement.prompt.settled_by) == ({"size": "large"}, ANA)
    assert runs.get(db, prompt.run_id).runnable_at == later


def test_a_question_asked_again_is_the_same_question(db: Database) -> None:
    """A replay finds the prompt as it was opened, and its answer once there is one."""
    prompt = an_open_prompt(db, held=False)
    run = runs.get(db, prompt.run_id)
    found = pauses.open_prompt(db, asking(run), fencing_token=run.fencing_token, state=RunState.SUSPENDED, held=False)
    assert (found.id, found.is_open) == (prompt.id, True)
    settle(db, prompt, answer={"size": "large"})
    found = pauses.open_prompt(db, asking(run), fencing_token=run.fencing_token, state=RunState.SUSPENDED, held=False)
    assert (found.id, found.answer) == (prompt.id, {"size": "large"})


def test_a_settled_prompt_can_be_neither_reminded_of_nor_settled_again(db: Database) -> None:
    """Invariant 2: a late attempt changes nothing, and is in the ledger."""
    prompt = an_open_prompt(db)
    settle(db, prompt, answer={"size": "large"})
    assert not due.remind(db, prompt, sent=1, due_at=None, now=NOON)
    late = settling.settle(
        db, prompt.id, outcome=Outcome.TIMED_OUT, actor=Actor("clock", "the clock"), via="clock", now=NOON
    )
    assert not late.won
    assert late.prompt.outcome is Outcome.SUBMITTED


def test_a_reminder_is_sent_by_one_of_two_clocks(db: Database) -> None:
    """Two processes on one database remind once."""
    prompt = an_open_prompt(db, due_at=NOON)
    assert due.remind(db, prompt, sent=1, due_at=None, now=NOON)
    assert not due.remind(db, prompt, sent=1, due_at=None, now=NOON)


def test_a_prompt_is_found_by_the_beginning_of_its_id(db: Database) -> None:
    """People type the beginning of it."""
    prompt = an_open_prompt(db)
    assert prompts.get(db, prompt.id[:8]).id == prompt.id
    for given in ("", "%", "nothing"):
        with pytest.raises(NoSuchPrompt, match="signoff pending"):
            prompts.get(db, given)


def test_pages_of_open_prompts_are_oldest_first_and_complete(db: Database) -> None:
    """Together they have every open prompt once."""
    moments = [NOON, NOON, NOON + timedelta(seconds=1), NOON + timedelta(seconds=2)]
    opened = [an_open_prompt(db, opened_at=moment) for moment in moments]
    settle(db, opened[2])
    first = prompts.pending(db, limit=2)
    rest = prompts.pending(db, limit=2, after=first[-1])
    assert {prompt.id for prompt in first} == {prompt.id for prompt in opened[:2]}
    assert [prompt.id for prompt in rest] == [opened[3].id]


def test_a_deadline_that_an_earlier_version_recorded_reads_well(db: Database) -> None:
    """It called the deadline a clock, in the prompt and in its ledger."""
    prompt = an_open_prompt(db)
    clock = Actor("clock", "the clock")
    settling.settle(db, prompt.id, outcome=Outcome.TIMED_OUT, actor=clock, via="clock", now=NOON)
    assert prompts.get(db, prompt.id).settled_by == DEADLINE
    line = ledger.lines(db, prompt.id)[-1]
    assert (line.actor, line.detail["name"], line.detail["via"]) == ("deadline", "Signoff (deadline)", "deadline")


def test_a_claim_is_kept_with_the_submission_and_the_settlement(db: Database) -> None:
    """Whoever reads either learns that nobody has checked who it was."""
    prompt = an_open_prompt(db)
    ana = Actor("U1", "Ana", claim=claim_of("ben", "build-7", "on the command line"))
    settle(db, prompt, ana)
    settled_by = prompts.get(db, prompt.id).settled_by
    assert settled_by == votes.of_prompt(db, prompt.id)[0].actor == ana
    assert settled_by.name_and_claim == "Ana (claimed on the command line by ben on host build-7)"
    assert ledger.lines(db, prompt.id)[-1].detail["claim"] == ana.claim


def test_what_slack_says_of_approvers_is_recorded_once(db: Database) -> None:
    """Of two bots that ask at the same time, the second reports nothing again; nor does one that comes too late."""
    prompt = an_open_prompt(db, stored_policy=Policy(approvers=("@anna", "@ana")))
    assert [each.id for each in approvers.due(db, now=NOON)] == [prompt.id]
    found = (Approver("@anna", fault="Nobody has this handle."), Approver("@ana", "U1"))
    assert approvers.record(db, prompt, found, due_at=None, now=NOON) == [found[0]]
    assert approvers.record(db, prompt, found, due_at=None, now=NOON) == []
    now_known = prompts.get(db, prompt.id)
    assert (now_known.found_approvers, now_known.approvers) == (found, found)
    assert (approvers.due(db, now=NOON), approvers.next_due_at(db)) == ([], None)
    assert [line.event for line in ledger.lines(db, prompt.id)] == ["opened", "approver_missing"]
    late = an_open_prompt(db, stored_policy=Policy(approvers=("@anna",)))
    settle(db, late)
    assert approvers.record(db, late, found[:1], due_at=None, now=NOON) == []
    assert approvers.next_due_at(db) is None
