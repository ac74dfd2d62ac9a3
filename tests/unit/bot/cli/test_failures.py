"""What a command says when it fails."""

from pathlib import Path

from signoff.bot.cli.failures import FAILED, unexpected


def test_an_unexpected_error_is_one_sentence_and_a_file() -> None:
    """The user reads what to do, and a maintainer gets the traceback."""
    try:
        raise KeyError("lost")
    except KeyError as error:
        failure = unexpected(error)
    assert failure.exit_code == FAILED
    (line,) = failure.lines
    assert "KeyError: 'lost'" in line
    report = Path(line.rpartition(" ")[2].removesuffix("."))
    assert "Traceback" in report.read_text(encoding="utf-8")
    report.unlink()
