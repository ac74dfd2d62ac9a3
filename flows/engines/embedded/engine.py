"""The embedded engine: runs flows on SQLite or PostgreSQL, in workers of this project's own."""

from collections.abc import Mapping
from typing import Any

from signoff.flows.engines.embedded.inline import run_inline
from signoff.flows.engines.embedded.serve import serve
from signoff.flows.flow import Flow
from signoff.flows.schedules import Cron


class EmbeddedEngine:
    """Runs flows in this process. Implements `signoff.flows.engine.FlowRunner`."""

    def run(self, flow: Flow[Any, Any], parameters: dict[str, Any]) -> Any:
        """Run a flow to its end in this process, and return its result."""
        return run_inline(flow, parameters)

    def serve(self, flow: Flow[Any, Any], name: str, schedule: Cron | None, parameters: Mapping[str, Any]) -> None:
        """Work on runs of a flow, and make those of its schedules, until SIGINT or SIGTERM."""
        serve(flow, name, schedule, parameters)
