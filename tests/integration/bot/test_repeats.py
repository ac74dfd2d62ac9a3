"""The same request need not be approved twice: which approval counts again, and what is said about it."""

from typing import Any

import pytest

from signoff import Policy, Rule, Stage, flow, pause_flow_run
from signoff.bot.cli.showing import _of_prompt
from signoff.flows.approval.desk import Desk
from signoff.flows.engine import ReportedPause
from signoff.flows.engines.pause_reports import DatabasePauseReports
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome, Prompt
from signoff.testing import VisibleMessage
from tests.integration.bot.asking import deploy
from tests.integration.bot.running_service import RunningService
from tests.support.answering import ANA
from tests.support.fixtures import StartWorker
from tests.support.waiting import until, until_asked, until_over

ANA_ID, BEN_ID, MEI_ID = "U0ANARUIZ1", "U0BENOKAF1", "U0MEITANA1"


def asked(service: RunningService, **parameters: Any) -> tuple[Prompt, VisibleMessage]:
    """A prompt that people are asked, and its card."""
    prompt, _ = service.ask_in("#releases", deploy, **{"version": "1.4", **parameters})
    service.until_checked(prompt)
    return prompt, service.card(prompt)


def approved(service: RunningService, name: str = "ana", **parameters: Any) -> Prompt:
    """A prompt that somebody has approved."""
    prompt, card = asked(service, **parameters)
    service.slack.person(name).press("Approve", message=card)
    service.over(prompt)
    return prompt


def repeated(service: RunningService, **parameters: Any) -> tuple[Prompt, str]:
    """A prompt that nobody was asked, and the result of its run."""
    run = until_over(service.db, deploy.create_run({"version": "1.4", **parameters}, db=service.db).id)
    (prompt,) = prompts.of_run(service.db, run.id)
    return prompt, str(run.result)


def test_an_approval_counts_again(service: RunningService) -> None:
    """The card, the ledgers of both prompts, the command and the flow say whose approval it was, and ping nobody."""
    first = approved(service)
    second, result = repeated(service)
    assert result == "True by repeat: an earlier approval by Ana Ruiz"
    card = service.card(second, open_=False)
    assert "✅ *Approved* without asking again · " in card.full_text
    assert "Ana Ruiz approved the same request " in card.full_text
    assert f"(prompt {first.id[:8]})." in card.full_text
    assert "<@" not in card.full_text
    (line,) = (each for each in ledger.lines(service.db, second.id) if each.event == "submitted")
    assert (line.actor, line.detail["repeats"]) == ("repeat", first.id)
    assert line.detail["approved_by"] == [f"Ana Ruiz ({ANA_ID})"]
    assert service.until_noted(first, "counted_again")["for"] == second.id
    assert dict(_of_prompt(second))["Repeats"] == first.id[:8]


def test_what_counts_again_does_not_count_again_itself(service: RunningService) -> None:
    """The time is that since people have looked."""
    first = approved(service)
    repeated(service)
    third, _ = repeated(service)
    assert third.ruling is not None
    assert third.ruling.repeats is not None
    assert third.ruling.repeats.prompt_id == first.id


@pytest.mark.parametrize(
    "other",
    [
        {"version": "1.5"},
        {"question": "Deploy it now?"},
        {"policy": {"approvers": ["@ana", "@mei"]}},
        {"policy": {"repeat": 0.001}},
    ],
    ids=str,
)
def test_another_request_is_asked(service: RunningService, other: dict[str, Any]) -> None:
    """One with other values, in other words, or of other people, and one that comes too late."""
    approved(service, **({} if "repeat" not in str(other) else other))
    prompt, card = asked(service, **other)
    service.slack.person("mei").press("Reject", message=card)
    assert service.over(prompt).result.startswith("False by U")


def test_a_no_and_a_timeout_do_not_count(service: RunningService) -> None:
    """A no also ends what an approval before it has allowed: the last decision counts."""
    both = [asked(service) for _ in range(2)]
    for (prompt, card), button in zip(both, ("Approve", "Reject"), strict=True):
        service.slack.person("ana").press(button, message=card)
        service.over(prompt)
    prompt, _ = asked(service)
    Desk(service.db).time_out(prompt)
    service.over(prompt)
    assert prompts.get(service.db, prompt.id).outcome is Outcome.TIMED_OUT
    prompt, card = asked(service)
    service.slack.person("ana").press("Approve", message=card)
    assert service.over(prompt).result == "True by U0ANARUIZ1: Ana Ruiz"


