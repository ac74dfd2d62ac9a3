"""`chat.*`: posting, updating and deleting messages."""

from dataclasses import replace

from signoff.bot.emulator.blocks.content import Content
from signoff.bot.emulator.blocks.validation import checked_content
from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.web_api.methods.call import Call, Method
from signoff.bot.emulator.workspace.directory import BOT_USER_ID, Conversation
from signoff.bot.emulator.workspace.messages import Message

MAX_TEXT = 40_000
"""Characters (docs of chat.postMessage)."""


def post_message(call: Call) -> Json:
    """Post to a channel, or to a person's id, which opens the direct messages with that person."""
    conversation = writable(call, target_of(call))
    content = content_of(call)
    thread_ts = thread_of(call, conversation)
    message = call.workspace.post_as_app(conversation.id, content, thread_ts=thread_ts)
    return {"channel": conversation.id, "ts": message.ts, "message": call.workspace.messages.slack_json(message)}


def post_ephemeral(call: Call) -> Json:
    """Show a message to one member of a channel. Slack does not store it."""
    conversation = writable(call, target_of(call))
    user = call.arguments.required("user")
    if user not in conversation.members:
        raise SlackError("user_not_in_channel")
    message = call.workspace.post_as_app(
        conversation.id, content_of(call), thread_ts=thread_of(call, conversation), ephemeral_to=user
    )
    return {"message_ts": message.ts}


def update(call: Call) -> Json:
    """Update a message of the app.

    Text without blocks removes the blocks. Everything else that is not given stays (docs of `chat.update`).
    """
    message = _own_message(call, error="cant_update_message")
    old = message.content
    new = content_of(call, default=old)
    keeps_blocks = "blocks" not in call.arguments and "text" not in call.arguments
    content = replace(
        new,
        blocks=old.blocks if keeps_blocks else new.blocks,
        metadata=new.metadata if "metadata" in call.arguments else old.metadata,
        attachments=new.attachments if "attachments" in call.arguments else old.attachments,
    )
    changed = call.workspace.messages.change(message, content)
    return {
        "channel": message.channel,
        "ts": message.ts,
        "text": changed.content.text,
        "message": call.workspace.messages.slack_json(changed),
    }


def delete(call: Call) -> Json:
    """Delete a message of the app."""
    message = _own_message(call, error="cant_delete_message")
    call.workspace.messages.delete(message)
    return {"channel": message.channel, "ts": message.ts}


def permalink(call: Call) -> Json:
    """The URL of a message, which leads to the emulator's page."""
    conversation = call.conversation()
    message = call.workspace.messages.find(conversation.id, call.arguments.required("message_ts"))
    if message is None or message.ephemeral_to:
        raise SlackError("message_not_found")
    path = f"{call.workspace.url}/#/archives/{conversation.id}/p{message.ts.replace('.', '')}"
    return {"channel": conversation.id, "permalink": path}


def target_of(call: Call) -> Conversation:
    """The conversation to post in: that of the argument, or the direct messages with a person."""
    channel = call.arguments.required("channel")
    if channel.startswith("U") and channel in call.workspace.directory.users:
        return call.workspace.open_direct_messages(channel)
    return call.conversation()


def writable(call: Call, conversation: Conversation) -> Conversation:
    """The conversation, if the app can post in it. Raises `is_archived`, `not_in_channel`, …"""
    if conversation.is_archived:
        raise SlackError("is_archived")
    if conversation.is_im and not call.workspace.manifest.messages_tab:
        raise SlackError("messages_tab_disabled")
    if BOT_USER_ID not in conversation.members and "chat:write.public" not in call.workspace.manifest.scopes:
        raise SlackError("not_in_channel")
    return conversation


def content_of(call: Call, default: Content | None = None) -> Content:
    """The content of the message. Raises `no_text`, `msg_too_long` and the errors of the blocks."""
    arguments = call.arguments
    content = Content(
        text=arguments.text("text", default.text if default else ""),
        blocks=arguments.structure("blocks", "invalid_blocks_format"),
        attachments=arguments.structure("attachments", "invalid_attachments"),
        metadata=arguments.structure("metadata", "invalid_metadata_format"),
    )
    if not content.text and not content.blocks and not content.attachments:
        raise SlackError("no_text")
    if len(content.text) > MAX_TEXT:
        raise SlackError("msg_too_long")
    return checked_content(content)


def thread_of(call: Call, conversation: Conversation) -> str | None:
    """The thread to post in. A reply to a reply goes into the same thread."""
    thread_ts = call.arguments.text("thread_ts")
    if not thread_ts:
        return None
    parent = call.workspace.messages.find(conversation.id, thread_ts)
    if parent is None or parent.ephemeral_to:
        raise SlackError("cannot_reply_to_message")
    return parent.thread_ts or parent.ts


def _own_message(call: Call, *, error: str) -> Message:
    conversation = call.conversation()
    if conversation.is_archived:
        raise SlackError("is_archived" if error == "cant_update_message" else error)
    message = call.workspace.messages.find(conversation.id, call.arguments.required("ts"))
    if message is None or message.ephemeral_to:
        raise SlackError("message_not_found")
    if not message.by_app:
        raise SlackError(error)
    return message


METHODS = {
    "chat.postMessage": Method(post_message, scopes=("chat:write",)),
    "chat.postEphemeral": Method(post_ephemeral, scopes=("chat:write",)),
    "chat.update": Method(update, scopes=("chat:write",)),
    "chat.delete": Method(delete, scopes=("chat:write",)),
    "chat.getPermalink": Method(permalink),
}
