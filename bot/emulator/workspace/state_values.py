"""State value objects: the values of elements, in the form of `state.values`."""

from collections.abc import Callable
from typing import Any

from signoff.bot.emulator.blocks.walk import STATELESS, elements
from signoff.bot.emulator.protocol import Json, SlackError

_SINGLE = {
    "static_select": ("selected_option", "initial_option"),
    "external_select": ("selected_option", "initial_option"),
    "radio_buttons": ("selected_option", "initial_option"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "plain_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "rich_text_input": ("rich_text_value", "initial_value"),
}
_MANY = {
    "checkboxes": ("selected_options", "initial_options"),
    "multi_static_select": ("selected_options", "initial_options"),
    "multi_external_select": ("selected_options", "initial_options"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "file_input": ("files", "initial_files"),  # Slack has no initial files, so elements never have this key
}


def value_key(element_type: str) -> str:
    """The key of the value in the state value object: `selected_option` for a select, for example."""
    return (_SINGLE | _MANY)[element_type][0]


def is_many(element_type: str) -> bool:
    """Whether the element's value is a list."""
    return element_type in _MANY


def state_value(element: Json, value: Any) -> Json:
    """The state value object of an element with that value."""
    return {"type": element["type"], value_key(element["type"]): value}


def value_of(state: Json) -> Any:
    """The value that a state value object holds."""
    return state.get(value_key(state["type"]))


def initial_value(element: Json) -> Json:
    """The state value object of an element before anybody has changed it."""
    if element["type"] in _MANY:
        return state_value(element, element.get(_MANY[element["type"]][1], []))
    return state_value(element, element.get(_SINGLE[element["type"]][1]))


def initial_state(blocks: list[Json]) -> Json:
    """`state.values` of new blocks: the initial value of each element, or its empty value."""
    return _state(blocks, lambda _block, element: initial_value(element))


def state_after_update(blocks: list[Json], entered: Json, old_blocks: list[Json]) -> Json:
    """`state.values` after the blocks were replaced.

    An element keeps its value if its block id, action id and type are the same, even if its initial value is another
    one: to change what an input holds, an app has to change one of its ids (bolt-js #290, bolt-python #1064). An
    element that was empty and that nobody has touched shows its new initial value. If the options differ, the chosen
    ones must still exist.
    """
    old = {(block["block_id"], element.get("action_id")): element for block, element in elements(old_blocks)}

    def value(block: Json, element: Json) -> Json:
        before = old.get((block["block_id"], element["action_id"]))
        initial = initial_value(element)
        if before is None or before["type"] != element["type"]:
            return initial
        state: Json = entered[block["block_id"]][element["action_id"]]
        chosen = _as_list(value_of(state))
        if not chosen and not _as_list(value_of(initial_value(before))):
            return initial
        known = [*element.get("options", []), *_grouped_options(element)]
        return state if not known or all(option in known for option in chosen) else initial

    return _state(blocks, value)


def merged_state(state: Json, entered: Json) -> Json:
    """`state` updated with `{block_id: {action_id: state value object}}`. Raises `unknown_input`."""
    state = {block_id: dict(values) for block_id, values in state.items()}
    for block_id, values in entered.items():
        for action_id, value in values.items():
            if action_id not in state.get(block_id, {}):
                raise SlackError("unknown_input", message=f"There is no input {block_id}/{action_id}.")
            state[block_id][action_id] = value
    return state


def _state(blocks: list[Json], value: Callable[[Json, Json], Json]) -> Json:
    state: dict[str, Json] = {}
    for block, element in elements(blocks):
        if element["type"] not in STATELESS:
            state.setdefault(block["block_id"], {})[element["action_id"]] = value(block, element)
    return state


def _grouped_options(element: Json) -> list[Json]:
    return [option for group in element.get("option_groups", []) for option in group["options"]]


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
