"""Messages: what Slack refuses is refused, with Slack's words and a pointer to the fault."""

from typing import Any

import pytest

from signoff.bot.emulator.blocks.content import Content
from signoff.bot.emulator.blocks.validation import blocks_violations, checked_content
from signoff.bot.emulator.protocol import Json, SlackError
from tests.unit.bot.emulator.samples import actions, button, element, field, mrkdwn, option, options, plain, section

CONFIRM: Json = {"title": plain(), "text": mrkdwn(), "confirm": plain("Yes"), "deny": plain("No")}
IMAGE: Json = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A chart"}


def table(rows: int, cells: int) -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * cells] * rows}


SECTION_OF_RICH_TEXT: Json = {"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}


def rich_text(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def markdown(characters: int) -> Json:
    return {"type": "markdown", "text": "x" * characters}


def select(**more: Any) -> Json:
    return actions(element("static_select", placeholder=plain(), **more))


def card(**more: Any) -> Json:
    return {"type": "card", "title": mrkdwn(), **more}


def container(*blocks: Json, **more: Any) -> Json:
    return {"type": "container", "title": plain(), "child_blocks": list(blocks), **more}


def data_table(*rows: list[Json], **more: Any) -> Json:
    return {"type": "data_table", "caption": "Orders", "rows": list(rows), **more}


def cell(text: str = "x") -> Json:
    return {"type": "raw_text", "text": text}


def chart(*series: str, categories: str = "ab", **more: Any) -> Json:
    points = [{"label": label, "value": 1.5} for label in "ab"]
    drawn = {
        "type": "bar",
        "series": [{"name": name, "data": points} for name in series],
        "axis_config": {"categories": list(categories), **more},
    }
    return {"type": "data_visualization", "title": "x" * 50, "chart": drawn}


def pie(value: Any) -> Json:
    segment = {"label": "x" * 20, "value": value}
    return {"type": "data_visualization", "title": "Pie", "chart": {"type": "pie", "segments": [segment] * 12}}


def feedback(**more: Any) -> Json:
    named = {"text": plain("x" * 75), "value": "v" * 2000}
    return {"type": "feedback_buttons", "action_id": "a", "positive_button": named, "negative_button": named, **more}


def icon_button(number: int, **more: Any) -> Json:
    return {"type": "icon_button", "icon": "trash", "text": plain("Delete"), "action_id": f"a{number}", **more}


TASK: Json = {"task_id": "1", "title": "Fetch", "status": "in_progress", "output": rich_text(SECTION_OF_RICH_TEXT)}


AT_THE_LIMIT: dict[str, list[Json]] = {
    "blocks": [{"type": "divider"}] * 50,
    "section text": [section("x" * 3000)],
    "section fields": [{"type": "section", "fields": [mrkdwn("x" * 1000)] * 10}],
    "section field": [{"type": "section", "fields": [mrkdwn("x" * 2000)]}],
    "header": [{"type": "header", "text": plain("x" * 150)}],
    "actions": [actions(*(button(action_id=f"a{place}") for place in range(25)))],
    "context": [{"type": "context", "elements": [mrkdwn()] * 9 + [IMAGE]}],
    "button": [actions(button("x" * 75, value="v" * 2000, url="https://e.com/" + "u" * 2986, style="danger"))],
    "confirm": [
        actions(
            button(
                confirm={
                    "title": plain("x" * 100),
                    "text": mrkdwn("x" * 300),
                    "confirm": plain("x" * 30),
                    "deny": plain("x" * 30),
                    "style": "danger",
                }
            )
        )
    ],
    "action id": [actions(button(action_id="a" * 255), block_id="b" * 255)],
    "placeholder": [select(options=options(1)) | {"block_id": "b"}],
    "options": [select(options=options(100))],
    "option groups": [
        select(option_groups=[{"label": plain("x" * 75), "options": [option(value=f"v{n}")]} for n in range(100)])
    ],
    "option": [select(options=[option("x" * 75, "v" * 150, description=plain("x" * 75))])],
    "checkboxes": [actions(element("checkboxes", options=options(10), initial_options=options(2)))],
    "radio buttons": [actions(element("radio_buttons", options=options(10), initial_option=options(2)[1]))],
    "overflow": [section(accessory=element("overflow", options=options(5)))],
    "image": [{**IMAGE, "alt_text": "x" * 2000, "title": plain("x" * 2000)}],
    "markdown": [markdown(12_000)],
    "table": [table(100, 20)],
    "pickers": [
        actions(
            element("datepicker", initial_date="2026-02-28") | {"action_id": "d"},
            element("timepicker", initial_time="23:59") | {"action_id": "t"},
            element("datetimepicker", initial_date_time=1_790_000_000) | {"action_id": "dt"},
        )
    ],
    "rich text": [
        rich_text(
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "x", "style": {"bold": True}}]},
            {
                "type": "rich_text_list",
                "style": "bullet",
                "indent": 1,
                "elements": [{"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U1"}]}],
            },
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "x = 1"}]},
            {"type": "rich_text_quote", "elements": [{"type": "link", "url": "https://example.com"}]},
        )
    ],
    "input": [field("plain_text_input", optional=True)],
    "card": [
        card(
            title=mrkdwn("x" * 150),
            subtitle=mrkdwn("x" * 150),
            body=mrkdwn("x" * 200),
            icon=IMAGE,
            hero_image=IMAGE,
            actions=[button(action_id=f"a{number}") for number in range(3)],
        )
    ],
    "carousel": [{"type": "carousel", "elements": [card()] * 10}],
    "container": [
        container(*[section()] * 9, actions(button()), width="full", is_collapsible=True, default_collapsed=True)
    ],
    "context actions": [{"type": "context_actions", "elements": [feedback(), *map(icon_button, range(4))]}],
    "data table": [data_table(*[[cell()] * 20] * 201, page_size=100, row_header_column_index=19)],
    "numbers in a table": [data_table([cell()], [{"type": "raw_number", "value": 1.5, "text": "1.5"}])],
    "charts": [chart(*"abcdefghijkl", x_label="x" * 50), pie(0.1)],
    "plan": [{"type": "plan", "title": "Plan", "tasks": [TASK, {**TASK, "type": "task_card"}]}],
    "task": [{**TASK, "type": "task_card", "sources": [{"type": "url", "url": "https://e.com", "text": "e.com"}]}],
    "file": [{"type": "file", "external_id": "x", "source": "remote"}],
    "nothing": [],
}

