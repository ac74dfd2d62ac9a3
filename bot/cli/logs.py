"""Logging to stderr, one line each, so that stdout holds nothing but what was asked for."""

import logging

from signoff.store.redaction import redact_logs

_NOISY = (
    *("alembic", "apscheduler", "httpx", "slack_bolt", "slack_sdk", "uvicorn", "websockets"),
    # The loggers that Bolt and its Socket Mode client are given.
    *("signoff.bot.bolt", "signoff.bot.socket"),
)


def log_to_stderr(level: int = logging.WARNING) -> None:
    """Log from `level` up, with secrets masked. Other libraries log from warnings up."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S", force=True)
    redact_logs()
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns of each lost connection that it finds. Signoff itself says what that means, where it matters.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
