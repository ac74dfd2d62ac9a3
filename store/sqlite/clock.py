"""The clock of a SQLite file: the seconds since its machine started, which all processes on that machine count alike.

The first process after a start of the machine writes into the file what time it was then. Whatever happens to the
system clock afterwards, all processes add their count to that. If the system clock is behind after a start, because it
had been corrected or its battery is empty, the clock goes on from the last time that was recorded: otherwise a run
whose question was just answered would wait until that moment comes again.
"""

import os
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from sqlalchemy import delete, func, select

from signoff.store.clock import DatabaseClock, boot_seconds, system_seconds
from signoff.store.errors import DatabaseUnavailable
from signoff.store.sql.statements import Statement, insert_into, param
from signoff.store.tables import clocks, flow_runs, inputs, ledger, workers

_READ = Statement(select(clocks.c.offset_us).where(clocks.c.timeline == param("timeline")))
_FORGET = Statement(delete(clocks).where(clocks.c.timeline != param("timeline")))
_ADD = insert_into(clocks, "timeline", "offset_us")
_LATEST = tuple(
    Statement(query)
    for query in (
        select(ledger.c.at).order_by(ledger.c.id.desc()).limit(1),
        select(inputs.c.created_at.label("at")).order_by(inputs.c.id.desc()).limit(1),
        select(func.max(flow_runs.c.created_at).label("at")),
        select(func.max(workers.c.started_at).label("at")),
    )
)
"""The newest of what was recorded, each from the end of an index."""


class SqliteClock(DatabaseClock):
    """The clock of one file."""

    name = "Signoff's clock"
    advice = (
        "The system clock was set while Signoff was running, or is wrong for this process. Deadlines hold, but the "
        "times that are shown are off by that much, until the machine is restarted if they are behind."
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
                # Read-only, or locked for long. The next comparison tries again.
                return self._keep(_system_microseconds())
        return self._keep(row.offset_us)

    def _begin(self, timeline: str) -> int:
        """Set the clock after a start of the machine, unless another process just did."""
        with self._write() as tx:
            row = tx.row(_READ, timeline=timeline)
            if row is not None:
                return int(row.offset_us)
            offset = _system_microseconds()
            for latest in (tx.row(each) for each in _LATEST):
                if latest is not None and latest.at is not None:
                    offset = max(offset, round((latest.at.timestamp() - boot_seconds()) * 1_000_000))
            tx.run(_FORGET, timeline=timeline)
            tx.run(_ADD, timeline=timeline, offset_us=offset)
        return offset

    def _keep(self, microseconds: int) -> float:
        self._offset = microseconds / 1_000_000
        return self._offset


def _system_microseconds() -> int:
    return round(system_seconds() * 1_000_000)


@cache
def boot_id() -> str | None:
    """Identifies this start of the machine; `None` where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        # Containers may be given clocks that count from another moment.
        return f"{boot}/{os.readlink('/proc/self/ns/time')}"
    except OSError:
        return None
