"""Converts what a test writes for an input (`"blue"`, `3`, `True`) to the state value object that Slack would send."""

from typing import Any

from signoff.bot.emulator.blocks.objects import all_options
from signoff.bot.emulator.blocks.returned import displayed
from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.workspace.state_values import is_many, state_value, value_key
from signoff.bot.emulator.workspace.workspace import Workspace

_YES = {True: ("yes", "true"), False: ("no", "false")}


def from_plain(element: Json, plain: Any, workspace: Workspace, offered: list[Json]) -> Json:
    """The state value object of an element for a plain value.

    Options are named by label or value, people by `@name`, channels by `#name` and files by id. `offered` are the
    options that the app offers in an external select. Dates and times are strings as in the state value object; a
    date and time together are seconds since the epoch. A single checkbox accepts True and False. Raises
    `no_such_option`, `user_not_found`, `channel_not_found` or `file_not_found`.
    """
    if plain is None:
        return state_value(element, [] if is_many(element["type"]) else None)
    if is_many(element["type"]):
        return state_value(element, [_one(element, item, workspace, offered) for item in _many(element, plain)])
    return state_value(element, _one(element, plain, workspace, offered))


def choose(options: list[Json], wanted: Any) -> Json:
    """The option with that label or value; True and False also match yes and no. Raises `no_such_option`."""
    names = {str(wanted).lower(), *(_YES[wanted] if isinstance(wanted, bool) else ())}
    for option in options:
        if names & {displayed(option["text"]["text"]).lower(), option["value"].lower()}:
            return option
    labels = ", ".join(displayed(option["text"]["text"]) for option in options)
    raise SlackError("no_such_option", message=f"There is no option {wanted!r}. The options are: {labels}.")


def _many(element: Json, plain: Any) -> list[Any]:
    if isinstance(plain, bool) and element["type"] == "checkboxes" and len(element["options"]) == 1:
        return [element["options"][0]["value"]] if plain else []
    return list(plain) if isinstance(plain, (list, tuple, set)) else [plain]


def _one(element: Json, plain: Any, workspace: Workspace, offered: list[Json]) -> Any:
    match value_key(element["type"]).removesuffix("s"):
        case "selected_option":
            return choose(offered if "external" in element["type"] else all_options(element), plain)
        case "selected_user":
            return workspace.directory.person(plain).id
        case "selected_channel" | "selected_conversation":
            return workspace.directory.conversation(plain).id
        case "file":
            return workspace.files.get(str(plain)).slack_json()
        case "rich_text_value":
            return _rich_text(plain) if isinstance(plain, str) else plain
        case "selected_date_time":
            return plain
        case _:
            return str(plain)


def _rich_text(text: str) -> Json:
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    return {"type": "rich_text", "elements": [section]}
