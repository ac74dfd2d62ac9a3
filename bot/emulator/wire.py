"""What goes over the wire: JSON objects, Slack's ids, and Slack's errors."""

import secrets
import string
from typing import Any

Json = dict[str, Any]

_ID_CHARACTERS = string.ascii_uppercase + string.digits


def new_id(prefix: str) -> str:
    """A fresh id in Slack's form: a letter that tells the kind, then ten capitals and digits."""
    return prefix + "".join(secrets.choice(_ID_CHARACTERS) for _ in range(10))


class SlackError(Exception):
    """An error that Slack answers with `"ok": false`.

    `error` is Slack's name for it, `details` are further keys of the answer (`needed`, `response_metadata`, …).
    """

    def __init__(self, error: str, **details: Any) -> None:
        super().__init__(error)
        self.error = error
        self.details = details

    def body(self) -> Json:
        """The answer's JSON body."""
        return {"ok": False, "error": self.error, **self.details}
