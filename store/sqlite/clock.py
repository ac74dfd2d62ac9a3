"""The clock of a SQLite file: the seconds since its machine started, which all processes on that machine count alike.

The first process after a start of the machine writes into the file what time it was then. Whatever happens to the
system clock afterwards, all processes add their count to that.
"""

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import delete, select

from signoff.store.clock import DatabaseClock, system_seconds
from signoff.store.errors import DatabaseUnavailable
from signoff.store.sql.statements import Statement, insert_into, param
from signoff.store.sql.transactions import ReadTransaction, Transaction
from signoff.store.tables import clocks

_READ = Statement(select(clocks.c.offset_us).where(clocks.c.timeline == param("timeline")))
_FORGET = Statement(delete(clocks).where(clocks.c.timeline != param("timeline")))
_ADD = insert_into(clocks, "timeline", "offset_us")


class SqliteClock(DatabaseClock):
    """The clock of one file, as this process reads it."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[ReadTransaction]],
        write: Callable[[], AbstractContextManager[Transaction]],
    ) -> None:
        super().__init__()
        self._read = read
        self._write = write

    name = "Signoff's clock"
    advice = (
        "The system clock was set while Signoff was running, or is wrong for this process. Deadlines hold, but the "
        "times that are shown are off by that much until the machine is restarted."
    )

    def wall_now(self) -> datetime:
        """The system clock."""
        return datetime.fromtimestamp(time.time(), UTC)

    def _sync(self) -> float:
        timeline = boot_id()
        if timeline is None:
            # Nothing tells one start of the machine from another here, so there is nothing better than the clock.
            return system_seconds()
        with self._read() as reading:
            row = reading.row(_READ, timeline=timeline)
        if row is None:
            try:
                return self._keep(self._begin(timeline))
            except DatabaseUnavailable:
                # Read-only, or locked for long. Nothing is compared then that others have to agree with.
                return system_seconds()
        return self._keep(row.offset_us)

    def _begin(self, timeline: str) -> int:
        """Set the clock after a start of the machine, unless another process just did."""
        offset = round(system_seconds() * 1_000_000)
        with self._write() as tx:
            row = tx.row(_READ, timeline=timeline)
            if row is not None:
                return int(row.offset_us)
            tx.run(_FORGET, timeline=timeline)
            tx.run(_ADD, timeline=timeline, offset_us=offset)
        return offset

    def _keep(self, microseconds: int) -> float:
        self._offset = microseconds / 1_000_000
        return self._offset


@cache
def boot_id() -> str | None:
    """Identifies this start of the machine; `None` where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # Containers may be given clocks that count from another moment.
        return f"{boot}/{os.readlink('/proc/self/ns/time')}"
    except OSError:
        return None
