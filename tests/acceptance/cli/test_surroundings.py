"""The command in its surroundings: settings in a file, terminals, pipes, and how fast it starts."""

import subprocess
import sys

from signoff.store.migrations import REVISIONS
from tests.acceptance.shell import Shell


def test_the_record_can_be_named_in_a_dotenv_file(empty: Shell) -> None:
    """A `.env` in the working directory is read like the environment."""
    empty.write(".env", "DATABASE_URL=sqlite:///elsewhere.db\n")
    assert "elsewhere.db" in empty("db", "upgrade").out
    assert (empty.folder / "elsewhere.db").exists()


def test_a_terminal_that_cannot_show_a_letter_is_no_error(empty: Shell) -> None:
    """It shows a question mark in its place."""
    said = empty("db", "upgrade", PYTHONIOENCODING="latin-1")
    assert (said.code, said.out) == (0, f"sqlite:///signoff.db was upgraded: empty ? {REVISIONS[-1]}.\n")


def test_a_reader_that_hangs_up_is_no_error(shell: Shell) -> None:
    """`signoff runs | head -0` ends quietly."""
    with shell.started("runs") as listing:
        assert listing.stdout is not None
        listing.stdout.close()
        assert listing.stderr is not None
        assert listing.stderr.read() == ""


def test_the_command_is_quick_to_start() -> None:
    """Help and completion load no database and no Slack library: a command loads what it works with."""
    heavy = "{'sqlalchemy', 'alembic', 'pydantic', 'slack_sdk', 'slack_bolt', 'apscheduler', 'flows'}"
    looked = f"import sys, bot.cli; print(*({heavy} & sys.modules.keys()))"
    ended = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == []
