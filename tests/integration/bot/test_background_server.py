"""The server in a thread of its own stops without leaving anything open."""

import gc
import socket
import threading
from contextlib import suppress

from starlette.applications import Starlette

from signoff.bot.background_server import BackgroundServer, listen


def test_a_connection_that_comes_while_the_server_stops_is_closed() -> None:
    """Otherwise Python would close it some time later, with a warning."""
    listening = listen("127.0.0.1", 0)
    address = listening.getsockname()
    server = BackgroundServer(Starlette(), listening)
    server.start()
    assert server._server is not None
    loop, may_go_on = server._server.loop, threading.Event()
    # It is busy while the connection comes, and learns of both at once.
    loop.call_soon_threadsafe(may_go_on.wait)
    with socket.create_connection(address, timeout=30) as client:
        loop.call_soon_threadsafe(server._server.stopping.set)
        may_go_on.set()
        server.stop()
        with suppress(ConnectionResetError):
            assert client.recv(1) == b""
    gc.collect()
