"""What a command that cannot do its work tells: sentences for stderr, and an exit code."""

from dataclasses import dataclass

FAILED = 1
"""It was understood, and could not be done."""

WRONG_USAGE = 2
"""It was not understood."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The end of a command that did not do its work."""

    lines: tuple[str, ...]
    exit_code: int


class CommandFailed(Exception):
    """What was asked for could not be done; each line is a sentence for a person."""

    exit_code = FAILED

    def __init__(self, *lines: str) -> None:
        super().__init__(*lines)
        self.lines = lines


class WrongUsage(CommandFailed):
    """The arguments do not fit together, or cannot be read."""

    exit_code = WRONG_USAGE


def explained(error: Exception) -> Failure | None:
    """The failure behind an error; `None` for an error that nobody foresaw."""
    if isinstance(error, CommandFailed):
        return Failure(error.lines, error.exit_code)
    # Imported late: most commands end without an error, and `--help` needs none of this.
    from signoff.bot.settings import BadSettings
    from signoff.flows.errors import FlowsError
    from signoff.store.errors import StoreError

    if isinstance(error, (BadSettings, FlowsError, StoreError)):
        return Failure((str(error),), FAILED)
    return None


def unforeseen(error: Exception) -> Failure:
    """The failure behind an error that nobody foresaw; where it happened is kept in a file for a report of it."""
    import tempfile
    import traceback

    with tempfile.NamedTemporaryFile("w", prefix="signoff-", suffix=".txt", delete=False, encoding="utf-8") as report:
        traceback.print_exception(error, file=report)
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Failure(
        (f"This is a fault of Signoff's own, {said}. Please report it with the file {report.name}.",), FAILED
    )
