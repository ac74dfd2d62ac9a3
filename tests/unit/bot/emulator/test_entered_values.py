"""What people enter: its form in `state.values`, what Slack's client refuses, and how a test writes it."""

from typing import Any

import pytest

from signoff.bot.emulator.blocks.walk import with_ids
from signoff.bot.emulator.client.input_check import REQUIRED, input_error, input_errors
from signoff.bot.emulator.client.plain_values import from_plain
from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.workspace.state_values import initial_state, initial_value, state_after_update, state_value
from signoff.bot.emulator.workspace.workspace import Workspace
from tests.unit.bot.emulator.samples import actions, button, element, field, option, options, section

RED, GREEN = option("Red"), option("Green")
COLOURS = [RED, GREEN]
EMPTY: dict[str, Any] = {
    "plain_text_input": ("value", None),
    "number_input": ("value", None),
    "email_text_input": ("value", None),
    "url_text_input": ("value", None),
    "datepicker": ("selected_date", None),
    "timepicker": ("selected_time", None),
    "datetimepicker": ("selected_date_time", None),
    "checkboxes": ("selected_options", []),
    "radio_buttons": ("selected_option", None),
    "static_select": ("selected_option", None),
    "external_select": ("selected_option", None),
    "users_select": ("selected_user", None),
    "conversations_select": ("selected_conversation", None),
    "channels_select": ("selected_channel", None),
    "multi_static_select": ("selected_options", []),
    "multi_external_select": ("selected_options", []),
    "multi_users_select": ("selected_users", []),
    "multi_conversations_select": ("selected_conversations", []),
    "multi_channels_select": ("selected_channels", []),
    "rich_text_input": ("rich_text_value", None),
    "file_input": ("files", []),
}


@pytest.mark.parametrize(("kind", "empty"), EMPTY.items())
def test_an_untouched_element_reports_its_emptiness(kind: str, empty: tuple[str, Any]) -> None:
    """Every input is in `state.values`, filled in or not, as Slack reports it."""
    key, value = empty
    assert initial_value(element(kind)) == {"type": kind, key: value}


def test_initial_values_stand_in_the_state() -> None:
    """What the app filled in counts as entered; buttons have no state."""
    blocks = [
        field("static_select", options=COLOURS, initial_option=GREEN, block_id="colour"),
        actions(button(), element("checkboxes", options=COLOURS, initial_options=[RED]), block_id="row"),
        section(block_id="text"),
    ]
    assert initial_state(blocks) == {
        "colour": {"a": {"type": "static_select", "selected_option": GREEN}},
        "row": {"a": {"type": "checkboxes", "selected_options": [RED]}},
    }


def test_an_update_keeps_what_was_entered() -> None:
    """An input with the same ids and type keeps its value when the view changes around it."""
    before = [field(block_id="name"), field(block_id="gone")]
    entered = initial_state(before) | {"name": {"a": {"type": "plain_text_input", "value": "Mei"}}}
    after = [section(block_id="new"), field(block_id="name"), field(block_id="fresh")]
    assert state_after_update(after, entered, before) == {
        "name": {"a": {"type": "plain_text_input", "value": "Mei"}},
        "fresh": {"a": {"type": "plain_text_input", "value": None}},
    }


def test_a_new_initial_value_is_shown_only_in_an_input_that_is_empty_or_has_other_ids() -> None:
    """As in Slack, an app that wants to change what an input holds has to change one of its ids."""
    before = [field(block_id="kept", initial_value="1"), field(block_id="empty"), field(block_id="cleared")]
    before[2]["element"]["initial_value"] = "2"
    entered = initial_state(before) | {"cleared": {"a": {"type": "plain_text_input", "value": None}}}
    after = [field(block_id=name, initial_value="new") for name in ("kept", "empty", "cleared", "renamed")]
    state = state_after_update(after, entered, before)
    assert {name: values["a"]["value"] for name, values in state.items()} == {
        "kept": "1",
        "empty": "new",
        "cleared": None,
        "renamed": "new",
    }


def test_an_update_drops_a_choice_that_is_no_option_any_more() -> None:
    """A chosen option that the new options lack is not kept."""
    before = [field("static_select", options=COLOURS)]
    entered = {"b": {"a": {"type": "static_select", "selected_option": RED}}}
    after = [field("static_select", options=[GREEN])]
    assert state_after_update(after, entered, before)["b"]["a"]["selected_option"] is None


def test_blocks_and_elements_get_ids() -> None:
    """What comes without ids gets some, as in Slack; what has ids keeps them."""
    [row, text] = with_ids([{"type": "actions", "elements": [{"type": "button"}]}, section(block_id="mine")]) or []
    assert row["block_id"]
    assert row["elements"][0]["action_id"]
    assert text["block_id"] == "mine"


