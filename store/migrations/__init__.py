"""The tables through time, by Alembic. `upgrade` brings a database to the newest revision."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from store.database import Database
from store.errors import DatabaseOutdated


def upgrade(db: Database) -> tuple[str | None, str]:
    """Bring the database to the newest revision; the revisions before and after.

    Two processes that start together do not collide: the upgrade is one writing transaction.

    Raises:
        DatabaseOutdated: If the database was made by a newer Signoff.
        DatabaseUnavailable: If it cannot be reached or written.
    """
    newest = _newest()
    before = revision(db)
    if before == newest:
        return before, newest
    with db.write() as tx:
        if not db.is_sqlite:
            tx.connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7346)")
        before = MigrationContext.configure(tx.connection).get_current_revision()
        _refuse_unknown(db, before)
        config = _config()
        config.attributes["connection"] = tx.connection
        command.upgrade(config, "head")
    return before, newest


def revision(db: Database) -> str | None:
    """The revision the database is at; `None` when it is empty."""
    with db.read() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def check(db: Database) -> None:
    """Make sure that the database is at the newest revision.

    Raises:
        DatabaseOutdated: If it is not.
    """
    found = revision(db)
    _refuse_unknown(db, found)
    if found != _newest():
        raise DatabaseOutdated(f"The database {db.shown_url} is not up to date. Run `signoff db upgrade`.")


def _refuse_unknown(db: Database, found: str | None) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if found is not None and found not in known:
        raise DatabaseOutdated(
            f"The database {db.shown_url} was made by a newer Signoff (revision {found}). Upgrade Signoff."
        )


def _newest() -> str:
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
