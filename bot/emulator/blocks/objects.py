"""Composition objects: texts, options, confirm dialogs. The limits come from Slack's reference of each object."""

from collections.abc import Iterable, Iterator
from itertools import chain

from signoff.bot.emulator.blocks.schema import (
    Array,
    Boolean,
    Enum,
    Object,
    Rule,
    String,
    TaggedUnion,
    exactly_one,
    object_of_type,
)
from signoff.bot.emulator.protocol import Json

MAX_URL = 3000


def plain(max_length: int) -> TaggedUnion:
    """A `plain_text` object of at most `max_length` characters."""
    return TaggedUnion(dict([_plain(max_length)]))


def any_text(max_length: int) -> TaggedUnion:
    """A `plain_text` or `mrkdwn` object of at most `max_length` characters."""
    mrkdwn = object_of_type("mrkdwn", ("type", "text"), text=String(max_length, min_length=1), verbatim=Boolean())
    return TaggedUnion(dict([_plain(max_length), mrkdwn]))


def _plain(max_length: int) -> tuple[str, Object]:
    return object_of_type("plain_text", ("type", "text"), text=String(max_length, min_length=1), emoji=Boolean())


CONFIRM = Object(
    {
        "title": plain(100),
        "text": any_text(300),
        "confirm": plain(30),
        "deny": plain(30),
        "style": Enum(("primary", "danger")),
    },
    required=("title", "text", "confirm", "deny"),
)
OPTION = Object(
    {"text": plain(75), "value": String(150, min_length=1), "description": plain(75)}, required=("text", "value")
)
CHOICE = Object(
    {"text": any_text(75), "value": String(150, min_length=1), "description": any_text(75)},
    required=("text", "value"),
)
"""An option of checkboxes and radio buttons, which may contain mrkdwn."""
OVERFLOW_OPTION = Object({**OPTION.fields, "url": String(MAX_URL)}, required=OPTION.required)
OPTION_GROUP = Object(
    {"label": plain(75), "options": Array(OPTION, max_items=100, min_items=1)}, required=("label", "options")
)
DISPATCH_ACTION_CONFIG = Object(
    {"trigger_actions_on": Array(Enum(("on_enter_pressed", "on_character_entered")), max_items=2, min_items=1)}
)
CONVERSATION_FILTER = Object(
    {
        "include": Array(Enum(("im", "mpim", "private", "public")), min_items=1),
        "exclude_external_shared_channels": Boolean(),
        "exclude_bot_users": Boolean(),
    }
)
SLACK_FILE = Object({"id": String(), "url": String(MAX_URL)}, rules=(exactly_one("id", "url"),))


def all_options(element: Json) -> list[Json]:
    """The options of an element, whether or not they are in groups."""
    groups = element.get("option_groups", [])
    return [*element.get("options", []), *chain.from_iterable(group["options"] for group in groups)]


def initial_among_options(element: Json) -> Iterable[tuple[str, str]]:
    """An initial option must equal one of the options, including its description (python-slack-sdk #1509)."""
    options = all_options(element)
    if "initial_option" in element and element["initial_option"] not in options:
        yield "/initial_option", "must be one of the provided options"
    if "initial_options" in element:
        chosen = element["initial_options"]
        if not chosen or any(option not in options for option in chosen):
            yield "/initial_options", "must be one of the provided options"


def distinct_values(element: Json) -> Iterator[tuple[str, str]]:
    """Option values are unique within an element."""
    values = [option["value"] for option in all_options(element)]
    if len(set(values)) != len(values):
        yield "", "Input contains duplicate items"


OPTION_RULES: tuple[Rule, ...] = (distinct_values, initial_among_options)
