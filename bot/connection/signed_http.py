"""Signed HTTP: Slack posts what people do to an address of the bot."""

import json
import logging
import math
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from urllib.parse import parse_qsl

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.adapter.starlette.handler import to_starlette_response
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from signoff.bot.background_server import BackgroundServer, listen
from signoff.bot.connection.signatures import Signature
from signoff.flows.errors import BadSettings
from signoff.flows.services.foreground import foreground

logger = logging.getLogger(__name__)

MAX_REQUEST_BYTES = 5_000_000
"""The largest request that is read. No modal has a state that long."""

WARN_EVERY = 60.0
"""Seconds between two log lines about unsigned requests."""

_READ_HEADERS = frozenset({"content-type", "x-slack-retry-num", "x-slack-retry-reason"})
"""The headers that Bolt gets. The signature does not cover headers, and others could change what Bolt does."""

_CLOSE = {"connection": "close"}
"""Ends the connection, so that nobody has to read the rest of a refused body."""


Unreadable = Callable[[object, Exception], BoltResponse]
"""Given a payload that Bolt cannot read, as far as it is one, and the error: answers it, and tells the person."""


class HttpTransport:
    """An HTTP server that Slack posts to, at `/slack/events`. The signature of every request is checked.

    Args:
        port: 0 chooses a free port.
        signing_secret: The secret with which Slack signs its requests.
        unreadable: Answers a payload that Bolt cannot read.

    Raises:
        BadSettings: If the server cannot listen on the address.
    """

    def __init__(self, app: App, host: str, port: int, *, signing_secret: str, unreadable: Unreadable) -> None:
        self._app = app
        self._unreadable = unreadable
        self._secret = signing_secret
        self._next_warning = -math.inf
        try:
            self._socket = listen(host, port)
        except OSError as error:
            raise BadSettings(f"SIGNOFF_HOST and SIGNOFF_PORT: cannot listen on {host}:{port} ({error}).") from None
        self.url = f"http://{host}:{self._socket.getsockname()[1]}/slack/events"
        routes = [Route("/slack/events", self._events, methods=["POST"])]
        application = Starlette(routes=routes)
        # It would redirect to whatever host a request names.
        application.router.redirect_slashes = False
        self._server = BackgroundServer(application, self._socket)

    def start(self) -> None:
        """Accept requests."""
        self._server.start()

    def stop(self) -> None:
        """Stop accepting requests."""
        self._server.stop()

    async def _events(self, request: Request) -> Response:
        # The headers first, so that only those who know their shape have a body read.
        signature = Signature.read(request.headers.raw, now=time.time())
        if signature is None:
            return self._unsigned()
        try:
            body = await _body(request)
        except ClientDisconnect:
            return Response()  # nobody is left to read it
        if body is None:
            return Response(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, headers=_CLOSE)
        if not signature.signs(body, self._secret):
            return self._unsigned()
        headers: dict[str, str | Sequence[str]] = {
            name: value for name, value in request.headers.items() if name in _READ_HEADERS
        }
        with foreground.work():
            # Bolt's own adapter would block the event loop while a listener runs.
            return await run_in_threadpool(self._dispatch, body, headers)

    def _dispatch(self, body: bytes, headers: dict[str, str | Sequence[str]]) -> Response:
        try:
            request = BoltRequest(body=body.decode(), headers=headers)
        except Exception as error:  # noqa: BLE001 - Bolt raises whatever the body makes it raise
            return to_starlette_response(self._unreadable(_payload_in(body), error))
        return to_starlette_response(self._app.dispatch(request))

    def _unsigned(self) -> Response:
        """Refuse a request without repeating anything of it. Logged once a minute, since anybody can send requests."""
        if time.monotonic() >= self._next_warning:
            self._next_warning = time.monotonic() + WARN_EVERY
            logger.warning(
                "Refused a request that is not signed with SLACK_SIGNING_SECRET, or whose timestamp is more than 5 "
                "minutes off. If Slack sent it, check that setting and this machine's clock."
            )
        return PlainTextResponse(
            "This request was not signed by Slack.\n", status_code=HTTPStatus.UNAUTHORIZED, headers=_CLOSE
        )


def _payload_in(body: bytes) -> object:
    """The payload of an interaction, an event or a command, without what Bolt makes of it; `None` if there is none."""
    try:
        text = body.decode()
        if text.lstrip().startswith("{"):
            return json.loads(text)
        form = dict(parse_qsl(text, keep_blank_values=True))
        return json.loads(form["payload"]) if "payload" in form else form
    except (ValueError, RecursionError):
        return None


async def _body(request: Request) -> bytes | None:
    """The body of a request; `None` if it is larger than any from Slack."""
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:20]) > MAX_REQUEST_BYTES:
        return None
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_REQUEST_BYTES:
            return None
    return bytes(body)
