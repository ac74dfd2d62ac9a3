"""How Slack reaches the app: Socket Mode, or signed HTTP. Both run beside the caller, between `start` and `stop`."""

import logging
import threading
from typing import Protocol

from slack_bolt import App, BoltRequest
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.adapter.starlette.handler import to_starlette_response
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.background_server import BackgroundServer, listen
from bot.settings import BadSettings

logger = logging.getLogger(__name__)

WATCH_EVERY = 10.0
"""Seconds between two looks at a Socket Mode connection."""

CONCURRENCY = 16
"""How many of Slack's requests are worked on at once in Socket Mode."""


class Transport(Protocol):
    """A way for Slack to reach the app."""

    def start(self) -> None:
        """Take requests from now on."""

    def stop(self) -> None:
        """Take no more, and let the one that is being answered end."""


class SocketTransport:
    """A websocket that this side opens: it needs no public address.

    The SDK's client reconnects by itself, and can stop doing so when an attempt fails; so it is looked after, and
    built anew when it stays away.
    """

    def __init__(self, app: App, app_token: str) -> None:
        self._app = app
        self._token = app_token
        self._stopping = threading.Event()
        self._handler: SocketModeHandler | None = None
        self._watch = threading.Thread(target=self._look_after, name="signoff-socket-watch", daemon=True)

    def start(self) -> None:
        """Connect. Slack being away now is no error: it is tried again.

        Raises:
            BadSettings: If Slack refuses the app token.
        """
        try:
            self._connect()
        except SlackApiError as error:
            raise BadSettings(
                f"SLACK_APP_TOKEN: Slack refuses it ({error.response.get('error')}). It needs connections:write."
            ) from None
        except (OSError, TimeoutError) as error:
            logger.warning("Slack cannot be reached, trying again: %s", error)
        self._watch.start()

    def stop(self) -> None:
        """Disconnect."""
        self._stopping.set()
        if self._watch.is_alive():
            self._watch.join()
        self._drop()

    def _connect(self) -> None:
        handler = SocketModeHandler(
            self._app,
            self._token,
            logger=logging.getLogger("bot.socket"),
            # A client of its own: opening a connection takes the app's token.
            web_client=WebClient(base_url=self._app.client.base_url, timeout=self._app.client.timeout),
            concurrency=CONCURRENCY,
        )
        try:
            handler.connect()  # type: ignore[no-untyped-call]
        except Exception:
            handler.close()  # type: ignore[no-untyped-call]
            raise
        self._handler = handler

    def _drop(self) -> None:
        handler, self._handler = self._handler, None
        if handler is not None:
            handler.close()  # type: ignore[no-untyped-call]

    def _look_after(self) -> None:
        away = 0
        while not self._stopping.wait(WATCH_EVERY):
            if self._handler is not None and self._handler.client.is_connected():
                away = 0
                continue
            away += 1
            # The first look leaves the SDK's own attempt its time.
            if away > 1 or self._handler is None:
                self._reconnect()

    def _reconnect(self) -> None:
        self._drop()
        try:
            self._connect()
        except (SlackApiError, OSError, TimeoutError) as error:
            logger.warning("Slack cannot be reached, trying again: %s", error)
        else:
            logger.info("Connected to Slack again")


class HttpTransport:
    """An address that Slack posts to, at `/slack/events`; every request's signature is checked.

    Args:
        port: 0 takes a free one.
    """

    def __init__(self, app: App, host: str, port: int) -> None:
        self._app = app
        self._socket = listen(host, port)
        self.url = f"http://{host}:{self._socket.getsockname()[1]}/slack/events"
        routes = [Route("/slack/events", self._events, methods=["POST"])]
        self._server = BackgroundServer(Starlette(routes=routes), self._socket)

    def start(self) -> None:
        """Take requests."""
        self._server.start()

    def stop(self) -> None:
        """Take no more."""
        self._server.stop()

    async def _events(self, request: Request) -> Response:
        body = (await request.body()).decode("utf-8", "replace")
        bolt_request = BoltRequest(body=body, headers=dict(request.headers))
        # Bolt's own adapter would hold up the event loop while a listener works.
        return to_starlette_response(await run_in_threadpool(self._app.dispatch, bolt_request))


def make_transport(app: App, *, app_token: str | None, host: str, port: int) -> SocketTransport | HttpTransport:
    """Socket Mode where there is an app token, signed HTTP otherwise."""
    return HttpTransport(app, host, port) if app_token is None else SocketTransport(app, app_token)
