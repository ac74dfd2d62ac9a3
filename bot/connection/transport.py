"""The ways in which Slack reaches the app: Socket Mode and signed HTTP. Both run in threads of their own."""

import logging
import socket
import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.starlette.handler import to_starlette_response
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from signoff.bot.background_server import BackgroundServer, listen
from signoff.bot.connection.web_client import NO_ANSWER, name_of, refuses_token, web_client
from signoff.bot.settings import BadSettings
from signoff.store.outage_log import OutageLog

logger = logging.getLogger(__name__)

WATCH_EVERY = 2.0
"""Seconds between two checks of a Socket Mode connection."""

SDK_RECONNECTS_WITHIN = 15.0
"""Seconds that the SDK has to reconnect by itself."""

RETRY_REFUSED_AFTER = 30.0
"""Seconds until the next attempt after Slack has refused a connection, unless it says how long to wait."""

MAX_REQUEST_BYTES = 5_000_000
"""The largest request that is read before its signature is checked. No modal has a state that long."""

CONCURRENCY = 16
"""How many requests are handled at once in Socket Mode."""


def _without_trace(record: logging.LogRecord) -> bool:
    record.exc_info = None
    return True


_sdk_logger = logging.getLogger("signoff.bot.socket")
# Slack closes connections every few hours. The SDK logs that with a traceback, as if the program had failed.
_sdk_logger.addFilter(_without_trace)


class SocketTransport:
    """A websocket that the bot opens, so that it needs no public address.

    The SDK's client reconnects by itself, but may give up after a failed attempt (python-slack-sdk #1922). A thread
    therefore watches the connection, and replaces a client that does not come back.
    """

    def __init__(self, app: App, app_token: str) -> None:
        self._app = app
        # A separate client, because opening a connection takes the app-level token.
        self._client = web_client(app_token, app.client.base_url)
        self._token = app_token
        self._outage = OutageLog(logger, "Could not connect to Slack", level=logging.WARNING, each_reason=True)
        self._stopping = threading.Event()
        self._handler: SocketModeHandler | None = None
        self._watch = threading.Thread(target=self._watch_connection, name="signoff-socket-watch", daemon=True)

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
                    f"SLACK_APP_TOKEN: Slack refuses it ({name_of(error)}). It needs the scope connections:write."
                ) from None
            self._outage.failed(name_of(error))
        except NO_ANSWER as error:
            self._outage.failed(str(error))
        self._watch.start()

    def stop(self) -> None:
        """Disconnect."""
        self._stopping.set()
        if self._watch.is_alive():
            self._watch.join()
        self._drop()

    def _connect(self) -> None:
        # Asked for here, because the SDK would wait for as long as a rate limit says.
        url = self._client.apps_connections_open(app_token=self._token)["url"]
        handler = SocketModeHandler(
            self._app,
            self._token,
            logger=_sdk_logger,
            web_client=self._client,
            concurrency=CONCURRENCY,
        )
        client = handler.client
        client.wss_uri = url
        client.message_listeners.append(lambda _client, message, _raw: _send_at_once(client, message))
        try:
            handler.connect()  # type: ignore[no-untyped-call]
        except Exception:
            _close(handler)
            raise
        self._handler = handler

    def _drop(self) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            _close(handler)

    def _watch_connection(self) -> None:
        wait, away = WATCH_EVERY, 0.0
        while not self._stopping.wait(wait):
            wait = WATCH_EVERY
            if self._handler is not None and self._handler.client.is_connected():
                away = 0.0
                continue
            away += WATCH_EVERY
            if self._handler is None or away > SDK_RECONNECTS_WITHIN:
                wait = self._reconnect()

    def _reconnect(self) -> float:
        """Replace the connection. Returns the seconds until the next check."""
        self._drop()
        try:
            self._connect()
        except SlackApiError as error:
            self._outage.failed(name_of(error))
            return float(error.response.headers.get("Retry-After", RETRY_REFUSED_AFTER))
        except Exception as error:  # noqa: BLE001 - the SDK's client raises whatever its socket met
            self._outage.failed(str(error) or type(error).__name__)
        else:
            self._outage.worked()
            logger.info("Reconnected to Slack")
        return WATCH_EVERY


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

    Raises:
        BadSettings: If the server cannot listen on the address.
    """

    def __init__(self, app: App, host: str, port: int) -> None:
        self._app = app
        try:
            self._socket = listen(host, port)
        except OSError as error:
            raise BadSettings(f"SIGNOFF_HOST and SIGNOFF_PORT: cannot listen on {host}:{port} ({error}).") from None
        self.url = f"http://{host}:{self._socket.getsockname()[1]}/slack/events"
        routes = [Route("/slack/events", self._events, methods=["POST"])]
        self._server = BackgroundServer(Starlette(routes=routes), self._socket)

    def start(self) -> None:
        """Accept requests."""
        self._server.start()

    def stop(self) -> None:
        """Stop accepting requests."""
        self._server.stop()

    async def _events(self, request: Request) -> Response:
        body = bytearray()
        async for part in request.stream():
            body += part
            if len(body) > MAX_REQUEST_BYTES:
                return Response(status_code=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        bolt_request = BoltRequest(body=body.decode("utf-8", "replace"), headers=dict(request.headers))
        # Bolt's own adapter would block the event loop while a listener runs.
        return to_starlette_response(await run_in_threadpool(self._app.dispatch, bolt_request))
