"""What follows from a deadline, and how everybody is told: never as what a person decided."""

from typing import Any

import pytest

from signoff.store import ledger
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import RunState
from tests.integration.bot.asking import publish, release_together
from tests.integration.bot.running_service import RunningService
from tests.support.waiting import until_over

AT_ONCE = 0.001
"""Seconds until a deadline that nobody can keep."""


def timed_out(service: RunningService, at_deadline: str) -> Prompt:
    """A prompt whose deadline has passed, once its run is over."""
    run = publish.create_run({"policy": {"deadline": AT_ONCE, "at_deadline": at_deadline}}, db=service.db)
    until_over(service.db, run.id)
    (prompt,) = prompts.of_run(service.db, run.id)
    return prompt


@pytest.mark.parametrize(("rule", "value", "done"), [("approve", True, "approved"), ("reject", False, "rejected")])
def test_a_policy_may_say_yes_or_no_when_nobody_does(
    service: RunningService, rule: str, value: bool, done: str
) -> None:
    """The flow gets the value and learns that it is nobody's; the card, the ledger and late people are told so too."""
    prompt = timed_out(service, rule)
    assert service.over(prompt).result == {"value": value, "by": None}
    assert (prompt.outcome, prompt.answer) == (Outcome.TIMED_OUT, {"value": value})
    (line,) = [each for each in ledger.lines(service.db, prompt.id) if each.event == "timed_out"]
    assert (line.actor, line.detail["then"]) == ("deadline", rule)
    card = service.card(prompt, open_=False)
    assert "⌛ *Timed out* · " in card.full_text
    assert f"Nobody had answered, so its policy {done} it." in card.full_text
    assert f"*{done.title()}*" not in card.full_text
    assert "Value" not in card.full_text
    assert card.text == f"Publish 1.4? – Timed out: nobody had answered, so its policy {done} it."


def test_an_error_follows_if_the_policy_says_nothing(service: RunningService) -> None:
    """And the card says no more than that it timed out."""
    prompt = timed_out(service, "fail")
    assert service.over(prompt).state is RunState.TIMED_OUT
    assert service.card(prompt, open_=False).text == "Publish 1.4? – Timed out."


def test_a_deadline_that_ends_nothing_is_said(service: RunningService) -> None:
    """The prompt stays open; its card and the list say that it is overdue, and an answer counts."""
    prompt = service.ask(publish, policy={"deadline": AT_ONCE, "at_deadline": "none"})
    service.until_noted(prompt, "overdue")
    mei = service.slack.person("mei")
    card = mei.wait_for_message("#releases", "⚠️ Overdue since ")
    assert "It stays open." in card.full_text
    mei.command("/approvals", in_="#releases")
    assert "overdue since " in mei.wait_for_message("#releases", "1 prompt is waiting").full_text
    mei.press("Yes", message=card)
    assert service.over(prompt).result == {"value": True, "by": "Mei Tanaka"}
    assert service.events(prompt).count("overdue") == 1


def test_a_deadline_may_pass_to_others(service: RunningService) -> None:
    """Whoever the policy escalates to is asked then, and may answer the overdue prompt."""
    policy = {
        "approvers": ["@ana"],
        "deadline": AT_ONCE,
        "at_deadline": "escalate",
        "escalation": [{"after": 3600, "to": ["@ben"]}],
    }
    prompt = service.ask(publish, policy=policy)
    service.until_noted(prompt, "overdue")
    service.until_noted(prompt, "escalated")
    service.until_all_is_said()
    card = service.slack.person("ben").wait_for_message("#releases", "⚠️ Overdue since ")
    service.slack.person("ben").press("Yes", message=card)
    assert service.over(prompt).result == {"value": True, "by": "Ben Okafor"}


@pytest.mark.parametrize(
    ("asked", "policy", "fault"),
    [
        (publish, {"at_deadline": "escalate"}, "at_deadline: to whom? Name people in escalation"),
        (release_together, {"at_deadline": "reject"}, "would be rejected, but that is not valid: reason: Say what has"),
        (publish, {"at_deadline": "approve", "confirm": "prod"}, "confirm: nobody types it at the deadline"),
    ],
)
def test_what_a_deadline_could_not_do_is_refused_at_the_pause(
    service: RunningService, asked: Any, policy: dict[str, Any], fault: str
) -> None:
    """Nobody learns of it at the deadline only."""
    run = asked.create_run({"policy": policy}, db=service.db)
    assert fault in str(until_over(service.db, run.id).error)
    assert prompts.pending(service.db) == []
