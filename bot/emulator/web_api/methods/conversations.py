"""`conversations.*`: channels, direct messages and their history."""

from signoff.bot.emulator.protocol import Json, SlackError
from signoff.bot.emulator.web_api.methods.call import MAX_CONVERSATIONS, Call, Method
from signoff.bot.emulator.workspace.directory import BOT_USER_ID, Conversation
from signoff.bot.emulator.workspace.messages import Message

KINDS = ("channels", "groups", "im", "mpim")
TYPES = {"public_channel": "channels", "private_channel": "groups", "im": "im", "mpim": "mpim"}


def history(call: Call) -> Json:
    """The top-level messages of a conversation, newest first. The app has to be a member."""
    conversation = _readable(call)
    everything = call.workspace.messages.in_channel(conversation.id)
    found = [message for message in reversed(everything) if message.thread_ts is None and not message.ephemeral_to]
    return _listed(call, _between(call, found), default_limit=100)


def replies(call: Call) -> Json:
    """A message and the replies in its thread, oldest first. Raises `thread_not_found`."""
    conversation = _readable(call)
    parent = call.workspace.messages.find(conversation.id, call.arguments.required("ts"))
    if parent is None or parent.ephemeral_to:
        raise SlackError("thread_not_found")
    thread = call.workspace.messages.replies(parent)
    return _listed(call, [parent, *_between(call, thread)], default_limit=1000)


def info(call: Call) -> Json:
    """One conversation."""
    conversation = call.conversation()
    call.require(f"{conversation.kind}:read")
    return {"channel": conversation.slack_json()}


def list_all(call: Call) -> Json:
    """The conversations of the given `types`, which are public channels by default."""
    kinds = kinds_of(call)
    found = [
        conversation
        for conversation in call.workspace.directory.conversations.values()
        if conversation.kind in kinds
        and conversation.is_seen_by(BOT_USER_ID)
        and not (conversation.is_archived and call.arguments.flag("exclude_archived"))
    ]
    page, cursor = call.page(found, default_limit=100, max_limit=MAX_CONVERSATIONS)
    channels = [conversation.slack_json() for conversation in page]
    return {"channels": channels, "response_metadata": {"next_cursor": cursor}}


def kinds_of(call: Call) -> set[str]:
    """The kinds of conversations in the argument `types`. Raises `invalid_types` or `missing_scope`."""
    types = call.arguments.text("types", "public_channel").split(",")
    if not set(types) <= TYPES.keys():
        raise SlackError("invalid_types")
    kinds = {TYPES[name] for name in types}
    for kind in sorted(kinds):
        call.require(f"{kind}:read")
    return kinds


def join(call: Call) -> Json:
    """Add the app to a public channel."""
    conversation = call.conversation()
    if conversation.kind != "channels":
        raise SlackError("method_not_supported_for_channel_type")
    return {"channel": call.workspace.add_member(conversation, BOT_USER_ID, by=BOT_USER_ID).slack_json()}


def open_direct(call: Call) -> Json:
    """Open the direct messages with one person. Opening them again returns the same conversation."""
    if "channel" in call.arguments:
        return {"channel": call.conversation().slack_json()}
    users = call.arguments.required("users").split(",")
    if len(users) != 1:
        raise SlackError("missing_scope", needed="mpim:write", provided="")
    known = call.workspace.directory.direct_messages(users[0])
    conversation = call.workspace.open_direct_messages(users[0])
    opened = {"channel": conversation.slack_json() if call.arguments.flag("return_im") else {"id": conversation.id}}
    return opened | {"no_op": True, "already_open": True} if known else opened


def members(call: Call) -> Json:
    """The ids of a conversation's members."""
    conversation = call.conversation()
    call.require(f"{conversation.kind}:read")
    page, cursor = call.page(sorted(conversation.members), default_limit=100, max_limit=MAX_CONVERSATIONS)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def _readable(call: Call) -> Conversation:
    conversation = call.conversation()
    call.require(f"{conversation.kind}:history")
    if BOT_USER_ID not in conversation.members:
        raise SlackError("not_in_channel")
    return conversation


def _between(call: Call, messages: list[Message]) -> list[Message]:
    oldest = float(call.arguments.text("oldest") or "0")
    latest = float(call.arguments.text("latest") or "inf")
    if call.arguments.flag("inclusive"):
        return [message for message in messages if oldest <= float(message.ts) <= latest]
    return [message for message in messages if oldest < float(message.ts) < latest]


def _listed(call: Call, found: list[Message], *, default_limit: int) -> Json:
    page, cursor = call.page(found, default_limit)
    with_metadata = call.arguments.flag("include_all_metadata")
    return {
        "messages": [call.workspace.messages.slack_json(message, metadata=with_metadata) for message in page],
        "has_more": bool(cursor),
        "response_metadata": {"next_cursor": cursor},
    }


_HISTORY = tuple(f"{kind}:history" for kind in KINDS)
READ = tuple(f"{kind}:read" for kind in KINDS)
METHODS = {
    "conversations.history": Method(history, scopes=_HISTORY),
    "conversations.replies": Method(replies, scopes=_HISTORY),
    "conversations.info": Method(info, scopes=READ),
    "conversations.list": Method(list_all, scopes=READ),
    "conversations.members": Method(members, scopes=READ),
    "conversations.join": Method(join, scopes=("channels:join",)),
    "conversations.open": Method(open_direct, scopes=("im:write",)),
}
