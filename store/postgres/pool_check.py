"""No connection to PostgreSQL is handed out that has died while it lay in the pool.

SQLAlchemy can ask each one each time, which costs as long as most statements do. Here only those are asked that have
rested for a while, or have lain there since another one was lost.
"""

import time
from typing import Any

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

RESTED = 1.0
"""Seconds after which a connection is asked whether it still leads anywhere."""


class Pinging:
    """Watches over one pool."""

    def __init__(self, engine: Engine) -> None:
        self._dialect = engine.dialect
        self._lost_at = 0.0
        event.listen(engine, "checkin", self._rest)
        event.listen(engine, "checkout", self._ping)

    def lost(self) -> None:
        """One connection was lost: ask each of the others before it is used again."""
        self._lost_at = time.monotonic()

    def _rest(self, _connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    def _ping(self, connection: Any, record: Any, _proxy: Any) -> None:
        since = record.info.get("rests_since")
        if since is None or since > max(self._lost_at, time.monotonic() - RESTED):
            return
        try:
            self._dialect.do_ping(connection)
        except self._dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error
