"""Composition objects: texts, options, confirm dialogs. Limits are those of Slack's reference of each."""

from collections.abc import Iterable, Iterator
from itertools import chain

from signoff.bot.emulator.blocks.schema import ByType, Flag, Items, Object, OneOf, Rule, Text, exactly_one, typed
from signoff.bot.emulator.wire import Json

LONGEST_URL = 3000


def plain(longest: int) -> ByType:
    """A `plain_text` object of at most so many characters."""
    return ByType(dict([_plain(longest)]))


def any_text(longest: int) -> ByType:
    """A `plain_text` or `mrkdwn` object of at most so many characters."""
    mrkdwn = typed("mrkdwn", ("type", "text"), text=Text(longest, shortest=1), verbatim=Flag())
    return ByType(dict([_plain(longest), mrkdwn]))


def _plain(longest: int) -> tuple[str, Object]:
    return typed("plain_text", ("type", "text"), text=Text(longest, shortest=1), emoji=Flag())


CONFIRM = Object(
    {
        "title": plain(100),
        "text": any_text(300),
        "confirm": plain(30),
        "deny": plain(30),
        "style": OneOf(("primary", "danger")),
    },
    required=("title", "text", "confirm", "deny"),
)
OPTION = Object(
    {"text": plain(75), "value": Text(150, shortest=1), "description": plain(75)}, required=("text", "value")
)
CHOICE = Object(
    {"text": any_text(75), "value": Text(150, shortest=1), "description": any_text(75)},
    required=("text", "value"),
)
"""The option of checkboxes and radio buttons, where markdown is drawn."""
OVERFLOW_OPTION = Object({**OPTION.fields, "url": Text(LONGEST_URL)}, required=OPTION.required)
OPTION_GROUP = Object({"label": plain(75), "options": Items(OPTION, most=100, least=1)}, required=("label", "options"))
DISPATCH_ACTION_CONFIG = Object(
    {"trigger_actions_on": Items(OneOf(("on_enter_pressed", "on_character_entered")), most=2, least=1)}
)
CONVERSATION_FILTER = Object(
    {
        "include": Items(OneOf(("im", "mpim", "private", "public")), least=1),
        "exclude_external_shared_channels": Flag(),
        "exclude_bot_users": Flag(),
    }
)
SLACK_FILE = Object({"id": Text(), "url": Text(LONGEST_URL)}, rules=(exactly_one("id", "url"),))


def all_options(element: Json) -> list[Json]:
    """The options of an element, in groups or not."""
    groups = element.get("option_groups", [])
    return [*element.get("options", []), *chain.from_iterable(group["options"] for group in groups)]


def initial_among_options(element: Json) -> Iterable[tuple[str, str]]:
    """What is chosen at the start must equal one of the options, description and all (python-slack-sdk #1509)."""
    options = all_options(element)
    if "initial_option" in element and element["initial_option"] not in options:
        yield "/initial_option", "must be one of the provided options"
    if "initial_options" in element:
        chosen = element["initial_options"]
        if not chosen or any(option not in options for option in chosen):
            yield "/initial_options", "must be one of the provided options"


def distinct_values(element: Json) -> Iterator[tuple[str, str]]:
    """Two options with one value could not be told apart in an answer."""
    values = [option["value"] for option in all_options(element)]
    if len(set(values)) != len(values):
        yield "", "Input contains duplicate items"


OPTION_RULES: tuple[Rule, ...] = (distinct_values, initial_among_options)
