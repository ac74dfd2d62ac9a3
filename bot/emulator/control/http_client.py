"""Requests to the control API, in this process or another."""

import json
from datetime import date, datetime
from datetime import time as clock_time
from typing import Any

import httpx

from signoff.bot.emulator.wire import Json

REQUEST_TIMEOUT = 10.0
"""Seconds that the control API may take to answer, and that a person waits for what they expect to see."""


class ActFailed(Exception):
    """An act that the workspace refused, or that the app failed to take.

    `error` is its name (`invalid_input`, `operation_timeout`, …), `errors` what stands under the inputs, by block id.
    """

    def __init__(self, answer: Json) -> None:
        self.error: str = answer["error"]
        self.errors: dict[str, str] = answer.get("errors", {})
        self.answer = answer
        super().__init__(f"{self.error}: {answer.get('message') or self.errors or ''}".rstrip(": "))


class HttpClient:
    """Reads and changes a workspace over its control API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/control", trust_env=False, timeout=REQUEST_TIMEOUT)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **query: str) -> Any:
        """Read. Raises `ActFailed`."""
        return _answer(self._http.get(path, params=query))

    def post(self, path: str, **body: Any) -> Json:
        """Change something. Raises `ActFailed` when the change is refused or fails."""
        response = self._http.post(path, content=json.dumps(body, default=_plain))
        answer: Json = _answer(response)
        return answer

    def delete(self, path: str) -> None:
        """Remove something. Raises `ActFailed`."""
        _answer(self._http.delete(path))


def _answer(response: httpx.Response) -> Any:
    answer = response.json()
    if isinstance(answer, dict) and answer.get("ok") is False:
        raise ActFailed(answer)
    return answer


def _plain(value: Any) -> Any:
    """Dates and times as state value objects hold them."""
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, clock_time):
        return value.strftime("%H:%M")
    return list(value) if isinstance(value, (set, frozenset, tuple)) else str(value)
