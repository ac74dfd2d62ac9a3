"""What Slack sends is a claim: forged, stale or out of range, it gets a polite answer and changes nothing."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from signoff.bot.surfaces import action_ids
from signoff.store.prompts import prompts
from signoff.store.records import Prompt
from signoff.testing import VisibleMessage
from tests.integration.bot.asking import approve, give_a_reason
from tests.integration.bot.running_service import RunningService

TEAM = "T0SIGNOFF1"
MINUTES = 60


def press(
    service: RunningService, card: VisibleMessage, action_id: str, value: str, **changed: Any
) -> Mapping[str, Any]:
    """The payload of a press by Ana, as Slack would send it, with whatever the button claims."""
    ana = service.slack.person("ana")
    return {
        "type": "block_actions",
        "team": {"id": TEAM, "domain": "northwind"},
        "user": {"id": ana.id, "username": "ana", "name": "ana", "team_id": TEAM},
        "channel": {"id": card.channel, "name": "releases"},
        "container": {"type": "message", "message_ts": card.ts, "channel_id": card.channel, "is_ephemeral": False},
        "message": {"ts": card.ts, "text": ""},
        "trigger_id": "1.2.3",
        "actions": [{"type": "button", "action_id": action_id, "block_id": "b", "value": value, "action_ts": "1"}],
        **changed,
    }


def unchanged(service: RunningService, prompt: Prompt) -> bool:
    """Whether the prompt is as it was opened, and nothing was noted on it."""
    return prompts.get(service.db, prompt.id).is_open and service.events(prompt) == ["opened", "card_posted"]


@pytest.mark.parametrize(("secret", "age"), [("another secret", 0), ("", 0), (None, 6 * MINUTES), (None, -6 * MINUTES)])
def test_what_slack_has_not_signed_just_now_is_refused(service: RunningService, secret: str | None, age: int) -> None:
    """Invariant 8: another secret's signature, or an old one, is worth nothing."""
    prompt, card = service.ask_in("#releases", approve)
    response = service.post(press(service, card, action_ids.choose(0), prompt.id), secret=secret, age=age)
    assert response.status_code == 401
    assert unchanged(service, prompt)


def test_what_is_not_signed_at_all_is_refused(service: RunningService) -> None:
    """A bare request reaches nothing."""
    assert httpx.post(service.request_url, data={"payload": "{}"}, trust_env=False).status_code == 401
    assert httpx.get(service.request_url, trust_env=False).status_code == 405


def test_a_request_without_end_is_not_read_to_its_end(service: RunningService) -> None:
    """Nobody fills the memory before their signature is looked at."""
    response = httpx.post(service.request_url, content=b"x" * 6_000_000, trust_env=False)
    assert response.status_code == 413


def test_a_replayed_press_counts_once(service: RunningService) -> None:
    """Within its five minutes a signature is good twice; the prompt is not."""
    prompt, card = service.ask_in("#releases", approve)
    payload = press(service, card, action_ids.choose(0), prompt.id)
    assert [service.post(payload).status_code for _ in range(2)] == [200, 200]
    service.over(prompt)
    service.slack.person("ana").wait_for_message("@signoff", "You have already answered")
    assert service.events(prompt).count("submitted") == 1


@pytest.mark.parametrize("claim", ["nonsense", "", "%", "0" * 36, "the prompt's beginning"])
@pytest.mark.parametrize(
    "action", [action_ids.choose(0), action_ids.ANSWER, action_ids.EDIT, action_ids.OPEN, action_ids.REJECT]
)
def test_a_button_of_an_unknown_prompt_says_so(service: RunningService, action: str, claim: str) -> None:
    """The beginning of an id, as the command line takes it, is no id."""
    prompt, card = service.ask_in("#releases", approve)
    value = prompt.id[:8] if claim == "the prompt's beginning" else claim
    assert service.post(press(service, card, action, value)).status_code == 200
    service.slack.person("ana").wait_for_message("@signoff", "This prompt no longer exists")
    assert unchanged(service, prompt)


@pytest.mark.parametrize(
    "action", [action_ids.choose(2), action_ids.choose(99), "signoff:choose:1000", "launch:missiles"]
)
def test_a_button_that_the_prompt_does_not_have_says_so(service: RunningService, action: str) -> None:
    """Invariant 8: what can be chosen is looked up in the prompt's schema."""
    prompt, card = service.ask_in("#releases", approve)
    assert service.post(press(service, card, action, prompt.id)).status_code == 200
    service.slack.person("ana").wait_for_message("@signoff", "nothing was decided")
    assert unchanged(service, prompt)


@pytest.mark.parametrize("callback_id", [action_ids.ANSWER_MODAL, action_ids.REJECT_MODAL])
def test_a_modal_of_an_unknown_prompt_says_so(service: RunningService, callback_id: str) -> None:
    """Under its first field, or in its place where it has none."""
    prompt, card = service.ask_in("#releases", approve)
    for blocks in ([], [{"type": "input", "block_id": "reason"}]):
        view = {
            "id": "V1",
            "type": "modal",
            "callback_id": callback_id,
            "private_metadata": "nonsense",
            "blocks": blocks,
            "state": {"values": {}},
        }
        payload = {**press(service, card, "", ""), "type": "view_submission", "view": view}
        response = service.post(payload)
        assert response.status_code == 200
        assert "This prompt no longer exists, so nothing was decided." in response.text
    assert unchanged(service, prompt)


def test_a_modal_decides_only_what_its_person_may_decide(service: RunningService) -> None:
    """Invariant 8: a form that somebody else was shown lets nobody else answer."""
    prompt, card = service.ask_in("#releases", give_a_reason)
    ana, mei = service.slack.person("ana"), service.slack.person("mei")
    ana.press("Approve", message=card)
    view = ana.wait_for_modal("And why?").json
    stranger = {"id": mei.id, "username": "mei", "name": "mei", "team_id": TEAM}
    payload = {**press(service, card, "", ""), "type": "view_submission", "view": view, "user": stranger}
    response = service.post(payload)
    assert response.json()["response_action"] == "update"
    assert "You may not answer" in response.text
    assert prompts.get(service.db, prompt.id).is_open


def test_somebody_of_another_workspace_is_not_who_they_are_called(service: RunningService) -> None:
    """In a shared channel people of other workspaces choose their own handles."""
    prompt, card = service.ask_in("#releases", approve)
    ana = {"id": service.slack.person("mei").id, "username": "ana", "name": "ana", "team_id": "T0ELSEWHERE"}
    assert service.post(press(service, card, action_ids.choose(0), prompt.id, user=ana)).status_code == 200
    service.slack.person("mei").wait_for_message("@signoff", "You may not answer")
    assert prompts.get(service.db, prompt.id).is_open
