"""How many connections a process opens."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from signoff.store.database import CONNECTIONS, Database
from tests.integration.store.samples import a_run
from tests.support.waiting import PATIENCE

ROOT = Path(__file__).parents[3]
OPEN = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_many_threads_share_a_few_connections(db: Database) -> None:
    """There are never more than the documentation says, and none is closed only to be opened again."""
    crowd = 3 * CONNECTIONS
    start = threading.Barrier(crowd)

    def write(_: int) -> None:
        start.wait(PATIENCE)
        for _ in range(5):
            a_run(db)

    with ThreadPoolExecutor(crowd) as hands:
        list(hands.map(write, range(crowd)))
    with db.read() as reading:
        assert reading.execute(OPEN).scalar_one() == CONNECTIONS
    told = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
    assert f"up to {CONNECTIONS + 1} connections: {CONNECTIONS} as" in told
