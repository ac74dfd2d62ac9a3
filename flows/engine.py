"""Engines: what runs flows. The embedded engine is one of several, and each is found by its entry point.

An installed package adds an engine with an entry point in the group `signoff.engines`.
"""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Protocol, cast

from signoff.flows.errors import UnknownEngine

GROUP = "signoff.engines"
"""The entry-point group in which engines register."""

EMBEDDED = "embedded"


class FlowRunner(Protocol):
    """An engine that runs flows in this process."""

    def run(self, flow: Any, parameters: dict[str, Any]) -> Any:
        """Run a flow to its end in this process, and return its result.

        Raises:
            Exception: What the flow raises.
            FlowsError: If the run failed elsewhere, or needs attention.
            RunCancelled: If somebody cancels the run.
        """

    def serve(self, flow: Any, name: str, schedule: Any, parameters: Mapping[str, Any]) -> None:
        """Work on runs of a flow, and make those of its schedules, until SIGINT or SIGTERM."""


def flow_runner() -> FlowRunner:
    """The embedded engine."""
    return cast("FlowRunner", _load(EMBEDDED))


@cache
def _load(name: str) -> Any:
    # Loaded by name, so that flows do not import the engine that runs them.
    for entry_point in entry_points(group=GROUP, name=name):
        return entry_point.load()()
    raise UnknownEngine(f"There is no engine {name!r}. Install the package that provides it, or choose another engine.")
