"""“Show all” on a card and in a form, with the bot and the emulator."""

import json
from collections.abc import Iterator

import pytest

from signoff import Policy, RunInput, flow, pause_flow_run
from signoff.bot.service import Service
from signoff.bot.surfaces.action_ids import READ_NEXT
from signoff.store.prompts import prompts
from signoff.testing import Emulator, Modal, Person
from tests.integration.bot.running_service import RunningService, settings_for
from tests.integration.store.samples import store_policy

SCRIPT = "Run this:\n" + json.dumps({f"step {number}": "do it" for number in range(5000)})


class Change(RunInput):
    """What is about to happen."""

    approved: bool
    script: str
    owner: str


@flow(name="change")
def change() -> str:
    """Ask for an approval of something long."""
    asked = Change.with_initial_data(description=SCRIPT, script="s" * 5000 + "END")
    answer = pause_flow_run(wait_for_input=asked, policy=Policy(channel="#releases", approvers=["@ana"]))
    return f"{answer.approved} {len(answer.script)} {answer.owner}"


@flow(name="canary")
def canary() -> bool:
    """Ask a bare question."""
    return pause_flow_run(bool, policy=Policy(channel="#releases"), description="Start the canary?")


@pytest.fixture
def service(slack: Emulator, sqlite_url: str) -> Iterator[RunningService]:
    """Signoff with these flows."""
    with Service(settings_for(slack.api_url, sqlite_url), [change, canary], with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        yield service


def pages(person: Person) -> list[Modal]:
    """Every page of the modal that a person has just opened."""
    found = [person.wait_for_modal("Full text")]
    while "Next" in found[-1].buttons:
        person.press("Next")
        found.append(person.wait_for_modal(f"Page {len(found) + 1} of"))
    return found


def test_all_of_a_long_text_can_be_read_from_its_card(service: RunningService) -> None:
    """Invariant 12: page by page, there and back; pressing Approve is possible without that."""
    prompt, card = service.ask_in("#releases", change)
    ana = service.slack.person("ana")
    assert 'Run this:\n{"step 0": "do it", ' in card.full_text
    assert "Not shown here:" in card.full_text
    assert card.buttons.index("Show all") < card.buttons.index("Approve")
    ana.press("Show all", message=card)
    seen = pages(ana)
    told = "".join(page.full_text for page in seen).replace("\n", "")
    assert all(f'"step {number}": "do it"' in told for number in (0, 1111, 4999))
    assert "sssEND" in told
    ana.press("Back")
    assert f"Page {len(seen) - 1} of {len(seen)}" in ana.wait_for_modal(f"Page {len(seen) - 1} of").full_text
    ana.close()
    ana.press("Approve", message=card)
    assert prompts.get(service.db, prompt.id).is_open
    assert "approved" in json.dumps(ana.wait_for_modal("Owner").json).lower()


def test_all_of_a_form_can_be_read_on_top_of_it(service: RunningService) -> None:
    """With what was filled in so far, which is still there below."""
    prompt, card = service.ask_in("#releases", change)
    ana = service.slack.person("ana")
    ana.press("Edit…", message=card)
    form = ana.wait_for_modal("Run this:")
    assert "s" * 1000 in form.full_text
    assert "Slack cannot show this value for editing. It stays unchanged." in form.full_text
    ana.press("Owner", value={"type": "plain_text_input", "value": "Ben"})
    ana.press("Show all")
    told = "".join(page.full_text for page in pages(ana))
    assert "sssEND" in told
    assert "*Owner*\nBen" in told
    ana.close()
    assert ana.wait_for_modal("Owner").values["Owner"] == "Ben"
    ana.submit({"Approved": "Yes", "Owner": "Ben"})
    assert service.over(prompt).result == "True 5003 Ben"
    ana.wait_for_message("#releases", lambda seen: seen.buttons == ["Show all"])


@pytest.mark.parametrize("claimed", ["[99999, true]", "[-1, false]", "[]", "x", "[1e400, true]"])
def test_what_a_modal_claims_of_its_page_is_a_claim(service: RunningService, claimed: str) -> None:
    """A page that does not exist is the last one, and a claim that makes no sense the first."""
    prompt, card = service.ask_in("#releases", change)
    ana = service.slack.person("ana")
    ana.press("Show all", message=card)
    modal = ana.wait_for_modal("Full text")
    payload = {
        "type": "block_actions",
        "user": {"id": ana.id, "team_id": "T0SIGNOFF1", "username": "ana"},
        "team": {"id": "T0SIGNOFF1"},
        "api_app_id": "A0SIGNOFF1",
        "trigger_id": "1.2.3",
        "container": {"type": "view", "view_id": modal.id},
        "view": {**modal.json, "private_metadata": claimed},
        "actions": [{"action_id": READ_NEXT, "block_id": "b", "type": "button", "value": prompt.id}],
    }
    assert service.post(payload).status_code == 200
    ana.wait_for_modal("sssEND" if "99999" in claimed else "Page 2 of")


def test_nobody_is_turned_away_by_a_policy_that_cannot_be_read(service: RunningService) -> None:
    """They are told that the policy is at fault, and not they."""
    prompt, card = service.ask_in("#releases", change)
    store_policy(service.db, prompt, {"approvers": ["@ana"], "rota": 2})
    ana = service.slack.person("ana")
    ana.press("Show all", message=card)
    ana.wait_for_message("#releases", "This version of Signoff cannot read who may answer here")


def test_a_bare_question_is_asked_first(service: RunningService) -> None:
    """Invariant 12: in the notification, as the header and in the list."""
    prompt, card = service.ask_in("#releases", canary)
    ana = service.slack.person("ana")
    assert card.text.startswith("Start the canary?")
    assert card.blocks[0]["text"]["text"] == "Start the canary?"
    assert card.buttons[:2] == ["Yes", "No"]
    ana.command("/approvals", in_="#releases")
    listed = ana.wait_for_message("#releases", "1 prompt is waiting")
    assert listed.full_text.index("*Start the canary?*") < listed.full_text.index(prompt.run_name)
    ana.press("Yes", message=card)
    assert service.over(prompt).result is True
