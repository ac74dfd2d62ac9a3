"""How lines of the log look: when, how severe, and what; one record is never taken for another."""

import logging
import re
from datetime import datetime

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class LineFormatter(logging.Formatter):
    """Begins each record with its time, as ISO 8601 with the offset from UTC, and keeps it apart from the next one.

    Whatever the texts of people and flows in it contain: its further lines are indented, and it has no control
    characters, which a terminal would obey.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 - logging's own name
        """The time of a record in this machine's time zone: `2026-05-01T12:00:00.000+02:00`."""
        return datetime.fromtimestamp(record.created).astimezone().isoformat(timespec="milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        return _CONTROLS.sub("", super().format(record)).replace("\n", "\n    ")
