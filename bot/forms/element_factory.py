"""Chooses the element for the values of a schema."""

import math
from typing import Any

from signoff.bot.blockkit.blocks import INPUT_TEXT
from signoff.bot.forms.elements.addresses import Address
from signoff.bot.forms.elements.choices import NO_ANSWER, YES_OR_NO, Checkbox, MultiChoice, SingleChoice
from signoff.bot.forms.elements.durations import Duration
from signoff.bot.forms.elements.element import Choice, Element
from signoff.bot.forms.elements.files import file_input_for
from signoff.bot.forms.elements.list_text import ListText, MapText, ScalarKind
from signoff.bot.forms.elements.numbers import Number
from signoff.bot.forms.elements.options import Widget, labelled, widget_for
from signoff.bot.forms.elements.slack_selects import ChannelSelect, MultiChannelSelect, MultiUserSelect, UserSelect
from signoff.bot.forms.elements.text import JsonText, Text
from signoff.bot.forms.elements.times import DatePicker, DateTimePicker, TimePicker
from signoff.flows.schema.elements import MAX_BUTTONS, is_checkbox
from signoff.flows.schema.parts import Property, Schema, kind_of, options_of, unwrap

_LONG_TEXT = 150
_TEXT = "text"
_MULTILINE = "multiline"
_SELECT = "select"
_JSON = "json"
_HTTP_URL_LENGTH = 2083
"""The `maxLength` of pydantic's `HttpUrl`. It distinguishes web addresses from URLs that Slack would reject."""


def element_for(wanted: Property, root: Schema) -> Element:
    """The element for values of `wanted`, a part of `root`. Types without an element of their own get JSON text.

    A schema may name another one with the keyword `element`. It is ignored if it does not suit the type.
    """
    schema = wanted.schema
    asked_for = schema.get("element")
    if file := file_input_for(schema, _items(schema, root)):
        return file
    options = options_of(schema)
    if options:
        choices = labelled(options, [NO_ANSWER] if wanted.nullable else [])
        return SingleChoice(choices, wanted.nullable, _widget(choices, wanted.nullable, asked_for, buttons="radio"))
    match kind_of(schema):
        case "boolean" if is_checkbox(wanted):
            return Checkbox()
        case "boolean":
            return SingleChoice(YES_OR_NO, wanted.nullable, Widget.BUTTONS)
        case "integer" | "number" as kind:
            return _number(schema, whole=kind == "integer")
        case "string":
            return _string(schema)
        case "array":
            lines = None if asked_for == _JSON else _list_text(schema, root)
            return _multi_choice(schema, root) or lines or JsonText()
        case "object":
            return (None if asked_for == _JSON else _map_text(schema, root)) or JsonText()
        case None if asked_for in (_TEXT, _MULTILINE):
            return Text(multiline=asked_for == _MULTILINE)
        case _:
            return _decimal(wanted) or JsonText()


def _widget(choices: tuple[Choice, ...], more: int, asked_for: Any, *, buttons: str) -> Widget:
    widget = widget_for(choices, more)
    if asked_for == _SELECT and widget is Widget.BUTTONS:
        return Widget.SELECT
    return Widget.BUTTONS if asked_for == buttons and len(choices) + more <= MAX_BUTTONS else widget


def _items(schema: Schema, root: Schema) -> Schema | None:
    """The schema of a list's items; `None` if `schema` is not a list, or if its items may be anything."""
    items = schema.get("items")
    return unwrap(items, root).schema if kind_of(schema) == "array" and isinstance(items, dict) else None


def _multi_choice(schema: Schema, root: Schema) -> Element | None:
    item, most = _items(schema, root), schema.get("maxItems")
    if item is None:
        return None
    match item.get("format"):
        case "slack-user":
            return MultiUserSelect(most)
        case "slack-channel":
            return MultiChannelSelect(most)
    options = options_of(item)
    if not options:
        return None
    choices = labelled(options)
    return MultiChoice(choices, most, _widget(choices, 0, schema.get("element"), buttons="checkboxes"))


def _list_text(schema: Schema, root: Schema) -> Element | None:
    kind = _scalar_kind(schema.get("items"), root) if "prefixItems" not in schema else None
    return None if kind is None else ListText(kind)


def _map_text(schema: Schema, root: Schema) -> Element | None:
    kind = None if schema.get("properties") else _scalar_kind(schema.get("additionalProperties"), root)
    return None if kind is None else MapText(kind)


def _scalar_kind(schema: Any, root: Schema) -> ScalarKind | None:
    """The type of plain values that `schema` describes; `None` if it describes anything else."""
    if not isinstance(schema, dict):
        return None
    item = unwrap(schema, root)
    if item.nullable or options_of(item.schema):
        return None
    match kind_of(item.schema):
        case "string" | "integer" | "number" | "boolean" as kind:
            return kind
        case _:
            return None


def _number(schema: Schema, *, whole: bool = False, exact: bool = False) -> Number:
    least, most = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if isinstance(above, int | float):
        above = math.floor(above) + 1 if whole else above
        least = above if least is None else max(above, least)
    if isinstance(below, int | float):
        below = math.ceil(below) - 1 if whole else below
        most = below if most is None else min(below, most)
    if whole:
        least = None if least is None else math.ceil(least)
        most = None if most is None else math.floor(most)
    return Number(whole, least, most, exact)


def _decimal(wanted: Property) -> Element | None:
    """The element for a `Decimal`, which pydantic writes as a number or a string.

    It writes `float | str` the same way. Only bounds, or a default that is a number in a string, show that a number is
    wanted. Without them, any text can be typed, and the model parses it.
    """
    members = {kind_of(member): member for member in wanted.schema.get("anyOf", ()) if isinstance(member, dict)}
    if members.keys() != {"number", "string"}:
        return None
    number = _number(members["number"], exact=True)
    default = wanted.annotations.get("default")
    is_number = isinstance(default, str) and number.show(default) == default
    bounded = number.minimum is not None or number.maximum is not None
    return number if bounded or is_number else Text(multiline=False)


def _string(schema: Schema) -> Element:
    format_, zone = schema.get("format"), schema.get("zone")
    match format_:
        case "slack-user":
            return UserSelect()
        case "slack-channel":
            return ChannelSelect()
        case "date":
            return DatePicker()
        case "date-time":
            return DateTimePicker(naive=zone == "none")
        case "time":
            return TimePicker(zoned=zone == "required")
        case "duration":
            return Duration()
        case "email":
            return Address("email_text_input")
        case "uri" if schema.get("maxLength") == _HTTP_URL_LENGTH:
            return Address("url_text_input")
    longest = schema.get("maxLength", INPUT_TEXT)
    is_long = "maxLength" in schema and longest > _LONG_TEXT and schema.get("element") != _TEXT
    multiline = schema.get("element") == _MULTILINE or is_long
    return Text(multiline, schema.get("minLength", 0), longest)
