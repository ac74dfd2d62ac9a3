"""What Signoff needs of each connection to PostgreSQL, whatever the server, the database or the role has for a default.

- `read committed`: locks say what may happen side by side. At a stricter level, transactions that wait for a lock fail.
- UTF-8, dates as ISO, and UTC: what the driver reads and writes.
- `synchronous_commit`: an answer that was acknowledged has to survive a crash of the server.

A connection pooler such as PgBouncer may give each transaction another connection to the server. Then nothing that is
kept in a session can be relied on: no prepared statements, no `LISTEN`, and no settings but those that poolers track.
"""

from typing import Any

from sqlalchemy import Engine, event

from signoff.store.errors import DatabaseUnavailable

_ENCODINGS = ("UTF8", "SQL_ASCII")
"""In the second, PostgreSQL stores whatever bytes it gets."""

_SET_UP = """
SELECT pg_backend_pid() <> %(pid)s,
    set_config('client_encoding', 'UTF8', false),
    set_config('DateStyle', 'ISO', false),
    set_config('TimeZone', 'UTC', false)
"""

_SET_UP_DIRECT = """
SELECT set_config('default_transaction_isolation', 'read committed', false),
    set_config('synchronous_commit', CASE setting WHEN 'off' THEN 'on' ELSE setting END, false)
FROM current_setting('synchronous_commit') AS setting
"""


def set_up(connection: Any) -> bool:
    """Prepare a connection of psycopg that is in autocommit mode.

    Returns:
        Whether it goes through a connection pooler.
    """
    # A server gives the id of its process when the connection is made. A pooler gives a number of its own.
    (is_pooled, *_) = connection.execute(_SET_UP, {"pid": connection.info.backend_pid}, prepare=False).fetchone()
    if is_pooled:
        connection.prepare_threshold = None
    else:
        connection.execute(_SET_UP_DIRECT, prepare=False)
    return bool(is_pooled)


def set_up_all(engine: Engine, shown_url: str) -> None:
    """Have every connection of this engine prepared, before any is opened.

    Args:
        shown_url: What the database is called in an error.
    """

    def connected(connection: Any, _record: object) -> None:
        encoding = connection.info.parameter_status("server_encoding")
        if encoding not in _ENCODINGS:
            connection.close()
            raise DatabaseUnavailable(
                f"The database {shown_url} has the encoding {encoding}, which cannot hold everything that people "
                "write. Create one with ENCODING 'UTF8' TEMPLATE template0, and name it in DATABASE_URL."
            )
        set_up(connection)

    event.listen(engine, "connect", connected)
