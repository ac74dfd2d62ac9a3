"""Names in the place of mentions, so that a person who is merely a value of a prompt is not notified.

Slack notifies the people whom a message mentions when it is posted, but not when it is updated. So only the first
post of a card needs this treatment. From the first update on, the card holds real mentions.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace
from typing import Any

from signoff.bot.blockkit.blocks import Message
from signoff.bot.blockkit.lookalikes import look_of
from signoff.bot.blockkit.markup import escape
from signoff.flows.schema.slack_ids import USER_MENTION


def mentions_in(texts: Iterable[str]) -> set[str]:
    """The mentions of people in these texts, as `without_pings` takes those that stay."""
    return {found[0] for text in texts for found in USER_MENTION.finditer(text)}


def without_pings(message: Message, intended: Collection[str], name_of: Callable[[str], str | None]) -> Message:
    """`message` with people's names in place of their mentions.

    Args:
        intended: The mentions (`<@U…>`) that stay, because these people should be notified.
        name_of: Returns a person's name for their id; `None` if it is not known.
    """

    ids = {found[1] for found in USER_MENTION.finditer(str(message.blocks)) if found[0] not in intended}
    names = {user_id: name_of(user_id) or user_id for user_id in ids}
    namesakes = Counter(map(look_of, names.values()))

    def name_for(found: re.Match[str]) -> str:
        if found[0] in intended:
            return found[0]
        name = names[found[1]]
        # Two people may have one name. A mention would tell them apart.
        return f"@{escape(name)}{f' ({found[1]})' if namesakes[look_of(name)] > 1 else ''}"

    def replaced(part: Any) -> Any:
        match part:
            case {"type": "mrkdwn", "text": str(text)}:
                # Never matches text from people or flows, because that is escaped.
                return {**part, "text": USER_MENTION.sub(name_for, text)}
            case dict():
                return {key: replaced(value) for key, value in part.items()}
            case list():
                return [replaced(each) for each in part]
            case _:
                return part

    return replace(message, blocks=replaced(list(message.blocks)))
