"""Rules that answer when a prompt opens: what they may do, what people are shown, and when people are asked."""

from typing import Any

import pytest

from signoff import Flow, Policy, Rule, RunInput, flow, pause_flow_run, suspend_flow_run
from signoff.bot.cli.as_text import ended_as_text
from signoff.bot.cli.showing import _of_prompt
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import AlreadySettled
from signoff.flows.engines.embedded.worker import Worker
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.rulings import Ruling
from signoff.store.records.runs import RunState
from signoff.testing import VisibleMessage
from tests.integration.bot.asking import refund, transfer
from tests.integration.bot.running_service import RunningService
from tests.support.answering import ANA
from tests.support.fixtures import StartWorker
from tests.support.waiting import until_asked, until_over


def answered(service: RunningService, asked: Flow[Any, Any], **parameters: Any) -> tuple[Prompt, str]:
    """A prompt that a rule has answered, and the result of its run."""
    run = until_over(service.db, asked.create_run(parameters, db=service.db).id)
    assert run.state is RunState.COMPLETED, run.error
    (prompt,) = prompts.of_run(service.db, run.id)
    return prompt, run.result


def put_to_people(service: RunningService, **parameters: Any) -> tuple[Prompt, VisibleMessage]:
    """A refund that waits for somebody, and its card."""
    return service.ask_in("#orders", refund, **parameters)


def approve(service: RunningService, prompt: Prompt, card: VisibleMessage) -> str:
    """What the run gives after Mei has approved."""
    service.slack.person("mei").press("Approve", message=card)
    return str(service.over(prompt).result)


@pytest.mark.parametrize("quorum", [1, 2])
def test_a_rule_approves_in_place_of_people(service: RunningService, quorum: int) -> None:
    """However many would have to agree. The card, the ledger, the command and the flow say that it was a rule."""
    prompt, result = answered(service, refund, amount=50, quorum=quorum)
    assert result == "True for 50 by rule: the rule “below the limit”"
    assert prompt.ruling == Ruling("approve", "below the limit")
    card = service.card(prompt, "#orders", open_=False)
    assert "*Approved* by the rule “below the limit” · " in card.full_text
    assert "<@" not in card.full_text
    service.until_all_is_said()
    first, second, *others = service.events(prompt)
    assert (first, second, sorted(others)) == ("opened", "submitted", ["card_posted", "run_ended"])
    (line,) = (each for each in ledger.lines(service.db, prompt.id) if each.event == "submitted")
    assert (line.actor, line.detail["via"], line.detail["name"]) == ("rule", "rule", "the rule “below the limit”")
    assert ended_as_text(prompt).startswith("submitted by the rule “below the limit” at ")


def test_a_rule_that_rejects_comes_before_those_that_approve(service: RunningService) -> None:
    """A yes-or-no question is answered with no, and a note forms no mention."""
    prompt, result = answered(service, refund, amount=50, customer="fraud")
    assert result == "False for 50 by rule: the rule “known for <!channel> fraud”"
    card = service.card(prompt, "#orders", open_=False)
    assert "*Rejected* by the rule “known for &lt;!channel&gt; fraud”" in card.full_text


def test_a_question_without_a_no_is_rejected(service: RunningService) -> None:
    """The flow learns that it was a rule, and which."""
    prompt, result = answered(service, transfer, amount=101)
    assert prompt.outcome is Outcome.REJECTED
    assert result == "not sent, rule, the rule “over the limit”: over the limit"
    assert "*Rejected* by the rule “over the limit”" in service.card(prompt, "#orders", open_=False).full_text


def test_a_rule_that_asks_stops(service: RunningService) -> None:
    """The rules after it are not looked at, and the card says why a person is asked."""
    prompt, card = put_to_people(service, amount=20_000, customer="VIP")
    assert "The rule “a large sum” asks for a person." in card.full_text
    assert service.until_noted(prompt, "ruled") == {"rule": "a large sum", "then": "ask"}
    assert approve(service, prompt, card) == "True for 20000 by U0MEITANA1: Mei Tanaka"


def test_people_are_asked_if_no_rule_holds(service: RunningService) -> None:
    """Nothing is said about rules then."""
    prompt, card = service.ask_in("#orders", transfer, amount=7)
    assert "rule" not in card.full_text
    assert prompt.ruling is None
    service.slack.person("mei").press("Submit as shown", message=card)
    assert service.over(prompt).result == "sent 7"


