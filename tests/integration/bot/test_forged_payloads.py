"""What Slack sends is a claim. A forged, stale or invalid one is explained, and changes nothing."""

from collections.abc import Mapping
from contextlib import closing
from typing import Any

import httpx
import pytest

from signoff.bot.surfaces import action_ids
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt
from signoff.testing import VisibleMessage
from tests.integration.bot.asking import approve, give_a_reason
from tests.integration.bot.running_service import RunningService
from tests.support import raw_http
from tests.support.local_http import LOCAL
from tests.support.raw_http import signed

TEAM = "T0SIGNOFF1"
MINUTES = 60


def press(
    service: RunningService, card: VisibleMessage, action_id: str, value: str, **changed: Any
) -> Mapping[str, Any]:
    """The payload that Slack sends for a press by Ana on a button with this claim."""
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
    """Whether the prompt is still open, with nothing in its ledger but that."""
    service.until_all_is_said()
    return prompts.get(service.db, prompt.id).is_open and service.events(prompt) == ["opened", "card_posted"]


@pytest.mark.parametrize(("secret", "age"), [("another secret", 0), ("", 0), (None, 6 * MINUTES), (None, -6 * MINUTES)])
def test_a_wrong_or_old_signature_is_refused(service: RunningService, secret: str | None, age: int) -> None:
    """Invariant 8: a signature counts only with Slack's secret, and for five minutes."""
    prompt, card = service.ask_in("#releases", approve)
    response = service.post(press(service, card, action_ids.choose(0), prompt.id), secret=secret, age=age)
    assert response.status_code == 401
    assert unchanged(service, prompt)


def test_a_request_without_a_signature_is_refused(service: RunningService) -> None:
    """It reaches no listener."""
    assert httpx.post(service.request_url, data={"payload": "{}"}, **LOCAL).status_code == 401
    assert httpx.get(service.request_url, **LOCAL).status_code == 405


def test_an_endless_request_is_cut_off(service: RunningService) -> None:
    """Nobody can fill the memory before their signature is checked, whether or not they say how much follows."""
    headers = signed(b"", secret="another secret")
    for length, sent in ((6_000_000, b""), (None, b"Transfer-Encoding: chunked\r\n\r\n5B8D80\r\n" + bytes(5_100_000))):
        with closing(raw_http.connect(service.request_url)) as connection:
            head = raw_http.head(service.request_url, headers, length)
            connection.sendall(head if length else head.removesuffix(b"\r\n") + sent)
            assert raw_http.response(connection)[0] == 413


def test_a_replayed_press_counts_once(service: RunningService) -> None:
    """A signature is valid again within its five minutes, but the prompt is settled."""
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
    """Unlike on the command line, the beginning of an id is not enough."""
    prompt, card = service.ask_in("#releases", approve)
    value = prompt.id[:8] if claim == "the prompt's beginning" else claim
    assert service.post(press(service, card, action, value)).status_code == 200
    service.slack.person("ana").wait_for_message("@signoff", "This prompt no longer exists")
    assert unchanged(service, prompt)


@pytest.mark.parametrize(
    "action", [action_ids.choose(2), action_ids.choose(99), "signoff:choose:1000", "launch:missiles"]
)
def test_a_button_that_the_prompt_does_not_have_says_so(service: RunningService, action: str) -> None:
    """Invariant 8: choices are looked up in the prompt's schema."""
    prompt, card = service.ask_in("#releases", approve)
    assert service.post(press(service, card, action, prompt.id)).status_code == 200
    service.slack.person("ana").wait_for_message("@signoff", "nothing was decided")
    assert unchanged(service, prompt)


@pytest.mark.parametrize("callback_id", [action_ids.ANSWER_MODAL, action_ids.REJECT_MODAL])
def test_a_modal_of_an_unknown_prompt_says_so(service: RunningService, callback_id: str) -> None:
    """The sentence is under the first input, or replaces a modal without inputs."""
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
    """Invariant 8: the form of somebody who may answer does not let anybody else answer."""
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


def test_handles_of_other_workspaces_do_not_count(service: RunningService) -> None:
    """In a shared channel, people of other workspaces choose their handles freely."""
    prompt, card = service.ask_in("#releases", approve)
    ana = {"id": service.slack.person("mei").id, "username": "ana", "name": "ana", "team_id": "T0ELSEWHERE"}
    assert service.post(press(service, card, action_ids.choose(0), prompt.id, user=ana)).status_code == 200
    service.slack.person("mei").wait_for_message("@signoff", "Only its approvers can.")
    assert prompts.get(service.db, prompt.id).is_open
