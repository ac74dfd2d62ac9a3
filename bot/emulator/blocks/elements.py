"""Block elements: what people press, choose and fill in. Limits are those of Slack's reference of each element."""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from signoff.bot.emulator.blocks.objects import (
    CHOICE,
    CONFIRM,
    CONVERSATION_FILTER,
    DISPATCH_ACTION_CONFIG,
    LONGEST_URL,
    OPTION,
    OPTION_GROUP,
    OPTION_RULES,
    OVERFLOW_OPTION,
    SLACK_FILE,
    plain,
)
from signoff.bot.emulator.blocks.rich_text import RICH_TEXT
from signoff.bot.emulator.blocks.schema import (
    ByType,
    Flag,
    Items,
    Object,
    OneOf,
    Schema,
    Text,
    Whole,
    exactly_one,
    typed,
)
from signoff.bot.emulator.wire import Json

LONGEST_INPUT = 3000

ACTION: dict[str, Schema] = {"action_id": Text(255)}
FOCUSED: dict[str, Schema] = {**ACTION, "focus_on_load": Flag()}
TYPED: dict[str, Schema] = {
    **FOCUSED,
    "placeholder": plain(150),
    "dispatch_action_config": DISPATCH_ACTION_CONFIG,
}
CHOSEN: dict[str, Schema] = {**FOCUSED, "placeholder": plain(150), "confirm": CONFIRM}
OPTIONS: dict[str, Schema] = {
    "options": Items(OPTION, most=100, least=1),
    "option_groups": Items(OPTION_GROUP, most=100, least=1),
}
MANY: dict[str, Schema] = {**CHOSEN, "max_selected_items": Whole(least=1)}
NUMBER = Text(pattern=r"-?[0-9]*\.?[0-9]+")


def text_bounds(element: Json) -> Iterator[tuple[str, str]]:
    """The text that is there at the start must be one that could be sent."""
    least, most = element.get("min_length", 0), element.get("max_length", LONGEST_INPUT)
    if least > most:
        yield "/min_length", f"must be less than {most + 1}"
    initial = element.get("initial_value")
    if initial is not None and len(initial) > most:
        yield "/initial_value", f"must be less than {most + 1} characters"
    if initial and len(initial) < least:
        yield "/initial_value", f"must be more than {least - 1} characters"


def number_bounds(element: Json) -> Iterator[tuple[str, str]]:
    """The numbers are whole where no decimals are allowed, and in order."""
    numbers = {name: Decimal(element[name]) for name in ("min_value", "max_value", "initial_value") if name in element}
    for name, number in numbers.items():
        if not element["is_decimal_allowed"] and number != number.to_integral_value():
            yield f"/{name}", "must provide an integer"
    least = numbers.get("min_value", Decimal("-Infinity"))
    most = numbers.get("max_value", Decimal("Infinity"))
    if least > most:
        yield "/min_value", f"must be less than {most}"
    if not least <= numbers.get("initial_value", max(least, min(most, Decimal(0)))) <= most:
        yield "/initial_value", "must be between `min_value` and `max_value`"


def is_number(text: str) -> bool:
    """Whether Slack's client would take this as a number."""
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _select(kind: str, initial: dict[str, Schema], **more: Schema) -> tuple[str, Object]:
    return typed(kind, ("type",), **CHOSEN, **initial, **more)


def _multi(kind: str, initial: dict[str, Schema], **more: Schema) -> tuple[str, Object]:
    return typed(kind, ("type",), **MANY, **initial, **more)


BUTTON = typed(
    "button",
    ("type", "text"),
    **ACTION,
    text=plain(75),
    url=Text(LONGEST_URL),
    value=Text(2000),
    style=OneOf(("primary", "danger")),
    confirm=CONFIRM,
    accessibility_label=Text(75),
)
OVERFLOW = typed(
    "overflow", ("type", "options"), **ACTION, options=Items(OVERFLOW_OPTION, most=5, least=1), confirm=CONFIRM
)
IMAGE = typed(
    "image",
    ("type", "alt_text"),
    exactly_one("image_url", "slack_file"),
    image_url=Text(LONGEST_URL, shortest=1),
    slack_file=SLACK_FILE,
    alt_text=Text(2000, shortest=1),
)

