"""The client for Slack's Web API, and how to tell its errors apart."""

import logging
import time
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.request import Request

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

CALL_TIMEOUT = 5
"""Seconds that one call to Slack may take."""

MAX_RETRY_AFTER = 3600
"""The longest time in seconds that Slack is left alone because a response asks for it."""

CONNECTION_ERRORS = (OSError, HTTPException)
"""Raised when Slack could not be reached, timed out, or was cut off. The call may still have taken effect."""

_BAD_TOKEN = frozenset(
    {
        "account_inactive",
        "invalid_auth",
        "missing_scope",
        "not_allowed_token_type",
        "not_authed",
        "token_expired",
        "token_revoked",
    }
)


SDK_LOGGER = logging.getLogger("signoff.bot.slack_sdk")
"""For the SDK, which logs every error that it raises. Our callers log what it means instead."""
SDK_LOGGER.setLevel(logging.CRITICAL)


class _Client(WebClient):
    """Sends its token to Slack alone: `urllib` would send it along wherever a response redirects to."""

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        token = req.headers.pop("Authorization", None)
        if token is not None:
            req.add_unredirected_header("Authorization", token)
        return super()._perform_urllib_http_request_internal(url, req)


def web_client(token: str, base_url: str, *, timeout: int = CALL_TIMEOUT) -> WebClient:
    """A client without retries: the SDK's own would post a message twice if only the response was lost."""
    return _Client(token=token, base_url=base_url, timeout=timeout, retry_handlers=[], logger=SDK_LOGGER)


def name_of(error: SlackApiError) -> str:
    """Slack's name for an error, such as `invalid_auth`."""
    return str(error.response.get("error") or "no reason given")


def retry_after(response: Any, *, now: float | None = None) -> float | None:
    """Seconds that Slack asks to wait before the next call, at most an hour; `None` if it does not say.

    Slack sends a number. HTTP also allows a date, which a proxy may send in its place.

    Args:
        response: The response of an error. Only its headers are read.
        now: Seconds since the epoch; by default, the present.
    """
    headers = getattr(response, "headers", None) or {}
    value = next((str(value) for name, value in headers.items() if str(name).lower() == "retry-after"), "").strip()
    if value.isascii() and value.isdecimal():
        return float(min(int(value[:6]), MAX_RETRY_AFTER))
    try:
        until = parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return min(max(until - (time.time() if now is None else now), 0.0), float(MAX_RETRY_AFTER))


def refuses_token(error: SlackApiError) -> bool:
    """Whether Slack refuses the token itself, so that retrying is pointless."""
    return name_of(error) in _BAD_TOKEN
