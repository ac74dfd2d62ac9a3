"""A way to PostgreSQL that can be cut at the one moment when nobody knows whether a transaction was committed."""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from sqlalchemy.engine import make_url

COMMIT = b"COMMIT\0"
"""What a client sends at the end of each transaction that writes."""


class Lost(StrEnum):
    """What does not arrive: the wish to commit, or the word that it was done."""

    REQUEST = "request"
    REPLY = "reply"


class Proxy:
    """Passes connections on to the server behind `url`, and cuts them when it is told to.

    Args:
        often: Which part of all commits to cut off besides, at random.
    """

    def __init__(self, url: str, *, often: float = 0.0) -> None:
        self._target = make_url(url)
        self._often = often
        self._door = socket.create_server(("127.0.0.1", 0))
        self._lost: Lost | None = None
        self._lock = threading.Lock()
        self.was_cut = threading.Event()
        """Set as soon as a commit was cut off."""
        threading.Thread(target=self._admit, name="proxy", daemon=True).start()

    @property
    def url(self) -> str:
        """The same database, by this way."""
        port = self._door.getsockname()[1]
        return self._target.set(host="127.0.0.1", port=port, query={}).render_as_string(hide_password=False)

    def cut_next_commit(self, lost: Lost) -> None:
        """Cut the connection of the next transaction that commits."""
        self._lost = lost

    def close(self) -> None:
        """Let nobody in any more."""
        # Otherwise the thread that waits for the next one would do so for ever.
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()

    def _admit(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                threading.Thread(target=self._serve, args=(client,), name="proxied", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        mute = threading.Event()
        # Whichever side is gone: the other one is told so by the end of its own connection.
        with suppress(OSError), closing(client), closing(self._server()) as server:
            back = threading.Thread(target=_pass_back, args=(server, client, mute), name="proxied-back", daemon=True)
            back.start()
            try:
                while sent := client.recv(65536):
                    lost = self._taken() if COMMIT in sent else None
                    if lost is not None:
                        mute.set()
                        server.sendall(sent if lost is Lost.REPLY else b"")
                        # The server hangs up when it has done what it was sent, and the client hears of that only.
                        server.shutdown(socket.SHUT_WR)
                        back.join()
                        self.was_cut.set()
                        return
                    server.sendall(sent)
            finally:
                server.shutdown(socket.SHUT_RDWR)

    def _taken(self) -> Lost | None:
        with self._lock:
            lost, self._lost = self._lost, None
        if lost is None and random.random() < self._often:
            return random.choice(list(Lost))
        return lost

    def _server(self) -> socket.socket:
        folder = self._target.query.get("host")
        if folder is None:
            return socket.create_connection((self._target.host or "127.0.0.1", self._target.port or 5432))
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(str(Path(str(folder)) / f".s.PGSQL.{self._target.port or 5432}"))
        except OSError:
            server.close()
            raise
        return server


def _pass_back(server: socket.socket, client: socket.socket, mute: threading.Event) -> None:
    with suppress(OSError):
        while data := server.recv(65536):
            if not mute.is_set():
                client.sendall(data)
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)


@contextmanager
def proxied(url: str, *, often: float = 0.0) -> Iterator[Proxy]:
    """A proxy to the server behind `url`."""
    with closing(Proxy(url, often=often)) as proxy:
        yield proxy
