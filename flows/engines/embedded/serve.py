"""A flow served by its own program: `my_flow.serve()`."""

import logging
from collections.abc import Mapping
from typing import Any

from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.engines.embedded.scheduler import Declaration, Scheduler, own_schedules
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.errors import InvalidFlow
from signoff.flows.flow import Flow
from signoff.flows.module_loading import is_importing
from signoff.flows.schedules import Cron
from signoff.flows.settings import default_database
from signoff.flows.signals import ShutdownSignal

logger = logging.getLogger(__name__)


def serve(flow: Flow[Any, Any], name: str, schedule: Cron | None, parameters: Mapping[str, Any]) -> None:
    """Run worker, clock and schedules of one flow until SIGINT or SIGTERM.

    Args:
        name: What the schedule is called; one of that name that is no longer wanted is ended.
        parameters: What the schedule's runs are given, JSON values by name.

    Raises:
        InvalidFlow: If this is called while a flow file is imported, which would then never end.
        store.errors.StoreError: If the record cannot be used.
    """
    if is_importing():
        raise InvalidFlow(
            f'the flow {flow.name} is served while its file is imported; put that under `if __name__ == "__main__":`.'
        )
    _log_where_nobody_does()
    declared = [*own_schedules([flow]), Declaration(flow.name, name, schedule, parameters)]
    db = default_database()
    with ShutdownSignal() as asked, DeadlineEnforcer(db), Worker(db, [flow]), Scheduler(db, declared):
        logger.info("Ready, flows: %s", flow.name)
        asked.wait()
        logger.info("Stopping")


def _log_where_nobody_does() -> None:
    """Let a program that has set up no logging say on stderr what goes on."""
    if not logging.getLogger().handlers:
        logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", datefmt="%H:%M:%S")
        logging.getLogger("signoff").setLevel(logging.INFO)
