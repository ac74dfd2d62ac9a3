"""Bounds on HTTP connections whose request has not arrived yet.

Uvicorn waits without end for the rest of a request. Whoever opens many connections and says nothing, or sends large
bodies and never ends them, would take all file descriptors or all memory. So such a connection is closed after a
while, and at once if there are too many of them: first the one that has waited longest, since a request from Slack
arrives within milliseconds. A request that has arrived is never dropped to make room.
"""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

REQUEST_WITHIN = 10.0
"""Seconds that a request may take from the opening of its connection, or from the response before it, to its end."""

MAX_WAITING = 128
"""How many connections may be waiting for the rest of a request."""

MAX_WAITING_BYTES = 16_000_000
"""How many bytes of unfinished requests are held, in all connections together."""

MAX_CONNECTIONS = 512
"""How many connections may be open before further requests are answered with status 503."""


class Waiting:
    """The connections of one server that wait for the rest of a request, the one that has waited longest first."""

    def __init__(self) -> None:
        files = _max_open_files()
        # The rest is left to the database, and to the bot's own connections to Slack.
        self.max_connections = min(MAX_CONNECTIONS, files // 2)
        self._max_waiting = min(MAX_WAITING, files // 8)
        self._sizes: dict[LimitedProtocol, int] = {}
        self._bytes = 0

    def add(self, connection: "LimitedProtocol") -> None:
        """Note that a connection waits for a request."""
        self._sizes[connection] = 0
        if len(self._sizes) > self._max_waiting:
            self._close(next(iter(self._sizes)))

    def received(self, connection: "LimitedProtocol", size: int) -> None:
        """Note that so many more bytes of an unfinished request have arrived."""
        self._sizes[connection] += size
        self._bytes += size
        if self._bytes > MAX_WAITING_BYTES:
            self._close(max(self._sizes, key=self._sizes.__getitem__))

    def remove(self, connection: "LimitedProtocol") -> None:
        """Note that a connection waits no longer, because its request has arrived or it was closed."""
        self._bytes -= self._sizes.pop(connection, 0)

    def _close(self, connection: "LimitedProtocol") -> None:
        self.remove(connection)
        connection.transport.abort()


class LimitedProtocol(H11Protocol):
    """A connection of Uvicorn's that is closed if its request does not arrive."""

    def __init__(self, waiting: Waiting, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._waiting = waiting
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request."""
        super().connection_made(transport)
        self._begin()

    def data_received(self, data: bytes) -> None:
        """Take a part of a request."""
        super().data_received(data)
        if self._timer is None:
            return
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY) and not self.transport.is_closing():
            self._waiting.received(self, len(data))
        else:
            self._end()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        # If a response was sent before its request had ended, the connection still waits for the end of that one.
        if self._timer is None and not self.transport.is_closing():
            self._begin()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Leave the connection to the protocol of websockets."""
        self._end()
        super().handle_websocket_upgrade(event)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._end()
        super().connection_lost(exc)

    def _begin(self) -> None:
        self._timer = self.loop.call_later(REQUEST_WITHIN, self.transport.abort)
        self._waiting.add(self)

    def _end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._waiting.remove(self)


def limited_protocol(waiting: Waiting) -> Callable[..., LimitedProtocol]:
    """What Uvicorn calls to make the protocol of a connection."""
    return lambda **arguments: LimitedProtocol(waiting, **arguments)


def _max_open_files() -> int:
    """How many files this process may have open; connections are files, too."""
    try:
        import resource
    except ImportError:  # on Windows
        return sys.maxsize
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit
