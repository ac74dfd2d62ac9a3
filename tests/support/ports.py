"""Ports for servers that a test starts later, or a second time."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def reserved_port() -> Iterator[int]:
    """A port that nobody listens on, and that no other process gets by chance. A server of ours can listen on it.

    A socket that does not listen keeps others from getting the port when they ask for any, but not those that ask for
    this one with `SO_REUSEADDR`, as servers do.
    """
    with socket.socket() as reserved:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind(("127.0.0.1", 0))
        yield int(reserved.getsockname()[1])
