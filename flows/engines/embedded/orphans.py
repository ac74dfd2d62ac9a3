"""Says which flows have runs to go on with, and no worker."""

import logging
from datetime import timedelta

from signoff.flows.names import now
from signoff.store.database import Database
from signoff.store.runs.orphans import count_orphaned

logger = logging.getLogger(__name__)

ORPHANED_AFTER = timedelta(seconds=30)
"""How long a run lies about before that is said: workers that start together need a moment."""


class OrphanWarnings:
    """What a worker says of runs that no worker takes, once for each flow until somebody serves it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._warned: set[str] = set()

    def check(self) -> None:
        """Look for them, and say what is new."""
        moment = now()
        found = count_orphaned(self._db, now=moment, since=moment - ORPHANED_AFTER)
        for flow in found.keys() - self._warned:
            logger.warning("%s", orphan_message(flow, found[flow]))
        self._warned = set(found)


def orphan_message(flow: str, runs: int) -> str:
    """What a person has to know, and can do."""
    which = "A run" if runs == 1 else f"{runs} runs"
    waits = "waits" if runs == 1 else "wait"
    return (
        f"{which} of the flow {flow} {waits}, and no worker has that flow. Start one with its file; if it was renamed "
        "or deleted, put it back, or `signoff cancel` what waits."
    )
