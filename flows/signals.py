"""How a process hears that it is asked to end."""

import signal
import socket
from types import TracebackType
from typing import Self

_ENDING = (signal.SIGINT, signal.SIGTERM)


class AskedToEnd:
    """Hears SIGINT and SIGTERM. The first asks this process to end; a second one ends it where it stands.

    Has to be entered, in the main thread, before anybody is told to send one.
    """

    def __enter__(self) -> Self:
        self._is_asked = False
        # Python runs a handler between two steps of its own: it may come while an Event's lock is held, or just before
        # a wait that then nothing ends. What the system's handler writes into a socket is not missed.
        self._ear, self._mouth = socket.socketpair()
        self._mouth.setblocking(False)
        self._told_before = signal.set_wakeup_fd(self._mouth.fileno(), warn_on_full_buffer=False)
        self._heard_before = {number: signal.signal(number, self._hear) for number in _ENDING}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_asked:
            for number, handler in self._heard_before.items():
                signal.signal(number, handler)
        signal.set_wakeup_fd(self._told_before)
        self._ear.close()
        self._mouth.close()

    def wait(self) -> None:
        """Block until the process is asked to end."""
        while not self._is_asked:
            self._ear.recv(1)

    def _hear(self, *_: object) -> None:
        self._is_asked = True
        for number in _ENDING:
            signal.signal(number, signal.SIG_DFL)
