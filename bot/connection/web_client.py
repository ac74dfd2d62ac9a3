"""The client for Slack's Web API, and how to tell its errors apart."""

import logging
from http.client import HTTPException

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

CALL_TIMEOUT = 5
"""Seconds that one call to Slack may take."""

NO_ANSWER = (OSError, HTTPException)
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


_logger = logging.getLogger("signoff.bot.slack_sdk")
# The SDK logs every error that it raises. Our callers log what it means instead.
_logger.setLevel(logging.CRITICAL)


def web_client(token: str, base_url: str, *, timeout: int = CALL_TIMEOUT) -> WebClient:
    """A client without retries: the SDK's own would post a message twice if only the response was lost."""
    return WebClient(token=token, base_url=base_url, timeout=timeout, retry_handlers=[], logger=_logger)


def name_of(error: SlackApiError) -> str:
    """Slack's name for an error, such as `invalid_auth`."""
    return str(error.response.get("error") or "no reason given")


def refuses_token(error: SlackApiError) -> bool:
    """Whether Slack refuses the token itself, so that retrying is pointless."""
    return name_of(error) in _BAD_TOKEN
