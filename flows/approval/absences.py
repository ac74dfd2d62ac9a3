"""The end of absences, which comes by itself."""

from collections.abc import Callable
from datetime import datetime

from signoff.flows.approval.due_check import DueCheck
from signoff.flows.services.foreground import foreground
from signoff.store.database import Database
from signoff.store.prompts import absences


class AbsenceCheck(DueCheck):
    """Ends absences whose time is over. Usable as a context manager."""

    def __init__(self, db: Database, *, clock: Callable[[], datetime] | None = None) -> None:
        super().__init__(db, failure="Could not check who is back", clock=clock)

    def do_due(self) -> int:
        """End what is over now. Returns the number of people who are back."""
        over = absences.over(self._db, now=self._now())
        for absence in over:
            foreground.let_pass()
            absences.end(self._db, absence.person.id, now=self._now(), until=absence.until)
        self._next_due_at = absences.next_end(self._db)
        return len(over)
