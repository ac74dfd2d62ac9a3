"""Interaction payloads in Slack's form (docs.slack.dev/reference/interaction-payloads)."""

from typing import Any

from signoff.bot.emulator.protocol import Json
from signoff.bot.emulator.workspace.directory import (
    APP_ID,
    TEAM_DOMAIN,
    TEAM_ID,
    VERIFICATION_TOKEN,
    Conversation,
    User,
)
from signoff.bot.emulator.workspace.messages import Message
from signoff.bot.emulator.workspace.views import View

REPEATED_FIELDS = ("text", "value", "style", "confirm", "placeholder")
"""The fields of an element that its entry in `actions` repeats."""


def block_actions(user: User, container: Json, action: Json, *, trigger_id: str) -> Json:
    """A person pressed a button or changed a select. `container` is `in_message(…)` or `in_view(…)`."""
    return _interaction("block_actions", user) | container | {"trigger_id": trigger_id, "actions": [action]}


def block_suggestion(user: User, container: Json, block: Json, element: Json, query: str) -> Json:
    """A person types into an external select."""
    lookup = {"action_id": element["action_id"], "block_id": block["block_id"], "value": query}
    return _interaction("block_suggestion", user) | container | lookup


def view_submission(user: User, view: View, *, trigger_id: str, response_urls: list[Json]) -> Json:
    """A person submitted a modal."""
    return _interaction("view_submission", user) | {
        "trigger_id": trigger_id,
        "view": view.slack_json(),
        "response_urls": response_urls,
    }


def view_closed(user: User, view: View, *, is_cleared: bool) -> Json:
    """A person closed a modal. Slack does not include what was entered."""
    return _interaction("view_closed", user) | {
        "view": view.slack_json() | {"state": {"values": {}}},
        "is_cleared": is_cleared,
    }


def slash_command(
    user: User, conversation: Conversation, command: str, text: str, *, trigger_id: str, response_url: str
) -> Json:
    """A person typed a command."""
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": conversation.id,
        "channel_name": channel_name(conversation),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": response_url,
        "trigger_id": trigger_id,
    }


def shortcut(user: User, callback_id: str, *, trigger_id: str, action_ts: str) -> Json:
    """A person chose a global shortcut."""
    chosen = {"callback_id": callback_id, "trigger_id": trigger_id, "action_ts": action_ts}
    return _interaction("shortcut", user) | chosen


def message_shortcut(
    user: User,
    callback_id: str,
    conversation: Conversation,
    message_json: Json,
    *,
    trigger_id: str,
    action_ts: str,
    response_url: str,
) -> Json:
    """A person chose a shortcut in the menu of a message."""
    return _interaction("message_action", user) | {
        "callback_id": callback_id,
        "trigger_id": trigger_id,
        "action_ts": action_ts,
        "message_ts": message_json["ts"],
        "response_url": response_url,
        "channel": {"id": conversation.id, "name": channel_name(conversation)},
        "message": message_json,
    }


def in_message(
    conversation: Conversation, message: Message, message_json: Json, state: Json, response_url: str
) -> Json:
    """The fields of a payload for an interaction in a message."""
    container: dict[str, Any] = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": conversation.id,
        "is_ephemeral": message.ephemeral_to is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    return {
        "container": container,
        "channel": {"id": conversation.id, "name": channel_name(conversation)},
        "message": message_json,
        "state": {"values": state},
        "response_url": response_url,
    }


def in_view(view: View) -> Json:
    """The fields of a payload for an interaction in a view."""
    return {"container": {"type": "view", "view_id": view.id}, "view": view.slack_json()}


def channel_name(conversation: Conversation) -> str:
    """The conversation's name in payloads."""
    if conversation.is_im:
        return "directmessage"
    return "privategroup" if conversation.is_private else conversation.name


def _interaction(kind: str, user: User) -> Json:
    return {
        "type": kind,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team},
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }
