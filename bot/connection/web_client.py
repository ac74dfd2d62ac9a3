"""The client for Slack's Web API, and how to tell its errors apart."""

import functools
import logging
import socket
import ssl
import time
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.request import BaseHandler, HTTPSHandler, OpenerDirector, ProxyHandler, Request, build_opener

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient, WebhookResponse

from signoff.bot.connection.proxies import proxy_for

CALL_TIMEOUT = 5
"""Seconds that one call to Slack may take."""

MAX_RETRY_AFTER = 3600
"""The longest time in seconds that Slack is left alone because a response asks for it."""

CONNECTION_ERRORS = (OSError, HTTPException)
"""Raised when Slack could not be reached, timed out, or was cut off. The call may still have taken effect."""

BAD_TOKEN = frozenset(
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
"""Errors that mean that Slack refuses the token itself."""


_logger = logging.getLogger("signoff.bot.slack_sdk")
# The SDK logs every error that it raises. Our callers log what it means instead.
_logger.setLevel(logging.CRITICAL)


@functools.cache
def _tls() -> ssl.SSLContext:
    """The context of all connections. Making one takes long, because it reads the certificates of all authorities."""
    return ssl.create_default_context()


def opener_for(url: str, *handlers: BaseHandler) -> OpenerDirector:
    """Opens `url` and others of its host, through the proxy that the environment names, if it names one.

    Raises:
        BadSettings: If the environment names a proxy that cannot be used.
    """
    proxy = proxy_for(url)
    # Without a proxy of its own, `build_opener` would add one that goes by the environment.
    proxies = ProxyHandler({} if proxy is None else {"http": proxy, "https": proxy})
    return build_opener(proxies, HTTPSHandler(context=_tls()), *handlers)


class _Client(WebClient):
    """Sends its token to Slack alone: `urllib` would send it along wherever a response redirects to."""

    def __init__(self, *, base_url: str, **arguments: Any) -> None:
        super().__init__(base_url=base_url, **arguments)
        self._opener = opener_for(base_url)

    def _perform_urllib_http_request_internal(self, url: str, req: Request) -> dict[str, Any]:
        token = req.headers.pop("Authorization", None)
        if token is not None:
            req.add_unredirected_header("Authorization", token)
        # The SDK's own method would choose the proxy, and for each call read all certificates.
        with self._opener.open(req, timeout=self.timeout) as response:
            body = response.read().decode(response.headers.get_content_charset() or "utf-8")
            return {"status": response.status, "headers": response.headers, "body": body}


class _Webhook(WebhookClient):
    """Posts to a `response_url` through the same proxy as everything else."""

    def _perform_http_request_internal(self, url: str, req: Request) -> WebhookResponse:
        with opener_for(url).open(req, timeout=self.timeout) as response:
            body = response.read().decode(response.headers.get_content_charset() or "utf-8")
            return WebhookResponse(url=url, status_code=response.status, body=body, headers=response.headers)


def web_client(token: str | None, base_url: str, *, timeout: int = CALL_TIMEOUT) -> WebClient:
    """A client without retries: the SDK's own would post a message twice if only the response was lost.

    Raises:
        BadSettings: If the environment names a proxy that cannot be used.
    """
    return _Client(token=token, base_url=base_url, timeout=timeout, retry_handlers=[], logger=_logger)


def webhook(url: str, *, timeout: int = CALL_TIMEOUT) -> WebhookClient:
    """A client for a `response_url`. A URL that cannot be reached raises one of `CONNECTION_ERRORS`."""
    return _Webhook(url, timeout=timeout, retry_handlers=[], logger=_logger)


def explain(error: Exception) -> str:
    """Why Slack could not be reached, for an operator; with what to do if that is known."""
    cause = getattr(error, "reason", None)
    cause = cause if isinstance(cause, Exception) else error
    said = str(cause) or type(cause).__name__
    match cause:
        case ssl.SSLCertVerificationError():
            problem = getattr(cause, "verify_message", said)
            return (
                f"the certificate could not be verified ({problem}). If a proxy of your network opens TLS connections, "
                "set SSL_CERT_FILE to the file with its certificate"
            )
        case socket.gaierror():
            return f"its name could not be resolved ({said}). Check DNS and the network"
        case _ if "407" in said:
            return "the proxy asks for a name and a password. Write http://NAME:PASSWORD@… in HTTPS_PROXY"
        case _:
            return said


def name_of(error: SlackApiError) -> str:
    """Slack's name for an error, such as `invalid_auth`."""
    return str(error.response.get("error") or "no reason given")


def reason_of(error: Exception) -> str:
    """Why a call failed, in one line: Slack's name for the error, or what is known of the connection.

    The text of a `SlackApiError` has two, with the URL and all that Slack has said.
    """
    return name_of(error) if isinstance(error, SlackApiError) else str(error)


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
    return name_of(error) in BAD_TOKEN
