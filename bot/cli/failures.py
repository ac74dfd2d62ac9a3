"""What a command that fails says: sentences for stderr, and an exit code."""

from dataclasses import dataclass

FAILED = 1
"""The command was understood, and could not be carried out."""

WRONG_USAGE = 2
"""The command was not understood."""

INTERRUPTED = 130
"""Ctrl-C, as shells report it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """How a failed command ends."""

    lines: tuple[str, ...]
    exit_code: int


class CommandFailed(Exception):
    """The command could not be carried out. Each line is a sentence for a person."""

    exit_code = FAILED

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines


class WrongUsage(CommandFailed):
    """The arguments contradict each other, or cannot be read."""

    exit_code = WRONG_USAGE


def explained(error: Exception) -> Failure | None:
    """The failure behind an error that Signoff raises on purpose; `None` for any other error."""
    if isinstance(error, CommandFailed):
        return Failure(error.lines, error.exit_code)
    # Imported late: most commands end without an error, and `--help` needs none of this.
    from signoff.flows.errors import FlowsError
    from signoff.store.errors import StoreError

    if isinstance(error, (FlowsError, StoreError)):
        return Failure((str(error),), FAILED)
    return None


def unexpected(error: Exception) -> Failure:
    """The failure behind a bug. The traceback goes to a file, which a user can attach to a report."""
    import tempfile
    import traceback

    from signoff.store.redaction import redacted
    from signoff.store.sentences import sentence

    with tempfile.NamedTemporaryFile("w", prefix="signoff-", suffix=".txt", delete=False, encoding="utf-8") as report:
        report.write(redacted("".join(traceback.format_exception(error))))
    message = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    bug = sentence(f"This is a bug in Signoff: {message}")
    return Failure((f"{bug} Please report it, and attach {report.name}.",), FAILED)
