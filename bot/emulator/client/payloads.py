"""The payloads that an app is sent, in Slack's form (docs.slack.dev/reference/interaction-payloads)."""

from typing import Any

from signoff.bot.emulator.wire import Json
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

DESCRIBED = ("text", "value", "style", "confirm", "placeholder")
"""What an entry of `actions` repeats of its element."""


def block_actions(user: User, source: Json, action: Json, *, trigger_id: str) -> Json:
    """A person pressed a button or changed a select. `source` is `in_message(…)` or `in_view(…)`."""
    return _interaction("block_actions", user) | source | {"trigger_id": trigger_id, "actions": [action]}


def block_suggestion(user: User, source: Json, block: Json, element: Json, query: str) -> Json:
    """A person types into an external select."""
    asked = {"action_id": element["action_id"], "block_id": block["block_id"], "value": query}
    return _interaction("block_suggestion", user) | source | asked


def view_submission(user: User, view: View, *, trigger_id: str, response_urls: list[Json]) -> Json:
    """A person submitted a modal."""
    return _interaction("view_submission", user) | {
        "trigger_id": trigger_id,
        "view": view.wire(),
        "response_urls": response_urls,
    }


def view_closed(user: User, view: View, *, is_cleared: bool) -> Json:
    """A person closed a modal. Slack reports nothing of what was entered then."""
    return _interaction("view_closed", user) | {
        "view": view.wire() | {"state": {"values": {}}},
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


def in_message(conversation: Conversation, message: Message, wired: Json, state: Json, response_url: str) -> Json:
    """The part of a payload that says: in this message."""
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
        "message": wired,
        "state": {"values": state},
        "response_url": response_url,
    }


def in_view(view: View) -> Json:
    """The part of a payload that says: in this view."""
    return {"container": {"type": "view", "view_id": view.id}, "view": view.wire()}


def channel_name(conversation: Conversation) -> str:
    """The name that payloads give a conversation."""
    if conversation.is_im:
        return "directmessage"
    return "privategroup" if conversation.is_private else conversation.name


def _interaction(kind: str, user: User) -> Json:
    return {
        "type": kind,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": TEAM_ID},
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
    }
