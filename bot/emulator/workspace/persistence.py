"""Persists the workspace in one SQLite file."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from signoff.bot.emulator.protocol import Json


class Store:
    """JSON documents by kind and key. Each write is stored when it returns, so a `kill -9` loses nothing.

    Without a path, they are kept in memory.
    """

    def __init__(self, path: Path | None) -> None:
        # One thread creates the workspace, and then only the server's thread uses it.
        self._db = sqlite3.connect(path or ":memory:", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS documents (kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key)) STRICT"
        )

    def put(self, kind: str, key: str, body: Json) -> None:
        """Write a new or changed document."""
        self._db.execute("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (kind, key, json.dumps(body)))

    def delete(self, kind: str, key: str) -> None:
        """Delete a document."""
        self._db.execute("DELETE FROM documents WHERE kind = ? AND key = ?", (kind, key))

    def load(self, kind: str) -> Iterator[Json]:
        """Yield the documents of a kind, ordered by key."""
        for (body,) in self._db.execute("SELECT body FROM documents WHERE kind = ? ORDER BY key", (kind,)):
            yield json.loads(body)

    def close(self) -> None:
        """Close the file."""
        self._db.close()
