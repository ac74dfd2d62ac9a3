"""Types of what there is in Slack: a person, a channel. A list of them asks for several."""

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, WithJsonSchema

from signoff.flows.schema.formats import ASK_FOR_CHANNEL, ASK_FOR_USER, CHANNEL_ID, USER_ID


def _matching(pattern: re.Pattern[str], ask: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(ask)
        return value

    return check


SlackUser = Annotated[
    str,
    AfterValidator(_matching(USER_ID, ASK_FOR_USER)),
    WithJsonSchema({"type": "string", "format": "slack-user", "pattern": f"^{USER_ID.pattern}$"}),
]
"""The id of a person in Slack, such as `U024BE7LH`, chosen from those in the workspace."""

SlackChannel = Annotated[
    str,
    AfterValidator(_matching(CHANNEL_ID, ASK_FOR_CHANNEL)),
    WithJsonSchema({"type": "string", "format": "slack-channel", "pattern": f"^{CHANNEL_ID.pattern}$"}),
]
"""The id of a public or private channel, such as `C024BE91L`, chosen from those that the person can see."""