FINE: list[tuple[Json, Any]] = [
    (element("plain_text_input", min_length=2, max_length=3), "abc"),
    (element("number_input", is_decimal_allowed=True, min_value="0.5"), "0.5"),
    (element("number_input", is_decimal_allowed=False, max_value="7"), "7"),
    (element("email_text_input"), "ana@example.com"),
    (element("url_text_input"), "https://example.com/x"),
    (element("datepicker"), "2026-02-28"),
    (element("timepicker"), "23:59"),
    (element("datetimepicker"), 1_790_000_000),
    (element("static_select", options=COLOURS), RED),
    (element("static_select", option_groups=[{"label": {}, "options": COLOURS}]), GREEN),
    (element("checkboxes", options=COLOURS), COLOURS),
    (element("external_select"), option("Anything")),
    (element("users_select"), "U0ANARUIZ1"),
    (element("multi_channels_select"), ["C0ORDERS01"]),
    (element("rich_text_input"), {"type": "rich_text", "elements": []}),
]
WRONG: list[tuple[Json, Any, str]] = [
    (element("plain_text_input", min_length=2), "a", "at least 2 characters"),
    (element("plain_text_input", max_length=2), "abc", "at most 2 characters"),
    (element("plain_text_input"), "x" * 3001, "at most 3000 characters"),
    (element("plain_text_input"), 5, "must be text"),
    (element("number_input", is_decimal_allowed=True), "many", "Enter a number"),
    (element("number_input", is_decimal_allowed=True), "NaN", "Enter a number"),
    (element("number_input", is_decimal_allowed=False), "1.5", "whole number"),
    (element("number_input", is_decimal_allowed=False, min_value="2"), "1", "at least 2"),
    (element("number_input", is_decimal_allowed=False, max_value="2"), "3", "at most 2"),
    (element("email_text_input"), "ana@", "valid email"),
    (element("url_text_input"), "example", "valid URL"),
    (element("datepicker"), "2026-02-30", "YYYY-MM-DD"),
    (element("timepicker"), "24:00", "HH:MM"),
    (element("datetimepicker"), "tomorrow", "a date and a time"),
    (element("static_select", options=COLOURS), option("Blue"), "not one of the options"),
    (element("static_select", options=COLOURS), "red", "not an option"),
    (element("multi_static_select", options=COLOURS, max_selected_items=1), COLOURS, "no more than 1"),
    (element("checkboxes", options=COLOURS), [option("Blue")], "not one of the options"),
    (element("users_select"), "U404", "no person"),
    (element("multi_conversations_select"), ["C404"], "no conversation"),
    (element("rich_text_input"), "text", "rich text"),
    (element("file_input"), [{"id": "F404"}], "does not exist"),
]


@pytest.mark.parametrize(("made_of", "value"), FINE, ids=lambda part: str(part)[:40])
def test_what_can_be_entered_passes(made_of: Json, value: Any, workspace: Workspace) -> None:
    """Slack's client sends these."""
    assert input_error(made_of, state_value(made_of, value), workspace, optional=False) is None


@pytest.mark.parametrize(("made_of", "value", "message"), WRONG, ids=lambda part: str(part)[:40])
def test_what_cannot_be_entered_is_explained(made_of: Json, value: Any, message: str, workspace: Workspace) -> None:
    """Slack's client would not send these, and says why."""
    error = input_error(made_of, state_value(made_of, value), workspace, optional=False)
    assert error is not None
    assert message in error


def test_a_file_of_another_type_is_refused(workspace: Workspace) -> None:
    """A file input that asks for tables takes no picture."""
    wanted = element("file_input", filetypes=["csv"])
    files = [workspace.files.add("U0ANARUIZ1", name, b"x").slack_json() for name in ("a.csv", "a.png")]
    assert input_error(wanted, state_value(wanted, files[:1]), workspace, optional=False) is None
    error = input_error(wanted, state_value(wanted, files), workspace, optional=False)
    assert error == "Only these file types are accepted: csv."


def test_only_optional_inputs_may_stay_empty(workspace: Workspace) -> None:
    """A required input without a value gets the client's error, an optional one does not."""
    blocks = [field(block_id="name"), field("checkboxes", options=COLOURS, block_id="colours", optional=True)]
    assert input_errors(blocks, initial_state(blocks), workspace) == {"name": REQUIRED}


PLAIN: list[tuple[Json, Any, Any]] = [
    (element("plain_text_input"), "Mei", "Mei"),
    (element("number_input"), 3, "3"),
    (element("static_select", options=COLOURS), "Green", GREEN),
    (element("radio_buttons", options=COLOURS), "green", GREEN),
    (element("radio_buttons", options=[option("Yes", "true"), option("No", "false")]), False, option("No", "false")),
    (element("checkboxes", options=COLOURS), ["red", "Green"], COLOURS),
    (element("checkboxes", options=[option("Publish")]), True, [option("Publish")]),
    (element("checkboxes", options=[option("Publish")]), False, []),
    (element("multi_static_select", options=COLOURS), "red", [RED]),
    (element("users_select"), "@ana", "U0ANARUIZ1"),
    (element("multi_users_select"), ["ben", "Mei Tanaka"], ["U0BENOKAF1", "U0MEITANA1"]),
    (element("channels_select"), "#orders", "C0ORDERS01"),
    (element("datepicker"), "2026-02-28", "2026-02-28"),
    (element("datetimepicker"), 1_790_000_000, 1_790_000_000),
    (element("static_select", options=COLOURS), None, None),
    (element("checkboxes", options=COLOURS), None, []),
]


@pytest.mark.parametrize(("made_of", "written", "value"), PLAIN, ids=lambda part: str(part)[:40])
def test_a_test_may_write_plain_values(made_of: Json, written: Any, value: Any, workspace: Workspace) -> None:
    """Labels, names, numbers and truth values become state value objects."""
    assert from_plain(made_of, written, workspace, []) == state_value(made_of, value)


def test_an_option_that_is_not_there_is_named_with_those_that_are(workspace: Workspace) -> None:
    """A slip in a test is easy to mend."""
    with pytest.raises(SlackError, match="no_such_option") as refusal:
        from_plain(element("static_select", options=options(2)), "Blue", workspace, [])
    assert refusal.value.details["message"] == "There is no option 'Blue'. The options are: Option 0, Option 1."
