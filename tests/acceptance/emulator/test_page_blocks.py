"""The blocks that present something, on the emulator's page."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.acceptance.emulator.conftest import OpenAs
from tests.acceptance.emulator.form_app import FormApp, Json, button, option, plain, question

pytestmark = pytest.mark.browser


def cell(text: str) -> Json:
    """A cell of a table."""
    return {"type": "raw_text", "text": text}


def task(title: str, **more: Any) -> Json:
    """A task."""
    return {"type": "task_card", "task_id": title, "title": title, **more}


def rated(action_id: str) -> Json:
    """Feedback buttons, and a button that only Ben sees."""
    feedback = {
        "type": "feedback_buttons",
        "action_id": action_id,
        "positive_button": {"text": plain("Good"), "value": "good"},
        "negative_button": {"text": plain("Bad"), "value": "bad"},
    }
    delete = {"type": "icon_button", "icon": "trash", "text": plain("Remove"), "visible_to_user_ids": ["U0BENOKAF1"]}
    return {"type": "context_actions", "elements": [feedback, delete]}


CHART: Json = {
    "type": "data_visualization",
    "title": "Orders a day",
    "chart": {
        "type": "line",
        "series": [{"name": "Red", "data": [{"label": "Mon", "value": 3}, {"label": "Tue", "value": 12}]}],
        "axis_config": {"categories": ["Mon", "Tue"], "x_label": "Day"},
    },
}
BLOCKS: list[Json] = [
    {"type": "card", "title": plain("<b>A card</b>"), "body": plain("Its body"), "actions": [button("Look", "count")]},
    {"type": "carousel", "elements": [{"type": "card", "title": plain(f"Card {number}")} for number in range(6)]},
    {
        "type": "container",
        "title": plain("Details"),
        "is_collapsible": True,
        "default_collapsed": True,
        "child_blocks": [{"type": "section", "text": plain("What was hidden")}],
    },
    {
        "type": "data_table",
        "caption": "Stock",
        "rows": [[cell("Size"), cell("Left")], [cell("Small"), {"type": "raw_number", "value": 7, "text": "7"}]],
    },
    CHART,
    {"type": "plan", "title": "Research", "tasks": [task("Read", status="complete"), task("Write", status="pending")]},
    rated("count"),
]


def test_what_an_app_presents_is_shown(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """Cards, tables, charts and plans are there for screen readers too, and their buttons reach the app."""
    page = open_as("ana")
    app.post(channel, "All of them", *BLOCKS)
    expect(page.get_by_text("<b>A card</b>")).to_be_visible()
    page.get_by_role("button", name="Look").click()
    assert app.acted()["actions"][0]["type"] == "button"
    page.get_by_role("button", name="Bad").click()
    assert app.acted()["actions"][0]["value"] == "bad"
    expect(page.get_by_role("button", name="Remove")).to_have_count(0)
    expect(page.get_by_text("What was hidden")).to_be_hidden()
    page.get_by_text("Details").click()
    expect(page.get_by_text("What was hidden")).to_be_visible()
    expect(page.get_by_role("table", name="Stock").get_by_role("rowheader", name="Small")).to_be_visible()
    expect(page.get_by_role("table", name="Orders a day").get_by_role("row", name="Tue 12")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Complete").last).to_contain_text("Read")
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.locator(".scroller").first.evaluate("node => node.scrollWidth <= node.clientWidth")


def test_a_container_in_a_modal_has_inputs_and_shows_their_errors(app: FormApp, open_as: OpenAs, channel: str) -> None:
    """What is entered in it is submitted, and an error of the app is shown under its input."""
    sizes = {"type": "radio_buttons", "options": [option("Small"), option("Large")]}
    alert = {"type": "alert", "level": "warning", "text": plain("The last day")}
    held = {"type": "container", "title": plain("The shirt"), "child_blocks": [question(sizes)]}
    app.offer(channel, alert, held, response_action="errors", errors={"answer": "Sold out"})
    page = open_as("ana")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_role("note", name="Warning")).to_have_text("The last day")
    expect(page.get_by_role("region", name="The shirt")).to_be_visible()
    page.get_by_role("radio", name="Large").check()
    page.get_by_role("button", name="Send", exact=True).click()
    assert app.submitted()["selected_option"] == option("Large")
    expect(page.get_by_role("alert")).to_have_text("Sold out")
    app.answer = {}
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
