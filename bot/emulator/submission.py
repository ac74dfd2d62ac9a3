"""Submitting a modal: the state that is sent, and what the app's answer does to the views."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

from bot.emulator.blocks.check import checked_view
from bot.emulator.blocks.walk import elements
from bot.emulator.delivery import Ack
from bot.emulator.input_check import input_errors
from bot.emulator.plain_values import from_plain
from bot.emulator.state_values import value_of
from bot.emulator.views import View
from bot.emulator.wire import Json, SlackError
from bot.emulator.workspace import Workspace

Found = dict[str, list[Json]]
"""The options that external selects offer, by the label they were looked up for."""


def merged(view: View, values: Json) -> Json:
    """The view's state with `{block_id: {action_id: state value object}}` entered. Raises `unknown_input`."""
    state = deepcopy(view.state)
    for block_id, entered in values.items():
        for action_id, value in entered.items():
            if action_id not in state.get(block_id, {}):
                raise SlackError("unknown_input", message=f"The view has no input {block_id}/{action_id}.")
            state[block_id][action_id] = value
    return state


def state_of(view: View, values: Json, found: Found, workspace: Workspace) -> Json:
    """The view's state with what was entered: state value objects by block id, or plain values by label."""
    by_id = {name: value for name, value in values.items() if _is_by_id(view, name, value)}
    state = merged(view, by_id)
    for label, plain in values.items():
        if label not in by_id:
            block, element = input_labelled(view, label)
            value = from_plain(element, plain, workspace, found.get(label, []))
            state[block["block_id"]][element["action_id"]] = value
    return state


def external_lookups(view: View, values: Json) -> Iterator[tuple[str, tuple[Json, Json], Any]]:
    """The (label, (block, element), wanted option) that the app must be asked for first."""
    for label, plain in values.items():
        if not _is_by_id(view, label, plain):
            block, element = input_labelled(view, label)
            if "external" in element["type"] and plain is not None:
                wanted = plain[0] if isinstance(plain, list) and len(plain) == 1 else plain
                yield label, (block, element), "" if isinstance(wanted, list) else wanted


def input_labelled(view: View, label: str) -> tuple[Json, Json]:
    """The (block, element) of the input with that label. Raises `unknown_input`, and says which there are."""
    labels = []
    for block, element in elements(view.blocks):
        if block["type"] == "input":
            labels.append(block["label"]["text"])
            if labels[-1] == label:
                return block, element
    raise SlackError("unknown_input", message=f"There is no input {label!r} among: {', '.join(labels)}.")


def check(view: View, workspace: Workspace) -> None:
    """Raises `invalid_input` with what the client finds wrong, by block id."""
    if errors := input_errors(view.blocks, view.state, workspace):
        raise SlackError("invalid_input", errors=errors)


def response_urls(view: View, workspace: Workspace, base_url: str) -> list[Json]:
    """One for each conversation that was chosen in an input with `response_url_enabled`."""
    issued = []
    for block, element in elements(view.blocks):
        if element.get("response_url_enabled"):
            channel = value_of(view.state[block["block_id"]][element["action_id"]])
            if channel:
                token = workspace.response_urls.issue(view.user, channel).token
                issued.append(
                    {
                        "block_id": block["block_id"],
                        "action_id": element["action_id"],
                        "channel_id": channel,
                        "response_url": f"{base_url}/respond/{token}",
                    }
                )
    return issued


def apply(ack: Ack, view: View, workspace: Workspace) -> Ack:
    """Do to the views what the app answered. An answer that Slack would not take becomes the ack's error."""
    answer = ack.response or {}
    try:
        match answer.get("response_action"):
            case None:
                workspace.views.close(view)
            case "clear":
                workspace.views.clear(view.user)
            case "errors":
                workspace.views.refuse(view, _errors(view, answer.get("errors")))
            case "update":
                workspace.views.update(_current(view, workspace), checked_view(answer.get("view"), "modal"))
            case "push":
                workspace.views.push(view.user, checked_view(answer.get("view"), "modal"))
            case _:
                raise SlackError("invalid_response_action")
    except SlackError as refusal:
        return replace(ack, error=refusal.error, response=answer | {"response_metadata": refusal.details})
    return ack


def _errors(view: View, errors: Any) -> dict[str, str]:
    """Errors by block id; each must name an input of the view."""
    inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or not errors.keys() <= inputs:
        raise SlackError("invalid_errors")
    if not all(isinstance(text, str) and text for text in errors.values()):
        raise SlackError("invalid_errors")
    return errors


def _current(view: View, workspace: Workspace) -> View:
    """The view as it is by now: the app may have called `views.update` before it acked."""
    return workspace.views.get(view.id)


def _is_by_id(view: View, name: str, value: Any) -> bool:
    return name in view.state and isinstance(value, dict) and all(isinstance(v, dict) for v in value.values())
