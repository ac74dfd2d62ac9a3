"""The arguments of a Web API call, from a form, JSON or the query string."""

import json
from typing import Any
from urllib.parse import parse_qsl

from signoff.bot.emulator.protocol import Json, SlackError


class Arguments:
    """Converts arguments to the type that the method expects. In a form all of them are text, even structures."""

    def __init__(self, values: Json) -> None:
        self._values = {name: value for name, value in values.items() if value is not None}

    @classmethod
    def parse(cls, body: bytes, content_type: str, query: str) -> "Arguments":
        """Parse a request. Raises `invalid_json`, `json_not_object` or `invalid_form_data`."""
        values: Json = dict(parse_qsl(query, keep_blank_values=True))
        if content_type.startswith("application/json"):
            try:
                decoded = json.loads(body or b"{}")
            except ValueError as error:
                raise SlackError("invalid_json") from error
            if not isinstance(decoded, dict):
                raise SlackError("json_not_object")
            return cls(values | decoded)
        if content_type.startswith("multipart/"):
            raise SlackError("invalid_form_data")
        return cls(values | dict(parse_qsl(body.decode(), keep_blank_values=True)))

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def text(self, name: str, default: str = "") -> str:
        """A text argument."""
        return str(self._values.get(name, default))

    def required(self, name: str) -> str:
        """A required text argument. Raises `invalid_arguments`."""
        if value := self.text(name):
            return value
        message = f"[ERROR] missing required field: {name}"
        raise SlackError("invalid_arguments", response_metadata={"messages": [message]})

    def flag(self, name: str) -> bool:
        """A boolean argument, False if it is missing."""
        return str(self._values.get(name, "")).lower() in {"1", "true"}

    def number(self, name: str, default: int) -> int:
        """An integer argument. Raises `invalid_arguments`."""
        try:
            return int(self._values.get(name, default))
        except ValueError as error:
            raise SlackError("invalid_arguments") from error

    def structure(self, name: str, error: str) -> Any:
        """A JSON argument, or None. Raises the given error if it cannot be parsed."""
        value = self._values.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as cause:
            raise SlackError(error) from cause

    def redacted(self) -> Json:
        """All arguments except the token, for the log of calls."""
        return {name: value for name, value in self._values.items() if name != "token"}
