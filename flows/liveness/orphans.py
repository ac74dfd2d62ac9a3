"""Warns about flows that have runs to continue, but no worker."""

import logging
from datetime import timedelta

from signoff.store.database import Database
from signoff.store.runs.orphans import count_orphaned

logger = logging.getLogger(__name__)

ORPHANED_AFTER = timedelta(seconds=30)
"""How long a run waits for a worker before that is reported. Workers that start together need a moment."""


class OrphanWarnings:
    """Logs runs that no worker takes: once for each flow, until a worker has that flow."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._warned: set[str] = set()

    def check(self) -> None:
        """Look for such runs, and log those that are new."""
        moment = self._db.now()
        found = count_orphaned(self._db, now=moment, since=moment - ORPHANED_AFTER)
        for flow in found.keys() - self._warned:
            logger.warning("%s", orphan_message(flow, found[flow]))
        self._warned = set(found)


def orphan_message(flow: str, runs: int) -> str:
    """The message for an operator: what is wrong, and what to do."""
    count, be, them = ("1 run", "is", "it") if runs == 1 else (f"{runs} runs", "are", "them")
    return (
        f"{count} of the flow {flow} {be} waiting, but no worker has that flow. Start a worker with its file. If the "
        f"flow was renamed or deleted, restore it, or cancel {them} with `signoff cancel`."
    )
