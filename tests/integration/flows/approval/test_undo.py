"""A decision that is held back takes effect once, or is undone, whatever comes in the same moment."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest

from signoff import Escalation, Policy
from signoff.flows.approval.acts import Progress, act_due, next_due_at, next_due_at_of
from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.quorum import decide
from signoff.flows.approval.replies import AlreadySettled, Counted, Refused, Settled, Undone
from signoff.store.database import Database
from signoff.store.prompts import approvers, due, escalations, grace, prompts, votes
from signoff.store.records.actors import Actor, claim_of, user_claim
from signoff.store.records.approvers import Reviewers
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.runs import runs
from tests.integration.flows.approval.test_deadlines import HOUR, NOON, events, look, opened
from tests.integration.flows.approval.test_stopped_clocks import opened as opened_by_ben
from tests.integration.flows.approval.test_votes import at_once

ANA, BEN = Actor("U1", "Ana"), Actor("U2BEN", "Ben")
SIZE = {"size": "small"}
UNDO = timedelta(seconds=30)
POLICY = Policy(approvers=["U1", "U2BEN"], undo=UNDO)


def desk_at(db: Database, after: timedelta) -> Desk:
    """A desk at a moment after noon."""
    return Desk(db, clock=lambda: NOON + after)


def test_a_decision_takes_effect_at_its_moment_and_not_before(db: Database) -> None:
    """Until then the run waits, and the prompt is open and due for nothing else."""
    prompt = opened(db, POLICY.model_copy(update={"reminders": (UNDO / 2,), "deadline": HOUR}))
    reply = desk_at(db, timedelta(0)).submit(prompt.id, ANA, SIZE, via="slack")
    assert isinstance(reply, Settled)
    assert (reply.prompt.outcome, reply.prompt.settled_by) == (Outcome.SUBMITTED, ANA)
    held = prompts.get(db, prompt.id)
    assert held.is_open
    assert held.due_at == NOON + UNDO
    assert runs.get(db, prompt.run_id).runnable_at is None
    assert look(db, NOON + UNDO - timedelta(microseconds=1)) == 0
    at_once([DeadlineEnforcer(db, clock=lambda: NOON + UNDO).do_due] * 4)
    settled = prompts.get(db, prompt.id)
    assert (settled.outcome, settled.answer, settled.settled_at) == (Outcome.SUBMITTED, SIZE, NOON + UNDO)
    assert (settled.settled_by, settled.held) == (ANA, None)
    assert runs.get(db, prompt.run_id).runnable_at == NOON + UNDO
    assert events(db, prompt) == ["opened", "held", "submitted"]


def test_an_undo_and_the_end_of_the_time_at_once_do_one_thing(db: Database) -> None:
    """The prompt is open again, or it is settled."""
    prompt = opened(db, POLICY)
    desk_at(db, timedelta(0)).submit(prompt.id, ANA, SIZE, via="slack")
    just_before = desk_at(db, UNDO - timedelta(microseconds=1))
    undone, _ = at_once(
        [
            partial(just_before.undo, prompt.id, ANA, via="slack"),
            DeadlineEnforcer(db, clock=lambda: NOON + UNDO).do_due,
        ]
    )
    found = prompts.get(db, prompt.id)
    assert isinstance(undone, Undone if found.is_open else AlreadySettled)
    assert [each for each in events(db, prompt) if each in ("undone", "submitted")] == [
        "undone" if found.is_open else "submitted"
    ]


ACTS: Mapping[str, tuple[Mapping[str, Any], Callable[..., bool]]] = {
    "remind": ({"reminders": (HOUR,), "deadline": 24 * HOUR}, partial(due.remind, sent=1)),
    "escalate": (
        {"escalation": (Escalation(after=HOUR, to=("U3",)),), "deadline": 24 * HOUR},
        partial(escalations.escalate, number=1),
    ),
    "become overdue": ({"deadline": HOUR, "at_deadline": "none"}, due.note_overdue),
}


@pytest.mark.parametrize("act", ACTS)
def test_an_act_that_was_due_when_somebody_decided_does_not_move_the_moment_of_that(db: Database, act: str) -> None:
    """Whoever performs it may have read the prompt before. The decision takes effect, and the run continues."""
    rules, perform = ACTS[act]
    read = opened(db, POLICY.model_copy(update=rules))
    assert isinstance(desk_at(db, HOUR - UNDO / 2).submit(read.id, ANA, SIZE, via="slack"), Settled)
    moment = NOON + HOUR
    first = act_due(Progress.of(read), moment)
    assert first is not None
    then = next_due_at(Progress.of(read).after(first))
    assert not perform(db, read, due_at=then, now=moment)
    due.reschedule(db, read, due_at=then)
    held = prompts.get(db, read.id)
    assert held.held is not None
    assert held.due_at == held.held.until
    look(db, held.held.until)
    assert prompts.get(db, read.id).outcome is Outcome.SUBMITTED
    assert events(db, read) == ["opened", "held", "submitted"]


def test_votes_that_decide_because_fewer_are_needed_are_held_back_too(db: Database) -> None:
    """Whoever cast the last of them may undo it, and otherwise it takes effect at its moment."""
    prompt = opened(db, POLICY.model_copy(update={"approvers": ("U1", "U2BEN", "U3"), "quorum": "all"}))
    for person in (ANA, BEN):
        assert isinstance(desk_at(db, timedelta(0)).submit(prompt.id, person, SIZE, via="slack"), Counted)

    def recounted(at: datetime) -> Prompt:
        """The third person has left the group."""
        read = prompts.get(db, prompt.id)
        two = Reviewers((ANA.id, BEN.id))
        counts = partial(decide, read)
        approvers.record(db, read, (), due_at=None, now=at, reviewers=two, decide=counts, undo=read.policy.undo)
        return prompts.get(db, prompt.id)

    held = recounted(NOON + HOUR)
    assert held.is_open
    assert held.held is not None
    assert held.held.vote.actor == BEN
    assert held.due_at == held.held.until == NOON + HOUR + UNDO
    assert isinstance(desk_at(db, HOUR).undo(prompt.id, ANA, via="slack"), Refused)
    assert isinstance(desk_at(db, HOUR).undo(prompt.id, BEN, via="slack"), Undone)
    assert [vote.actor for vote in prompts.get(db, prompt.id).votes] == [ANA]
    assert isinstance(desk_at(db, HOUR).submit(prompt.id, BEN, SIZE, via="slack"), Settled)
    look(db, NOON + HOUR + UNDO)
    assert prompts.get(db, prompt.id).outcome is Outcome.SUBMITTED
    assert events(db, prompt)[3:] == ["held", "refused", "undone", "held", "submitted"]


def test_an_undo_goes_by_the_deadline_of_its_own_moment(db: Database) -> None:
    """A question that was answered while somebody pressed Undo has moved the deadline back."""
    policy = POLICY.model_copy(update={"deadline": HOUR, "comments": "pause-clock", "undo": HOUR})
    prompt = opened_by_ben(db, policy)
    desk_at(db, UNDO).comment(prompt.id, ANA, "Why?", via="slack", stops_clock=True)
    assert isinstance(desk_at(db, 2 * UNDO).submit(prompt.id, ANA, SIZE, via="slack"), Settled)
    read = prompts.get(db, prompt.id)

    def answered_meanwhile(found: Prompt) -> datetime | None:
        assert found.deadline is not None
        assert read.deadline is not None
        assert found.deadline < read.deadline
        return next_due_at_of(found)

    desk_at(db, 3 * UNDO).comment(prompt.id, BEN, "Because.", via="slack")
    moment = NOON + 4 * UNDO
    undone = grace.undo(db, prompt.id, ANA, via="slack", now=moment, next_due_at=answered_meanwhile)
    assert undone.won
    assert undone.prompt.due_at == undone.prompt.deadline == prompts.get(db, prompt.id).due_at


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_undone_decision_leaves_the_prompt_as_it_was(db: Database) -> None:
    """What is due next is what was due before, and the vote counts nowhere."""
    prompt = opened(db, POLICY.model_copy(update={"reminders": (HOUR / 2,), "deadline": HOUR}))
    desk_at(db, timedelta(0)).submit(prompt.id, ANA, SIZE, via="slack")
    assert isinstance(desk_at(db, UNDO / 2).undo(prompt.id, ANA, via="slack"), Undone)
    again = prompts.get(db, prompt.id)
    assert (again.held, again.votes, again.due_at) == (None, (), prompt.due_at)
    assert votes.of_prompt(db, prompt.id) == []
    assert isinstance(desk_at(db, UNDO).undo(prompt.id, ANA, via="slack"), Refused)
    assert isinstance(desk_at(db, UNDO).reject(prompt.id, BEN, "No", via="slack"), Settled)
    look(db, NOON + 2 * UNDO)
    assert prompts.get(db, prompt.id).outcome is Outcome.REJECTED
    assert events(db, prompt) == ["opened", "held", "undone", "refused", "held", "rejected"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_deadline_within_the_time_ends_it_with_the_decision(db: Database) -> None:
    """It was kept, so it does not time out, whoever looks first."""
    prompt = opened(db, POLICY.model_copy(update={"deadline": HOUR}))
    desk_at(db, HOUR - UNDO / 2).submit(prompt.id, ANA, SIZE, via="slack")
    held = prompts.get(db, prompt.id)
    assert held.held is not None
    assert held.held.until == NOON + HOUR
    assert isinstance(desk_at(db, HOUR).time_out(held), AlreadySettled)
    assert prompts.get(db, prompt.id).is_open
    assert isinstance(desk_at(db, HOUR).submit(prompt.id, BEN, SIZE, via="slack"), AlreadySettled)
    assert prompts.get(db, prompt.id).outcome is Outcome.SUBMITTED


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nobody_undoes_in_the_name_of_another(db: Database) -> None:
    """Not on the command line either, where anybody can say that they are the one who pressed."""
    prompt = opened(db, POLICY)
    desk_at(db, timedelta(0)).submit(prompt.id, ANA, SIZE, via="slack")
    for claimed in (user_claim("build-7", "on the command line"), claim_of("eve", "build-7", "on the command line")):
        reply = desk_at(db, UNDO / 2).undo(prompt.id, Actor("U1", "Ana", claim=claimed), via="cli")
        assert isinstance(reply, Refused)
        assert reply.reason == "Only Ana can undo this."
    assert prompts.get(db, prompt.id).held is not None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_run_that_is_cancelled_takes_nothing_from_what_is_held_back(db: Database) -> None:
    """The prompt is cancelled, and nothing takes effect afterwards."""
    prompt = opened(db, POLICY)
    desk_at(db, timedelta(0)).submit(prompt.id, ANA, SIZE, via="slack")
    desk_at(db, UNDO / 2).cancel(prompt.run_id, BEN, "Not needed")
    assert look(db, NOON + UNDO) == 0
    assert prompts.get(db, prompt.id).outcome is Outcome.CANCELLED
