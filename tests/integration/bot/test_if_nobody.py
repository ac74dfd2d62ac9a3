"""Nobody is left who could answer: the run fails at once, and says who is missing and what to write instead."""

from typing import Any

import pytest
from sqlalchemy import select

from signoff.flows.approval.desk import Desk
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.tables import prompts as table
from tests.integration.bot.asking import publish, secret
from tests.integration.bot.running_service import RunningService
from tests.integration.bot.test_approver_check import check_again
from tests.support.waiting import until, until_asked, until_over

EMPTY, APPS, GONE = "@nobody-here", "@robots", "@leavers"


def failed(service: RunningService, **parameters: Any) -> tuple[FlowRun, Prompt]:
    """A run that has failed because nobody could be asked, and its prompt."""
    run = until_over(service.db, secret.create_run({"where": "#orders", **parameters}, db=service.db).id)
    (prompt,) = prompts.of_run(service.db, run.id)
    return run, prompt


def prepare(service: RunningService) -> None:
    """Groups in which nobody can answer: one is empty, one has only apps, one only people who have left."""
    client = service.slack.client
    client.set_user_group("nobody-here", [])
    client.set_user_group("robots", ["signoff"])
    client.change_person("chloe", deleted=True)
    client.set_user_group("leavers", ["chloe"])


@pytest.mark.parametrize(
    ("approvers", "reason"),
    [
        (["@anna"], "@anna: No person or user group has this handle. Did you mean @ana?"),
        (["@chloe", "@signoff"], "@chloe: This account is deactivated. Name somebody else. @signoff: This is an app"),
        ([EMPTY], "@nobody-here: This user group is empty. Add people to it."),
        ([APPS], "@robots: Everybody in this user group is an app or deactivated. Add people to it."),
        ([GONE, "zoe@example.com"], "@leavers: Everybody in this user group is an app or deactivated."),
    ],
)
def test_a_run_fails_at_once_if_nobody_can_answer(
    service: RunningService, caplog: pytest.LogCaptureFixture, approvers: list[str], reason: str
) -> None:
    """The error, the ledger, the card and the log say who is missing and what to write instead."""
    prepare(service)
    run, prompt = failed(service, approvers=approvers)
    assert run.state is RunState.FAILED
    assert run.error is not None
    assert f"Nobody can answer 'Approval'. {reason}" in run.error
    assert prompt.outcome is Outcome.UNANSWERABLE
    assert reason in service.until_noted(prompt, "unanswerable")["reason"]
    card = service.card(prompt, "#orders", open_=False)
    assert "⚠️ *Nobody could answer* · " in card.full_text
    assert reason in card.full_text
    service.until_logged(caplog, f"{prompt.label} ended, because nobody can answer it. {reason}")


def test_the_requester_alone_is_nobody(service: RunningService) -> None:
    """If they may not answer."""
    policy = {"approvers": ["@ana"], "requester_may_answer": False}
    run = publish.create_run({"policy": policy}, db=service.db, requester="ana@example.com")
    assert "the requester is the only approver, and may not." in str(until_over(service.db, run.id).error)


@pytest.mark.parametrize("approvers", [["@anna", "@ben"], ["@robots", "@buyers"]])
def test_one_who_can_answer_is_enough(service: RunningService, approvers: list[str]) -> None:
    """The card says who cannot."""
    prepare(service)
    service.slack.client.set_user_group("buyers", ["mei"])
    prompt, card = service.ask_in("#orders", secret, where="#orders", approvers=approvers)
    service.until_noted(prompt, "approver_missing")
    service.until_checked(prompt, 2)
    service.slack.person("mei" if "@buyers" in approvers else "ben").press("Approve", message=card)
    assert service.over(prompt).result == "approved: True"


@pytest.mark.parametrize("method", ["users.list"])
def test_a_slack_that_does_not_answer_is_not_nobody(service: RunningService, method: str) -> None:
    """The prompt waits until Slack has said so, and then fails."""
    prepare(service)
    service.slack.client.events("user_change", at_least=1)
    service.slack.client.inject_fault(method, error="fatal_error", times=1000)
    prompt, _ = service.ask_in("#orders", secret, where="#orders", approvers=["@robots"])

    def is_checked() -> bool:
        with service.db.read() as reading:
            due_at = reading.execute(select(table.c.approvers_due_at).where(table.c.id == prompt.id)).scalar()
        return due_at is not None and due_at > prompt.opened_at

    until(service.db, is_checked, what="the check of approvers")
    assert prompts.get(service.db, prompt.id).is_open
    service.slack.client.clear_faults()
    check_again(service, prompt)
    assert service.over(prompt).state is RunState.FAILED


@pytest.mark.parametrize("how", ["the person is deactivated", "the group is emptied"])
def test_the_last_one_may_leave_later(service: RunningService, how: str) -> None:
    """When Slack reports it, the run fails."""
    client = service.slack.client
    client.set_user_group("pair", ["chloe"])
    name = "@chloe" if "person" in how else "@pair"
    prompt, _ = service.ask_in("#orders", secret, where="#orders", approvers=[name])
    service.until_checked(prompt)
    assert prompts.get(service.db, prompt.id).is_open
    if "person" in how:
        client.change_person("chloe", deleted=True)
    else:
        client.set_user_group("pair", [])
    assert service.over(prompt).state is RunState.FAILED
    assert prompts.get(service.db, prompt.id).outcome is Outcome.UNANSWERABLE


def test_a_policy_may_wait_for_somebody(service: RunningService) -> None:
    """Who fills the group while the prompt waits."""
    client = service.slack.client
    client.set_user_group("nobody-here", [])
    prompt, _ = service.ask_in("#orders", secret, where="#orders", approvers=[EMPTY], if_nobody="wait")
    service.slack.person("mei").wait_for_message("#orders", "*Nobody can answer this.*")
    client.set_user_group("nobody-here", ["mei"])
    service.until_noted(prompt, "approver_found")
    service.slack.person("mei").press("Approve", in_="#orders")
    assert service.over(prompt).result == "approved: True"


def test_others_may_be_asked_at_once(service: RunningService) -> None:
    """One after the other, until one of them can answer; and if nobody can, the run fails."""
    prepare(service)
    later = [{"after": 600, "to": [APPS]}, {"after": 1200, "to": ["@ben"]}]
    policy = {"approvers": ["@anna"], "if_nobody": "escalate", "escalation": later}
    prompt, _ = service.ask_in("#releases", publish, policy=policy)
    until(service.db, lambda: prompts.get(service.db, prompt.id).escalations == 2, what="both escalations")
    service.until_all_is_said()
    ben = service.slack.person("ben")
    ben.press("Yes", message=ben.wait_for_message("#releases", lambda seen: "Yes" in seen.buttons))
    assert service.over(prompt).result == {"value": True, "by": "Ben Okafor"}
    run = publish.create_run({"policy": policy | {"escalation": later[:1]}}, db=service.db)
    assert "Nobody can answer" in str(until_over(service.db, run.id).error)


def test_a_retry_asks_again_once_it_is_mended(service: RunningService) -> None:
    """What nobody could answer is no answer."""
    prepare(service)
    run, prompt = failed(service, approvers=[EMPTY])
    service.slack.client.set_user_group("nobody-here", ["mei"])
    service.slack.client.events("subteam_members_changed", at_least=1)
    Desk(service.db).retry(run.id, Actor("@ana", "Ana"))
    again = until_asked(service.db, run.id)
    assert again.id != prompt.id
    service.slack.person("mei").press("Approve", message=service.card(again, "#orders"))
    assert service.over(again).result == "approved: True"
