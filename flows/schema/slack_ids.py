"""What the ids of people and conversations in Slack look like.

The first letter gives the type: https://docs.slack.dev/reference/objects/conversation-object and
https://docs.slack.dev/reference/objects/user-object. `W` was given to people of an Enterprise organisation, `G` to
private channels that were created before 2021.
"""

import re

USER_ID = re.compile(r"[UW][A-Z0-9]{2,}")

USER_GROUP_ID = re.compile(r"S[A-Z0-9]{2,}")

CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{2,}")
"""A public or private channel."""

CONVERSATION_ID = re.compile(r"[CDG][A-Z0-9]{2,}")
"""Whatever a message can be posted to: a channel, or a direct message."""

USER_MENTION = re.compile(f"<@({USER_ID.pattern})>")
"""A mention in a message; its group is the person's id."""


def is_user_id(value: object) -> bool:
    """Whether `value` is written like the id of a person. It says nothing of whether there is such a person."""
    return isinstance(value, str) and USER_ID.fullmatch(value) is not None


def is_user_group_id(value: object) -> bool:
    """Whether `value` is written like the id of a user group."""
    return isinstance(value, str) and USER_GROUP_ID.fullmatch(value) is not None


def is_channel_id(value: object) -> bool:
    """Whether `value` is written like the id of a channel."""
    return isinstance(value, str) and CHANNEL_ID.fullmatch(value) is not None


def is_conversation_id(value: object) -> bool:
    """Whether `value` is written like the id of a channel or a direct message."""
    return isinstance(value, str) and CONVERSATION_ID.fullmatch(value) is not None
