"""`FILE:FLOW`: which flow to run."""

from pathlib import Path
from typing import Any

from signoff.flows.errors import InvalidFlow
from signoff.flows.flow import Flow
from signoff.flows.loading import load_flows


def find_flow(target: str) -> Flow[Any, Any]:
    """The flow that `FILE:FLOW` names by its own name or its function's. `FILE` alone will do if it has one flow.

    Raises:
        InvalidFlow: If the file cannot be used, or has no such flow, or several and the target names none.
    """
    file, name = _split(target)
    flows = load_flows([file])
    known = ", ".join(flow.name for flow in flows)
    if name is None:
        if len(flows) > 1:
            raise InvalidFlow(f"{file} has several flows: {known}. Name one of them, as in {file}:{flows[0].name}.")
        return flows[0]
    for flow in flows:
        if name in (flow.name, flow.fn.__name__):
            return flow
    raise InvalidFlow(f"{file} has no flow {name!r}. It has: {known}.")


def _split(target: str) -> tuple[str, str | None]:
    file, colon, name = target.rpartition(":")
    if not colon or Path(target).is_file():
        return target, None
    return file, name
