"""Waits for the signals that ask a process to shut down."""

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

_ENDING = (signal.SIGINT, signal.SIGTERM)


class ShutdownRequested(BaseException):
    """The process was asked to shut down before it was ready. `ShutdownSignal` catches it."""


class ShutdownSignal:
    """Catches SIGINT and SIGTERM. The first one asks the process to shut down, a second one kills it.

    It has to be entered in the main thread, before the process begins to start up. If it is asked to shut down while it
    does, `starting_up` leaves the block of the `with`, so that what was started is stopped.
    """

    def __enter__(self) -> Self:
        self._is_set = False
        self._is_starting = False
        # Not a threading.Event: Python runs signal handlers between two of its own instructions. One could run while
        # the event's lock is held, or just before a wait that nothing would end then. A byte that the system's handler
        # writes to a socket cannot be missed.
        self._read_socket, self._write_socket = socket.socketpair()
        self._write_socket.setblocking(False)
        self._previous_fd = signal.set_wakeup_fd(self._write_socket.fileno(), warn_on_full_buffer=False)
        self._previous_handlers = {number: signal.signal(number, self._on_signal) for number in _ENDING}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not self._is_set:
            for number, handler in self._previous_handlers.items():
                signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_fd)
        self._read_socket.close()
        self._write_socket.close()
        return isinstance(error, ShutdownRequested)

    @contextmanager
    def starting_up(self) -> Iterator[None]:
        """Start something up, and raise `ShutdownRequested` as soon as the process is asked to shut down.

        A start may take long, while it waits for a database for instance. Nothing of it needs to be finished: whatever
        a process does may be cut off by a `kill -9` as well.
        """
        self._is_starting = True
        try:
            if self._is_set:
                raise ShutdownRequested
            yield
        finally:
            self._is_starting = False

    def wait(self) -> None:
        """Block until the process is asked to shut down."""
        while not self._is_set:
            self._read_socket.recv(1)

    def _on_signal(self, *_: object) -> None:
        self._is_set = True
        for number in _ENDING:
            signal.signal(number, signal.SIG_DFL)
        if self._is_starting:
            raise ShutdownRequested
