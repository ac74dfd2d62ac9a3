"""The basics of Slack's protocol: JSON objects, ids and errors."""

import secrets
import string
from typing import Any

Json = dict[str, Any]

_ID_CHARACTERS = string.ascii_uppercase + string.digits


def new_id(prefix: str) -> str:
    """A new id in Slack's form: a prefix for the kind of object, then ten capital letters and digits."""
    return prefix + "".join(secrets.choice(_ID_CHARACTERS) for _ in range(10))


class SlackError(Exception):
    """An error that Slack reports with `"ok": false`.

    `error` is Slack's name for it. `details` are further keys of the response (`needed`, `response_metadata`, …).
    """

    def __init__(self, error: str, **details: Any) -> None:
        super().__init__(error)
        self.error = error
        self.details = details

    def body(self) -> Json:
        """The JSON body of the response."""
        return {"ok": False, "error": self.error, **self.details}
