"""One websocket to Slack, and the thread that reads it."""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.protocol import Event
from websockets.sync.client import ClientConnection, connect

from signoff.bot.connection.proxies import proxy_for
from signoff.store.supervisor import SupervisedThread

CONNECT_TIMEOUT = 5.0
"""Seconds to open a connection."""

CLOSE_TIMEOUT = 1.0
"""Seconds that Slack has to confirm that a connection is closed."""

MAX_MESSAGE_BYTES = 5_000_000
"""The largest message that is read. No modal has a state that long."""

# The library logs each lost connection with a traceback.
_library_logger = logging.getLogger("signoff.bot.websockets")
_library_logger.setLevel(logging.CRITICAL)


class _Watched(ClientConnection):
    """Notes when the last frame came."""

    heard_at = 0.0

    def process_event(self, event: Event) -> None:
        self.heard_at = time.monotonic()
        super().process_event(event)


class Connection:
    """One websocket, and the thread that reads it.

    Args:
        receive: Called with each text that Slack sends.
        closed: Called when the connection is closed.
    """

    def __init__(self, url: str, receive: Callable[["Connection", str], None], closed: Callable[[], None]) -> None:
        self.is_leaving = False
        """Whether Slack has said that it will close this connection."""
        self.is_closed = False
        self._receive = receive
        self._closed = closed
        self._pong: threading.Event | None = None
        self._stack = ExitStack()
        opening = connect(
            url,
            proxy=proxy_for(url),
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            open_timeout=CONNECT_TIMEOUT,
            close_timeout=CLOSE_TIMEOUT,
            # Pings are sent by `SocketTransport`: the library would close a connection that is only slow.
            ping_interval=None,
            create_connection=_Watched,
            logger=_library_logger,
        )
        self._opened_at = time.monotonic()
        self._websocket: _Watched = self._stack.enter_context(opening)  # type: ignore[assignment]
        self._thread = SupervisedThread(self._read, name="signoff-socket")
        self._thread.start()

    @property
    def age(self) -> float:
        """Seconds since it was opened."""
        return time.monotonic() - self._opened_at

    @property
    def silent_for(self) -> float:
        """Seconds since Slack has sent something."""
        return time.monotonic() - self._websocket.heard_at

    def ping(self) -> None:
        """Have Slack answer, so that it is known whether it still can."""
        # One is enough, because TCP loses nothing. More would have to be remembered until they are answered.
        if self._pong is None or self._pong.is_set():
            with suppress(ConnectionClosed):
                self._pong = self._websocket.ping()

    def send(self, message: Mapping[str, Any]) -> bool:
        """Send a message. Returns whether the connection was open."""
        try:
            self._websocket.send(json.dumps(message))
        except ConnectionClosed:
            return False
        return True

    def close(self) -> None:
        """Disconnect."""
        self._stack.close()
        self._thread.stop()

    def _read(self) -> None:
        try:
            for text in self._websocket:
                self._receive(self, str(text))
        except ConnectionClosed:
            pass
        finally:
            # After any other error the library may be in the middle of something, so the connection is replaced, too.
            self.is_closed = True
            self._closed()
