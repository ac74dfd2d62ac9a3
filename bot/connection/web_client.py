"""The client for Slack's Web API, and what its calls raise: no answer, a refused token, anything else."""

import logging
from http.client import HTTPException

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

CALL_TIMEOUT = 5
"""Seconds that one call to Slack may take."""

NO_ANSWER = (OSError, HTTPException)
"""Slack was not reached, took too long, or its answer was cut off: what was asked for may have happened."""

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
# The SDK logs each error that it raises. Who catches it says in a sentence what follows from it.
_logger.setLevel(logging.CRITICAL)


def web_client(token: str, base_url: str, *, timeout: int = CALL_TIMEOUT) -> WebClient:
    """A client that tries each call once: the SDK's own way would repeat a post whose answer was lost."""
    return WebClient(token=token, base_url=base_url, timeout=timeout, retry_handlers=[], logger=_logger)


def name_of(error: SlackApiError) -> str:
    """Slack's name for an error: `invalid_auth`."""
    return str(error.response.get("error") or "no reason given")


def refuses_token(error: SlackApiError) -> bool:
    """Whether the token itself is refused, which no waiting mends."""
    return name_of(error) in _BAD_TOKEN
