"""A role of PostgreSQL with which Signoff works, and which cannot change what is in the ledger."""

import re
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from signoff import flow, pause_flow_run
from signoff.flows.engines.embedded.worker import Worker
from signoff.store import audit, migrations
from signoff.store.database import Database
from signoff.store.errors import DatabaseUnavailable
from signoff.store.records.runs import RunState
from tests.integration.store.samples import post_cards
from tests.support.answering import answer
from tests.support.postgres_server import TEMPLATE, PostgresServer
from tests.support.waiting import until_asked, until_over

DOCS = Path(__file__).parents[3] / "docs" / "audit.md"
ROLE = "signoff_app"


@pytest.fixture
def owned(postgres: PostgresServer) -> Iterator[str]:
    """The URL of a database whose owner has run what the docs say."""
    name = f"test_{uuid.uuid4().hex}"
    (snippet,) = re.findall(r"```sql\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    postgres.execute("CREATE DATABASE {} TEMPLATE {}", name, TEMPLATE)
    url = postgres.database(name)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(snippet)
    yield url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP OWNED BY {ROLE}")
    postgres.execute("DROP DATABASE {} WITH (FORCE)", name)
    postgres.execute("DROP ROLE {}", ROLE)


@pytest.fixture
def restricted(owned: str) -> Iterator[Database]:
    """The same database, opened with the role."""
    with closing(Database(make_url(owned).set(username=ROLE).render_as_string(hide_password=False))) as db:
        yield db


@flow
def release() -> bool:
    """A flow that asks."""
    return bool(pause_flow_run(bool, timeout=None))


def test_signoff_works_with_a_role_that_cannot_change_the_ledger(restricted: Database, owned: str) -> None:
    """A run asks, is answered and goes on; no line can be changed or deleted, not even with its prompt or its run."""
    migrations.upgrade(restricted)
    with Worker(restricted, [release]):
        run = release.create_run(db=restricted)
        prompt = until_asked(restricted, run.id)
        post_cards(restricted, prompt.opened_at)
        answer(restricted, prompt, value=True)
        assert until_over(restricted, run.id).state is RunState.COMPLETED
    assert audit.check(restricted, prompt.id).faults == ()
    statements = (
        "UPDATE ledger SET actor = 'U9'",
        "DELETE FROM ledger",
        "TRUNCATE ledger",
        "DELETE FROM ledger_heads",
        "DELETE FROM prompts",
        "DELETE FROM flow_runs",
        "TRUNCATE flow_runs CASCADE",
        "ALTER TABLE ledger DISABLE TRIGGER ALL",
    )
    with psycopg.connect(make_url(owned).set(username=ROLE).render_as_string(hide_password=False)) as connection:
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(statement)
    assert audit.check(restricted, prompt.id).faults == ()


def test_a_right_that_is_missing_is_named(restricted: Database, owned: str) -> None:
    """As the database says it, with what to do."""
    with psycopg.connect(owned, autocommit=True) as connection:
        connection.execute(f"REVOKE INSERT ON flow_runs FROM {ROLE}")
    with pytest.raises(DatabaseUnavailable, match=r"permission denied for table flow_runs\. Grant it to the role"):
        release.create_run(db=restricted)