OVER_THE_LIMIT: dict[str, tuple[list[Json], str, str]] = {
    "blocks": ([{"type": "divider"}] * 51, "no more than 50 items allowed", "/blocks"),
    "section text": ([section("x" * 3001)], "must be less than 3001 characters", "/blocks/0/text/text"),
    "empty text": ([section("")], "must be more than 0 characters", "/blocks/0/text/text"),
    "empty section": ([{"type": "section"}], "must define either `text` or `fields`", "/blocks/0"),
    "fields": (
        [{"type": "section", "fields": [mrkdwn()] * 11}],
        "no more than 10 items allowed",
        "/blocks/0/fields",
    ),
    "field": (
        [{"type": "section", "fields": [mrkdwn("x" * 2001)]}],
        "must be less than 2001 characters",
        "/blocks/0/fields/0/text",
    ),
    "header": (
        [{"type": "header", "text": plain("x" * 151)}],
        "must be less than 151 characters",
        "/blocks/0/text/text",
    ),
    "markdown in a header": (
        [{"type": "header", "text": mrkdwn()}],
        "unsupported type: mrkdwn",
        "/blocks/0/text/type",
    ),
    "actions": (
        [actions(*(button(action_id=f"a{place}") for place in range(26)))],
        "no more than 25 items allowed",
        "/blocks/0/elements",
    ),
    "empty actions": ([actions()], "must provide at least 1 items", "/blocks/0/elements"),
    "context": (
        [{"type": "context", "elements": [mrkdwn()] * 11}],
        "no more than 10 items allowed",
        "/blocks/0/elements",
    ),
    "button text": (
        [actions(button("x" * 76))],
        "must be less than 76 characters",
        "/blocks/0/elements/0/text/text",
    ),
    "button value": (
        [actions(button(value="x" * 2001))],
        "must be less than 2001 characters",
        "/blocks/0/elements/0/value",
    ),
    "button url": (
        [actions(button(url="x" * 3001))],
        "must be less than 3001 characters",
        "/blocks/0/elements/0/url",
    ),
    "button style": (
        [actions(button(style="green"))],
        "must be a valid enum value",
        "/blocks/0/elements/0/style",
    ),
    "confirm title": (
        [actions(button(confirm={**CONFIRM, "title": plain("x" * 101)}))],
        "must be less than 101 characters",
        "/blocks/0/elements/0/confirm/title/text",
    ),
    "confirm text": (
        [actions(button(confirm={**CONFIRM, "text": plain("x" * 301)}))],
        "must be less than 301 characters",
        "/blocks/0/elements/0/confirm/text/text",
    ),
    "confirm answer": (
        [actions(button(confirm={**CONFIRM, "deny": plain("x" * 31)}))],
        "must be less than 31 characters",
        "/blocks/0/elements/0/confirm/deny/text",
    ),
    "confirm without deny": (
        [actions(button(confirm={name: text for name, text in CONFIRM.items() if name != "deny"}))],
        "missing required field: deny",
        "/blocks/0/elements/0/confirm",
    ),
    "action id": (
        [actions(button(action_id="a" * 256))],
        "must be less than 256 characters",
        "/blocks/0/elements/0/action_id",
    ),
    "action id twice": (
        [actions(button(), button())],
        '`action_id` "go" already exists for another element',
        "/blocks/0/elements/1/action_id",
    ),
    "block id": ([section(block_id="b" * 256)], "must be less than 256 characters", "/blocks/0/block_id"),
    "block id twice": (
        [section(block_id="b"), section(block_id="b")],
        '`block_id` "b" already exists for another block',
        "/blocks/1/block_id",
    ),
    "placeholder": (
        [actions(element("users_select", placeholder=plain("x" * 151)))],
        "must be less than 151 characters",
        "/blocks/0/elements/0/placeholder/text",
    ),
    "options": ([select(options=options(101))], "no more than 100 items allowed", "/blocks/0/elements/0/options"),
    "no options": (
        [select()],
        "must define exactly one of `options` or `option_groups`",
        "/blocks/0/elements/0",
    ),
    "options in a group": (
        [select(option_groups=[{"label": plain(), "options": options(101)}])],
        "no more than 100 items allowed",
        "/blocks/0/elements/0/option_groups/0/options",
    ),
    "option text": (
        [select(options=[option("x" * 76)])],
        "must be less than 76 characters",
        "/blocks/0/elements/0/options/0/text/text",
    ),
    "option value": (
        [select(options=[option(value="v" * 151)])],
        "must be less than 151 characters",
        "/blocks/0/elements/0/options/0/value",
    ),
    "option description": (
        [select(options=[option(description=plain("x" * 76))])],
        "must be less than 76 characters",
        "/blocks/0/elements/0/options/0/description/text",
    ),
    "markdown in an option": (
        [select(options=[option() | {"text": mrkdwn()}])],
        "unsupported type: mrkdwn",
        "/blocks/0/elements/0/options/0/text/type",
    ),
    "one value twice": (
        [select(options=[option("Red", "x"), option("Green", "x")])],
        "Input contains duplicate items",
        "/blocks/0/elements/0",
    ),
    "initial option elsewhere": (
        [select(options=options(2), initial_option=option("Blue"))],
        "must be one of the provided options",
        "/blocks/0/elements/0/initial_option",
    ),
    "initial option with another description": (
        [select(options=[option()], initial_option=option(description=plain()))],
        "must be one of the provided options",
        "/blocks/0/elements/0/initial_option",
    ),
    "no initial options": (
        [actions(element("checkboxes", options=options(2), initial_options=[]))],
        "must be one of the provided options",
        "/blocks/0/elements/0/initial_options",
    ),
    "checkboxes": (
        [actions(element("checkboxes", options=options(11)))],
        "no more than 10 items allowed",
        "/blocks/0/elements/0/options",
    ),
    "radio buttons": (
        [actions(element("radio_buttons", options=options(11)))],
        "no more than 10 items allowed",
        "/blocks/0/elements/0/options",
    ),
    "overflow": (
        [section(accessory=element("overflow", options=options(6)))],
        "no more than 5 items allowed",
        "/blocks/0/accessory/options",
    ),
    "date": (
        [actions(element("datepicker", initial_date="28.02.2026"))],
        r"input must match regex pattern: \d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])",
        "/blocks/0/elements/0/initial_date",
    ),
    "moment": (
        [actions(element("datetimepicker", initial_date_time=5))],
        "must be greater than 999999999",
        "/blocks/0/elements/0/initial_date_time",
    ),
    "text input outside an input": (
        [actions(element("plain_text_input"))],
        "unsupported type: plain_text_input",
        "/blocks/0/elements/0/type",
    ),
    "file input": ([field("file_input")], "unsupported type: file_input", "/blocks/0/element/type"),
    "image without alt text": (
        [{name: value for name, value in IMAGE.items() if name != "alt_text"}],
        "missing required field: alt_text",
        "/blocks/0",
    ),
    "markdown": ([markdown(12_001)], "must be less than 12001 characters", "/blocks/0/text"),
    "markdown together": (
        [markdown(6_001), markdown(6_000)],
        "markdown blocks must be less than 12001 characters together",
        "/blocks",
    ),
    "rows": ([table(101, 1)], "no more than 100 items allowed", "/blocks/0/rows"),
    "cells": ([table(1, 21)], "no more than 20 items allowed", "/blocks/0/rows/0"),
    "rich text list": (
        [rich_text({"type": "rich_text_list", "style": "roman", "elements": []})],
        "must be a valid enum value",
        "/blocks/0/elements/0/style",
    ),
    "card title": ([card(title=plain("x" * 151))], "must be less than 151 characters", "/blocks/0/title/text"),
    "card without anything": (
        [{"type": "card", "subtitle": plain()}],
        "must define at least one of `hero_image`, `title`, `actions` or `body`",
        "/blocks/0",
    ),
    "card actions": (
        [card(actions=[button(action_id=f"a{number}") for number in range(4)])],
        "no more than 3 items allowed",
        "/blocks/0/actions",
    ),
    "carousel": (
        [{"type": "carousel", "elements": [card()] * 11}],
        "no more than 10 items allowed",
        "/blocks/0/elements",
    ),
    "section in a carousel": (
        [{"type": "carousel", "elements": [section()]}],
        "unsupported type: section",
        "/blocks/0/elements/0/type",
    ),
    "container": ([container(*[section()] * 11)], "no more than 10 items allowed", "/blocks/0/child_blocks"),
    "markdown in a container": (
        [container(markdown(1))],
        "unsupported type: markdown",
        "/blocks/0/child_blocks/0/type",
    ),
    "container in a container": (
        [container(container(section()))],
        "unsupported type: container",
        "/blocks/0/child_blocks/0/type",
    ),
    "block id twice in a container": (
        [section(block_id="b"), container(section(block_id="b"))],
        '`block_id` "b" already exists for another block',
        "/blocks/1/block_id",
    ),
    "container without a title": (
        [{"type": "container", "child_blocks": [section()]}],
        "must define either `title` or `rich_text_title`",
        "/blocks/0",
    ),
    "collapsed container": (
        [container(section(), default_collapsed=True)],
        "must define `is_collapsible` to use `default_collapsed`",
        "/blocks/0/default_collapsed",
    ),
    "context actions": (
        [{"type": "context_actions", "elements": [icon_button(number) for number in range(6)]}],
        "no more than 5 items allowed",
        "/blocks/0/elements",
    ),
    "button in context actions": (
        [{"type": "context_actions", "elements": [button()]}],
        "unsupported type: button",
        "/blocks/0/elements/0/type",
    ),
    "icon": (
        [{"type": "context_actions", "elements": [icon_button(1, icon="bin")]}],
        "must be a valid enum value",
        "/blocks/0/elements/0/icon",
    ),
    "data table rows": ([data_table(*[[cell()]] * 202)], "no more than 201 items allowed", "/blocks/0/rows"),
    "data table without rows": ([data_table([cell()])], "must provide at least 2 items", "/blocks/0/rows"),
    "uneven data table": ([data_table([cell()], [cell()] * 2)], "must provide 1 items", "/blocks/0/rows/1"),
    "rich header of a data table": (
        [data_table([rich_text(SECTION_OF_RICH_TEXT)], [cell()])],
        "unsupported type: rich_text",
        "/blocks/0/rows/0/0/type",
    ),
    "data table text": (
        [data_table([cell()], [cell("x" * 20_000)])],
        "must be less than 20001 characters",
        "/blocks/0/rows",
    ),
    "third chart": ([pie(1)] * 3, "no more than 2 data_visualization blocks allowed", "/blocks"),
    "nothing of a pie": ([pie(0)], "must be greater than 0", "/blocks/0/chart/segments/0/value"),
    "no number": ([pie("1")], "must provide a number", "/blocks/0/chart/segments/0/value"),
    "label of no category": (
        [chart("a", categories="abc")],
        "must have one value for each of the `categories`",
        "/blocks/0/chart/series/0/data",
    ),
    "series twice": ([chart("a", "a")], "Input contains duplicate items", "/blocks/0/chart/series"),
    "task status": (
        [{**TASK, "type": "task_card", "status": "done"}],
        "must be a valid enum value",
        "/blocks/0/status",
    ),
    "task without a title": (
        [{"type": "plan", "title": "Plan", "tasks": [{"task_id": "1"}]}],
        "missing required field: title",
        "/blocks/0/tasks/0",
    ),
    # Alerts are for modals, and videos need a scope and the domain of the video in the app's manifest.
    "alert": ([{"type": "alert", "text": plain()}], "unsupported type: alert", "/blocks/0/type"),
    "video": ([{"type": "video"}], "unsupported type: video", "/blocks/0/type"),
    "block type": ([{"type": "banner"}], "unsupported type: banner", "/blocks/0/type"),
    "no type": ([{"text": plain()}], "missing required field: type", "/blocks/0"),
    "block key": ([section(colour="red")], "invalid additional property: colour", "/blocks/0"),
    "element key": (
        [actions(button(block_id="b"))],
        "invalid additional property: block_id",
        "/blocks/0/elements/0",
    ),
    "no object": ([section(), "text"], "must provide an object", "/blocks/1"),  # type: ignore[list-item]
}


