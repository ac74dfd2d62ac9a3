"""Socket Mode: Slack sends what people do over websockets that the bot opens, so that it needs no public address.

Slack's SDK has clients for this. They are not used, because they notice a dead connection only when a pong is missing
for most of a minute, never close one without a gap, and ignore `NO_PROXY`.
"""

import json
import logging
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from slack_bolt import App, BoltResponse
from slack_bolt.adapter.socket_mode.internals import run_bolt_app
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.request import SocketModeRequest
from websockets.exceptions import InvalidHandshake, InvalidURI

from signoff.bot.connection.signed_http import Unreadable
from signoff.bot.connection.web_client import explain, name_of, refuses_token, retry_after, web_client
from signoff.bot.connection.websocket import Connection
from signoff.flows.errors import BadSettings
from signoff.store.outage_log import OutageLog
from signoff.store.supervisor import SupervisedThread

logger = logging.getLogger(__name__)

PING_EVERY = 2.0
"""Seconds between two pings."""

SILENT_AFTER = 6.0
"""Seconds without a frame after which a connection is in doubt, and another one is opened beside it. Slack's answers to
pings are often later than 5 s (bolt-js #2496), so the first one stays open: what it still brings is taken."""

DEAD_AFTER = 60.0
"""Seconds without a frame after which a connection is given up."""

MAX_CONNECTIONS = 3
"""How many connections this process opens. Slack allows an app 10, with all its processes."""

FIRST_RETRY_AFTER = 0.5
"""Seconds between the first and the second attempt to connect. They double until a connection has lasted."""

STABLE_AFTER = 10.0
"""Seconds after which a connection has lasted."""

MAX_RETRY_AFTER = 5.0
"""The longest time between two attempts, unless Slack has refused one."""

RETRY_REFUSED_AFTER = 30.0
"""Seconds until the next attempt after Slack has refused a connection, unless it says how long to wait."""

CONCURRENCY = 16
"""How many requests are handled at once."""

_FAREWELLS = {
    "link_disabled": "Socket Mode is turned off for the app. Turn it on under Socket Mode in the app's settings.",
    "too_many_websockets": "The app has ten connections open already, which is Slack's limit. Stop other processes.",
}
"""What a person has to do, by Slack's reason to close a connection. For all other reasons, the bot connects again."""


