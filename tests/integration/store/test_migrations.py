"""The migrated tables are those that the code uses."""

import threading
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from signoff.store import migrations
from signoff.store.database import Database
from signoff.store.errors import DatabaseOutdated
from signoff.store.tables import complete_metadata
from tests.support.postgres_server import PostgresServer


def test_the_migrated_tables_are_those_of_the_models(db: Database) -> None:
    """No column, type, index or constraint differs between the migrations and `store.tables`."""
    with db.read() as reading:
        context = MigrationContext.configure(reading.connection, opts={"compare_type": True})
        assert compare_metadata(context, complete_metadata()) == []


def test_partial_indexes_are_partial(db: Database) -> None:
    """Migrated indexes have the conditions that `store.tables` gives them."""
    with db.read() as reading:
        for table in complete_metadata().tables.values():
            migrated = {index["name"]: index for index in inspect(reading.connection).get_indexes(table.name)}
            option = f"{reading.connection.dialect.name}_where"
            for index in table.indexes:
                found = migrated[str(index.name)].get("dialect_options", {}).get(option)
                assert (found is None) == (index.dialect_kwargs.get(option) is None)


def test_upgrading_an_up_to_date_database_changes_nothing(db: Database) -> None:
    """The command can be run any number of times."""
    newest = migrations.revision(db)
    assert migrations.upgrade(db) == (newest, newest)
    migrations.check(db)


def test_the_database_of_a_newer_version_is_left_alone(db: Database) -> None:
    """An old version refuses a database whose tables it does not know."""
    with db.write() as tx:
        tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for act in (migrations.upgrade, migrations.check):
        with pytest.raises(DatabaseOutdated, match=r"newer version of Signoff \(revision 9999\)"):
            act(db)


def _upgrade_at_once(urls: list[str]) -> list[Any]:
    databases = [Database(url) for url in urls]
    came: list[Any] = []
    start = threading.Barrier(len(databases))

    def upgrade(database: Database) -> None:
        start.wait()
        came.append(migrations.upgrade(database)[1])

    threads = [threading.Thread(target=upgrade, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in databases:
        database.close()
    assert len(came) == len(urls)
    return came


def test_processes_that_start_together_on_an_empty_file_do_not_collide(tmp_path: Path) -> None:
    """The first creates the tables, and the others find them."""
    for number in range(5):
        assert len(set(_upgrade_at_once([f"sqlite:///{tmp_path}/new-{number}.db"] * 6))) == 1


def test_processes_that_start_together_on_an_empty_server_do_not_collide(postgres: PostgresServer) -> None:
    """The first creates the tables, and the others find them."""
    postgres.execute("DROP DATABASE IF EXISTS {}", "empty")
    postgres.execute("CREATE DATABASE {}", "empty")
    assert len(set(_upgrade_at_once([postgres.database("empty")] * 4))) == 1
