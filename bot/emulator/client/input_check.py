"""What Slack's client validates before it submits a modal: required inputs, bounds and choices."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from signoff.bot.emulator.blocks.elements import MAX_INPUT, is_number
from signoff.bot.emulator.blocks.objects import all_options
from signoff.bot.emulator.blocks.walk import inputs
from signoff.bot.emulator.protocol import Json
from signoff.bot.emulator.workspace.state_values import is_many, value_key, value_of
from signoff.bot.emulator.workspace.workspace import Workspace

REQUIRED = "Please complete this required field."


def input_errors(blocks: list[Json], state: Json, workspace: Workspace) -> dict[str, str]:
    """The errors that the client shows under the inputs, by block id."""
    errors = {}
    for block in inputs(blocks):
        element = block["element"]
        entered = state[block["block_id"]][element["action_id"]]
        if error := input_error(element, entered, workspace, optional=block.get("optional", False)):
            errors[block["block_id"]] = error
    return errors


def input_error(element: Json, entered: Any, workspace: Workspace, *, optional: bool) -> str | None:
    """The error in the value of one element, or None."""
    if not isinstance(entered, dict) or entered.get("type") != element["type"]:
        return f"This is not a state value of a {element['type']}."
    value = value_of(entered)
    if value is None or value in ("", []):
        return None if optional else REQUIRED
    if is_many(element["type"]):
        return _many_error(element, value, workspace)
    return _CHECKS[value_key(element["type"])](element, value, workspace)


def _many_error(element: Json, values: Any, workspace: Workspace) -> str | None:
    maximum = element.get("max_selected_items") or element.get("max_files")
    if not isinstance(values, list):
        return "This must be a list."
    if maximum and len(values) > maximum:
        return f"Choose no more than {maximum}."
    check = _CHECKS[value_key(element["type"]).removesuffix("s")]
    return next((error for value in values if (error := check(element, value, workspace))), None)


def _option_error(element: Json, option: Any, _workspace: Workspace) -> str | None:
    if not isinstance(option, dict) or not {"text", "value"} <= option.keys():
        return "This is not an option."
    if "external" not in element["type"] and option not in all_options(element):
        return "This is not one of the options."
    return None


def _user_error(_element: Json, user: Any, workspace: Workspace) -> str | None:
    return None if user in workspace.directory.users else "There is no person with this id."


def _channel_error(_element: Json, channel: Any, workspace: Workspace) -> str | None:
    return None if channel in workspace.directory.conversations else "There is no conversation with this id."


def _text_error(element: Json, value: Any, _workspace: Workspace) -> str | None:
    if not isinstance(value, str):
        return "This must be text."
    match element["type"]:
        case "number_input":
            return _number_error(element, value)
        case "email_text_input" if not re.fullmatch(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+", value):
            return "Enter a valid email address."
        case "url_text_input" if not _is_url(value):
            return "Enter a valid URL."
        case "plain_text_input":
            return _length_error(element, value)
    return None


def _number_error(element: Json, value: str) -> str | None:
    if not is_number(value):
        return "Enter a number."
    number = Decimal(value)
    if not element["is_decimal_allowed"] and number != number.to_integral_value():
        return "Enter a whole number."
    if "min_value" in element and number < Decimal(element["min_value"]):
        return f"Enter a number of at least {element['min_value']}."
    if "max_value" in element and number > Decimal(element["max_value"]):
        return f"Enter a number of at most {element['max_value']}."
    return None


def _length_error(element: Json, value: str) -> str | None:
    minimum, maximum = element.get("min_length", 0), element.get("max_length", MAX_INPUT)
    if len(value) < minimum:
        return f"Enter at least {minimum} characters."
    return f"Enter at most {maximum} characters." if len(value) > maximum else None


def _is_url(value: str) -> bool:
    parts = urlsplit(value)
    return parts.scheme in {"http", "https", "mailto"} and (parts.netloc or parts.path) != ""


def _date_error(_element: Json, value: Any, _workspace: Workspace) -> str | None:
    return None if _parses(value, "%Y-%m-%d") else "Enter a date as YYYY-MM-DD."


def _time_error(_element: Json, value: Any, _workspace: Workspace) -> str | None:
    return None if _parses(value, "%H:%M") else "Enter a time as HH:MM."


def _date_time_error(_element: Json, value: Any, _workspace: Workspace) -> str | None:
    is_moment = isinstance(value, int) and len(str(value)) == len("1700000000")
    return None if is_moment else "Enter a date and a time."


def _parses(value: str, format_: str) -> bool:
    try:
        return datetime.strptime(value, format_).strftime(format_) == value  # noqa: DTZ007 (only the format matters)
    except (TypeError, ValueError):
        return False


def _rich_text_error(_element: Json, value: Any, _workspace: Workspace) -> str | None:
    is_rich_text = isinstance(value, dict) and value.get("type") == "rich_text"
    return None if is_rich_text else "This must be rich text."


def _file_error(element: Json, file: Any, workspace: Workspace) -> str | None:
    stored = workspace.files.find(str(file.get("id"))) if isinstance(file, dict) else None
    if stored is None:
        return "This file does not exist."
    accepted = element.get("filetypes")
    if accepted and stored.extension not in accepted:
        return "Only these file types are accepted: " + ", ".join(accepted) + "."
    return None


_CHECKS: dict[str, Callable[[Json, Any, Workspace], str | None]] = {
    "selected_option": _option_error,
    "selected_user": _user_error,
    "selected_conversation": _channel_error,
    "selected_channel": _channel_error,
    "value": _text_error,
    "selected_date": _date_error,
    "selected_time": _time_error,
    "selected_date_time": _date_time_error,
    "rich_text_value": _rich_text_error,
    "file": _file_error,
}
