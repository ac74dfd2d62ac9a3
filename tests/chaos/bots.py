"""A bot under fire: what `signoff bot` runs, with the paper engine installed."""

import os
import sys

from signoff.bot import service
from signoff.bot.settings import Mode
from signoff.flows.services.signals import ShutdownSignal
from tests.chaos.processes import Ready
from tests.integration.bot.running_service import settings_for
from tests.support.paper_runs import PACKAGE


def serve_slack(ready: Ready, api_url: str, database_url: str, paper: str) -> None:
    """Serve Slack, and hand outcomes to the engine, until the process is killed."""
    sys.path.insert(0, str(PACKAGE))
    os.environ["PAPER"] = paper
    ready()
    settings = settings_for(api_url, database_url, Mode.SOCKET)
    with ShutdownSignal() as shutdown:
        service.serve(settings, [], shutdown, with_bot=True, with_worker=False)
