"""A way to a TCP server that breaks in the ways in which networks do."""

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from urllib.parse import urlsplit


class Link:
    """Passes connections on to the server behind `url`.

    Args:
        change: Changes what the client sends before it is passed on.
    """

    def __init__(self, url: str, *, change: Callable[[bytes], bytes] = lambda sent: sent) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "", parts.port or 80)
        self._change = change
        self._door = socket.create_server(("127.0.0.1", 0))
        self._pairs: list[_Pair] = []
        self.url = f"{parts.scheme}://127.0.0.1:{self._door.getsockname()[1]}"
        threading.Thread(target=self._admit, name="link", daemon=True).start()

    def reset(self) -> None:
        """End all connections as a router does that has forgotten them: the client gets a TCP reset."""
        for pair in self._take():
            pair.reset()

    def go_silent(self) -> list["_Pair"]:
        """Have nothing arrive any more, in either direction, over the connections there are; new ones work."""
        pairs = self._take()
        for pair in pairs:
            pair.is_silent = True
        return pairs

    def close(self) -> None:
        """Let nobody in any more, and end all connections."""
        # Otherwise the thread that waits for the next one would do so for ever.
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self.reset()

    def _take(self) -> list["_Pair"]:
        pairs, self._pairs = self._pairs, []
        return pairs

    def _admit(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                pair = _Pair(client, socket.create_connection(self._target))
                # Known before anything passes, so that nobody acts over a connection that cannot be broken yet.
                self._pairs.append(pair)
                pair.start(self._change)


class _Pair:
    """A connection of the client, and the one to the server that belongs to it."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.is_silent = False
        self._sockets = client, server

    def start(self, change: Callable[[bytes], bytes]) -> None:
        """Pass on what comes from either side, and change what the client sends."""
        client, server = self._sockets
        for source, sink, changed in ((client, server, change), (server, client, lambda sent: sent)):
            threading.Thread(target=self._pass, args=(source, sink, changed), name="link", daemon=True).start()

    def reset(self) -> None:
        """End both connections with a TCP reset."""
        for each in self._sockets:
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                # Otherwise the thread that reads it would keep it open.
                each.shutdown(socket.SHUT_RD)
            each.close()

    def _pass(self, source: socket.socket, sink: socket.socket, change: Callable[[bytes], bytes]) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if not self.is_silent:
                    sink.sendall(change(data))
        if not self.is_silent:
            with suppress(OSError):
                sink.shutdown(socket.SHUT_WR)


@contextmanager
def linked(url: str) -> Iterator[Link]:
    """A link to the server behind `url`."""
    with closing(Link(url)) as link:
        yield link
