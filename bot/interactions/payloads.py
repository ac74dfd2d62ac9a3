"""What every payload of a type has to hold before a listener reads it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from signoff.bot.surfaces.claims import Claim
from signoff.bot.surfaces.modal_metadata import ModalMetadata
from signoff.flows.schema.slack_ids import is_conversation_id, is_user_id
from signoff.store.records.votes import Shown

_PROMPT_ID = re.compile(r"[0-9a-f-]{36}")

_Text = Annotated[str, StringConstraints(min_length=1)]


class MalformedPayload(Exception):
    """A payload lacks a part, or a part has another type than Slack documents. The message names the part alone."""


class _Part(BaseModel):
    model_config = ConfigDict(strict=True)


class _User(_Part):
    id: _Text


class _State(_Part):
    values: dict[str, dict[str, dict[str, Any]]] = {}


class _View(_Part):
    id: _Text
    type: str
    callback_id: str = ""
    private_metadata: str | None = None
    blocks: list[dict[str, Any]] = []
    state: _State | None = None


class _Option(_Part):
    value: str


class _Action(_Part):
    action_id: _Text
    block_id: str = ""
    value: str | None = None
    selected_option: _Option | None = None


class _Actions(_Part):
    user: _User
    trigger_id: str = ""
    actions: Annotated[list[_Action], Field(min_length=1)]
    view: _View | None = None


class _ViewPayload(_Part):
    user: _User
    view: _View


class _Suggestion(_Part):
    user: _User
    view: _View
    block_id: str
    action_id: str
    value: str | None = None


class _Command(_Part):
    command: _Text
    user_id: _Text
    channel_id: _Text
    text: str = ""


class _Shortcut(_Part):
    user: _User
    callback_id: str
    trigger_id: str


class _Channel(_Part):
    id: _Text


class _ActedOn(_Part):
    ts: _Text
    text: str | None = None


class _MessageShortcut(_Shortcut):
    channel: _Channel
    message: _ActedOn


class _Message(_Part):
    subtype: str | None = None
    ts: str | None = None
    app_id: str | None = None
    metadata: dict[str, Any] | None = None
    bot_profile: dict[str, Any] | None = None


class _EventFields(_Part):
    type: _Text
    subtype: str | None = None
    deleted_ts: str | None = None
    message: _Message | None = None
    previous_message: _Message | None = None


class _Event(_Part):
    event: _EventFields


_PARTS: Mapping[str, type[_Part]] = {
    "block_actions": _Actions,
    "view_submission": _ViewPayload,
    "view_closed": _ViewPayload,
    "block_suggestion": _Suggestion,
    "event_callback": _Event,
    "shortcut": _Shortcut,
    "message_action": _MessageShortcut,
}


def check(body: object) -> None:
    """Check the parts of a payload that listeners rely on. Other types of payload are not checked.

    Raises:
        MalformedPayload: If a part is missing or has the wrong type.
    """
    if not isinstance(body, dict):
        raise MalformedPayload("it is not an object")
    kind = body.get("type")
    parts = _Command if "command" in body else _PARTS.get(kind) if isinstance(kind, str) else None
    if parts is None:
        return
    try:
        parts.model_validate(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        name = "a command" if parts is _Command else kind
        raise MalformedPayload(f"{name}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def origin_of(body: Mapping[str, Any]) -> str:
    """Who acted, where and on what, for the log: `U0ANARUIZ1 in C0RELEASES1, prompt 1f0c2a9e`.

    Of a payload, only what is written like an id is repeated.
    """
    origin = person_in(body) or "somebody"
    channel = _dict(body, "channel").get("id") or body.get("channel_id")
    if is_conversation_id(channel):
        origin += f" in {channel}"
    on_card = _dict(_dict(_dict(body, "message"), "metadata"), "event_payload").get("prompt_id")
    prompt = on_card or ModalMetadata.read(_dict(body, "view").get("private_metadata")).claim.prompt_id
    if isinstance(prompt, str) and _PROMPT_ID.fullmatch(prompt):
        origin += f", prompt {prompt[:8]}"
    return origin


def _dict(payload: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = payload.get(name)
    return found if isinstance(found, dict) else {}


def person_in(body: Mapping[str, Any]) -> str | None:
    """The id of the person who acted; `None` if the payload names nobody."""
    user = body.get("user")
    user_id = user.get("id") if isinstance(user, dict) else body.get("user_id")
    return user_id if isinstance(user_id, str) and is_user_id(user_id) else None


def claim_in(payload: Mapping[str, Any]) -> Claim:
    """The prompt, and the stage of it, that the button claims which somebody pressed."""
    return Claim.read(payload["actions"][0].get("value"))


def values_in(view: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was entered in a modal, by its blocks."""
    values: Mapping[str, Any] = (view.get("state") or {}).get("values") or {}
    return values


def pressed_in(payload: Mapping[str, Any]) -> Shown:
    """In which message somebody pressed a button, and of which stage that was.

    It is a claim. Of the message, only a card of the prompt can bear it out.
    """
    shown, container = Shown(stage=claim_in(payload).stage), payload.get("container")
    if not isinstance(container, Mapping) or container.get("type") != "message":
        return shown
    return replace(shown, channel=str(container.get("channel_id") or ""), ts=str(container.get("message_ts") or ""))
