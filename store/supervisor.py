"""Background threads that outlive their errors.

A loop handles the errors that it expects, such as a database that is down. Any other error would end its thread, and
with it everything that the thread does, while the rest of the process seems well. So each loop runs in a
`SupervisedThread`, which logs such an error and starts the loop again.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

logger = logging.getLogger(__name__)

FIRST_BACKOFF = 0.5
"""Seconds until the work is started again after its first failure. They double with each further one."""

MAX_BACKOFF = 30.0
"""The longest time until the work is started again, in seconds."""

RECOVERED_AFTER = 60.0
"""Seconds of work after which a failure belongs to the past."""


@dataclass(frozen=True, slots=True)
class ThreadState:
    """What is known about one supervised thread.

    Attributes:
        name: The thread's name.
        restarts: How often its work has failed since the process started.
        last_error: The last failure, without its message, which may hold a secret; `None` if there was none.
        is_failing: Whether its work failed less than `RECOVERED_AFTER` seconds ago.
    """

    name: str
    restarts: int
    last_error: str | None
    is_failing: bool


class SupervisedThread:
    """A daemon thread whose work is started again if it raises. If the work returns, the thread ends.

    Args:
        work: Runs until its owner tells it to return. It may be called more than once, one call after another.
        name: The name of the thread. It should say what the work is, because the log and `thread_states` show it.
    """

    def __init__(self, work: Callable[[], object], *, name: str) -> None:
        self.name = name
        self._work = work
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self.run, name=name, daemon=True)
        self._restarts = 0
        self._last_error: str | None = None
        self._failed_at = 0.0

    @property
    def state(self) -> ThreadState:
        """What is known about this thread now."""
        is_failing = self._restarts > 0 and time.monotonic() - self._failed_at < RECOVERED_AFTER
        return ThreadState(self.name, self._restarts, self._last_error, is_failing)

    def start(self) -> None:
        """Start the work."""
        self._thread.start()

    def stop(self, timeout: float | None = None) -> bool:
        """Wait until the work returns, and do not start it again. Tell the work to return before this is called.

        Args:
            timeout: Seconds to wait at most; `None` for no limit.

        Returns:
            Whether the thread has ended.
        """
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def run(self) -> None:
        """Do the work in the calling thread, which somebody else has started."""
        threading.current_thread().name = self.name
        _running.add(self)
        try:
            backoff = FIRST_BACKOFF
            while True:
                started = time.monotonic()
                try:
                    self._work()
                    return
                # SystemExit too: user code may raise it, and `threading` would end the thread without a word.
                except BaseException as error:  # noqa: BLE001
                    if time.monotonic() - started >= RECOVERED_AFTER:
                        backoff = FIRST_BACKOFF
                    self._note(error, backoff)
                if self._stopping.wait(backoff):
                    return
                backoff = min(backoff * 2, MAX_BACKOFF)
        finally:
            _running.discard(self)

    def _note(self, error: BaseException, backoff: float) -> None:
        self._restarts += 1
        self._last_error = type(error).__name__
        self._failed_at = time.monotonic()
        logger.error("The thread %s failed; restarting it in %.1f s", self.name, backoff, exc_info=error)


_running: set[SupervisedThread] = set()


def thread_states() -> list[ThreadState]:
    """The state of every supervised thread of this process that has not ended, by name."""
    return sorted((each.state for each in list(_running)), key=lambda state: state.name)
