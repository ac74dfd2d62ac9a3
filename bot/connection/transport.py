"""The ways in which Slack reaches the app: Socket Mode and signed HTTP. Both run in threads of their own."""

import json
import logging
import math
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.socket_mode.internals import run_bolt_app, send_response
from slack_bolt.adapter.starlette.handler import to_starlette_response
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from signoff.bot.background_server import BackgroundServer, listen
from signoff.bot.connection.signatures import Signature
from signoff.bot.connection.web_client import CONNECTION_ERRORS, name_of, refuses_token, retry_after, web_client
from signoff.flows.errors import BadSettings
from signoff.store.outage_log import OutageLog
from signoff.store.supervisor import SupervisedThread

logger = logging.getLogger(__name__)

WATCH_EVERY = 2.0
"""Seconds between two checks of a Socket Mode connection."""

SDK_RECONNECTS_WITHIN = 15.0
"""Seconds that the SDK has to reconnect by itself."""

RETRY_REFUSED_AFTER = 30.0
"""Seconds until the next attempt after Slack has refused a connection, unless it says how long to wait."""

MAX_REQUEST_BYTES = 5_000_000
"""The largest request that is read. No modal has a state that long."""

WARN_EVERY = 60.0
"""Seconds between two log lines about unsigned requests."""

CONCURRENCY = 16
"""How many requests are handled at once in Socket Mode."""

_READ_HEADERS = frozenset({"content-type", "x-slack-retry-num", "x-slack-retry-reason"})
"""The headers that Bolt gets. The signature does not cover headers, and others could change what Bolt does."""

_CLOSE = {"connection": "close"}
"""Ends the connection, so that nobody has to read the rest of a refused body."""


def _without_trace(record: logging.LogRecord) -> bool:
    record.exc_info = None
    return True


_sdk_logger = logging.getLogger("signoff.bot.socket")
# Slack closes connections every few hours. The SDK logs that with a traceback, as if the program had failed.
_sdk_logger.addFilter(_without_trace)


Unreadable = Callable[[object, Exception], BoltResponse]
"""Given a payload that Bolt cannot read, as far as it is one, and the error: answers it, and tells the person."""


class SocketTransport:
    """A websocket that the bot opens, so that it needs no public address.

    The SDK's client reconnects by itself, but may give up after a failed attempt (python-slack-sdk #1922). A thread
    therefore watches the connection, and replaces a client that does not come back.

    Args:
        unreadable: Answers a payload that Bolt cannot read.
    """

    def __init__(self, app: App, app_token: str, *, unreadable: Unreadable) -> None:
        self._app = app
        self._unreadable = unreadable
        # A separate client, because opening a connection takes the app-level token.
        self._client = web_client(app_token, app.client.base_url)
        self._token = app_token
        self._outage = OutageLog(logger, "Could not connect to Slack", level=logging.WARNING, each_reason=True)
        self._stopping = threading.Event()
        self._handler: SocketModeHandler | None = None
        self._watch = SupervisedThread(self._watch_connection, name="signoff-socket-watch")

    def start(self) -> None:
        """Connect. If Slack is unreachable, keep trying.

        Raises:
            BadSettings: If Slack refuses the app-level token.
        """
        try:
            self._connect()
        except SlackApiError as error:
            if refuses_token(error):
                raise BadSettings(
                    f"SLACK_APP_TOKEN: Slack rejects it ({name_of(error)}). Copy it again, or generate one with the "
                    "scope connections:write."
                ) from None
            self._outage.failed(name_of(error))
        except CONNECTION_ERRORS as error:
            self._outage.failed(str(error))
        self._watch.start()

    def stop(self) -> None:
        """Disconnect."""
        self._stopping.set()
        self._watch.stop()
        self._drop()

    def _connect(self) -> None:
        # Asked for here, because the SDK would wait for as long as a rate limit says.
        url = self._new_url()
        handler = _SocketModeHandler(
            self._app,
            self._token,
            logger=_sdk_logger,
            web_client=self._client,
            concurrency=CONCURRENCY,
        )
        handler.unreadable = self._unreadable
        client = handler.client
        client.wss_uri = url
        client.issue_new_wss_url = lambda: self._url_for(client)  # type: ignore[method-assign]
        client.message_listeners.append(lambda _client, message, _raw: _send_at_once(client, message))
        try:
            handler.connect()  # type: ignore[no-untyped-call]
        except Exception:
            _close(handler)
            raise
        self._handler = handler

    def _new_url(self) -> str:
        return str(self._client.apps_connections_open(app_token=self._token)["url"])

    def _url_for(self, client: SocketModeClient) -> str:
        """A URL with which the SDK connects again. Its own way sleeps for as long as a rate limit says."""
        try:
            return self._new_url()
        except Exception:
            # It would take the connection that it wanted to replace for one that works.
            client.disconnect()
            raise

    def _drop(self) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            _close(handler)

    def _watch_connection(self) -> None:
        wait, away = WATCH_EVERY, 0.0
        while not self._stopping.wait(wait):
            wait = WATCH_EVERY
            if self._handler is not None and _has_dead_thread(self._handler):
                logger.error("A Slack SDK thread stopped with an error; reconnecting")
                wait = self._reconnect()
            elif self._handler is not None and self._handler.client.is_connected():
                away = 0.0
            elif self._handler is None or away > SDK_RECONNECTS_WITHIN:
                wait = self._reconnect()
            else:
                away += WATCH_EVERY

    def _reconnect(self) -> float:
        """Replace the connection. Returns the seconds until the next check."""
        self._drop()
        try:
            self._connect()
        except SlackApiError as error:
            self._outage.failed(name_of(error))
            wait = retry_after(error.response)
            return RETRY_REFUSED_AFTER if wait is None else max(wait, WATCH_EVERY)
        except Exception as error:  # noqa: BLE001 - the SDK's client raises whatever its socket met
            self._outage.failed(str(error) or type(error).__name__)
        else:
            self._outage.worked()
            logger.info("Reconnected to Slack")
        return WATCH_EVERY


class _SocketModeHandler(SocketModeHandler):
    """Answers every payload. Bolt's own logs one that it cannot read with a traceback, and the person hears nothing."""

    unreadable: Unreadable

    def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        """Hand a payload to the app, and send its answer."""
        started = time.time()
        try:
            response = run_bolt_app(self.app, req)
        except Exception as error:  # noqa: BLE001 - Bolt raises whatever the payload makes it raise
            response = self.unreadable(req.payload, error)
        send_response(client, req, response, started)


def _has_dead_thread(handler: SocketModeHandler) -> bool:
    """Whether one of the SDK's threads has ended. It does not notice, and messages would stay unread or unhandled."""
    client = handler.client
    threads = (client.current_session_runner, client.current_app_monitor, client.message_processor)
    return not all(thread.is_alive() for thread in threads)


def _send_at_once(client: SocketModeClient, message: Mapping[str, Any]) -> None:
    """Send each ack at once. By default, TCP holds one back until the previous one was confirmed."""
    session = client.current_session
    if message.get("type") == "hello" and session is not None and session.sock is not None:
        session.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _close(handler: SocketModeHandler) -> None:
    """Finish the requests in progress, then disconnect."""
    client = handler.client
    client.closed = True
    client.auto_reconnect_enabled = False
    client.message_queue.put(None)  # wakes the reader, which would otherwise check once a second
    client.message_processor.shutdown()  # type: ignore[no-untyped-call]
    client.message_workers.shutdown()
    handler.close()  # type: ignore[no-untyped-call]


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
