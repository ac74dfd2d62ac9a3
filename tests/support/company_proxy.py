"""An HTTP proxy as companies have them. It asks for a password, and knows the name `slack.test`."""

import socket
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from tests.support.lossy_link import _Pair

NAME, PASSWORD = "ana", "correct-h@rse/battery"
HOST = "slack.test"
"""The name of this machine that only the proxy can resolve."""


class CompanyProxy:
    """Passes on what is sent to `HOST`, whole connections (`CONNECT`) and single requests.

    Attributes:
        passed: The first line of each request that was passed on.
        refused: How many requests were refused.
    """

    def __init__(self) -> None:
        self.passed: list[str] = []
        self.refused = 0
        self._door = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._door.getsockname()[1]}"
        self._pairs: list[_Pair] = []
        threading.Thread(target=self._admit, name="company-proxy", daemon=True).start()

    def close(self) -> None:
        """End all connections."""
        # Otherwise the thread that waits for the next one would do so for ever.
        with suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        for pair in self._pairs:
            pair.reset()

    def _admit(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._door.accept()
                threading.Thread(target=self._serve, args=(client,), name="company-proxy", daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            received = client.recv(65536)
            if not received:
                client.close()
                return
            head += received
        line, rest = head.split(b"\r\n", 1)
        credentials = b64encode(f"{NAME}:{PASSWORD}".encode())
        if b"authorization: basic " + credentials.lower() not in rest.lower():
            self.refused += 1
            client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            client.close()
            return
        self.passed.append(line.decode())
        method, target, version = line.decode().split()
        parts = urlsplit(target if method != "CONNECT" else f"//{target}")
        assert parts.hostname == HOST
        server = socket.create_connection(("127.0.0.1", parts.port or 80))
        if method == "CONNECT":
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            server.sendall(_known(f"{method} {parts.path}?{parts.query} {version}\r\n".encode() + rest))
        pair = _Pair(client, server)
        self._pairs.append(pair)
        pair.start(_known)


def _known(sent: bytes) -> bytes:
    """What was sent, with the only name under which the emulator can be reached."""
    return sent.replace(f"Host: {HOST}".encode(), b"Host: 127.0.0.1")


@contextmanager
def company_proxy() -> Iterator[CompanyProxy]:
    """A proxy."""
    proxy = CompanyProxy()
    try:
        yield proxy
    finally:
        proxy.close()
