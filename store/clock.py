"""The clock of a database: the same for all processes that use the database, whatever their own clocks say.

Leases, deadlines, and the times from which runs, cards and deliveries are due are compared by different processes, on
different machines perhaps, and the system clock of any of them may be wrong, or be set while they wait. So all of these
are read from one clock. Each process learns once how that clock differs from its own count of seconds since the machine
started, which nobody can set and which goes on while the machine sleeps. From then on it reads the time without asking
anybody, and checks every few seconds whether the difference is still right.
"""

import logging
import os
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from signoff.store.errors import StoreError
from signoff.store.sql.transactions import ReadTransaction, Transaction

logger = logging.getLogger(__name__)

MAX_SKEW = timedelta(seconds=5)
"""How far a system clock may be off before somebody is told. Slack refuses nothing up to five minutes."""

UPTIME = Path("/proc/uptime")
"""The kernel's count of seconds since the start."""

_BOOT_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)
_correction = 0.0


def boot_seconds() -> float:
    """Seconds since this machine started, including those that it slept. Every process on it counts the same ones."""
    return _correction + (time.monotonic() if _BOOT_CLOCK is None else time.clock_gettime(_BOOT_CLOCK))


def system_seconds() -> float:
    """What has to be added to `boot_seconds` to get this process's system clock, in seconds since 1970."""
    # If the process is interrupted between the two clocks, the result is wrong by as long as that took.
    best, shortest = 0.0, float("inf")
    for _ in range(5):
        before = boot_seconds()
        wall = time.time()
        took = boot_seconds() - before
        if took < shortest:
            best, shortest = wall - before - took / 2, took
    return best


def _undo_libfaketime() -> None:
    """Correct the count of seconds if libfaketime has changed it for this process alone."""
    global _correction
    # Without libfaketime the file is not asked: in a container it may count from the start of the container.
    if _BOOT_CLOCK is not None and "libfaketime" in os.environ.get("LD_PRELOAD", ""):
        with suppress(OSError, ValueError, IndexError):
            uptime = float(UPTIME.read_text(encoding="ascii").split()[0])
            difference = uptime - time.clock_gettime(_BOOT_CLOCK)
            # The file is exact to a hundredth of a second.
            _correction = difference if abs(difference) > 1 else 0.0


class DatabaseClock(ABC):
    """The clock of one database, as this process reads it.

    Args:
        read: Opens a transaction to read from.
        write: Opens a transaction to write in.
    """

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[ReadTransaction]],
        write: Callable[[], AbstractContextManager[Transaction]],
    ) -> None:
        self._read = read
        self._write = write
        self._lock = threading.Lock()
        self._offset: float | None = None
        self._warned: timedelta | None = None

    def now(self) -> datetime:
        """The time by the database's clock.

        The first call reads the database. Later ones do not, so they can be made anywhere and do not fail.

        Raises:
            store.errors.StoreError: If the database cannot be read at the first call.
        """
        offset = self._offset
        if offset is None:
            offset = self.sync()
        return datetime.fromtimestamp(offset + boot_seconds(), UTC)

    def prepare(self) -> None:
        """Compare with the database's clock if that was not done yet. Called before each transaction that writes.

        Within one it would wait for ever on SQLite: to begin the clock needs a turn to write.
        """
        if self._offset is None:
            # If the database is at fault, the transaction says so.
            with suppress(StoreError):
                self.sync()

    @abstractmethod
    def wall_now(self) -> datetime:
        """The time of day, which may be set. For what happens at certain times of the day."""

    def sync(self) -> float:
        """Compare with the database's clock again.

        Returns:
            The seconds to add to `boot_seconds`.

        Raises:
            store.errors.StoreError: If the database cannot be read.
        """
        with self._lock:
            if self._offset is None:
                _undo_libfaketime()
            return self._sync()

    @abstractmethod
    def _sync(self) -> float:
        """Set `_offset`. The caller holds the lock."""

    def skew(self) -> timedelta:
        """How far the system clock of this process is ahead of the database's clock; negative if it is behind."""
        return datetime.fromtimestamp(time.time(), UTC) - self.now()

    @property
    @abstractmethod
    def name(self) -> str:
        """What a person would call it."""

    def check(self) -> None:
        """Compare with the database's clock, and log a warning if the system clock of this process is wrong.

        Raises:
            store.errors.StoreError: If the database cannot be read.
        """
        self.sync()
        skew = self.skew()
        if abs(skew) <= MAX_SKEW:
            self._warned = None
        elif self._warned is None or abs(skew - self._warned) > MAX_SKEW:
            self._warned = skew
            logger.warning("%s", self.message(skew))

    def fault(self) -> str | None:
        """What `signoff doctor` says, after a comparison; `None` if nothing is wrong."""
        skew = self.skew()
        return self.message(skew) if abs(skew) > MAX_SKEW else None

    def message(self, skew: timedelta) -> str:
        """What is wrong with a clock, and what to do, for an operator."""
        return f"This machine's clock is {describe(skew)} {self.name}. {self.advice}"

    @property
    @abstractmethod
    def advice(self) -> str:
        """What to do about a system clock that differs from this one."""


def describe(skew: timedelta) -> str:
    """A difference in words: `62 s ahead of`, and in hours from two on: `8 h ahead of`."""
    seconds = abs(skew).total_seconds()
    length = f"{seconds:.0f} s" if seconds < 7200 else f"{seconds / 3600:.3g} h"
    return f"{length} {'ahead of' if skew > timedelta(0) else 'behind'}"
