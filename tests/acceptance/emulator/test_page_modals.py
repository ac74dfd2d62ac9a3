"""Modals on the emulator's page: the keyboard, errors under their fields, and updates while somebody types."""

import pytest
from playwright.sync_api import Page, expect

from signoff.testing import Emulator
from tests.acceptance.emulator.conftest import OpenAs
from tests.acceptance.emulator.form_app import FormApp, Json, button, option, plain, question

pytestmark = pytest.mark.browser

TEXT = {"type": "plain_text_input"}
MORE = {"type": "actions", "block_id": "more", "elements": [button("Add", "add"), button("Another", "open")]}


def open_form(app: FormApp, open_as: OpenAs, channel: str, *blocks: Json, **answer: Json | str) -> Page:
    """The page with the form opened by keyboard."""
    app.offer(channel, *blocks, **answer)
    page = open_as("ana")
    page.get_by_role("button", name="Open", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="A form")).to_be_visible()
    return page


def test_a_modal_keeps_the_keyboard_inside_and_gives_it_back(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """It opens with the first field focused, Tab goes round inside, Escape closes, the button has the focus again."""
    page = open_form(app, open_as, channel, question(TEXT))
    dialog = page.get_by_role("dialog", name="A form")
    expect(dialog.get_by_label("Answer")).to_be_focused()
    for focused in (dialog.get_by_role("button", name="Cancel"), dialog.get_by_role("button", name="Send")):
        page.keyboard.press("Tab")
        expect(focused).to_be_focused()
    page.keyboard.press("Tab")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(dialog.get_by_role("button", name="Send")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Open", exact=True)).to_be_focused()


def test_an_error_of_the_app_is_announced_under_its_field(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """The modal stays with what was typed; the field is invalid, described by its error and hint, and focused."""
    refusal = {"answer": "Red is not made in small"}
    asked = question(TEXT, hint=plain("As on the label"))
    page = open_form(app, open_as, channel, asked, response_action="errors", errors=refusal)
    page.keyboard.type("small red")
    page.keyboard.press("Enter")
    field = page.get_by_label("Answer")
    expect(page.get_by_role("alert")).to_have_text("Red is not made in small")
    expect(field).to_be_focused()
    expect(field).to_have_value("small red")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description("Red is not made in small As on the label")
    app.answer = {}
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_an_error_moves_the_focus_to_the_first_field_that_has_one(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """Every empty required field says so; the first of them, not the first field, gets the focus."""
    sizes = {"type": "radio_buttons", "options": [option("Small"), option("Large")]}
    note = {"type": "input", "label": plain("Note"), "optional": True, "element": {"type": "plain_text_input"}}
    why = {"type": "input", "label": plain("Why"), "element": {"type": "plain_text_input", "multiline": True}}
    page = open_form(app, open_as, channel, note, question(sizes), why)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("alert")).to_have_count(2)
    expect(page.get_by_role("radio", name="Small")).to_be_focused()


def test_an_update_does_not_disturb_the_person_who_types(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """When the app changes the view, typed text and the cursor stay where they are, and the app gets both events.

    A new initial value is shown in an input that is empty, and in no other, as in Slack.
    """
    note = {"type": "input", "block_id": "note", "label": plain("Note"), "optional": True}
    page = open_form(app, open_as, channel, question(TEXT), {**note, "element": {**TEXT, "action_id": "text"}}, MORE)
    app.blocks = [
        question({**TEXT, "initial_value": "something else"}),
        {**note, "element": {**TEXT, "action_id": "text", "initial_value": "by the app"}},
        MORE,
    ]
    field = page.get_by_label("Answer")
    page.keyboard.type("half a sent")
    page.get_by_role("button", name="Add").click()
    field.focus()
    expect(page.get_by_text("One more thing")).to_be_visible()
    page.keyboard.type("ence")
    expect(field).to_have_value("half a sentence")
    told = app.acted()["view"]["state"]["values"]["answer"]["value"]
    assert told == {"type": "plain_text_input", "value": "half a sent"}
    expect(page.get_by_label("Note")).to_have_value("by the app")


def test_who_fills_in_faster_than_the_app_answers_loses_nothing(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """Each box stays checked while the app still thinks about the one before, and the app hears of each in order."""
    names = ("Small", "Medium", "Large")
    sizes = {"type": "checkboxes", "action_id": "count", "options": [option(name) for name in names]}
    page = open_form(app, open_as, channel, question(sizes, dispatch_action=True))
    app.awake.clear()
    for name in names:
        page.get_by_role("checkbox", name=name).check()
    app.awake.set()
    heard = [app.acted()["actions"][0]["selected_options"] for _ in names]
    assert heard == [[option(name) for name in names[:count]] for count in (1, 2, 3)]
    for name in names:
        expect(page.get_by_role("checkbox", name=name)).to_be_checked()


def test_a_modal_that_was_filled_in_survives_one_on_top(
    workspace: Emulator, app: FormApp, open_as: OpenAs, channel: str
) -> None:
    """Closing the top modal of a stack brings the one under it back, with what was typed; the X closes all."""
    app.offer(channel, question(TEXT), MORE)
    page = open_as("ana")
    page.get_by_role("button", name="Open", exact=True).click()
    page.get_by_role("textbox", name="Answer").fill("below")
    page.get_by_role("button", name="Another").click()
    expect(page.get_by_role("textbox", name="Answer")).to_have_value("")
    page.keyboard.press("Escape")
    expect(page.get_by_role("textbox", name="Answer")).to_have_value("below")
    page.get_by_role("button", name="Another").click()
    expect(page.get_by_role("textbox", name="Answer")).to_have_value("")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert workspace.person("ana").modal is None


def test_a_modal_waits_for_the_app(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """While the app thinks, the modal shows that it waits; when the app fails, it says so and keeps what was typed."""
    page = open_form(app, open_as, channel, question(TEXT), response_action="nonsense")
    page.keyboard.type("kept")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text("We had some trouble connecting")
    expect(page.get_by_label("Answer")).to_have_value("kept")


def test_a_modal_fills_a_narrow_screen(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """At 390 pixels the modal takes the whole screen, and nothing in it scrolls sideways."""
    long = {"type": "section", "text": plain("w" * 300)}
    page = open_form(app, open_as, channel, long, question(TEXT, label=plain("l" * 200)))
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.get_by_role("dialog")).to_have_css("width", "390px")
    expect(page.get_by_role("dialog")).to_have_css("height", "844px")
    body = page.locator(".modal__body")
    assert body.evaluate("node => node.scrollWidth <= node.clientWidth")
