"""Views: what Slack refuses is refused, with Slack's words and a pointer to the fault."""

from typing import Any

import pytest

from signoff.bot.emulator.blocks.validation import checked_view
from signoff.bot.emulator.protocol import Json, SlackError
from tests.unit.bot.emulator.samples import element, field, modal, option, options, plain, section

EVERY_INPUT: list[Json] = [
    field("plain_text_input", multiline=True, min_length=0, max_length=3000, initial_value="x" * 3000),
    field("number_input", is_decimal_allowed=False, min_value="-3", max_value="10", initial_value="10"),
    field("number_input", is_decimal_allowed=True, min_value="0.5", initial_value="0.75"),
    field("email_text_input", initial_value="ana@example.com"),
    field("url_text_input", placeholder=plain("https://")),
    field("datepicker"),
    field("timepicker", timezone="Europe/Madrid"),
    field("datetimepicker"),
    field("checkboxes", options=options(10)),
    field("radio_buttons", options=options(10)),
    field("static_select", options=options(100), initial_option=option("Option 3")),
    field("external_select", min_query_length=0),
    field("users_select", initial_user="U1"),
    field("conversations_select", default_to_current_conversation=True, filter={"include": ["im", "public"]}),
    field("channels_select", response_url_enabled=True),
    field("multi_static_select", options=options(3), initial_options=options(2), max_selected_items=2),
    field("multi_external_select", initial_options=[option()]),
    field("multi_users_select", initial_users=["U1", "U2"]),
    field("multi_conversations_select", initial_conversations=["C1"]),
    field("multi_channels_select", max_selected_items=3),
    field(
        "rich_text_input",
        initial_value={"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]},
    ),
    field("file_input", filetypes=["csv"], max_files=10),
]

CONTAINER: Json = {"type": "container", "title": plain(), "child_blocks": [field()]}
OVER_THE_LIMIT: dict[str, tuple[Json, str, str]] = {
    "blocks": (modal(*[section()] * 101), "no more than 100 items allowed", "/view/blocks"),
    "title": (modal(title=plain("x" * 25)), "must be less than 25 characters", "/view/title/text"),
    "submit": (modal(submit=plain("x" * 25)), "must be less than 25 characters", "/view/submit/text"),
    "close": (modal(close=plain("x" * 25)), "must be less than 25 characters", "/view/close/text"),
    "metadata": (
        modal(private_metadata="x" * 3001),
        "must be less than 3001 characters",
        "/view/private_metadata",
    ),
    "callback id": (modal(callback_id="x" * 256), "must be less than 256 characters", "/view/callback_id"),
    "label": (
        modal(field(label="x" * 2001)),
        "must be less than 2001 characters",
        "/view/blocks/0/label/text",
    ),
    "hint": (
        modal(field(hint=plain("x" * 2001))),
        "must be less than 2001 characters",
        "/view/blocks/0/hint/text",
    ),
    "input without submit": (
        {name: value for name, value in modal(field()).items() if name != "submit"},
        "must define `submit` to use an `input` block in modals",
        "/view",
    ),
    "alert": (
        modal({"type": "alert", "text": plain("x" * 201), "level": "info"}),
        "must be less than 201 characters",
        "/view/blocks/0/text/text",
    ),
    "alert level": (
        modal({"type": "alert", "text": plain(), "level": "fatal"}),
        "must be a valid enum value",
        "/view/blocks/0/level",
    ),
    "input in a container without submit": (
        {name: value for name, value in modal(CONTAINER).items() if name != "submit"},
        "must define `submit` to use an `input` block in modals",
        "/view",
    ),
    "block id twice": (
        modal(field(), field()),
        '`block_id` "b" already exists for another block',
        "/view/blocks/1/block_id",
    ),
    "max length": (
        modal(field(max_length=3001)),
        "must be less than 3001",
        "/view/blocks/0/element/max_length",
    ),
    "initial text too long": (
        modal(field(max_length=3, initial_value="four")),
        "must be less than 4 characters",
        "/view/blocks/0/element/initial_value",
    ),
    "initial text too short": (
        modal(field(min_length=5, initial_value="four")),
        "must be more than 4 characters",
        "/view/blocks/0/element/initial_value",
    ),
    "bounds of text crossed": (
        modal(field(min_length=5, max_length=4)),
        "must be less than 5",
        "/view/blocks/0/element/min_length",
    ),
    "number without is_decimal_allowed": (
        modal(field("number_input")),
        "missing required field: is_decimal_allowed",
        "/view/blocks/0/element",
    ),
    "number bounds as numbers": (
        modal(field("number_input", is_decimal_allowed=True, min_value=1)),
        "must provide a string",
        "/view/blocks/0/element/min_value",
    ),
    "initial number out of bounds": (
        modal(field("number_input", is_decimal_allowed=True, max_value="5", initial_value="5.5")),
        "must be between `min_value` and `max_value`",
        "/view/blocks/0/element/initial_value",
    ),
    "decimals where none are allowed": (
        modal(field("number_input", is_decimal_allowed=False, initial_value="1.5")),
        "must provide an integer",
        "/view/blocks/0/element/initial_value",
    ),
    "max selected": (
        modal(field("multi_users_select", max_selected_items=0)),
        "must be greater than 0",
        "/view/blocks/0/element/max_selected_items",
    ),
    "max files": (
        modal(field("file_input", max_files=11)),
        "must be less than 11",
        "/view/blocks/0/element/max_files",
    ),
    "a file input that dispatches": (
        modal(field("file_input", dispatch_action=True)),
        "unsupported type: file_input",
        "/view/blocks/0/element/type",
    ),
    "button as an input": (
        modal(field("button", text=plain())),
        "unsupported type: button",
        "/view/blocks/0/element/type",
    ),
    "markdown": (modal({"type": "markdown", "text": "x"}), "unsupported type: markdown", "/view/blocks/0/type"),
    "table": (modal({"type": "table", "rows": []}), "unsupported type: table", "/view/blocks/0/type"),
    "no title": (
        {name: value for name, value in modal().items() if name != "title"},
        "missing required field: title",
        "/view",
    ),
    "submit_disabled": (modal(submit_disabled=True), "invalid additional property: submit_disabled", "/view"),
    "view type": ({"type": "dialog"}, "unsupported type: dialog", "/view/type"),
    "home where a modal belongs": (
        {"type": "home", "blocks": [section()]},
        "must be a valid enum value",
        "/view/type",
    ),
}


@pytest.mark.parametrize("block", EVERY_INPUT, ids=lambda block: block["element"]["type"])
def test_every_input_element_is_taken_in_a_modal(block: Json) -> None:
    """All input elements of Block Kit may be asked for."""
    view = modal(block)
    assert checked_view(view, "modal") is view


def test_a_view_at_its_limits_is_taken() -> None:
    """What Slack still takes is taken."""
    checked_view(
        modal(
            *[section(accessory=element("users_select"))] * 99,
            field(label="x" * 2000, hint=plain("x" * 2000)),
            title=plain("x" * 24),
            submit=plain("x" * 24),
            close=plain("x" * 24),
            private_metadata="x" * 3000,
            callback_id="x" * 255,
            external_id="x" * 255,
            clear_on_close=True,
            notify_on_close=True,
        ),
        "modal",
    )


@pytest.mark.parametrize(("view", "message", "pointer"), OVER_THE_LIMIT.values(), ids=OVER_THE_LIMIT)
def test_a_view_over_a_limit_is_refused_with_a_pointer(view: Json, message: str, pointer: str) -> None:
    """One step over a limit is `invalid_arguments`, and the message says what and where."""
    with pytest.raises(SlackError, match="invalid_arguments") as refusal:
        checked_view(view, "modal")
    messages = refusal.value.details["response_metadata"]["messages"]
    assert f"[ERROR] {message} [json-pointer:{pointer}]" in messages


def test_a_view_of_more_than_250_kb_is_too_large() -> None:
    """Size counts before anything else."""
    with pytest.raises(SlackError, match="view_too_large"):
        checked_view(modal(*[section("x" * 2900)] * 90), "modal")


@pytest.mark.parametrize("view", [None, "modal", []])
def test_what_is_no_view_is_refused(view: Any) -> None:
    """Nonsense gets an error, not a crash."""
    with pytest.raises(SlackError, match="invalid_arguments"):
        checked_view(view, "modal")
