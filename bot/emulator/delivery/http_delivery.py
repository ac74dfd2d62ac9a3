"""Signed HTTP: payloads are posted to the app's request URL.

The signature is described in docs.slack.dev/authentication/verifying-requests-from-slack.
"""

import hashlib
import hmac
import json
import secrets
from urllib.parse import urlencode

import httpx

from signoff.bot.emulator.delivery.delivery import NotDelivered, Retry
from signoff.bot.emulator.plain_http import NO_TLS
from signoff.bot.emulator.protocol import Json
from signoff.bot.emulator.workspace.directory import VERIFICATION_TOKEN
from signoff.bot.emulator.workspace.timestamps import Clock

VERIFICATION_LIMIT_SECONDS = 3.0


def signature(secret: str, timestamp: str, body: str) -> str:
    """The `x-slack-signature` of a body."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256)
    return f"v0={digest.hexdigest()}"


class HttpDelivery:
    """Posts payloads to one request URL.

    Before it sends events there, the URL has to repeat a challenge, without which Slack does not save a request URL
    for events. A URL that failed the challenge gets another one before the next event.
    """

    via = "http"
    is_connected = True

    def __init__(self, request_url: str, signing_secret: str, clock: Clock) -> None:
        self._request_url = request_url
        self._secret = signing_secret
        self._clock = clock
        self._is_verified = False
        verify = True if request_url.startswith("https:") else NO_TLS
        # `Delivery` has the time limit.
        self._client = httpx.AsyncClient(trust_env=False, timeout=None, verify=verify)  # noqa: S113

    async def verify(self) -> bool:
        """Send a challenge (docs.slack.dev/reference/events/url_verification); returns whether the app repeated it."""
        challenge = secrets.token_hex(16)
        body = json.dumps({"token": VERIFICATION_TOKEN, "challenge": challenge, "type": "url_verification"})
        try:
            response = await self._post(body, "application/json", timeout=VERIFICATION_LIMIT_SECONDS)
        except NotDelivered:
            return False
        # The app may repeat it as plain text, form or JSON.
        self._is_verified = response.status_code == httpx.codes.OK and challenge in response.text
        return self._is_verified

    async def send(self, kind: str, payload: Json, retry: Retry) -> Json | None:
        """Post a payload. An event is JSON, a command is a form, and others are JSON in the form field `payload`."""
        if kind == "event_callback":
            await self._send_event(payload, retry)
            return None
        body = urlencode(payload if kind == "slash_command" else {"payload": json.dumps(payload)})
        response = await self._post(body, "application/x-www-form-urlencoded")
        if response.status_code != httpx.codes.OK:
            raise NotDelivered("dispatch_failed", response.status_code)
        return _body(response)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _send_event(self, payload: Json, retry: Retry) -> None:
        if not self._is_verified and not await self.verify():
            raise NotDelivered("app_unreachable")
        headers = {}
        if retry.attempt:
            headers = {"x-slack-retry-num": str(retry.attempt), "x-slack-retry-reason": retry.reason}
        response = await self._post(json.dumps(payload), "application/json", headers=headers)
        if not response.is_success:
            no_retry = response.headers.get("x-slack-no-retry") == "1"
            raise NotDelivered("dispatch_failed", response.status_code, no_retry=no_retry)

    async def _post(
        self,
        body: str,
        content_type: str,
        *,
        headers: dict[str, str] | None = None,
        timeout: float | None = None,
    ) -> httpx.Response:
        timestamp = str(int(self._clock()))
        signed = {
            "content-type": content_type,
            "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "x-slack-request-timestamp": timestamp,
            "x-slack-signature": signature(self._secret, timestamp, body),
        }
        try:
            return await self._client.post(
                self._request_url, content=body, headers=signed | (headers or {}), timeout=timeout
            )
        except httpx.HTTPError as failure:
            raise NotDelivered("app_unreachable") from failure


def _body(response: httpx.Response) -> Json | None:
    if not response.content:
        return None
    if response.headers.get("content-type", "").startswith("application/json"):
        try:
            body = response.json()
        except ValueError as invalid:
            raise NotDelivered("dispatch_failed", response.status_code) from invalid
        return body if isinstance(body, dict) and body else None
    return {"text": response.text}