@pytest.mark.parametrize(
    ("parameters", "note", "logged"),
    [
        ({"amount": 0, "customer": "VIP"}, "below the limit", "the rule 'below the limit' failed\n"),
        ({"amount": 500, "customer": "Bo"}, "has a name", "'has a name' returned str, and not True or False\n"),
    ],
)
def test_a_rule_that_fails_never_approves(
    service: RunningService, caplog: pytest.LogCaptureFixture, parameters: dict[str, Any], note: str, logged: str
) -> None:
    """Nor does another one that would: people are asked, and the log and the card say of which rule."""
    prompt, card = put_to_people(service, **parameters)
    service.until_logged(caplog, logged)
    assert f"⚠️ The rule “{note}” failed, so a person has to answer." in card.full_text
    assert dict(_of_prompt(prompt))["Rule"] == f"⚠️ The rule “{note}” failed, so a person has to answer."
    assert approve(service, prompt, card).endswith("by U0MEITANA1: Mei Tanaka")


def test_a_sample_of_what_rules_approve_is_put_to_people(service: RunningService) -> None:
    """The card says so, and what the rule would have done. What a rule rejects is not sampled."""
    prompt, card = put_to_people(service, amount=50, sample=1)
    assert "*Sampled.* The rule “below the limit” would have approved this." in card.full_text
    noted = service.until_noted(prompt, "ruled")
    assert noted == {"rule": "below the limit", "then": "approve", "sampled": True}
    assert approve(service, prompt, card) == "True for 50 by U0MEITANA1: Mei Tanaka"
    rejected, _ = answered(service, refund, amount=50, customer="fraud", sample=1)
    assert rejected.ruling == Ruling("reject", "known for <!channel> fraud")


def test_whoever_presses_later_is_told_that_a_rule_has_answered(service: RunningService) -> None:
    """Invariant 2: a rule settles as a person does."""
    prompt, _ = answered(service, refund, amount=50)
    reply = Desk(service.db).submit(prompt.id, Actor("U1", "Ana"), {"approved": False}, via="slack")
    assert isinstance(reply, AlreadySettled)
    assert reply.prompt.settled_by == Actor("rule", "the rule “below the limit”")


class Reasoned(RunInput):
    """A refund that needs a reason."""

    amount: int
    reason: str


calls: list[str] = []


def noted(value: Any) -> bool:
    calls.append(repr(value))
    return True


@flow(name="two-questions")
def two_questions(name: str) -> str:
    """A rule answers the first question, and a person the second."""
    rules = [Rule(when=lambda yes: noted((name, yes)), then="approve", note="always")]
    first = suspend_flow_run(bool, description="Begin?", policy=Policy(channel="#orders", rules=rules))
    return f"{first} {suspend_flow_run(str, policy=Policy(channel='#orders'))}"


@flow(name="decorated", policy=Policy(rules=[Rule(when=lambda yes: noted(yes), then="approve", note="always")]))
def decorated() -> str:
    """A question under the policy of its flow."""
    return str(pause_flow_run(bool, description="Begin?"))


@flow(name="reasoned")
def reasoned() -> str:
    """A question that nothing but a person can answer."""
    rules = [Rule(when=lambda value: noted(value), then="approve", note="always")]
    asked = Reasoned.with_initial_data(description="Refund it?", amount=7)
    return str(pause_flow_run(asked, policy=Policy(channel="#orders", rules=rules)).reason)


def test_a_replay_goes_by_what_was_recorded(db: Database, start_worker: StartWorker) -> None:
    """The rule is called once, although the flow runs again from the top in another worker."""
    calls.clear()
    run = two_questions.create_run({"name": "replayed"}, db=db)
    with Worker(db, [two_questions]):
        prompt = until_asked(db, run.id, number=2)
    start_worker(two_questions)
    Desk(db).submit(prompt.id, ANA, {"value": "later"}, via="cli")
    assert until_over(db, run.id).result == "True later"
    assert calls == ["('replayed', True)"]


def test_rules_may_stand_in_the_decorator(db: Database, start_worker: StartWorker) -> None:
    """They hold for every question of the flow that has none of its own."""
    calls.clear()
    start_worker(decorated)
    assert until_over(db, decorated.create_run(db=db).id).result == "True"
    assert calls == ["True"]


def test_no_rule_is_called_while_values_are_missing(
    db: Database, start_worker: StartWorker, caplog: pytest.LogCaptureFixture
) -> None:
    """What it would get cannot be built. The log says why a person is asked."""
    caplog.set_level("INFO", "signoff.flows.approval.rules")
    calls.clear()
    start_worker(reasoned)
    prompt = until_asked(db, reasoned.create_run(db=db).id)
    assert calls == []
    assert "since its rules need all values of the answer: reason: This is required." in caplog.text
    Desk(db).submit(prompt.id, ANA, {"reason": "Broken"}, via="cli")
    assert until_over(db, prompt.run_id).result == "Broken"
