"""Votes that come at the same moment as others, as a deadline, or as a change: each prompt is settled once."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from signoff import Policy
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.quorum import decide, key_of
from signoff.flows.approval.replies import AlreadySettled, Counted, Invalid, Refused, Settled, Unverified
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.errors import DatabaseUnavailable
from signoff.store.prompts import approvers, prompts, votes
from signoff.store.records.actors import Actor, claim_of, user_claim
from signoff.store.records.approvers import Approver, Reviewers
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.runs import runs
from tests.integration.store.samples import an_open_prompt

PEOPLE = [Actor(f"U{number}PERSON", f"Person {number}") for number in range(8)]
CLAIM = user_claim("build-7", "on the command line")
SMALL, LARGE = {"size": "small"}, {"size": "large"}


def asked(db: Database, **policy: Any) -> Prompt:
    """An open prompt, which everybody in these tests may answer."""
    names = tuple(person.id for person in PEOPLE)
    return an_open_prompt(db, stored_policy=Policy(**{"approvers": names, **policy}), opened_at=db.now())


def at_once(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """What each of them returns, if all begin at the same moment."""
    start, results = threading.Barrier(len(acts)), [None] * len(acts)

    def act(number: int) -> None:
        start.wait()
        results[number] = acts[number]()

    threads = [threading.Thread(target=act, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def kinds(replies: Sequence[Any]) -> dict[str, int]:
    names = [type(reply).__name__ for reply in replies]
    return {name: names.count(name) for name in sorted(set(names))}


def events(db: Database, prompt: Prompt, *wanted: str) -> list[str]:
    return [line.event for line in ledger.lines(db, prompt.id) if line.event in wanted]


def test_of_the_last_votes_at_once_one_settles(db: Database) -> None:
    """Invariant 2: of eight, with three needed, two count, one settles, and five are too late."""
    prompt, desk = asked(db, quorum=3), Desk(db)
    replies = at_once([partial(desk.submit, prompt.id, person, SMALL, via="slack") for person in PEOPLE])
    assert kinds(replies) == {"AlreadySettled": 5, "Counted": 2, "Settled": 1}
    settled = prompts.get(db, prompt.id)
    assert len(settled.votes) == 3
    assert settled.settled_by == settled.votes[-1].actor
    assert events(db, prompt, "submitted", "voted") == ["voted", "voted", "submitted"]
    assert runs.get(db, prompt.run_id).runnable_at is not None


def test_one_person_at_once_counts_once(db: Database) -> None:
    """However often, and with whatever values: the last of their votes is the one that counts."""
    prompt, desk = asked(db, quorum=2), Desk(db)
    values = [SMALL, LARGE] * 4
    replies = at_once([partial(desk.submit, prompt.id, PEOPLE[0], each, via="slack") for each in values])
    assert kinds(replies) == {"Counted": 8}
    assert len(prompts.get(db, prompt.id).votes) == 1
    assert prompts.get(db, prompt.id).is_open


def test_a_vote_and_the_deadline_at_once_settle_once(db: Database) -> None:
    """Whichever comes first, and the other one is told."""
    prompt, desk = asked(db, quorum=2), Desk(db)
    desk.submit(prompt.id, PEOPLE[0], SMALL, via="slack")
    vote, timeout = at_once(
        [partial(desk.submit, prompt.id, PEOPLE[1], SMALL, via="slack"), partial(desk.time_out, prompt)]
    )
    assert sorted([type(vote).__name__, type(timeout).__name__]) == ["AlreadySettled", "Settled"]
    outcome = Outcome.SUBMITTED if isinstance(vote, Settled) else Outcome.TIMED_OUT
    assert prompts.get(db, prompt.id).outcome is outcome
    assert len(events(db, prompt, "submitted", "timed_out")) == 1


def test_a_vote_that_is_changed_while_another_settles_counts_or_is_too_late(db: Database) -> None:
    """Never is a prompt settled by a vote that its person has changed before."""
    prompt, desk = asked(db, quorum=2), Desk(db)
    desk.submit(prompt.id, PEOPLE[0], SMALL, via="slack")
    changed, second = at_once(
        [
            partial(desk.submit, prompt.id, PEOPLE[0], LARGE, via="slack"),
            partial(desk.submit, prompt.id, PEOPLE[1], SMALL, via="slack"),
        ]
    )
    if isinstance(changed, Counted):
        assert isinstance(second, Counted)
        assert prompts.get(db, prompt.id).is_open
    else:
        assert isinstance(changed, AlreadySettled)
        assert prompts.get(db, prompt.id).answer == SMALL


def test_a_vote_that_cannot_be_committed_has_left_no_trace(db: Database) -> None:
    """As after a kill in the middle of it: neither a submission nor a vote, a line or a settled prompt."""
    prompt, desk = asked(db, quorum=2), Desk(db)
    desk.submit(prompt.id, PEOPLE[0], SMALL, via="slack")
    vote = prompts.get(db, prompt.id).votes[0]
    before = ledger.lines(db, prompt.id)

    def killed(_: object) -> None:
        raise DatabaseUnavailable("killed")

    with pytest.raises(DatabaseUnavailable):
        votes.cast(db, prompt.id, replace(vote, actor=PEOPLE[1]), decide=killed)
    assert prompts.get(db, prompt.id).votes == (vote,)
    assert len(votes.of_prompt(db, prompt.id)) == 1
    assert ledger.lines(db, prompt.id) == before
    assert isinstance(desk.submit(prompt.id, PEOPLE[1], SMALL, via="slack"), Settled)


def test_votes_are_counted_again_when_fewer_have_to_agree(db: Database) -> None:
    """And at the same moment as another vote, the prompt is settled once."""
    prompt, desk = asked(db, quorum="all"), Desk(db)
    for person in PEOPLE[:2]:
        reply = desk.submit(prompt.id, person, SMALL, via="slack")
        assert isinstance(reply, Counted)
    open_ = prompts.get(db, prompt.id)
    found = [Approver(person.id, person.id) for person in PEOPLE]
    few = Reviewers(tuple(person.id for person in PEOPLE[:2]))

    def recorded() -> list[Approver]:
        return approvers.record(
            db, open_, found, due_at=None, now=db.now(), reviewers=few, decide=partial(decide, open_)
        )

    _, third = at_once([recorded, partial(desk.submit, prompt.id, PEOPLE[2], SMALL, via="slack")])
    if isinstance(third, Counted):
        # The check had read an older prompt, and is made again.
        assert prompts.get(db, prompt.id).is_open
        open_ = prompts.get(db, prompt.id)
        recorded()
    settled = prompts.get(db, prompt.id)
    assert settled.outcome is Outcome.SUBMITTED
    assert events(db, prompt, "submitted") == ["submitted"]
    assert runs.get(db, prompt.run_id).runnable_at is not None


def test_whoever_agrees_agrees_to_what_they_were_shown(db: Database) -> None:
    """A proposal that was withdrawn in the meantime takes no votes."""
    prompt, desk = asked(db, quorum=2), Desk(db)
    desk.submit(prompt.id, PEOPLE[0], LARGE, via="slack")
    desk.submit(prompt.id, PEOPLE[0], SMALL, via="slack")
    assert isinstance(desk.agree(prompt.id, PEOPLE[1], key_of(LARGE), via="slack"), Invalid)
    settled = desk.agree(prompt.id, PEOPLE[1], key_of(SMALL), via="slack")
    assert isinstance(settled, Settled)
    assert settled.prompt.answer == SMALL


@pytest.mark.parametrize(
    ("second", "reply"),
    [
        (Actor("@ana", "ana", claim=CLAIM), Counted),
        (Actor("@ben", "ben", claim=CLAIM), Settled),
        (Actor("@ben", "ben", claim=claim_of("ana", "build-7", "on the command line")), Refused),
        # In Slack it is known that she is the one who has voted on the command line.
        (Actor("U1ANA", "Ana", frozenset({"@ana"})), Counted),
        # And here nothing is known: no Slack is connected.
        (Actor("U2BEN", "Ben"), Unverified),
    ],
)
def test_nobody_votes_twice_under_two_names(db: Database, second: Actor, reply: type[Any]) -> None:
    """What cannot be told apart does not count twice."""
    prompt, desk = asked(db, approvers=(), quorum=2), Desk(db)
    desk.submit(prompt.id, Actor("@ana", "ana", claim=CLAIM), SMALL, via="cli")
    assert isinstance(desk.submit(prompt.id, second, SMALL, via="cli"), reply)
    assert prompts.get(db, prompt.id).is_open is (reply is not Settled)
