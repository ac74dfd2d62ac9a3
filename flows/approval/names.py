"""How people are named in policies and on the command line, and what is wrong with a name that cannot be one."""

import re

from signoff.flows.schema.slack_ids import (
    CHANNEL_ID,
    USER_GROUP_ID,
    USER_ID,
    is_channel_id,
    is_conversation_id,
    is_user_group_id,
    is_user_id,
)

HANDLE = re.compile(r"@[\w][\w.'-]*")
CHANNEL = re.compile(r"#[^\s#@,<>|]+")
EMAIL = re.compile(r"[^@\s<>|]+@[^@\s<>|]+\.[^@\s<>|.]+")

_MENTION = re.compile(rf"<@({USER_ID.pattern})(?:\|[^>]*)?>")
_GROUP_MENTION = re.compile(rf"<!subteam\^({USER_GROUP_ID.pattern})(?:\|[^>]*)?>")
_CHANNEL_MENTION = re.compile(rf"<#({CHANNEL_ID.pattern})(?:\|[^>]*)?>")
_MAILTO = re.compile(rf"<?mailto:({EMAIL.pattern})(?:\|[^>]*)?>?")
_EVERYBODY = frozenset({"@here", "@channel", "@everyone"})


def spelling_fault(name: str) -> str:
    """Why this cannot be the name of an approver, and what to write instead; empty if it can be one.

    An approver is a person, a user group, or a channel whose members are meant. Whether there is one only a directory
    knows.
    """
    for mention in (_MENTION, _GROUP_MENTION, _CHANNEL_MENTION, _MAILTO):
        if found := mention.fullmatch(name):
            return f"This is a mention. Write {found[1]}."
    if name.casefold() in _EVERYBODY:
        return "This addresses a channel. To let everybody in the channel answer, leave the approvers out."
    if is_user_id(name) or is_user_group_id(name) or HANDLE.fullmatch(name) or EMAIL.fullmatch(name):
        return ""
    if CHANNEL.fullmatch(name) or is_channel_id(name):
        return ""
    if is_conversation_id(name):
        return "These are direct messages. Write the id of the person."
    without = name.removeprefix("@")
    if name.startswith("@") and EMAIL.fullmatch(without):
        return f"This is neither a handle nor an e-mail address. Write {without}, or {name.rpartition('@')[0]}."
    if HANDLE.fullmatch(f"@{name}"):
        return f"A handle begins with @, as in @{name}."
    return "This is not a handle, an e-mail address or an id. Write one of these, such as @ana or ana@example.com."
