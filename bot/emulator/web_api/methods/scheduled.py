"""`chat.scheduleMessage`, `chat.deleteScheduledMessage` and `chat.scheduledMessages.list`."""

from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.web_api.methods.call import Call, Method
from signoff.bot.emulator.web_api.methods.chat import content_of, target_of, thread_of, writable
from signoff.bot.emulator.workspace.directory import BOT_ID


def schedule(call: Call) -> Json:
    """Schedule a message. Raises `invalid_time`, and what posting it now would raise."""
    conversation = writable(call, target_of(call))
    post_at = call.arguments.required("post_at")
    if not post_at.isdecimal():
        raise SlackError("invalid_time")
    content = content_of(call)
    thread_ts = thread_of(call, conversation)
    message = call.workspace.scheduled.add(conversation.id, int(post_at), content, thread_ts)
    shown: Json = {"text": content.text, "bot_id": BOT_ID, "type": "delayed_message", "subtype": "bot_message"}
    if content.blocks:
        shown["blocks"] = content.blocks
    return {
        "channel": conversation.id,
        "scheduled_message_id": message.id,
        "post_at": message.post_at,
        "message": shown,
    }


def delete(call: Call) -> Json:
    """Delete a scheduled message that is not due within a minute."""
    conversation = call.conversation()
    call.workspace.scheduled.delete(conversation.id, call.arguments.required("scheduled_message_id"))
    return {}


def list_all(call: Call) -> Json:
    """The scheduled messages, of one channel if it is given, between `oldest` and `latest`."""
    channel = call.conversation().id if "channel" in call.arguments else None
    oldest = call.arguments.number("oldest", 0)
    latest = call.arguments.number("latest", 2**63)
    if oldest > latest:
        raise SlackError("invalid_arguments")
    found = [
        message.slack_json()
        for message in call.workspace.scheduled.in_order(channel)
        if oldest <= message.post_at <= latest
    ]
    page, cursor = call.page(found, default_limit=100)
    return {"scheduled_messages": page, "response_metadata": {"next_cursor": cursor}}


METHODS = {
    "chat.scheduleMessage": Method(schedule, scopes=("chat:write",)),
    "chat.deleteScheduledMessage": Method(delete, scopes=("chat:write",)),
    "chat.scheduledMessages.list": Method(list_all),
}
