"""Work goes on when the database is back: what must be recorded is tried until it is."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from signoff.store.errors import DatabaseUnavailable

logger = logging.getLogger(__name__)

T = TypeVar("T")

RETRY_AFTER = 0.5
"""Seconds until an unreachable database is tried again."""


def retry_until_available(transaction: Callable[[], T]) -> T:
    """Run a transaction; while the database is away, say so once and try again until it is back.

    The transaction may have been committed when the database went away: it has to bear being repeated.
    """
    said = False
    while True:
        try:
            done = transaction()
        except DatabaseUnavailable as error:
            if not said:
                logger.error("Waiting for the database: %s", error)
                said = True
            time.sleep(RETRY_AFTER)
        else:
            if said:
                logger.info("The database is back")
            return done
