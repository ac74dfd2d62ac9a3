"""Migrations of the tables, by Alembic. `upgrade` brings a database to the newest revision."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from signoff.store.database import Database
from signoff.store.errors import DatabaseOutdated
from signoff.store.sql.conflicts import transactional

REVISIONS = (
    *(f"{number:04}" for number in range(1, 16)),
    "0017",
    "0020",
    "0021",
    "0022",
    "0026",
    "0027",
    "0029",
    "0028",
    "0024",
    "0023",
    "0025",
)
"""Every revision, oldest first. Listed here because importing Alembic takes longer than most commands do."""


@transactional
def upgrade(db: Database) -> tuple[str | None, str]:
    """Bring the database to the newest revision. Returns the revisions before and after.

    Processes that start together do not collide, because the upgrade is one writing transaction.

    Raises:
        DatabaseOutdated: If a newer version of Signoff has upgraded the database already.
        DatabaseUnavailable: If it cannot be reached or written.
    """
    newest = REVISIONS[-1]
    before = revision(db)
    if before == newest:
        return before, newest
    with db.write() as tx:
        if not db.is_sqlite:
            tx.connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7346)")
        before = _revision(tx.connection)
        _refuse_unknown(db, before)
        run_scripts(tx.connection)
    return before, newest


def revision(db: Database) -> str | None:
    """The revision of the database; `None` if it is empty."""
    with db.read() as reading:
        return _revision(reading.connection)


def check(db: Database) -> None:
    """Make sure that the database has the newest revision.

    Raises:
        DatabaseOutdated: If it is not.
    """
    found = revision(db)
    _refuse_unknown(db, found)
    if found != REVISIONS[-1]:
        raise DatabaseOutdated(f"The database {db.shown_url} is not up to date. Run `signoff db upgrade`.")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def _refuse_unknown(db: Database, found: str | None) -> None:
    if found is not None and found not in REVISIONS:
        raise DatabaseOutdated(
            f"The database {db.shown_url} belongs to a newer version of Signoff (revision {found}). Upgrade Signoff."
        )


def run_scripts(connection: Connection, *, to: str = "head") -> None:
    """Bring the tables to a revision, within an open transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, to)
