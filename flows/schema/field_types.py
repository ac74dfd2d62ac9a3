"""Field types for what pydantic has no name for: Slack users, Slack channels, and times of day with a zone."""

import re
from collections.abc import Callable
from datetime import time
from typing import Annotated, Any

from pydantic import AfterValidator, GetCoreSchemaHandler, WithJsonSchema
from pydantic_core import CoreSchema, core_schema

from signoff.flows.schema.formats import ASK_FOR_CHANNEL, ASK_FOR_USER
from signoff.flows.schema.slack_ids import CHANNEL_ID, USER_ID


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
"""The id of a Slack user, such as `U024BE7LH`, chosen from those in the workspace."""

SlackChannel = Annotated[
    str,
    AfterValidator(_matching(CHANNEL_ID, ASK_FOR_CHANNEL)),
    WithJsonSchema({"type": "string", "format": "slack-channel", "pattern": f"^{CHANNEL_ID.pattern}$"}),
]
"""The id of a public or private channel, such as `C024BE91L`, chosen from those that the person can see."""


class _Aware:
    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.time_schema(tz_constraint="aware")


AwareTime = Annotated[time, _Aware]
"""A time of day with a time zone, like `AwareDatetime`. People enter it in UTC."""
