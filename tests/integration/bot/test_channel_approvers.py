"""Members of a channel as approvers: who they are is asked at the act, and nobody is pinged."""

import pytest

from signoff import Policy
from signoff.flows.approval.policy import conflict
from signoff.store.prompts import prompts
from tests.integration.bot.asking import secret
from tests.integration.bot.running_service import RunningService

ORDERS = "C0ORDERS01"


@pytest.mark.parametrize("name", ["#orders", ORDERS])
def test_members_of_a_channel_may_answer_whatever_channel_the_card_is_in(service: RunningService, name: str) -> None:
    """The card links the channel. Whoever is not in it may not answer, until they join it."""
    service.slack.person("ana").leave("#orders")
    prompt, _ = service.ask_in("#releases", secret, where="#releases", approvers=[name])
    assert service.until_checked(prompt, 1)[0].id == ORDERS
    service.until_all_is_said()
    card = service.card(prompt)
    assert f"Anyone in <#{ORDERS}> may answer." in card.full_text
    assert "<@" not in card.full_text
    ana = service.slack.person("ana")
    ana.press("Approve", message=card)
    told = ana.wait_for_message("#releases", lambda seen: seen.is_ephemeral)
    assert f"Anyone in <#{ORDERS}> may answer." in told.full_text
    assert prompts.get(service.db, prompt.id).is_open
    ana.join("#orders")
    service.slack.client.events("member_joined_channel", at_least=1)
    ana.press("Approve", message=card)
    assert service.over(prompt).result == "approved: True"


def test_who_has_left_the_channel_may_not_answer(service: RunningService) -> None:
    """Although they were in it when the prompt was opened."""
    prompt, card = service.ask_in("#releases", secret, where="#releases", approvers=["#orders"])
    service.until_checked(prompt, 1)
    ana = service.slack.person("ana")
    ana.leave("#orders")
    service.slack.client.events("member_left_channel", at_least=1)
    ana.press("Approve", message=card)
    service.until_noted(prompt, "refused")
    service.slack.person("ben").press("Approve", message=card)
    assert service.over(prompt).result == "approved: True"


@pytest.mark.parametrize("name", ["#night-shift", "C0NOWHERE1"])
def test_a_channel_that_signoff_does_not_see_is_said_when_the_prompt_opens(service: RunningService, name: str) -> None:
    """And counts once somebody has made it, or invited the app."""
    prompt, _ = service.ask_in("#orders", secret, where="#orders", approvers=[name, "@ben"])
    noted = service.until_noted(prompt, "approver_missing")
    assert noted["problem"] == "Signoff sees no such channel. If it is private, invite Signoff to it."
    shown = service.slack.person("ben").wait_for_message("#orders", "cannot answer.").full_text
    assert f"⚠️ {name} cannot answer. Signoff sees no such channel." in shown
    if name.startswith("#"):
        service.slack.client.add_channel("night-shift", is_private=False)
        assert service.until_noted(prompt, "approver_found")["approver"] == name


@pytest.mark.parametrize("rule", [{"quorum": "all"}, {"threshold": 0.5}])
def test_members_of_a_channel_cannot_be_counted(rule: dict[str, object]) -> None:
    """Apps and guests are among them, so a part of them is no number that anybody means."""
    policy = Policy.model_validate({"approvers": ["@ana", "#orders"], **rule})
    assert "of the members of #orders cannot be counted" in conflict(policy, None)
    assert conflict(Policy(approvers=["#orders"], quorum=2), None) == ""
