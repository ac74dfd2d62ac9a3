"""Submitting a modal: the state that is sent, and the effect of the app's response on the views."""

from collections.abc import Iterator
from typing import Any

from signoff.bot.emulator.blocks.returned import displayed, returned
from signoff.bot.emulator.blocks.validation import checked_view
from signoff.bot.emulator.blocks.walk import elements, inputs
from signoff.bot.emulator.client.containers import Target
from signoff.bot.emulator.client.input_check import input_errors
from signoff.bot.emulator.client.plain_values import from_plain
from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.workspace.state_values import merged_state, value_of
from signoff.bot.emulator.workspace.views import View
from signoff.bot.emulator.workspace.workspace import Workspace

OfferedOptions = dict[str, list[Json]]
"""The options that the app offers in external selects, by the label of the input."""


def state_of(view: View, values: Json, offered: OfferedOptions, workspace: Workspace) -> Json:
    """The view's state with these values: state value objects by block id, or plain values by label."""
    by_id = {name: returned(value) for name, value in values.items() if _is_by_id(view, name, value)}
    state = merged_state(view.state, by_id)
    for label, plain in values.items():
        if label not in by_id:
            block, element = input_labelled(view, label)
            value = from_plain(element, plain, workspace, offered.get(label, []))
            state[block["block_id"]][element["action_id"]] = value
    return state


def external_lookups(view: View, values: Json) -> Iterator[tuple[str, Target, str]]:
    """The (label, external select, query) of each lookup that the app has to answer before the submission."""
    for label, plain in values.items():
        if not _is_by_id(view, label, plain):
            block, element = input_labelled(view, label)
            if "external" in element["type"] and plain is not None:
                wanted = plain[0] if isinstance(plain, list) and len(plain) == 1 else plain
                target = Target(element["action_id"], block["block_id"], view.id)
                yield label, target, "" if isinstance(wanted, list) else str(wanted)


def input_labelled(view: View, label: str) -> tuple[Json, Json]:
    """The (block, element) of the input with that label. Raises `unknown_input`, which lists the labels."""
    labels = []
    for block in inputs(view.blocks):
        labels.append(displayed(block["label"]["text"]))
        if labels[-1] == label:
            return block, block["element"]
    raise SlackError("unknown_input", message=f"There is no input {label!r}. The inputs are: {', '.join(labels)}.")


def check(view: View, workspace: Workspace) -> None:
    """Raises `invalid_input` with the client's errors, by block id."""
    if errors := input_errors(view.blocks, view.state, workspace):
        raise SlackError("invalid_input", errors=errors)


def response_urls(view: View, workspace: Workspace) -> list[Json]:
    """A response URL for each conversation that was chosen in an input with `response_url_enabled`."""
    issued = []
    for block, element in elements(view.blocks):
        if element.get("response_url_enabled"):
            channel = value_of(view.state[block["block_id"]][element["action_id"]])
            if channel:
                issued.append(
                    {
                        "block_id": block["block_id"],
                        "action_id": element["action_id"],
                        "channel_id": channel,
                        "response_url": workspace.response_urls.issue(view.user, channel),
                    }
                )
    return issued


def apply(response: Json, view: View, workspace: Workspace) -> None:
    """Apply the app's response to the views.

    Raises `invalid_errors`, `invalid_arguments`, `push_limit_reached`, … for a response that Slack would reject.
    """
    if response.get("response_action") in {"errors", "update"}:
        view = workspace.views.get(view.id)  # the app may have called `views.update` before it acked
    match response.get("response_action"):
        case None:
            workspace.views.close(view)
        case "clear":
            workspace.views.clear(view.user)
        case "errors":
            workspace.views.show_errors(view, _errors(view, response.get("errors")))
        case "update":
            workspace.views.update(view, checked_view(response.get("view"), "modal"))
        case "push":
            workspace.views.push(view.user, checked_view(response.get("view"), "modal"))
        case _:
            raise SlackError("invalid_response_action")


def _errors(view: View, errors: Any) -> dict[str, str]:
    """Errors by block id. Each id must be that of an input of the view."""
    known = {block["block_id"] for block in inputs(view.blocks)}
    if not isinstance(errors, dict) or not errors or not errors.keys() <= known:
        raise SlackError("invalid_errors")
    if not all(isinstance(text, str) and text for text in errors.values()):
        raise SlackError("invalid_errors")
    return errors


def _is_by_id(view: View, name: str, value: Any) -> bool:
    return name in view.state and isinstance(value, dict) and all(isinstance(v, dict) for v in value.values())
