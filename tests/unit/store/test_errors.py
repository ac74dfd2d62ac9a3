"""What the errors say when the database cannot be used."""

from pathlib import Path

import pytest

from signoff.store import migrations
from signoff.store.database import Database
from signoff.store.errors import DatabaseOutdated, DatabaseUnavailable
from signoff.store.runs import runs


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://root@localhost/x", "sqlite://", "sqlite:///:memory:", "", "warp://x"]
)
def test_the_error_for_an_unusable_url_names_the_setting(url: str) -> None:
    """A person with a wrong DATABASE_URL reads which setting is wrong."""
    with pytest.raises(DatabaseUnavailable, match="DATABASE_URL"):
        Database(url)


def test_a_password_is_never_in_an_error() -> None:
    """The URL of a server that cannot be reached is shown without its password."""
    db = Database("postgresql://user:hunter2@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailable, match="cannot be used") as caught:
        runs.newest(db)
    assert "hunter2" not in str(caught.value)
    assert "DATABASE_URL" in str(caught.value)
    db.close()


def test_a_folder_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    """The error for a file that cannot be created is a sentence, not a driver's error."""
    db = Database(f"sqlite:///{tmp_path}/missing/signoff.db")
    with pytest.raises(DatabaseUnavailable, match="its folder can be written"):
        migrations.upgrade(db)
    db.close()


def test_a_file_that_is_not_a_database_is_reported(tmp_path: Path) -> None:
    """A file of another kind is not taken for an empty database."""
    file = tmp_path / "notes.db"
    file.write_text("These are notes, and not a database at all. " * 100)
    db = Database(f"sqlite:///{file}")
    with pytest.raises(DatabaseUnavailable, match="not a database"):
        migrations.check(db)
    db.close()


def test_an_empty_database_asks_to_be_upgraded(tmp_path: Path) -> None:
    """The error for missing tables names the command that creates them."""
    db = Database(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(DatabaseOutdated, match="signoff db upgrade"):
        migrations.check(db)
    with pytest.raises(DatabaseOutdated, match="signoff db upgrade"):
        runs.newest(db)
    db.close()
