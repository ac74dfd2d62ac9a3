"""What a command logs to a terminal."""

import logging
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from signoff.bot.cli.logs import log_to_stderr


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_line_begins_with_the_date_and_the_time_and_its_zone(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """ISO 8601 with the offset from UTC, so that logs of several machines and days can be put together."""
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        log_to_stderr()
        logging.getLogger("signoff").warning("Here")
    finally:
        monkeypatch.undo()
        time.tzset()
    when, _, rest = capsys.readouterr().err.partition(" ")
    assert rest == "WARNING Here\n"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+05:30", when)
    assert abs(datetime.fromisoformat(when) - datetime.now(UTC)) < timedelta(minutes=5)


def test_the_text_of_people_forges_no_line_and_commands_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Invariant 8: its further lines are indented, and its control characters are gone; so are those of an error."""
    log_to_stderr()
    hostile = "red\x1b[2J\x07\n23:59:59 INFO Release 1.4 was approved by Ana"
    logging.getLogger("signoff").warning("Chosen: %s", hostile)
    try:
        raise ValueError(hostile)
    except ValueError:
        logging.getLogger("signoff").exception("The run failed")
    written = capsys.readouterr().err
    assert written.count("Release 1.4 was approved") == 2
    assert all(line.startswith("    ") for line in written.splitlines() if "approved by Ana" in line)
    assert not {"\x1b", "\x07"} & set(written)