PICKERS = dict(
    [
        _select("datepicker", {"initial_date": Text(pattern=r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")}),
        _select("timepicker", {"initial_time": Text(pattern=r"([01]\d|2[0-3]):[0-5]\d")}, timezone=Text(shortest=1)),
        typed(
            "datetimepicker",
            ("type",),
            **FOCUSED,
            confirm=CONFIRM,
            # Ten digits: from 2001 to 2286 (docs of the element).
            initial_date_time=Whole(least=1_000_000_000, most=9_999_999_999),
        ),
    ]
)
CHOICES = dict(
    [
        typed(
            "checkboxes",
            ("type", "options"),
            *OPTION_RULES,
            **FOCUSED,
            options=Items(CHOICE, most=10, least=1),
            initial_options=Items(CHOICE),
            confirm=CONFIRM,
        ),
        typed(
            "radio_buttons",
            ("type", "options"),
            *OPTION_RULES,
            **FOCUSED,
            options=Items(CHOICE, most=10, least=1),
            initial_option=CHOICE,
            confirm=CONFIRM,
        ),
    ]
)
_GIVEN_OPTIONS = (exactly_one("options", "option_groups"), *OPTION_RULES)
SELECTS = dict(
    [
        typed("static_select", ("type",), *_GIVEN_OPTIONS, **CHOSEN, **OPTIONS, initial_option=OPTION),
        _select("external_select", {"initial_option": OPTION}, min_query_length=Whole(least=0)),
        _select("users_select", {"initial_user": Text(shortest=1)}),
        _select(
            "conversations_select",
            {"initial_conversation": Text(shortest=1)},
            default_to_current_conversation=Flag(),
            response_url_enabled=Flag(),
            filter=CONVERSATION_FILTER,
        ),
        _select("channels_select", {"initial_channel": Text(shortest=1)}, response_url_enabled=Flag()),
    ]
)
MULTI_SELECTS = dict(
    [
        typed("multi_static_select", ("type",), *_GIVEN_OPTIONS, **MANY, **OPTIONS, initial_options=Items(OPTION)),
        _multi("multi_external_select", {"initial_options": Items(OPTION)}, min_query_length=Whole(least=0)),
        _multi("multi_users_select", {"initial_users": Items(Text(shortest=1))}),
        _multi(
            "multi_conversations_select",
            {"initial_conversations": Items(Text(shortest=1))},
            default_to_current_conversation=Flag(),
            filter=CONVERSATION_FILTER,
        ),
        _multi("multi_channels_select", {"initial_channels": Items(Text(shortest=1))}),
    ]
)
TEXT_INPUTS = dict(
    [
        typed(
            "plain_text_input",
            ("type",),
            text_bounds,
            **TYPED,
            initial_value=Text(),
            multiline=Flag(),
            min_length=Whole(least=0, most=LONGEST_INPUT),
            max_length=Whole(least=1, most=LONGEST_INPUT),
        ),
        typed(
            "number_input",
            ("type", "is_decimal_allowed"),
            number_bounds,
            **TYPED,
            is_decimal_allowed=Flag(),
            initial_value=NUMBER,
            min_value=NUMBER,
            max_value=NUMBER,
        ),
        typed("email_text_input", ("type",), **TYPED, initial_value=Text()),
        typed("url_text_input", ("type",), **TYPED, initial_value=Text()),
    ]
)
RICH_TEXT_INPUT = typed("rich_text_input", ("type",), **TYPED, initial_value=RICH_TEXT)
FILE_INPUT = typed(
    "file_input", ("type",), **ACTION, filetypes=Items(Text(shortest=1), least=1), max_files=Whole(least=1, most=10)
)

_SHARED = {**CHOICES, **SELECTS, **MULTI_SELECTS}
ACCESSORIES = ByType(
    {
        **dict([BUTTON, OVERFLOW, IMAGE]),
        **_SHARED,
        "datepicker": PICKERS["datepicker"],
        "timepicker": PICKERS["timepicker"],
    }
)
"""What may stand at the side of a section (`SectionBlockAccessory` in Slack's published types)."""
ACTIONS = ByType({**dict([BUTTON, OVERFLOW, RICH_TEXT_INPUT]), **_SHARED, **PICKERS})
"""What may stand in an actions block (`ActionsBlockElement`)."""
INPUTS = ByType({**_SHARED, **PICKERS, **TEXT_INPUTS, **dict([RICH_TEXT_INPUT, FILE_INPUT])})
"""What may stand in an input block (`InputBlockElement`)."""
