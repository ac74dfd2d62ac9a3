"""Runs Uvicorn in a thread of its own."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp

from signoff.bot.http_limits import Waiting, limited_protocol
from signoff.store.supervisor import SupervisedThread

T = TypeVar("T")
GRACE_SECONDS = 1.0
"""Seconds that requests in progress have to finish."""

QUEUE = 1024
"""How many connections may be queued until they are accepted."""

PING_INTERVAL = 10.0
"""Seconds between two pings over a websocket, which is about how often Slack sends them."""

ACCEPT_AT_ONCE = 32
"""How many connections are accepted before those that are too many are closed."""


class BackgroundServer:
    """Serves an application in a thread, without signal handlers and without logging.

    Args:
        goodbye: Runs in the server's event loop before connections are closed.
        websockets: Whether the application has websockets. Without, a request for one is a request like any other.
        name: The name of the thread.
    """

    def __init__(
        self,
        app: ASGIApp,
        listening: socket.socket,
        goodbye: Callable[[], Awaitable[None]] | None = None,
        *,
        websockets: bool = False,
        name: str = "signoff-http",
    ) -> None:
        self._websockets = websockets
        self._app = app
        self._goodbye = goodbye
        self._socket = listening
        self._server: _Server | None = None
        self._has_started = threading.Event()
        self._stopping = threading.Event()
        self._thread = SupervisedThread(self._serve, name=name)

    def start(self) -> None:
        """Start the thread. Returns when the server accepts requests."""
        self._thread.start()
        self._has_started.wait()

    def stop(self) -> None:
        """Stop the server. Returns when all connections are closed and the port is free."""
        self._stopping.set()
        if self._server is not None:
            with suppress(RuntimeError):  # its event loop has just failed
                self._server.loop.call_soon_threadsafe(self._server.stopping.set)
        self._thread.stop()
        self._socket.close()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the server's event loop and wait for it, from another thread."""
        assert self._server is not None, "the server has not been started"  # noqa: S101
        return asyncio.run_coroutine_threadsafe(coroutine, self._server.loop).result()

    def _serve(self) -> None:
        """Serve until `stop` is called. Each event loop gets a server, and a socket, of its own."""
        waiting = Waiting()
        config = uvicorn.Config(
            self._app,
            http=limited_protocol(waiting),  # type: ignore[arg-type]
            limit_concurrency=waiting.max_connections,
            backlog=ACCEPT_AT_ONCE,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="websockets-sansio" if self._websockets else "none",
            ws_per_message_deflate=False,
            ws_ping_interval=PING_INTERVAL,
        )
        with self._socket.dup() as listening:
            _Server(config, self._goodbye, self._started).run([listening])

    def _started(self, server: "_Server") -> None:
        # asyncio takes its own backlog for both: how many connections it accepts at once, and how many may queue.
        self._socket.listen(QUEUE)
        self._server = server
        self._has_started.set()
        if self._stopping.is_set():
            server.stopping.set()


class _Server(uvicorn.Server):
    loop: asyncio.AbstractEventLoop

    def __init__(
        self,
        config: uvicorn.Config,
        goodbye: Callable[[], Awaitable[None]] | None,
        has_started: Callable[["_Server"], None],
    ) -> None:
        super().__init__(config)
        self.stopping = asyncio.Event()
        self._goodbye = goodbye
        self._has_started = has_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.loop = asyncio.get_running_loop()
        self._has_started(self)

    async def main_loop(self) -> None:
        try:
            await self.stopping.wait()  # uvicorn's own loop polls ten times a second
        except asyncio.CancelledError:
            # The event loop has failed. Otherwise clients would wait for responses that nobody sends.
            for connection in list(self.server_state.connections):
                connection.transport.abort()
            await asyncio.sleep(0)  # in which they are closed
            raise

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Uvicorn's own shutdown takes at least a tenth of a second, and many tests stop a server.
        if self._goodbye is not None:
            await self._goodbye()
        for server in self.servers:
            for listening in server.sockets:
                self.loop.remove_reader(listening.fileno())
        # What was accepted last becomes a connection within two rounds of the event loop. If the server were closed
        # before that, asyncio would neither serve the connection nor close it.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=GRACE_SECONDS)
        # A connection is closed in the next round of the event loop. Those that still wait for their peer are not.
        await asyncio.sleep(0)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)


def listen(host: str, port: int) -> socket.socket:
    """A socket that accepts connections. Port 0 chooses a free one.

    Raises:
        OSError: If the address is in use, or is not an address of this machine.
    """
    # asyncio sets TCP_NODELAY only if the protocol is given. Without it, each response takes 40 ms longer.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    listening.listen()
    return listening