def test_several_approvers_are_all_named(service: RunningService) -> None:
    """With a quorum, those who have agreed."""
    policy = {"quorum": 2}
    prompt, card = asked(service, policy=policy)
    for name in ("ana", "ben"):
        service.slack.person(name).press("Approve", message=card)
        until(service.db, lambda: prompts.get(service.db, prompt.id).votes, what="a vote")
    service.over(prompt)
    second, result = repeated(service, policy=policy)
    assert result == "True by repeat: an earlier approval by Ana Ruiz, Ben Okafor"
    assert "Ana Ruiz and Ben Okafor approved the same request" in service.card(second, open_=False).full_text


def test_an_approval_by_whoever_requests_it_now_does_not_count(service: RunningService) -> None:
    """Where the requester may not answer. That of somebody else does."""
    policy = {"requester_may_answer": False}

    def requested(by: str) -> str:
        return deploy.create_run({"version": "1.4", "policy": policy}, db=service.db, requester=by).id

    first = until_asked(service.db, requested(BEN_ID))
    until(service.db, lambda: prompts.get(service.db, first.id).reviewers.requester, what="the requester to be known")
    service.slack.person("ana").press("Approve", message=service.card(first))
    service.over(first)
    assert until_over(service.db, requested(BEN_ID)).result == "True by repeat: an earlier approval by Ana Ruiz"
    for anybody in (ANA_ID, "@somebody"):
        second = until_asked(service.db, requested(anybody))
        assert second.ruling is None


switch = {"on": True}


@flow(name="switched")
def switched() -> str:
    """A rule approves while it is switched on."""
    rules = [Rule(when=lambda _: switch["on"], then="approve", note="switched on")]
    return str(pause_flow_run(bool, description="Go?", policy=Policy(channel="#a", rules=rules, repeat=3600)))


def test_what_a_rule_has_approved_does_not_count_again(db: Database, start_worker: StartWorker) -> None:
    """Nobody has looked at it. On PostgreSQL, too."""
    switch["on"] = True
    start_worker(switched)
    assert until_over(db, switched.create_run(db=db).id).result == "True"
    switch["on"] = False
    prompt = until_asked(db, switched.create_run(db=db).id)
    Desk(db).submit(prompt.id, ANA, {"value": True}, via="cli")
    assert until_over(db, prompt.run_id).result == "True"
    again = until_over(db, switched.create_run(db=db).id)
    (prompt,) = prompts.of_run(db, again.id)
    assert prompt.ruling is not None
    assert prompt.ruling.repeats is not None


@flow(name="staged")
def staged() -> str:
    """A peer and then a lead."""
    stages = [Stage(name="peer", approvers=["U1PEER", "U4PAT"]), Stage(name="lead", approvers=["U2LEAD"])]
    policy = Policy(channel="#a", repeat=3600, requester_may_answer=False, stages=stages)
    return str(pause_flow_run(bool, description="Go?", policy=policy))


def test_whoever_has_approved_in_any_stage_counts(db: Database, start_worker: StartWorker) -> None:
    """All are named, and none of them may be the one who requests it now."""
    start_worker(staged)
    prompt = until_asked(db, staged.create_run(db=db, requester="U3BEN").id)
    for person in (Actor("U1PEER", "Pia"), Actor("U2LEAD", "Leo")):
        Desk(db).submit(prompt.id, person, {"value": True}, via="slack")
    assert until_over(db, prompt.run_id).result == "True"
    again = until_over(db, staged.create_run(db=db, requester="U3BEN").id)
    (repeat,) = prompts.of_run(db, again.id)
    assert repeat.settled_by == Actor("repeat", "an earlier approval by Pia, Leo")
    assert until_asked(db, staged.create_run(db=db, requester="U1PEER").id).ruling is None


def test_what_another_engine_asks_counts_again(db: Database) -> None:
    """The engine is due the answer, as if it had just been given."""
    reports = DatabasePauseReports(db, "elsewhere", Policy(channel="#a"))

    def report(run: str) -> str:
        pause = ReportedPause(
            external_run_id=run, run_name=run, flow="train", key="1", title="Train?", policy=Policy(repeat=3600)
        )
        return reports.paused(pause)

    first = report("one")
    Desk(db).submit(first, ANA, {}, via="cli")
    second = prompts.get(db, report("two"))
    assert second.outcome is Outcome.SUBMITTED
    assert second.delivery is not None
