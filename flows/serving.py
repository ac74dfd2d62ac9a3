"""A flow served by its own program: `my_flow.serve()`."""

import logging
import signal
import socket
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from flows.clock import Clock
from flows.engines.embedded import Worker
from flows.errors import InvalidFlow
from flows.flow import Flow
from flows.loading import is_importing
from flows.scheduler import Declaration, Scheduler, own
from flows.schedules import Cron
from flows.settings import default_database

logger = logging.getLogger(__name__)


def serve(flow: Flow[Any, Any], name: str, schedule: Cron | None, parameters: Mapping[str, Any]) -> None:
    """Run worker, clock and schedules of one flow until SIGINT or SIGTERM.

    Args:
        name: What the schedule is called; one of that name that is no longer wanted is ended.
        parameters: What the schedule's runs are given, JSON values by name.

    Raises:
        InvalidFlow: If this is called while a flow file is imported, which would then never end.
        store.errors.StoreError: If the record cannot be used.
    """
    if is_importing():
        raise InvalidFlow(
            f'the flow {flow.name} is served while its file is imported; put that under `if __name__ == "__main__":`.'
        )
    _log_where_nobody_does()
    declared = [*own([flow]), Declaration(flow.name, name, schedule, parameters)]
    db = default_database()
    with AskedToEnd() as asked, Clock(db), Worker(db, [flow]), Scheduler(db, declared):
        logger.info("Ready, flows: %s", flow.name)
        asked.wait()
        logger.info("Stopping")


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


_ENDING = (signal.SIGINT, signal.SIGTERM)


def _log_where_nobody_does() -> None:
    """Let a program that has set up no logging say on stderr what goes on."""
    if not logging.getLogger().handlers:
        logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
        logging.getLogger("flows").setLevel(logging.INFO)
