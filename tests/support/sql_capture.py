"""Captures the SQL that reaches a database, as its driver sends it."""

import sqlite3
from typing import Any

import psycopg
from sqlalchemy import event

from signoff.store.database import Database


def captured_sql(db: Database) -> list[str]:
    """A list that receives every statement from now on, with its values filled in."""
    seen: list[str] = []

    class Recorder(psycopg.Cursor[Any]):
        def execute(self, query: Any, *given: Any, **options: Any) -> Any:
            seen.append(psycopg.ClientCursor(self.connection).mogrify(query, *given))
            return super().execute(query, *given, **options)

    def listen(connection: Any, *_: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.set_trace_callback(seen.append)
        else:
            connection.cursor_factory = Recorder

    event.listen(db.engine, "checkout", listen)
    return seen
