"""Waiting for a database that is down: what has to be recorded is retried until it is."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from signoff.store.errors import DatabaseUnavailable
from signoff.store.outage_log import OutageLog

logger = logging.getLogger(__name__)

T = TypeVar("T")

RETRY_SECONDS = 0.5
"""Seconds until an unreachable database is tried again."""


def retry_until_available(transaction: Callable[[], T]) -> T:
    """Run a transaction, and retry it for as long as the database is unavailable.

    Args:
        transaction: May run more than once, even after it was committed: the reply to a commit can get lost. It has to
            have the same effect then.
    """
    outage = OutageLog(logger, "Waiting for the database", recovered="The database is available again")
    while True:
        try:
            result = transaction()
        except DatabaseUnavailable as error:
            outage.failed(error)
            time.sleep(RETRY_SECONDS)
        else:
            outage.worked()
            return result
