"""A PostgreSQL database that another one has taken the place of while it was in use."""

import uuid
from collections.abc import Iterator
from contextlib import closing

import pytest

from signoff.store.database import Database
from signoff.store.errors import DatabaseReplaced
from signoff.store.runs import runs
from tests.integration.store.samples import a_run
from tests.support.postgres_server import PostgresServer


@pytest.fixture
def name(postgres: PostgresServer) -> Iterator[str]:
    """The name of a database of its own."""
    name = f"test_{uuid.uuid4().hex}"
    postgres.execute("CREATE DATABASE {} TEMPLATE migrated", name)
    yield name
    postgres.execute("DROP DATABASE {} WITH (FORCE)", name)


def test_a_database_that_was_created_again_is_refused(postgres: PostgresServer, name: str) -> None:
    """Invariant 1: it is up to date and empty, so work would go on in it as if nothing had been asked before."""
    with closing(Database(postgres.database(name))) as db:
        a_run(db)
        postgres.execute("DROP DATABASE {} WITH (FORCE)", name)
        postgres.execute("CREATE DATABASE {} TEMPLATE migrated", name)
        # The first attempt finds the lost connection.
        with pytest.raises(Exception, match=r"Signoff was using it|cannot be used"):
            a_run(db)
        for _ in range(2):
            with pytest.raises(DatabaseReplaced, match=r"Another database has taken the place of .* restart every"):
                a_run(db)
    with closing(Database(postgres.database(name))) as again:
        assert runs.newest(again) == []
