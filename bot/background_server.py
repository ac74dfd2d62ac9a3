"""Runs Uvicorn in a thread of its own."""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import uvicorn
from starlette.types import ASGIApp

T = TypeVar("T")
GRACE_SECONDS = 1.0
"""Seconds that requests in progress have to finish."""


class BackgroundServer:
    """Serves an application in a thread, without signal handlers and without logging.

    Args:
        goodbye: Runs in the server's event loop before connections are closed.
    """

    def __init__(
        self, app: ASGIApp, listening: socket.socket, goodbye: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            # slack_sdk's built-in client can only close between two frames. Without pings it would wait for 3 s.
            ws_ping_interval=0.2,
        )
        self._server = _Server(config, goodbye)
        self._socket = listening
        self._thread = threading.Thread(target=self._server.run, args=([listening],), name="signoff-http", daemon=True)

    def start(self) -> None:
        """Start the thread. Returns when the server accepts requests."""
        self._thread.start()
        self._server.has_started.wait()

    def stop(self) -> None:
        """Stop the server. Returns when all connections are closed and the port is free."""
        self._server.loop.call_soon_threadsafe(self._server.stopping.set)
        self._thread.join()
        self._socket.close()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the server's event loop and wait for it, from another thread."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._server.loop).result()


class _Server(uvicorn.Server):
    loop: asyncio.AbstractEventLoop

    def __init__(self, config: uvicorn.Config, goodbye: Callable[[], Awaitable[None]] | None) -> None:
        super().__init__(config)
        self.has_started = threading.Event()
        self.stopping = asyncio.Event()
        self._goodbye = goodbye

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.loop = asyncio.get_running_loop()
        self.has_started.set()

    async def main_loop(self) -> None:
        await self.stopping.wait()  # uvicorn's own loop polls ten times a second

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Uvicorn's own shutdown takes at least a tenth of a second, and many tests stop a server.
        if self._goodbye is not None:
            await self._goodbye()
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if self.server_state.tasks:
            await asyncio.wait(self.server_state.tasks, timeout=GRACE_SECONDS)


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
