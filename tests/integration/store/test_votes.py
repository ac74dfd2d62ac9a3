"""Submissions are votes: each is a row of its own, and the votes together settle their prompt."""

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.errors import NoSuchPrompt
from signoff.store.prompts import prompts, votes
from signoff.store.prompts.settle import Settlement
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome
from signoff.store.records.votes import Ballot, Vote
from signoff.store.runs import runs
from signoff.store.tables import submissions
from tests.integration.store.samples import ANA, BEN, NOON, a_prompt_elsewhere, an_open_prompt, first

SOON = NOON + timedelta(seconds=1)


def yes(actor: Actor = ANA, answer: Mapping[str, Any] | None = None) -> Vote:
    return Vote(actor, "submit", {"size": "large"}, None, "slack", NOON, answer)


def no(actor: Actor = BEN) -> Vote:
    return Vote(actor, "reject", None, "Too dear", "cli", SOON)


def two(ballot: Ballot) -> Vote | None:
    """Two have to agree, and one rejection is enough."""
    if against := [vote for vote in ballot.votes if vote.verdict == "reject"]:
        return against[0]
    return ballot.votes[-1] if len(ballot.votes) >= 2 else None


def test_the_first_vote_decides(db: Database) -> None:
    """Under a policy that says nothing else. The second one is kept, does not count, and is told who was first."""
    prompt = an_open_prompt(db)
    one = votes.cast(db, prompt.id, yes(answer={"size": "large", "count": 1}), decide=first)
    assert isinstance(one, Settlement)
    assert (one.won, one.prompt.answer, one.prompt.settled_by) == (True, {"size": "large", "count": 1}, ANA)
    second = votes.cast(db, prompt.id, no(), decide=first)
    assert isinstance(second, Settlement)
    assert (second.won, second.prompt.settled_by, second.prompt.outcome) == (False, ANA, Outcome.SUBMITTED)
    assert votes.of_prompt(db, prompt.id) == [yes()]
    with db.read() as reading:
        rows = reading.execute(select(submissions).order_by(submissions.c.id)).all()
    assert [(row.actor, row.verdict, row.via, row.values, row.reason, row.in_time) for row in rows] == [
        ("U1", "submit", "slack", {"size": "large"}, None, True),
        ("U2", "reject", "cli", None, "Too dear", False),
    ]
    assert [line.event for line in ledger.lines(db, prompt.id)] == ["opened", "submitted", "too_late"]


def test_a_rejection_keeps_its_reason(db: Database) -> None:
    """The prompt ends with it."""
    prompt = an_open_prompt(db)
    votes.cast(db, prompt.id, no(), decide=first)
    found = prompts.get(db, prompt.id)
    assert (found.outcome, found.reason, found.answer, found.settled_by) == (Outcome.REJECTED, "Too dear", None, BEN)


def test_a_vote_that_does_not_decide_leaves_the_prompt_open(db: Database) -> None:
    """It counts, the run keeps waiting, and the vote that decides settles."""
    prompt = an_open_prompt(db)
    counted = votes.cast(db, prompt.id, yes(), decide=two)
    assert isinstance(counted, votes.Counted)
    assert [each.actor for each in counted.prompt.votes] == [ANA]
    assert counted.prompt.is_open
    assert runs.get(db, prompt.run_id).runnable_at is None
    decided = votes.cast(db, prompt.id, yes(BEN, {"size": "large"}), decide=two)
    assert isinstance(decided, Settlement)
    assert (decided.won, decided.prompt.settled_by) == (True, BEN)
    assert runs.get(db, prompt.run_id).runnable_at == NOON
    assert votes.of_prompt(db, prompt.id) == [yes(), yes(BEN)]
    assert [line.event for line in ledger.lines(db, prompt.id)] == ["opened", "voted", "submitted"]


def test_a_vote_for_another_engine_is_handed_over(db: Database) -> None:
    """As any outcome."""
    prompt = a_prompt_elsewhere(db)
    settled = votes.cast(db, prompt.id, no(), decide=first)
    assert isinstance(settled, Settlement)
    assert settled.prompt.delivery == prompts.get(db, prompt.id).delivery is not None


def test_votes_at_the_same_moment_are_counted_one_after_the_other(db: Database) -> None:
    """Invariant 2: of eight, with two needed, one counts, one decides, and six are too late."""
    prompt = an_open_prompt(db)
    start, results = threading.Barrier(8), []

    def vote(number: int) -> None:
        start.wait()
        results.append(votes.cast(db, prompt.id, yes(Actor(f"U{number}", str(number)), {}), decide=two))

    threads = [threading.Thread(target=vote, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    settlements = [each for each in results if isinstance(each, Settlement)]
    assert len(results) - len(settlements) == 1
    assert [each.won for each in settlements].count(True) == 1
    assert len(settlements) == 7
    assert len(votes.of_prompt(db, prompt.id)) == 2


def test_a_vote_on_nothing_is_refused(db: Database) -> None:
    """Nothing is written."""
    with pytest.raises(NoSuchPrompt):
        votes.cast(db, "0" * 36, yes(), decide=first)
