"""A prompt goes from one stage to the next in one transaction, whoever else acts at that moment."""

from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import field_validator

from signoff import Policy, RunInput, Stage, flow, pause_flow_run
from signoff.flows.approval.approvers import StatedNames
from signoff.flows.approval.ballot_box import BallotBox
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.quorum import decide
from signoff.flows.approval.replies import Counted, Refused, Settled
from signoff.store.database import Database
from signoff.store.prompts import drafts, prompts, votes
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.votes import Vote
from tests.integration.flows.approval.test_stopped_clocks import HOUR, NOON, says
from tests.integration.flows.approval.test_stopped_clocks import opened as opened_by_ben
from tests.integration.store.samples import an_open_prompt
from tests.support.fixtures import StartWorker
from tests.support.waiting import until_asked, until_over

ANA, BEN = Actor("@ana", "Ana"), Actor("@ben", "Ben")
STAGES = (Stage(name="Peer", approvers=["@ana", "@ben"]), Stage(name="Expert", approvers=["@ben"]))


def asked(db: Database) -> Prompt:
    return an_open_prompt(db, stored_policy=Policy(stages=STAGES))


def test_an_answer_that_passes_a_stage_leaves_the_prompt_open(db: Database) -> None:
    """With what was agreed as the next initial values, without votes, drafts and approvers of the stage before."""
    prompt, desk = asked(db), Desk(db)
    drafts.save(db, prompt.id, BEN.id, {"size": "large"}, revision=drafts.NO_DRAFT, now=db.now())
    reply = desk.submit(prompt.id, ANA, {"size": "small"}, via="cli")
    assert isinstance(reply, Counted)
    current = prompts.get(db, prompt.id)
    assert (current.is_open, current.votes, current.found_approvers) == (True, (), ())
    assert [stage.name for stage in current.passed] == ["Peer"]
    assert current.policy.approvers == ("@ben",)
    assert drafts.load(db, prompt.id, BEN.id) is None
    settled = desk.submit(prompt.id, BEN, {"size": "small"}, via="cli")
    assert isinstance(settled, Settled)
    assert settled.prompt.outcome is Outcome.SUBMITTED
    assert [vote.stage for vote in votes.of_prompt(db, prompt.id)] == ["Peer", "Expert"]


def test_a_vote_counts_only_in_the_stage_in_which_it_was_let_in(db: Database) -> None:
    """Somebody who was let vote on the first must not decide the second."""
    prompt = asked(db)
    Desk(db).submit(prompt.id, ANA, {"size": "small"}, via="cli")
    late = Vote(BEN, "submit", {"size": "small"}, None, "cli", db.now(), {"size": "small"}, stage="Peer")
    with pytest.raises(votes.StageOver):
        votes.cast(db, prompt.id, late, decide=lambda ballot: decide(prompt, ballot), stage=0)
    assert len(votes.of_prompt(db, prompt.id)) == 1
    assert isinstance(BallotBox(db, StatedNames(), db.now).cast(prompt, late), Refused)
    assert prompts.get(db, prompt.id).is_open


def test_the_deadline_of_the_next_stage_counts_a_clock_that_was_stopped_while_somebody_voted(db: Database) -> None:
    """Whoever votes may have been let in before."""
    policy = Policy(stages=STAGES, deadline=2 * HOUR, comments="pause-clock")
    read = opened_by_ben(db, policy)
    vote = Vote(ANA, "submit", {"size": "small"}, None, "cli", NOON + HOUR, {"size": "small"}, stage="Peer")
    says(db, read, ANA, "Why?", at=NOON + HOUR / 2, stops=True)
    assert isinstance(BallotBox(db, StatedNames(), db.now).cast(read, vote), Counted)
    passed = prompts.get(db, read.id)
    assert len(passed.passed) == 1
    assert passed.deadline == passed.due_at == NOON + 2.5 * HOUR


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_question_that_is_asked_again_does_not_wait_for_its_checks(db: Database, start_worker: StartWorker) -> None:
    """People go through their stages again. The checks have been called, and nobody answers in their place."""
    called: list[str] = []

    class Branch(RunInput):
        name: str

        @field_validator("name")
        @classmethod
        def _exists(cls, name: str) -> str:
            if name != "main":
                raise ValueError(f"There is no branch {name}")
            return name

    def run_tests(_: Mapping[str, Any]) -> bool:
        called.append("run_tests")
        return True

    @flow(name="deploy-in-stages")
    def deploy() -> str:
        stages = [Stage(name="Tests", check=run_tests), *STAGES]
        return pause_flow_run(Branch, policy=Policy(stages=stages)).name

    start_worker(deploy, defaults=Policy())
    run = deploy.create_run(db=db)
    desk = Desk(db)
    for name in ("trunk", "main"):
        asked = until_asked(db, run.id)
        assert ([stage.name for stage in asked.passed], asked.policy.named) == (["Tests"], ("@ana", "@ben"))
        for actor in (ANA, BEN):
            assert not isinstance(desk.submit(asked.id, actor, {"name": name}, via="cli"), Refused)
    assert until_over(db, run.id).result == "main"
    assert called == ["run_tests"]
