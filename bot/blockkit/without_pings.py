"""Mentions that tell nobody: a person who is merely a value of a prompt is named, not pinged.

Slack notifies those whom a message mentions when it is posted, and not when it is updated. So only the first post of
a card has to be quiet; from its first update on, the same people are mentioned in earnest.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

from signoff.bot.blockkit.blocks import Message
from signoff.bot.blockkit.markup import escape

_MENTION = re.compile(r"<@([UW][A-Z0-9]{2,})>")
"""Text from people and flows cannot hold one: it is escaped."""


def quiet(message: Message, told: Collection[str], name_of: Callable[[str], str | None]) -> Message:
    """`message` with the names of people where it would mention them.

    Args:
        told: The mentions (`<@U…>`) that stay, since they are meant.
        name_of: What a person is called, by their id; `None` where nobody knows.
    """

    def named(found: re.Match[str]) -> str:
        if found[0] in told:
            return found[0]
        return f"@{escape(name_of(found[1]) or found[1])}"

    def silenced(part: Any) -> Any:
        match part:
            case {"type": "mrkdwn", "text": str(text)}:
                return {**part, "text": _MENTION.sub(named, text)}
            case dict():
                return {key: silenced(value) for key, value in part.items()}
            case list():
                return [silenced(each) for each in part]
            case _:
                return part

    return replace(message, blocks=silenced(list(message.blocks)))
