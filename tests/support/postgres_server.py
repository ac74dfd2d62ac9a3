"""A PostgreSQL server for tests, and its databases, each of which serves one test after another."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from signoff.store.tables import metadata

TEMPLATE = "migrated"
"""The database that all others are copies of."""

_END_OTHER_SESSIONS = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""

_DEFINITION = r"""
SELECT (SELECT string_agg(version_num, ' ') FROM alembic_version),
       (SELECT count(*) FROM pg_db_role_setting WHERE setdatabase <> 0),
       (SELECT md5(string_agg(concat_ws(' ', attrelid::regclass, relkind, attname, atttypid), ',' ORDER BY attrelid, attnum))
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace::regnamespace::text !~ '^(pg_|information_schema)')
"""  # noqa: E501
"""What a test may have changed besides rows: the revision, settings, tables and columns."""

_DELETE_ROWS = "; ".join(
    [
        # Foreign keys are triggers, which do not run in a replica.
        "SET session_replication_role = replica",
        *(f'DELETE FROM "{table.name}"' for table in metadata.sorted_tables),
        "SELECT setval(oid::regclass, 1, false) FROM pg_class WHERE relkind = 'S'",
    ]
)


class PostgresServer:
    """A server with one migrated database, of which each test gets a copy."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._unused: list[str] = []

    def database(self, name: str) -> str:
        """The URL of a database of this server."""
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def execute(self, statement: str, *names: str) -> None:
        """Run a statement with these names in its gaps."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    @contextmanager
    def empty_database(self) -> Iterator[str]:
        """The URL of a migrated database without rows, under a name that is used for the first time."""
        if not self._unused:
            self.execute(f"CREATE DATABASE {{}} TEMPLATE {TEMPLATE}", new := _new_name())
            self._unused.append(new)
        name = self._unused.pop()
        yield self.database(name)
        if (emptied := self._emptied(name)) is None:
            self.execute("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
        else:
            self._unused.append(emptied)

    def _emptied(self, name: str) -> str | None:
        """Delete the rows of a database, which takes a quarter of the time of a new copy.

        Returns:
            Its new name, so that what the test has left running, if anything, does not find it. `None` if the test has
            changed more than rows.
        """
        try:
            with psycopg.connect(self.database(name), autocommit=True) as connection:
                connection.execute(_END_OTHER_SESSIONS)
                if connection.execute(_DEFINITION).fetchone() != self._definition:
                    return None
                connection.execute(_DELETE_ROWS)
            self.execute("ALTER DATABASE {} RENAME TO {}", name, new := _new_name())
        except psycopg.Error:
            return None
        return new

    @cached_property
    def _definition(self) -> tuple[Any, ...] | None:
        with psycopg.connect(self.database(TEMPLATE), autocommit=True) as connection:
            return connection.execute(_DEFINITION).fetchone()


def _new_name() -> str:
    return f"test_{uuid.uuid4().hex}"
