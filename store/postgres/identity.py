"""Notices that another database has taken the place of the one that this process was using.

The server may be installed again, the database dropped and created again, or a name may lead to another server. What
was recorded is not there then, and runs that are in memory must not go on in it. A replica that was promoted counts as
the same database.
"""

import threading
from typing import Any

from sqlalchemy import Engine, event

from signoff.store.errors import DatabaseReplaced

_IDENTITY = """
SELECT system_identifier, (SELECT oid FROM pg_database WHERE datname = current_database()) FROM pg_control_system()
"""


class PostgresIdentity:
    """Compares the database of each new connection with that of the first one.

    Args:
        shown_url: What the database is called in the error.
    """

    def __init__(self, engine: Engine, shown_url: str) -> None:
        self._shown_url = shown_url
        self._lock = threading.Lock()
        self._known: tuple[Any, ...] | None = None
        self._driver_error = engine.dialect.loaded_dbapi.Error
        event.listen(engine, "connect", self._connected)

    def _connected(self, connection: Any, _record: object) -> None:
        try:
            found = connection.execute(_IDENTITY).fetchone()
        except self._driver_error:
            # Some providers do not let their users see it.
            return
        with self._lock:
            self._known = self._known or found
            is_same = found == self._known
        if not is_same:
            connection.close()
            raise DatabaseReplaced(
                f"Another database has taken the place of {self._shown_url} while Signoff was using it. If it is to be "
                "used, restart every Signoff process; otherwise make the address lead to the first one again."
            )