class SocketTransport:
    """Keeps a connection to Slack that works. When one is in doubt or about to be closed, another is opened beside it.

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
        self._workers = ThreadPoolExecutor(CONCURRENCY, thread_name_prefix="signoff-socket-work")
        self._connections: list[Connection] = []
        self._failures = 0
        self._next_attempt = 0.0
        self._stopping = threading.Event()
        self._wakeup = threading.Event()
        self._watch = SupervisedThread(self._watch_connections, name="signoff-socket-watch")

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
            self._failed(error)
        except Exception as error:  # noqa: BLE001 - see _failed
            self._failed(error)
        self._watch.start()

    def stop(self) -> None:
        """Finish the requests in progress, then disconnect."""
        self._stopping.set()
        self._wakeup.set()
        self._watch.stop()
        self._workers.shutdown()
        for connection in self._connections:
            connection.close()
        self._connections.clear()

    def _watch_connections(self) -> None:
        while not self._stopping.is_set():
            self._wakeup.wait(self._look())
            self._wakeup.clear()

    def _look(self) -> float:
        """Test the connections, and open one if none can be relied on. Returns the seconds until the next look."""
        for each in list(self._connections):
            if each.is_closed or each.silent_for > DEAD_AFTER:
                self._connections.remove(each)
                each.close()
            else:
                each.ping()
        reliable = [each for each in self._connections if _is_reliable(each)]
        if reliable:
            if any(each.age > STABLE_AFTER for each in reliable):
                self._failures = 0
            return PING_EVERY
        if time.monotonic() >= self._next_attempt and len(self._connections) < MAX_CONNECTIONS:
            try:
                self._connect()
            except Exception as error:  # noqa: BLE001 - see _failed
                self._failed(error)
            else:
                self._outage.worked()
                logger.info("Reconnected to Slack")
                return PING_EVERY
        wait = self._next_attempt - time.monotonic()
        return min(wait, PING_EVERY) if wait > 0 else PING_EVERY

    def _connect(self) -> None:
        url = str(self._client.apps_connections_open(app_token=self._token)["url"])
        self._connections.append(Connection(url, self._receive, self._wakeup.set))
        # It may be closed at once, again and again.
        self._postpone()

    def _failed(self, error: Exception) -> None:
        """Note that connecting failed. A connection raises whatever its socket and the handshake met."""
        if isinstance(error, SlackApiError):
            self._outage.failed(name_of(error))
            asked = retry_after(error.response)
            self._next_attempt = time.monotonic() + (
                RETRY_REFUSED_AFTER if asked is None else max(asked, FIRST_RETRY_AFTER)
            )
        else:
            self._outage.failed(_reason(error))
            self._postpone()

    def _postpone(self) -> None:
        self._next_attempt = time.monotonic() + min(FIRST_RETRY_AFTER * 2**self._failures, MAX_RETRY_AFTER)
        self._failures = min(self._failures + 1, 10)

    def _receive(self, connection: Connection, text: str) -> None:
        message = _object_in(text)
        if message.get("type") == "disconnect":
            self._farewell(connection, str(message.get("reason")))
        elif (request := SocketModeRequest.from_dict(dict(message))) is not None:
            with suppress(RuntimeError):  # it is stopping, and Slack asks somebody else
                self._workers.submit(self._handle, connection, request)

    def _farewell(self, connection: Connection, reason: str) -> None:
        """Slack is about to close a connection. What it sends until then still counts."""
        connection.is_leaving = True
        if reason in _FAREWELLS:
            self._outage.failed(_FAREWELLS[reason])
            self._next_attempt = time.monotonic() + RETRY_REFUSED_AFTER
        self._wakeup.set()

    def _handle(self, connection: Connection, request: SocketModeRequest) -> None:
        """Hand a payload to the app, and send its answer."""
        try:
            response = run_bolt_app(self._app, request)
        except Exception as error:  # noqa: BLE001 - Bolt raises whatever the payload makes it raise
            response = self._unreadable(request.payload, error)
        ack = _ack(request, response)
        if ack is not None and not any(each.send(ack) for each in (connection, *reversed(self._connections))):
            logger.warning("Slack was not told that it was heard, because the connection was lost")


def _is_reliable(connection: Connection) -> bool:
    """Whether Slack can be expected to send what people do over this connection."""
    return not (connection.is_closed or connection.is_leaving or connection.silent_for > SILENT_AFTER)


def _reason(error: Exception) -> str:
    """Why connecting failed. The URL is left out, since it holds a ticket."""
    match error:
        case InvalidURI():
            return "Slack named an address that is not one of a websocket"
        case InvalidHandshake():
            return f"the websocket was refused ({error})"
        case _:
            return explain(error)


def _object_in(text: str) -> Mapping[str, Any]:
    """The JSON object that Slack has sent; an empty one if it is something else."""
    with suppress(ValueError, RecursionError):
        found = json.loads(text)
        if isinstance(found, Mapping):
            return found
    return {}


def _ack(request: SocketModeRequest, response: BoltResponse) -> Mapping[str, Any] | None:
    """What Slack is told; `None` if the request failed, so that Slack tells the person."""
    if response.status != 200:
        return None
    ack: dict[str, Any] = {"envelope_id": request.envelope_id}
    if response.body:
        is_json = response.headers.get("content-type", [""])[0].startswith("application/json")
        ack["payload"] = json.loads(response.body) if is_json else {"text": response.body}
    return ack