@pytest.mark.parametrize("blocks", AT_THE_LIMIT.values(), ids=AT_THE_LIMIT)
def test_a_message_at_the_limit_is_taken(blocks: list[Json]) -> None:
    """What Slack still takes is taken."""
    assert blocks_violations(blocks, "/blocks") == []


@pytest.mark.parametrize(("blocks", "message", "pointer"), OVER_THE_LIMIT.values(), ids=OVER_THE_LIMIT)
def test_a_message_over_a_limit_is_refused_with_a_pointer(blocks: list[Json], message: str, pointer: str) -> None:
    """One step over a limit is `invalid_blocks`, and the message says what and where."""
    with pytest.raises(SlackError, match="invalid_blocks") as refusal:
        checked_content(Content(blocks=blocks))
    messages = refusal.value.details["response_metadata"]["messages"]
    assert f"[ERROR] {message} [json-pointer:{pointer}]" in messages


def test_blocks_with_too_many_characters_together_are_too_long() -> None:
    """Each text may be allowed and the message still too long."""
    with pytest.raises(SlackError, match="msg_blocks_too_long"):
        checked_content(Content(blocks=[section("x" * 2700)] * 5))
    checked_content(Content(blocks=[section("x" * 2640)] * 5))


def test_a_message_has_one_table() -> None:
    """A second table is refused under a name of its own."""
    with pytest.raises(SlackError, match="invalid_attachments"):
        checked_content(Content(blocks=[table(1, 1), table(1, 1)]))


@pytest.mark.parametrize(
    "metadata",
    [
        {"event_type": "prompt"},
        {"event_payload": {}},
        {"event_type": "", "event_payload": {}},
        {"event_type": "prompt", "event_payload": "text"},
        ["prompt"],
    ],
)
def test_metadata_needs_a_type_and_a_payload(metadata: Any) -> None:
    """Metadata in another form is `invalid_metadata_format`."""
    with pytest.raises(SlackError, match="invalid_metadata_format"):
        checked_content(Content(text="x", metadata=metadata))
