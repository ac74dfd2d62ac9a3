"""How a command opens the database that `DATABASE_URL` names."""

from collections.abc import Iterator
from contextlib import contextmanager

from signoff.bot.cli.failures import CommandFailed
from signoff.flows.database_url import database_url
from signoff.store import migrations
from signoff.store.database import Database, sqlite_file


@contextmanager
def migrated() -> Iterator[Database]:
    """The database, created if it is missing and brought up to date."""
    with opened() as db:
        migrations.upgrade(db)
        yield db


@contextmanager
def existing() -> Iterator[Database]:
    """The database as it is. A missing file is not created, so a mistyped path leaves no empty database behind.

    Raises:
        CommandFailed: If there is none.
        store.errors.DatabaseOutdated: If it is not up to date.
    """
    with opened() as db:
        file = sqlite_file(db)
        if file is not None and not file.exists():
            raise CommandFailed(
                f"There is no database at {db.shown_url}. Start a run with `signoff run`, "
                "or set DATABASE_URL to another database."
            )
        migrations.check(db)
        yield db


@contextmanager
def opened() -> Iterator[Database]:
    """The database, whatever state it is in."""
    db = Database(database_url())
    try:
        yield db
    finally:
        db.close()
