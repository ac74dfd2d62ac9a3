"""Flow files: from a path to the flows that it defines."""

from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from signoff.flows.errors import InvalidFlow
from signoff.flows.flow import Flow
from signoff.flows.module_loading import load_file


def load_flows(paths: Iterable[str | Path]) -> list[Flow[Any, Any]]:
    """The flows that stand in these files, in the order they are written there.

    Raises:
        InvalidFlow: If a file cannot be imported or has no flow, or if two flows have one name.
    """
    found: dict[str, Flow[Any, Any]] = {}
    for path in paths:
        flows = flows_in(load_file(path))
        if not flows:
            raise InvalidFlow(f"{path} has no flow. Put @flow in front of a function.")
        for flow in flows:
            if found.setdefault(flow.name, flow) is not flow:
                raise InvalidFlow(f"Two flows are called {flow.name!r}. Give one of them another name.")
    return list(found.values())


def flows_in(module: ModuleType) -> list[Flow[Any, Any]]:
    """The flows that a module defines; not those it imports from elsewhere."""
    defined = [each for each in vars(module).values() if isinstance(each, Flow)]
    return [flow for flow in dict.fromkeys(defined) if flow.fn.__module__ == module.__name__]
