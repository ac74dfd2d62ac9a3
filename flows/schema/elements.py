"""The Slack inputs that a field may request with `json_schema_extra={"element": …}`."""

from collections.abc import Mapping
from typing import Any

from signoff.flows.schema.parts import Property, kind_of, options_of, unwrap

ELEMENT = "element"
"""The keyword in a field's schema that names the input."""

MAX_BUTTONS = 10
"""How many options Slack's radio buttons and checkboxes hold (https://docs.slack.dev/reference/block-kit/block-elements)."""

_SCALARS = ("string", "integer", "number", "boolean")


def possible_elements(part: Mapping[str, Any], root: Mapping[str, Any]) -> tuple[str, ...]:
    """The inputs that a field may request. `part` is its schema, and `root` the schema that contains it."""
    wanted = unwrap(part, root).schema
    options = options_of(wanted)
    if options is not None:
        return _with_buttons("radio", len(options))
    match kind_of(wanted):
        case "boolean":
            return ("radio", "checkbox")
        case "string" if "format" not in wanted:
            return ("text", "multiline")
        case "array":
            return _of_list(unwrap(wanted.get("items"), root).schema)
        case "object" if not wanted.get("properties"):
            values = unwrap(wanted.get("additionalProperties"), root).schema
            return ("pairs", "json") if kind_of(values) in _SCALARS else ("json",)
        case None:
            return ("json", "text", "multiline")
        case _:
            return ()


def is_checkbox(wanted: Property) -> bool:
    """Whether a bool is asked for with one checkbox, which always has a value, and not with yes and no."""
    asked_for = wanted.schema.get(ELEMENT)
    if wanted.nullable or asked_for == "radio":
        return False
    return "default" in wanted.annotations or asked_for == "checkbox"


def _of_list(items: Mapping[str, Any]) -> tuple[str, ...]:
    options = options_of(items)
    if options is not None:
        return _with_buttons("checkboxes", len(options))
    return ("lines", "json") if kind_of(items) in _SCALARS else ("json",)


def _with_buttons(buttons: str, number: int) -> tuple[str, ...]:
    return (buttons, "select") if number <= MAX_BUTTONS else ("select",)
