"""Block elements: buttons, selects and inputs. The limits come from Slack's reference of each element."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from signoff.bot.emulator.blocks.objects import (
    CHOICE,
    CONFIRM,
    CONVERSATION_FILTER,
    DISPATCH_ACTION_CONFIG,
    MAX_URL,
    OPTION,
    OPTION_GROUP,
    OPTION_RULES,
    OVERFLOW_OPTION,
    SLACK_FILE,
    plain,
)
from signoff.bot.emulator.blocks.rich_text import RICH_TEXT
from signoff.bot.emulator.blocks.schema import (
    Array,
    Boolean,
    Enum,
    Integer,
    Object,
    Schema,
    String,
    TaggedUnion,
    exactly_one,
    object_of_type,
)
from signoff.bot.emulator.protocol import Json

MAX_INPUT = 3000

ACTION: dict[str, Schema] = {"action_id": String(255)}
FOCUSABLE: dict[str, Schema] = {**ACTION, "focus_on_load": Boolean()}
TEXT_INPUT: dict[str, Schema] = {
    **FOCUSABLE,
    "placeholder": plain(150),
    "dispatch_action_config": DISPATCH_ACTION_CONFIG,
}
SELECT: dict[str, Schema] = {**FOCUSABLE, "placeholder": plain(150), "confirm": CONFIRM}
OPTIONS: dict[str, Schema] = {
    "options": Array(OPTION, max_items=100, min_items=1),
    "option_groups": Array(OPTION_GROUP, max_items=100, min_items=1),
}
MULTI_SELECT: dict[str, Schema] = {**SELECT, "max_selected_items": Integer(minimum=1)}
NUMBER = String(pattern=r"-?[0-9]*\.?[0-9]+")


def text_bounds(element: Json) -> Iterator[tuple[str, str]]:
    """The initial text must be one that could be submitted."""
    minimum, maximum = element.get("min_length", 0), element.get("max_length", MAX_INPUT)
    if minimum > maximum:
        yield "/min_length", f"must be less than {maximum + 1}"
    initial = element.get("initial_value")
    if initial is not None and len(initial) > maximum:
        yield "/initial_value", f"must be less than {maximum + 1} characters"
    if initial and len(initial) < minimum:
        yield "/initial_value", f"must be more than {minimum - 1} characters"


def number_bounds(element: Json) -> Iterator[tuple[str, str]]:
    """The bounds and the initial number are consistent, and whole numbers unless decimals are allowed."""
    numbers = {name: Decimal(element[name]) for name in ("min_value", "max_value", "initial_value") if name in element}
    for name, number in numbers.items():
        if not element["is_decimal_allowed"] and number != number.to_integral_value():
            yield f"/{name}", "must provide an integer"
    minimum = numbers.get("min_value", Decimal("-Infinity"))
    maximum = numbers.get("max_value", Decimal("Infinity"))
    if minimum > maximum:
        yield "/min_value", f"must be less than {maximum}"
    if not minimum <= numbers.get("initial_value", max(minimum, min(maximum, Decimal(0)))) <= maximum:
        yield "/initial_value", "must be between `min_value` and `max_value`"


def is_number(text: str) -> bool:
    """Whether Slack's client accepts this text as a number."""
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _select(kind: str, initial: dict[str, Schema], **more: Schema) -> tuple[str, Object]:
    return object_of_type(kind, ("type",), **SELECT, **initial, **more)


def _multi(kind: str, initial: dict[str, Schema], **more: Schema) -> tuple[str, Object]:
    return object_of_type(kind, ("type",), **MULTI_SELECT, **initial, **more)


BUTTON = object_of_type(
    "button",
    ("type", "text"),
    **ACTION,
    text=plain(75),
    url=String(MAX_URL),
    value=String(2000),
    style=Enum(("primary", "danger")),
    confirm=CONFIRM,
    accessibility_label=String(75),
)
OVERFLOW = object_of_type(
    "overflow", ("type", "options"), **ACTION, options=Array(OVERFLOW_OPTION, max_items=5, min_items=1), confirm=CONFIRM
)
IMAGE = object_of_type(
    "image",
    ("type", "alt_text"),
    exactly_one("image_url", "slack_file"),
    image_url=String(MAX_URL, min_length=1),
    slack_file=SLACK_FILE,
    alt_text=String(2000, min_length=1),
)

