"""Serves a flow from its own program: `my_flow.serve()`."""

import logging
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from signoff.flows.approval.deadlines import DeadlineEnforcer
from signoff.flows.code.module_loading import is_importing
from signoff.flows.engines.embedded.scheduler import Declaration, Scheduler, own_schedules
from signoff.flows.engines.embedded.worker import Worker
from signoff.flows.errors import InvalidFlow
from signoff.flows.flow import Flow
from signoff.flows.schedules import Cron
from signoff.flows.services.log_lines import LineFormatter
from signoff.flows.services.signals import ShutdownSignal
from signoff.flows.settings import default_database

logger = logging.getLogger(__name__)


def serve(flow: Flow[Any, Any], name: str, schedule: Cron | None, parameters: Mapping[str, Any]) -> None:
    """Run the worker, deadlines and schedules of one flow until SIGINT or SIGTERM.

    Args:
        name: The name of the schedule. If `schedule` is `None`, a schedule of that name is withdrawn.
        parameters: The parameters of the scheduled runs, as JSON values by name.

    Raises:
        InvalidFlow: If this is called while a flow file is being imported. That import would never end.
        store.errors.StoreError: If the database cannot be used.
    """
    if is_importing():
        raise InvalidFlow(
            f"{flow.name}.serve() is called while its file is being imported. "
            'Put the call under `if __name__ == "__main__":`.'
        )
    _set_up_default_logging()
    declared = [*own_schedules([flow]), Declaration(flow.name, name, schedule, parameters, flow.identity)]
    with ShutdownSignal() as shutdown, ExitStack() as stack:
        with shutdown.starting_up():
            db = default_database()
            for service in (DeadlineEnforcer(db), Worker(db, [flow]), Scheduler(db, declared)):
                stack.enter_context(service)
        logger.info("Ready, flows: %s", flow.name)
        shutdown.wait()
        logger.info("Stopping")


def _set_up_default_logging() -> None:
    """Log to stderr, unless the program has set up logging itself."""
    if not logging.getLogger().handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(LineFormatter())
        logging.basicConfig(handlers=[handler])
        logging.getLogger("signoff").setLevel(logging.INFO)
