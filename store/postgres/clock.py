"""The clock of a PostgreSQL database: that of its server, which each process asks now and then.

A deadline must not come an hour late because the server's clock was set back, or because another server with a slower
clock took its place. Every process that was running then notices: time has passed here, and none there. The first to
notice writes the difference into the database, and from then on all processes add it. A clock that is set forward again
takes as much from that difference. Beyond it the clock is believed, because it looks the same from a machine that has
stood still itself.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError

from signoff.store.clock import DatabaseClock, boot_seconds
from signoff.store.sql.column_types import UtcDateTime
from signoff.store.sql.statements import Statement, param
from signoff.store.sql.transactions import ReadTransaction, Transaction
from signoff.store.tables import clocks

MAX_STEP = 1.0
"""Seconds that the server's clock may lose between two looks without counting as set back."""

_DRIFT = 200e-6
"""How many seconds a clock may go wrong in a second, at the worst."""

_SERVER = "server"
_READ = Statement(
    select(
        func.clock_timestamp(type_=UtcDateTime()).label("at"),
        func.coalesce(select(clocks.c.offset_us).where(clocks.c.timeline == _SERVER).scalar_subquery(), 0).label(
            "offset_us"
        ),
    )
)
_CORRECT = Statement(
    update(clocks)
    .where(clocks.c.timeline == _SERVER, clocks.c.offset_us == param("seen"))
    .values(offset_us=param("offset_us"))
)


class PostgresClock(DatabaseClock):
    """The clock of one database, as this process reads it."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[ReadTransaction]],
        write: Callable[[], AbstractContextManager[Transaction]],
    ) -> None:
        super().__init__(read, write)
        self._server_offset: float | None = None
        self._uncertainty = 0.0
        self._read_at = 0.0
        self._correction = 0

    name = "the clock of the database server"
    advice = "Signoff goes by the server's clock. Set this machine's clock, by NTP for instance."

    def wall_now(self) -> datetime:
        """The server's clock as it is set."""
        return self.now() - timedelta(microseconds=self._correction)

    def skew(self) -> timedelta:
        """How far the system clock of this process is ahead of the server's clock as it is set."""
        return datetime.fromtimestamp(time.time(), UTC) - self.wall_now()

    def fault(self) -> str | None:
        """What is wrong with the server's clock, or else with this machine's."""
        if self._correction >= MAX_STEP * 1_000_000:
            return (
                f"The database server's clock was set back by {self._correction / 1_000_000:.0f} s while Signoff was "
                "running. Signoff adds that to it, so deadlines hold, and the times that are shown are ahead. If the "
                "server's clock is wrong, set it forward while Signoff runs. If it is right, stop all processes of "
                "Signoff, and delete the rows of the table clocks: what is due then comes later by as much."
            )
        return super().fault()

    def _sync(self) -> float:
        offset, uncertainty, correction = self._look()
        elapsed = boot_seconds() - self._read_at
        allowed = self._uncertainty + _DRIFT * elapsed
        step = 0.0 if self._server_offset is None else offset - self._server_offset
        if abs(step) > allowed + uncertainty + MAX_STEP and correction == self._correction:
            more = max(-round(step * 1_000_000), -correction)
            if more:
                # Of those that notice at the same time one corrects it, and the others find it corrected.
                self._correct(correction, more)
                offset, uncertainty, correction = self._look()
        is_better = self._server_offset is None or uncertainty <= allowed
        if is_better or abs(step) > allowed + uncertainty:
            self._server_offset, self._uncertainty, self._read_at = offset, uncertainty, boot_seconds()
        self._correction = correction
        self._offset = (self._server_offset or offset) + correction / 1_000_000
        return self._offset

    def _look(self) -> tuple[float, float, int]:
        """The server's difference from `boot_seconds`, by how much it may be wrong, and the correction."""
        with self._read() as reading:
            before = boot_seconds()
            row = reading.rows(_READ)[0]
            after = boot_seconds()
        return row.at.timestamp() - (before + after) / 2, (after - before) / 2, int(row.offset_us)

    def _correct(self, seen: int, more: int) -> None:
        with self._write() as tx:
            if tx.changed(_CORRECT, seen=seen, offset_us=seen + more) or seen:
                return
        # An error here means that another process has corrected it at the same moment.
        with suppress(IntegrityError), self._write() as tx:
            tx.execute(insert(clocks).values(timeline=_SERVER, offset_us=more))
