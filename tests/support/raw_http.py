"""HTTP as bytes, for requests that no HTTP client would send."""

import socket
import time
from collections.abc import Iterable
from contextlib import closing, suppress
from urllib.parse import urlsplit

from signoff.bot.emulator.delivery.http_delivery import signature
from signoff.bot.emulator.server import SIGNING_SECRET

TIMEOUT = 20.0

Header = tuple[bytes, bytes]


def connect(url: str) -> socket.socket:
    """A connection to the host of a URL."""
    parts = urlsplit(url)
    return socket.create_connection((str(parts.hostname), parts.port or 80), timeout=TIMEOUT)


def head(url: str, headers: Iterable[Header], length: int | None) -> bytes:
    """The beginning of a POST request, up to its body."""
    lines = [f"POST {urlsplit(url).path} HTTP/1.1".encode(), b"Host: signoff.example"]
    lines += [b"%b: %b" % header for header in headers]
    lines += [] if length is None else [b"Content-Length: %d" % length]
    return b"\r\n".join([*lines, b"", b""])


def post(url: str, headers: Iterable[Header], body: bytes) -> tuple[int, bytes]:
    """Post a body. Returns the status and the body of the response."""
    with closing(connect(url)) as connection:
        connection.sendall(head(url, [*headers, (b"Connection", b"close")], len(body)) + body)
        return response(connection)


def response(connection: socket.socket) -> tuple[int, bytes]:
    """The status and the body of a response, after which the server closes the connection, read or unread."""
    received = bytearray()
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            received += part
    first, _, rest = bytes(received).partition(b"\r\n\r\n")
    return int(first.split()[1]), rest


def is_closed(connection: socket.socket) -> bool:
    """Whether the server closes the connection without a response."""
    try:
        return connection.recv(1) == b""
    except ConnectionError:
        return True


def signed(body: bytes, *, secret: str = SIGNING_SECRET, age: int = 0) -> list[Header]:
    """The headers with which Slack signs a body."""
    stamp = str(int(time.time()) - age)
    digest = signature(secret, stamp, body.decode("latin-1")) if body.isascii() else ""
    return [(b"X-Slack-Request-Timestamp", stamp.encode()), (b"X-Slack-Signature", digest.encode())]
