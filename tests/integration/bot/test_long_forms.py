"""Forms that take more than one modal keep everything while they are filled in, and submit it together."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import event

from signoff.bot.emulator.control.person import Person
from signoff.store.prompts import drafts, prompts
from signoff.testing import ActionFailed, Modal
from tests.integration.bot.long_forms import invite, pay, survey
from tests.integration.bot.running_service import RunningService


def chosen(label: str, number: int) -> dict[str, Any]:
    """The state of radio buttons."""
    option = {"text": {"type": "plain_text", "text": label}, "value": f"choice-{number}"}
    return {"type": "radio_buttons", "selected_option": option}


def typed(text: str) -> dict[str, Any]:
    """The state of a text input."""
    return {"type": "plain_text_input", "value": text}


def in_input(modal: Modal, label: str) -> str:
    """The block id of an input."""
    return next(str(block["block_id"]) for block in modal.blocks if block.get("label", {}).get("text") == label)


def change(person: Person, label: str, value: dict[str, Any]) -> None:
    """Change one input of the open modal."""
    modal = person.modal
    assert modal is not None
    person.press(label, value=value)


def menu(person: Person, number: int, label: str, value: str) -> None:
    """Choose from the menu of an entry."""
    modal = person.modal
    assert modal is not None
    entry = [found for found in modal.elements if found.type == "overflow"][number]
    option = {"text": {"type": "plain_text", "text": label}, "value": value}
    pressed = {"action_id": entry.action_id, "block_id": entry.block_id}
    person._act("press", view_id=modal.id, value={"selected_option": option}, **pressed)


def test_choosing_another_variant_shows_its_fields_and_keeps_what_was_typed(service: RunningService) -> None:
    """Each variant has its own fields, which are filled in as they were left."""
    prompt, _ = service.ask_in("#orders", pay)
    mei = service.slack.person("mei")
    mei.press("Edit…", in_="#orders")
    modal = mei.wait_for_modal()
    assert modal.labels == ["Pay by", "Company", "Days", "Ship To", "Limit"]

    change(mei, "Days", {"type": "number_input", "value": "45"})
    change(mei, "Pay by", chosen("Card", 0))
    modal = mei.wait_for_modal(lambda seen: "Number" in seen.labels)
    assert "Days" not in modal.labels
    change(mei, "Pay by", chosen("Invoice", 1))
    modal = mei.wait_for_modal(lambda seen: "Days" in seen.labels)
    assert (modal.values["Days"], modal.values["Company"]) == ("45", "Acme")

    change(mei, "Ship To", chosen("Fill in", 0))
    mei.wait_for_modal(lambda seen: "Street" in seen.labels)
    change(mei, "Limit", chosen("Whole number", 0))
    mei.wait_for_modal(lambda seen: "Whole number" in seen.labels)
    mei.submit({"Street": "Ring 3", "Whole number": 12, "Days": 47})
    assert mei.wait_for_modal(lambda seen: bool(seen.errors)).errors == {"Days": "Input should be a multiple of 5"}
    mei.submit({"Days": 50})

    assert service.over(prompt).result == {
        "by": {"method": "invoice", "company": "Acme", "days": 50},
        "ship_to": {"street": "Ring 3", "city": "Vienna"},
        "limit": 12,
    }
    shown = service.card(prompt, "#orders", open_=False).full_text
    assert "50  (was 30)" in shown
    assert "Ring 3" in shown


def test_a_variant_that_is_submitted_before_its_fields_appeared_is_asked_for(service: RunningService) -> None:
    """If a person submits before Slack has drawn the new fields, the form shows them and nothing is submitted."""
    prompt, _ = service.ask_in("#orders", pay)
    mei = service.slack.person("mei")
    mei.press("Edit…", in_="#orders")
    mei.wait_for_modal()
    mei.submit({"Pay by": "Card"})
    mei.wait_for_modal(lambda seen: "Number" in seen.labels)
    assert prompts.get(service.db, prompt.id).is_open
    mei.submit({"Number": "4711"})
    assert service.over(prompt).result["by"] == {"method": "card", "number": "4711"}


def test_a_change_that_is_stored_late_does_not_undo_a_saved_entry(service: RunningService) -> None:
    """Leaving an input and pressing Save reach the bot at once, and either may be stored first."""
    prompt, _ = service.ask_in("#orders", invite)
    ana = service.slack.person("ana")
    ana.press("Answer…", in_="#orders")
    ana.wait_for_modal("Between 1 and 2.")
    ana.press("Add Guest…")
    ana.wait_for_modal(lambda seen: "Age" in seen.labels)
    has_read, may_store = threading.Event(), threading.Event()

    def hold_the_first(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "FROM drafts" in statement and not has_read.is_set():
            has_read.set()
            assert may_store.wait(60)

    event.listen(service.db.engine, "after_cursor_execute", hold_the_first)
    with ThreadPoolExecutor() as threads:
        late = threads.submit(change, ana, "Name", typed("Ada"))
        assert has_read.wait(60)
        ana.submit({"Name": "Ada", "Age": 30})
        ana.wait_for_modal(lambda seen: "Name: Ada · Age: 30" in seen.full_text)
        may_store.set()
        late.result()
    ana.submit({})

    assert service.over(prompt).result == {"guests": [{"name": "Ada", "age": 30, "visits": []}], "note": ""}


def test_entries_are_added_edited_and_removed_on_top_of_their_list(service: RunningService) -> None:
    """An entry is validated in its own modal, and the list says how many entries there may be."""
    prompt, _ = service.ask_in("#orders", invite)
    ana = service.slack.person("ana")
    ana.press("Answer…", in_="#orders")
    modal = ana.wait_for_modal("Between 1 and 2.")
    assert "None yet." in modal.full_text
    ana.submit({"Note": "Soon"})
    ana.wait_for_modal("Guests: This is required.")

    ana.press("Add Guest…")
    modal = ana.wait_for_modal(lambda seen: "Age" in seen.labels)
    assert modal.labels == ["Name", "Age"]
    ana.submit({"Name": "ada", "Age": 2})
    assert ana.wait_for_modal(lambda seen: bool(seen.errors)).errors == {"Name": "String should match pattern '^[A-Z]'"}
    ana.press("Add Visit…")
    ana.wait_for_modal(lambda seen: "Nights" in seen.labels)
    ana.submit({"City": "Graz", "Nights": 2})
    ana.wait_for_modal(lambda seen: "City: Graz · Nights: 2" in seen.full_text)
    ana.submit({"Name": "Ada"})
    ana.wait_for_modal("Somebody this young does not travel.")
    ana.submit({"Age": 30})
    modal = ana.wait_for_modal(lambda seen: "Name: Ada · Age: 30" in seen.full_text)
    assert modal.values["Note"] == "Soon"

    ana.press("Add Guest…")
    ana.wait_for_modal(lambda seen: "Age" in seen.labels)
    ana.submit({"Name": "Bob"})
    modal = ana.wait_for_modal(lambda seen: "Bob" in seen.full_text)
    assert "Add Guest…" not in modal.buttons
    menu(ana, 0, "Edit…", "edit")
    modal = ana.wait_for_modal("Edit Guest")
    assert modal.values["Name"] == "Ada"
    ana.submit({"Name": "Ada L."})
    ana.wait_for_modal("Name: Ada L. · Age: 30")
    menu(ana, 1, "Remove", "remove")
    ana.wait_for_modal(lambda seen: "Bob" not in seen.full_text)
    ana.submit()

    assert service.over(prompt).result == {
        "guests": [{"name": "Ada L.", "age": 30, "visits": [{"city": "Graz", "nights": 2}]}],
        "note": "Soon",
    }


def test_three_hundred_fields_are_filled_in_page_by_page(service: RunningService) -> None:
    """Back and Next keep what was typed. The page with the first error is shown."""
    prompt, _ = service.ask_in("#orders", survey)
    ana = service.slack.person("ana")
    ana.press("Answer…", in_="#orders")
    modal = ana.wait_for_modal("Page 1 of 4")
    pages = 0
    while modal.submit == "Next":
        pages += 1
        ana.submit(dict.fromkeys(modal.labels, 3 if "Q5" in modal.labels else 2))
        modal = ana.wait_for_modal(f"Page {pages + 1} of 4")
    ana.press("Back")
    modal = ana.wait_for_modal("Page 3 of 4")
    assert set(modal.values.values()) == {"2"}
    ana.submit()
    modal = ana.wait_for_modal("Page 4 of 4")
    ana.submit(dict.fromkeys(modal.labels, 2))

    modal = ana.wait_for_modal("⚠️ Q5: Input should be a multiple of 2")
    assert modal.values["Q5"] == "3"
    ana.submit(dict.fromkeys(modal.labels, 4))
    for number in (2, 3, 4):
        ana.wait_for_modal(f"Page {number} of 4")
        ana.submit()
    assert service.over(prompt).result == 2 * (300 + 92)


def test_a_draft_survives_closing_the_form(service: RunningService) -> None:
    """Only the same person sees it, until the prompt is settled."""
    prompt, _ = service.ask_in("#orders", invite)
    ana, ben = service.slack.person("ana"), service.slack.person("ben")
    ana.press("Answer…", in_="#orders")
    ana.wait_for_modal()
    change(ana, "Note", typed("By train"))
    ana.press("Add Guest…")
    ana.wait_for_modal(lambda seen: "Age" in seen.labels)
    change(ana, "Age", {"type": "number_input", "value": "7"})
    ana.close()
    ana.close()
    assert prompts.get(service.db, prompt.id).is_open

    ben.press("Answer…", in_="#orders")
    assert ben.wait_for_modal().values["Note"] is None
    ana.press("Answer…", in_="#orders")
    modal = ana.wait_for_modal("Your earlier entries are still here.")
    assert modal.values["Note"] == "By train"
    ana.press("Add Guest…")
    assert ana.wait_for_modal(lambda seen: "Age" in seen.labels).values["Age"] == "7"
    ana.submit({"Name": "Eve"})
    ana.wait_for_modal("Name: Eve · Age: 7")
    ana.submit()
    service.over(prompt)
    assert drafts.load(service.db, prompt.id, ana.id) is None


def test_an_open_form_says_at_once_that_somebody_else_has_answered(service: RunningService) -> None:
    """Every modal of the form, including those of entries, then says who answered and with what."""
    prompt, _ = service.ask_in("#orders", pay)
    ana, ben = service.slack.person("ana"), service.slack.person("ben")
    ana.press("Edit…", in_="#orders")
    ana.wait_for_modal()
    ben.press("Submit as shown", in_="#orders")
    service.over(prompt)
    modal = ana.wait_for_modal("Already settled")
    assert f"<@{ben.id}>" in modal.full_text
    assert modal.submit is None


@pytest.mark.parametrize(
    "claim",
    ["", "[]", "null", "x" * 3000, '["{id}",0,["/guests",7]]', '["{id}",99999999,["/nowhere",0]]', '["{id}",-1]'],
)
def test_the_claims_of_a_modal_are_not_trusted(service: RunningService, claim: str) -> None:
    """If the place does not exist, the form starts at its beginning. An unknown prompt is explained."""
    prompt, _ = service.ask_in("#orders", invite)
    ana = service.slack.person("ana")
    ana.press("Answer…", in_="#orders")
    modal = ana.wait_for_modal()
    metadata = claim.replace("{id}", prompt.id)
    payload = {
        "type": "view_submission",
        "user": {"id": ana.id, "username": "ana", "team_id": modal.json["team_id"]},
        "team": {"id": modal.json["team_id"]},
        "view": {**modal.json, "private_metadata": metadata, "state": {"values": {"/note": {"value": 3}, "x": []}}},
    }
    answer = service.post(payload)
    assert answer.status_code == 200
    assert answer.json()["response_action"] in ("update", "errors")
    assert prompts.get(service.db, prompt.id).is_open


def test_an_entry_of_a_list_that_does_not_exist_is_not_edited(service: RunningService) -> None:
    """A forged press redraws the form."""
    prompt, _ = service.ask_in("#orders", invite)
    ana = service.slack.person("ana")
    ana.press("Answer…", in_="#orders")
    modal = ana.wait_for_modal()
    with pytest.raises((ActionFailed, LookupError)):
        ana.press("entry")
    for block_id in ("/guests~7", "/nowhere~0", "~", "/guests"):
        payload = {
            "type": "block_actions",
            "user": {"id": ana.id, "username": "ana", "team_id": modal.json["team_id"]},
            "team": {"id": modal.json["team_id"]},
            "trigger_id": "1.2.3",
            "view": modal.json,
            "actions": [{"type": "overflow", "action_id": "entry", "block_id": block_id}],
        }
        assert service.post(payload).status_code == 200
    assert prompts.get(service.db, prompt.id).is_open
