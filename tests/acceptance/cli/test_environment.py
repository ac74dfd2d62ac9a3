"""The command in its surroundings: settings in a file, terminals and pipes."""

from signoff.store.migrations import REVISIONS
from tests.acceptance.shell import Shell


def test_the_database_can_be_named_in_a_dotenv_file(empty: Shell) -> None:
    """A `.env` in the working directory is read like the environment."""
    empty.write(".env", "DATABASE_URL=sqlite:///elsewhere.db\n")
    assert "elsewhere.db" in empty("db", "upgrade").out
    assert (empty.folder / "elsewhere.db").exists()


def test_a_terminal_that_cannot_show_a_letter_is_no_error(empty: Shell) -> None:
    """It shows a question mark in its place."""
    said = empty("db", "upgrade", PYTHONIOENCODING="latin-1")
    assert (said.code, said.out) == (0, f"Upgraded sqlite:///signoff.db from empty to revision {REVISIONS[-1]}.\n")


def test_a_reader_that_hangs_up_is_no_error(shell: Shell) -> None:
    """`signoff runs | head -0` ends quietly."""
    with shell.started("runs") as listing:
        assert listing.stdout is not None
        listing.stdout.close()
        assert listing.stderr is not None
        assert listing.stderr.read() == ""
