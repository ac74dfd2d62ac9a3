"""The embedded engine: runs flows on SQLite or PostgreSQL, in Signoff's own workers."""

from collections.abc import Iterable, Mapping
from typing import Any

from signoff.flows.engine import Acceptance, Accepted, OutgoingDelivery, PauseReports, Problem
from signoff.flows.engines.embedded.inline import run_inline
from signoff.flows.engines.embedded.serve import serve
from signoff.flows.flow import Flow
from signoff.flows.liveness.orphans import orphan_message
from signoff.flows.schedules import Cron
from signoff.flows.settings import DatabaseSettings, load
from signoff.store.database import Database, sqlite_file
from signoff.store.errors import StoreError
from signoff.store.records.runs import EMBEDDED
from signoff.store.runs.orphans import count_orphaned


class EmbeddedEngine:
    """Runs flows in this process. Implements `Engine` and `FlowRunner` of `signoff.flows.engine`.

    Its runs write their pauses themselves, and the transaction that settles a prompt makes the run claimable. So it has
    nothing to report, and nothing is ever delivered to it.
    """

    name = EMBEDDED

    def start(self, reports: PauseReports) -> None:
        """Does nothing: pauses are in the database already."""

    def stop(self) -> None:
        """Does nothing."""

    def deliver(self, delivery: OutgoingDelivery) -> Acceptance:
        """Does nothing: the run is claimable already."""
        return Accepted()

    def cancel(self, delivery: OutgoingDelivery) -> Acceptance:
        """Does nothing: the run has ended already."""
        return Accepted()

    def link(self, external_run_id: str) -> None:
        """There is no page of a run to look at."""

    def check(self) -> Iterable[Problem]:
        """The flows that have runs to go on with, and no worker."""
        db = Database(load(DatabaseSettings).database_url)
        try:
            file = sqlite_file(db)
            if file is not None and not file.exists():
                return []
            return [Problem(orphan_message(flow, runs)) for flow, runs in count_orphaned(db, now=db.now()).items()]
        except StoreError:
            # The check of the database itself says what is wrong.
            return []
        finally:
            db.close()

    def run(self, flow: Flow[Any, Any], parameters: dict[str, Any]) -> Any:
        """Run a flow to its end in this process and return its result."""
        return run_inline(flow, parameters)

    def serve(self, flow: Flow[Any, Any], name: str, schedule: Cron | None, parameters: Mapping[str, Any]) -> None:
        """Work on runs of a flow and fire its schedules, until SIGINT or SIGTERM."""
        serve(flow, name, schedule, parameters)
