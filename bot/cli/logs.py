"""Logging to stderr, one line each, so that stdout holds nothing but what was asked for."""

import logging

from signoff.flows.services.log_lines import LineFormatter
from signoff.store.redaction import redact_logs

_NOISY = (
    *("alembic", "apscheduler", "httpx", "slack_bolt", "slack_sdk", "uvicorn", "websockets"),
    # The loggers that Bolt and its Socket Mode client are given.
    *("signoff.bot.bolt",),
)


class _DotenvFilter(logging.Filter):
    """Names the file in which python-dotenv cannot read a line, once a line however often it is read."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: set[object] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        is_new = record.args not in self._seen
        self._seen.add(record.args)
        record.msg = record.msg.replace("python-dotenv could not parse statement", "Cannot read the statement of .env")
        return is_new


def log_to_stderr(level: int = logging.WARNING) -> None:
    """Log from `level` up, with secrets masked. Other libraries log from warnings up."""
    handler = logging.StreamHandler()
    handler.setFormatter(LineFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    redact_logs()
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    dotenv = logging.getLogger("dotenv.main")
    if not any(isinstance(each, _DotenvFilter) for each in dotenv.filters):
        dotenv.addFilter(_DotenvFilter())
    # It warns of each lost connection that it finds. Signoff itself says what that means, where it matters.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
