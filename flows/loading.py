"""Loads the flows that flow files define."""

from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any

from signoff.flows.code.module_loading import load_file
from signoff.flows.errors import InvalidFlow
from signoff.flows.flow import Flow


def load_flows(paths: Iterable[str | Path]) -> list[Flow[Any, Any]]:
    """The flows in these files, in the order in which they are defined.

    Raises:
        InvalidFlow: If a file cannot be imported or has no flow, or if two flows have the same name.
    """
    found: dict[str, Flow[Any, Any]] = {}
    for path in paths:
        flows = flows_in(load_file(path))
        if not flows:
            raise InvalidFlow(f"{path} has no flow. Decorate a function with @flow.")
        for flow in flows:
            if (other := found.setdefault(flow.name, flow)) is not flow:
                raise InvalidFlow(
                    f"Two flows are called {flow.name!r}: one comes from {other.identity.source}, and one from "
                    f"{flow.identity.source}. Rename one of them."
                )
    return list(found.values())


def flows_in(module: ModuleType) -> list[Flow[Any, Any]]:
    """The flows that a module defines, without those that it imports."""
    defined = [each for each in vars(module).values() if isinstance(each, Flow)]
    return [flow for flow in dict.fromkeys(defined) if flow.fn.__module__ == module.__name__]
