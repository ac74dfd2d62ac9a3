"""The engines beside the embedded one: started with the bot, so that their pauses are asked and their runs answered."""

import logging
from contextlib import ExitStack

from signoff.flows.approval.defaults import DefaultPolicies
from signoff.flows.engine import Engine, engine, engine_names
from signoff.flows.engines.deliverer import Deliverer
from signoff.flows.engines.pause_reports import DatabasePauseReports
from signoff.flows.errors import BrokenEngine
from signoff.flows.services.background import BackgroundService
from signoff.store.database import Database
from signoff.store.policy import Policy
from signoff.store.records.runs import EMBEDDED

logger = logging.getLogger(__name__)


class ConnectedEngines(BackgroundService):
    """Every installed engine but the embedded one.

    An engine that cannot be started is left out, and the log says why: people can still answer everything else.

    Args:
        defaults: The policies that fill what a reported one leaves open.
    """

    def __init__(self, db: Database, *, defaults: DefaultPolicies | Policy) -> None:
        self._db = db
        self._defaults = DefaultPolicies.of_all(defaults)
        self._stack = ExitStack()

    def start(self) -> None:
        """Start each engine, and what hands it the outcomes."""
        with ExitStack() as stack:
            for name in engine_names():
                if name == EMBEDDED:
                    continue
                try:
                    self._connect(stack, engine(name))
                except BrokenEngine as error:
                    logger.error("%s", error)
            self._stack = stack.pop_all()

    def stop(self) -> None:
        """Stop them, the last one first."""
        self._stack.close()

    def _connect(self, stack: ExitStack, connected: Engine) -> None:
        # Stopped in the opposite order: an engine takes outcomes until nobody hands it any. It is stopped even if its
        # start fails, since it may have failed halfway.
        stack.callback(_stop, connected)
        # Delivers even if the engine cannot report: what was answered before has to get there.
        stack.enter_context(Deliverer(self._db, connected))
        try:
            connected.start(DatabasePauseReports(self._db, connected.name, self._defaults))
        except Exception:
            logger.exception("The engine %s cannot be started; `signoff doctor` may say why", connected.name)
        else:
            logger.info("The engine %s is connected", connected.name)


def _stop(connected: Engine) -> None:
    try:
        connected.stop()
    except Exception:
        logger.exception("The engine %s cannot be stopped", connected.name)
