"""`DATABASE_URL` without pydantic is what pydantic-settings makes of it."""

from pathlib import Path

import pytest

from signoff.flows.database.url import database_url
from signoff.flows.settings import DatabaseSettings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of its own, and an environment without the setting."""
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("env_file", "url"),
    [
        (None, "sqlite:///signoff.db"),
        ("", "sqlite:///signoff.db"),
        ("SLACK_BOT_TOKEN=xoxb-1\n", "sqlite:///signoff.db"),
        ("DATABASE_URL=sqlite:///a.db\n", "sqlite:///a.db"),
        ("export DATABASE_URL='sqlite:///a b.db' # ours\n", "sqlite:///a b.db"),
        ("database_url=sqlite:///lower.db\n", "sqlite:///lower.db"),
        ("HOST=db\nDATABASE_URL=postgresql://ana@${HOST}/signoff\n", "postgresql://ana@db/signoff"),
        ("DATABASE_URL=\n", ""),
        ("DATABASE_URL=sqlite:///größe.db\n", "sqlite:///größe.db"),
    ],
)
def test_it_is_read_from_the_env_file_as_all_other_settings_are(folder: Path, env_file: str | None, url: str) -> None:
    """Quotes, comments, references and the case of the name mean the same in both."""
    if env_file is not None:
        (folder / ".env").write_text(env_file, encoding="utf-8")
    assert database_url() == DatabaseSettings().database_url == url


@pytest.mark.parametrize("name", ["DATABASE_URL", "database_url"])
def test_the_environment_overrides_the_env_file(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """As it does for all other settings."""
    (folder / ".env").write_text("DATABASE_URL=sqlite:///file.db\n")
    monkeypatch.setenv(name, "sqlite:///environment.db")
    assert database_url() == DatabaseSettings().database_url == "sqlite:///environment.db"
