"""The way from a command to the record that `DATABASE_URL` names."""

from collections.abc import Iterator
from contextlib import contextmanager

from signoff.bot.cli.failures import CommandFailed
from signoff.flows.settings import DatabaseSettings
from signoff.store import migrations
from signoff.store.database import Database, sqlite_file


@contextmanager
def migrated() -> Iterator[Database]:
    """The record, brought up to date; made, where there is none."""
    with opened() as db:
        migrations.upgrade(db)
        yield db


@contextmanager
def existing() -> Iterator[Database]:
    """The record as it stands. Nothing is made, so that a mistyped path leaves no empty file behind.

    Raises:
        CommandFailed: If there is none.
        store.errors.DatabaseOutdated: If it is not up to date.
    """
    with opened() as db:
        file = sqlite_file(db)
        if file is not None and not file.exists():
            raise CommandFailed(
                f"There is no record at {db.shown_url}. Start a run with `signoff run`, "
                "or name another record in DATABASE_URL."
            )
        migrations.check(db)
        yield db


@contextmanager
def opened() -> Iterator[Database]:
    """The record, whatever state it is in."""
    db = Database(DatabaseSettings().database_url)
    try:
        yield db
    finally:
        db.close()
