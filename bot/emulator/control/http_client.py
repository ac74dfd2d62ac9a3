"""HTTP requests to the control API."""

import json
from datetime import date, datetime
from datetime import time as clock_time
from typing import Any

import httpx

from signoff.bot.emulator.plain_http import NO_TLS
from signoff.bot.emulator.protocol import Json

REQUEST_TIMEOUT = 30.0
"""Seconds until a request times out, and until a person stops waiting for something to appear."""


class ActionFailed(Exception):
    """An action that the workspace rejected, or for which the app failed.

    `error` is the name of the error (`invalid_input`, `operation_timeout`, …). `errors` are the errors under the
    inputs, by block id.
    """

    def __init__(self, answer: Json) -> None:
        self.error: str = answer["error"]
        self.errors: dict[str, str] = answer.get("errors", {})
        self.answer = answer
        super().__init__(f"{self.error}: {answer.get('message') or self.errors or ''}".rstrip(": "))


class HttpClient:
    """Sends requests to the control API of the workspace at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/control", trust_env=False, timeout=REQUEST_TIMEOUT, verify=NO_TLS)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **query: str) -> Any:
        """Send a GET request. Raises `ActionFailed`."""
        return _body(self._http.get(path, params=query))

    def post(self, path: str, **body: Any) -> Json:
        """Send a POST request. Raises `ActionFailed`."""
        headers = {"Content-Type": "application/json"}
        response = self._http.post(path, content=json.dumps(body, default=_encode), headers=headers)
        result: Json = _body(response)
        return result

    def delete(self, path: str) -> None:
        """Send a DELETE request. Raises `ActionFailed`."""
        _body(self._http.delete(path))


def _body(response: httpx.Response) -> Any:
    body = response.json()
    if isinstance(body, dict) and body.get("ok") is False:
        raise ActionFailed(body)
    return body


def _encode(value: Any) -> Any:
    """Dates and times in the form of state value objects."""
    if isinstance(value, datetime):
        return int(value.timestamp())
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, clock_time):
        return value.strftime("%H:%M")
    return list(value) if isinstance(value, (set, frozenset, tuple)) else str(value)