PICKERS = dict(
    [
        _select("datepicker", {"initial_date": String(pattern=r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")}),
        _select(
            "timepicker", {"initial_time": String(pattern=r"([01]\d|2[0-3]):[0-5]\d")}, timezone=String(min_length=1)
        ),
        object_of_type(
            "datetimepicker",
            ("type",),
            **FOCUSABLE,
            confirm=CONFIRM,
            # Ten digits: from 2001 to 2286 (docs of the element).
            initial_date_time=Integer(minimum=1_000_000_000, maximum=9_999_999_999),
        ),
    ]
)
CHOICES = dict(
    [
        object_of_type(
            "checkboxes",
            ("type", "options"),
            *OPTION_RULES,
            **FOCUSABLE,
            options=Array(CHOICE, max_items=10, min_items=1),
            initial_options=Array(CHOICE),
            confirm=CONFIRM,
        ),
        object_of_type(
            "radio_buttons",
            ("type", "options"),
            *OPTION_RULES,
            **FOCUSABLE,
            options=Array(CHOICE, max_items=10, min_items=1),
            initial_option=CHOICE,
            confirm=CONFIRM,
        ),
    ]
)
_STATIC_OPTIONS = (exactly_one("options", "option_groups"), *OPTION_RULES)
SELECTS = dict(
    [
        object_of_type("static_select", ("type",), *_STATIC_OPTIONS, **SELECT, **OPTIONS, initial_option=OPTION),
        _select("external_select", {"initial_option": OPTION}, min_query_length=Integer(minimum=0)),
        _select("users_select", {"initial_user": String(min_length=1)}),
        _select(
            "conversations_select",
            {"initial_conversation": String(min_length=1)},
            default_to_current_conversation=Boolean(),
            response_url_enabled=Boolean(),
            filter=CONVERSATION_FILTER,
        ),
        _select("channels_select", {"initial_channel": String(min_length=1)}, response_url_enabled=Boolean()),
    ]
)
MULTI_SELECTS = dict(
    [
        object_of_type(
            "multi_static_select", ("type",), *_STATIC_OPTIONS, **MULTI_SELECT, **OPTIONS, initial_options=Array(OPTION)
        ),
        _multi("multi_external_select", {"initial_options": Array(OPTION)}, min_query_length=Integer(minimum=0)),
        _multi("multi_users_select", {"initial_users": Array(String(min_length=1))}),
        _multi(
            "multi_conversations_select",
            {"initial_conversations": Array(String(min_length=1))},
            default_to_current_conversation=Boolean(),
            filter=CONVERSATION_FILTER,
        ),
        _multi("multi_channels_select", {"initial_channels": Array(String(min_length=1))}),
    ]
)
TEXT_INPUTS = dict(
    [
        object_of_type(
            "plain_text_input",
            ("type",),
            text_bounds,
            **TEXT_INPUT,
            initial_value=String(),
            multiline=Boolean(),
            min_length=Integer(minimum=0, maximum=MAX_INPUT),
            max_length=Integer(minimum=1, maximum=MAX_INPUT),
        ),
        object_of_type(
            "number_input",
            ("type", "is_decimal_allowed"),
            number_bounds,
            **TEXT_INPUT,
            is_decimal_allowed=Boolean(),
            initial_value=NUMBER,
            min_value=NUMBER,
            max_value=NUMBER,
        ),
        object_of_type("email_text_input", ("type",), **TEXT_INPUT, initial_value=String()),
        object_of_type("url_text_input", ("type",), **TEXT_INPUT, initial_value=String()),
    ]
)
RICH_TEXT_INPUT = object_of_type("rich_text_input", ("type",), **TEXT_INPUT, initial_value=RICH_TEXT)
FILE_INPUT = object_of_type(
    "file_input",
    ("type",),
    **ACTION,
    filetypes=Array(String(min_length=1), min_items=1),
    max_files=Integer(minimum=1, maximum=10),
)

_SHARED = {**CHOICES, **SELECTS, **MULTI_SELECTS}
ACCESSORIES = TaggedUnion(
    {
        **dict([BUTTON, OVERFLOW, IMAGE]),
        **_SHARED,
        "datepicker": PICKERS["datepicker"],
        "timepicker": PICKERS["timepicker"],
    }
)
"""The accessories of a section (`SectionBlockAccessory` in Slack's published types)."""
ACTIONS = TaggedUnion({**dict([BUTTON, OVERFLOW, RICH_TEXT_INPUT]), **_SHARED, **PICKERS})
"""The elements of an actions block (`ActionsBlockElement`)."""
INPUTS = TaggedUnion({**_SHARED, **PICKERS, **TEXT_INPUTS, **dict([RICH_TEXT_INPUT, FILE_INPUT])})
"""The elements of an input block (`InputBlockElement`)."""
