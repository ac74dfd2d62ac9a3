"""PostgreSQL behind PgBouncer in transaction mode, where each transaction may get another connection to the server.

These tests are skipped where Debian's `pgbouncer` is not installed.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from signoff import flow, pause_flow_run, task
from signoff.flows.engines.embedded.worker import MAX_POLL_SECONDS, Worker
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.policy import Policy
from tests.integration.store.samples import NOON, a_run, a_worker, claim
from tests.support.answering import answer
from tests.support.ports import reserved_port
from tests.support.postgres_server import TEMPLATE, PostgresServer
from tests.support.waiting import PATIENCE, until_asked, until_over

PGBOUNCER = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")

pytestmark = pytest.mark.skipif(PGBOUNCER is None, reason="pgbouncer is not installed")

CONNECTIONS = 3


@pytest.fixture(scope="module")
def pooler(postgres: PostgresServer) -> Iterator[int]:
    """The port of a PgBouncer with few connections to the server of the session."""
    # Not in pytest's folder, which only this user may enter.
    with (
        TemporaryDirectory(prefix="signoff-pgbouncer-") as folder,
        reserved_port() as port,
        started_pooler(postgres, Path(folder), port),
    ):
        yield port


@contextmanager
def started_pooler(postgres: PostgresServer, folder: Path, port: int) -> Iterator[None]:
    """Start a PgBouncer that is configured in this folder and listens on this port."""
    server = make_url(postgres.url)
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"""
        [databases]
        * = host={server.query["host"]} port={server.port or 5432} user={server.username}
        [pgbouncer]
        pool_mode = transaction
        default_pool_size = {CONNECTIONS}
        auth_type = any
        listen_addr = 127.0.0.1
        listen_port = {port}
        unix_socket_dir =
        """.replace("        ", ""),
        encoding="utf-8",
    )
    # It does not run as root, and neither does the server. The folder of the server's socket is that user's.
    owner = (Path(str(server.query["host"])) / "postmaster.pid").stat().st_uid
    user: dict[str, Any] = {"user": owner} if os.getuid() == 0 else {}
    folder.chmod(0o755)
    process = subprocess.Popen([str(PGBOUNCER), str(config)], **user)
    try:
        end = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                assert process.poll() is None, "pgbouncer has ended"
                assert time.monotonic() < end, "pgbouncer does not start"
                time.sleep(0.01)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=PATIENCE)


@pytest.fixture
def pooled_url(postgres: PostgresServer, pooler: int) -> Iterator[str]:
    """The URL of a fresh database, through the pooler."""
    name = f"test_{uuid.uuid4().hex}"
    postgres.execute("CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
    postgres.execute("ALTER DATABASE {} SET default_transaction_isolation = 'serializable'", name)
    yield f"postgresql://postgres@127.0.0.1:{pooler}/{name}"
    postgres.execute("DROP DATABASE {} WITH (FORCE)", name)


def test_runs_are_asked_and_answered_through_a_pooler(pooled_url: str) -> None:
    """More connections are open than the pooler has, and statements are repeated often enough to be prepared."""

    @task
    def step(number: int) -> int:
        return number

    @flow
    def release() -> list[int]:
        done = [step(number) for number in range(8)]
        pause_flow_run(bool, description="Go on? – ✅", timeout=None)
        return [*done, *step.map(range(8)).result()]

    with closing(Database(pooled_url)) as db, Worker(db, [release], defaults=Policy()):
        ids = [release.create_run(db=db).id for _ in range(8)]
        for run_id in ids:
            answer(db, until_asked(db, run_id), value=True)
        for run_id in ids:
            assert until_over(db, run_id).result == [*range(8), *range(8)]


def test_what_another_process_commits_is_noticed_through_a_pooler(pooled_url: str) -> None:
    """By polling, because a notification would go to whoever has the connection then."""
    with closing(Database(pooled_url)) as other, closing(Database(pooled_url)) as db:
        with db.changes.subscribe(Topic.RUNS) as changes:
            # The first announcement says that the watcher has begun.
            assert changes.wait(PATIENCE)
            run = a_run(other)
            while not claim(db, a_worker(db), now=NOON):
                assert changes.wait(PATIENCE)
        assert run.flow == "order"


def test_an_answer_from_another_process_continues_a_run_through_a_pooler(pooled_url: str) -> None:
    """Long before the worker would look again by itself."""

    @flow
    def release() -> bool:
        return pause_flow_run(bool, timeout=None)

    with (
        closing(Database(pooled_url)) as other,
        closing(Database(pooled_url)) as db,
        Worker(db, [release], defaults=Policy()),
    ):
        asked = until_asked(db, release.create_run(db=db).id)
        began = time.monotonic()
        answer(other, asked, value=True)
        assert until_over(other, asked.run_id).result is True
        assert time.monotonic() - began < MAX_POLL_SECONDS / 2
