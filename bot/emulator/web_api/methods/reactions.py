"""`reactions.*`: the emoji on messages."""

from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.web_api.methods.call import Call, Method
from signoff.bot.emulator.workspace.directory import BOT_USER_ID
from signoff.bot.emulator.workspace.messages import Message


def add(call: Call) -> Json:
    """Add an emoji as the app. Raises `already_reacted`, `invalid_name`, …"""
    call.workspace.messages.react(_message(call), call.arguments.required("name"), BOT_USER_ID)
    return {}


def remove(call: Call) -> Json:
    """Remove an emoji that the app added. Raises `no_reaction`."""
    call.workspace.messages.remove_reaction(_message(call), call.arguments.required("name"), BOT_USER_ID)
    return {}


def get(call: Call) -> Json:
    """A message and the emoji on it."""
    message = _message(call)
    shown = call.workspace.messages.slack_json(message, metadata=False)
    return {"type": "message", "channel": message.channel, "message": shown}


def list_all(call: Call) -> Json:
    """The messages to which a user, by default the app, has added emoji, newest first."""
    user = call.arguments.text("user", BOT_USER_ID)
    if user not in call.workspace.directory.users:
        raise SlackError("user_not_found")
    messages = call.workspace.messages
    found = [
        message
        for conversation in call.workspace.directory.conversations.values()
        if BOT_USER_ID in conversation.members
        for message in messages.in_channel(conversation.id)
        if any(user in users for users in message.reactions.values())
    ]
    found.sort(key=lambda message: message.ts, reverse=True)
    page, cursor = call.page(
        [
            {
                "type": "message",
                "channel": message.channel,
                "message": messages.slack_json(message, metadata=False),
            }
            for message in found
        ],
        default_limit=100,
    )
    return {"items": page, "response_metadata": {"next_cursor": cursor}}


def _message(call: Call) -> Message:
    if "timestamp" not in call.arguments or "channel" not in call.arguments:
        raise SlackError("no_item_specified")
    conversation = call.conversation()
    if conversation.is_archived:
        raise SlackError("is_archived")
    if BOT_USER_ID not in conversation.members:
        raise SlackError("not_in_channel")
    message = call.workspace.messages.find(conversation.id, call.arguments.text("timestamp"))
    if message is None or message.ephemeral_to:
        raise SlackError("message_not_found")
    return message


METHODS = {
    "reactions.add": Method(add, scopes=("reactions:write",)),
    "reactions.remove": Method(remove, scopes=("reactions:write",)),
    "reactions.get": Method(get, scopes=("reactions:read",)),
    "reactions.list": Method(list_all, scopes=("reactions:read",)),
}
