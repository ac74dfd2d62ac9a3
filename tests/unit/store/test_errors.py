"""What the record says when it cannot be used."""

from pathlib import Path

import pytest

from signoff.store import migrations
from signoff.store.database import Database
from signoff.store.errors import DatabaseOutdated, DatabaseUnavailable
from signoff.store.runs import runs


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://root@localhost/x", "sqlite://", "sqlite:///:memory:", "", "warp://x"]
)
def test_a_url_that_names_no_usable_database_is_refused_by_the_setting_s_name(url: str) -> None:
    """Whoever gives a wrong DATABASE_URL reads which setting is wrong."""
    with pytest.raises(DatabaseUnavailable, match="DATABASE_URL"):
        Database(url)


def test_a_password_is_never_in_an_error() -> None:
    """A server that cannot be reached is named without its password."""
    db = Database("postgresql://user:hunter2@127.0.0.1:1/none")
    with pytest.raises(DatabaseUnavailable, match="cannot be used") as caught:
        runs.newest(db)
    assert "hunter2" not in str(caught.value)
    assert "DATABASE_URL" in str(caught.value)
    db.close()


def test_a_folder_that_does_not_exist_is_told_of(tmp_path: Path) -> None:
    """A file that cannot be made gives a sentence, not a driver's error."""
    db = Database(f"sqlite:///{tmp_path}/missing/signoff.db")
    with pytest.raises(DatabaseUnavailable, match="its folder can be written"):
        migrations.upgrade(db)
    db.close()


def test_a_file_that_is_no_database_is_told_of(tmp_path: Path) -> None:
    """A file of another kind is not taken for an empty record."""
    file = tmp_path / "notes.db"
    file.write_text("These are notes, and not a database at all. " * 100)
    db = Database(f"sqlite:///{file}")
    with pytest.raises(DatabaseUnavailable, match="not a database"):
        migrations.check(db)
    db.close()


def test_an_empty_database_asks_for_its_upgrade(tmp_path: Path) -> None:
    """Missing tables, used or checked, name the command that makes them."""
    db = Database(f"sqlite:///{tmp_path}/empty.db")
    with pytest.raises(DatabaseOutdated, match="signoff db upgrade"):
        migrations.check(db)
    with pytest.raises(DatabaseOutdated, match="signoff db upgrade"):
        runs.newest(db)
    db.close()
