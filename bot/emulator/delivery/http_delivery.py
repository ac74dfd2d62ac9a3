"""Signed HTTP: payloads are posted to the app's request URL.

Signed as docs.slack.dev/authentication/verifying-requests-from-slack says.
"""

import hashlib
import hmac
import json
from urllib.parse import urlencode

import httpx

from signoff.bot.emulator.delivery.delivery import NotDelivered
from signoff.bot.emulator.wire import Json
from signoff.bot.emulator.workspace.timestamps import Clock


def signature(secret: str, timestamp: str, body: str) -> str:
    """The `x-slack-signature` of a body."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256)
    return f"v0={digest.hexdigest()}"


class HttpDelivery:
    """Posts payloads to one request URL."""

    via = "http"
    is_connected = True

    def __init__(self, request_url: str, signing_secret: str, clock: Clock) -> None:
        self._request_url = request_url
        self._secret = signing_secret
        self._clock = clock
        self._client = httpx.AsyncClient(trust_env=False, timeout=None)  # noqa: S113 (the delivery has the limit)

    async def send(self, kind: str, payload: Json) -> Json | None:
        """Post a payload. A command is a form of its own, everything else is JSON in the field `payload`."""
        body = urlencode(payload if kind == "slash_command" else {"payload": json.dumps(payload)})
        timestamp = str(int(self._clock()))
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": signature(self._secret, timestamp, body),
        }
        try:
            response = await self._client.post(self._request_url, content=body, headers=headers)
        except httpx.HTTPError as failure:
            raise NotDelivered("app_unreachable") from failure
        if response.status_code != httpx.codes.OK:
            raise NotDelivered("dispatch_failed", response.status_code)
        return _answer(response)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


def _answer(response: httpx.Response) -> Json | None:
    if not response.content:
        return None
    if response.headers.get("content-type", "").startswith("application/json"):
        try:
            answer = response.json()
        except ValueError as no_json:
            raise NotDelivered("dispatch_failed", response.status_code) from no_json
        return answer if isinstance(answer, dict) and answer else None
    return {"text": response.text}
