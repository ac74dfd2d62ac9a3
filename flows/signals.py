"""How a process hears that it is asked to end."""

import signal
import socket
from types import TracebackType
from typing import Self

_ENDING = (signal.SIGINT, signal.SIGTERM)


class ShutdownSignal:
    """Hears SIGINT and SIGTERM. The first asks this process to end; a second one ends it where it stands.

    Has to be entered, in the main thread, before anybody is told to send one.
    """

    def __enter__(self) -> Self:
        self._is_set = False
        # Python runs a handler between two steps of its own: it may come while an Event's lock is held, or just before
        # a wait that then nothing ends. What the system's handler writes into a socket is not missed.
        self._read_socket, self._write_socket = socket.socketpair()
        self._write_socket.setblocking(False)
        self._previous_fd = signal.set_wakeup_fd(self._write_socket.fileno(), warn_on_full_buffer=False)
        self._previous_handlers = {number: signal.signal(number, self._on_signal) for number in _ENDING}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_set:
            for number, handler in self._previous_handlers.items():
                signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_fd)
        self._read_socket.close()
        self._write_socket.close()

    def wait(self) -> None:
        """Block until the process is asked to end."""
        while not self._is_set:
            self._read_socket.recv(1)

    def _on_signal(self, *_: object) -> None:
        self._is_set = True
        for number in _ENDING:
            signal.signal(number, signal.SIG_DFL)
