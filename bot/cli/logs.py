"""What is logged, and where: one line each, on stderr, so that stdout holds what was asked for and nothing else."""

import logging

_LOUD = (
    *("alembic", "apscheduler", "httpx", "slack_bolt", "slack_sdk", "uvicorn", "websockets"),
    # The loggers that Bolt and its Socket Mode client are given.
    *("signoff.bot.bolt", "signoff.bot.socket"),
)


def log_to_stderr(level: int = logging.WARNING) -> None:
    """Log from `level` up; of what other libraries log, warnings only."""
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S", force=True)
    for name in _LOUD:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns of each connection that it finds lost; what that means is said where it matters.
    logging.getLogger("psycopg").setLevel(logging.ERROR)
