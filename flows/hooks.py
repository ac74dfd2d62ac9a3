"""Hooks: functions that are called when a run has ended."""

import functools
import inspect
from collections.abc import Callable, Iterable
from typing import Any

from signoff.flows.errors import InvalidFlow
from signoff.flows.states import State, StateType
from signoff.store.records.runs import FlowRun

Hook = Callable[[Any, FlowRun, State], Any]
"""Called as `hook(flow, flow_run, state)`. An async hook is awaited."""


class Hooks:
    """The hooks of one flow, by the type of state for which they are called."""

    def __init__(self, flow: str, given: "dict[StateType, tuple[str, Iterable[Hook] | None]]") -> None:
        self._flow = flow
        self._by_type: dict[StateType, list[Hook]] = {type_: [] for type_ in given}
        for type_, (argument, hooks) in given.items():
            if hooks is not None and not isinstance(hooks, Iterable):
                raise InvalidFlow(f"{argument} of the flow {flow} takes a list of functions: {argument}=[…].")
            for hook in hooks or ():
                self.add(type_, hook)

    def add(self, type_: StateType, hook: Hook) -> None:
        """Add a hook.

        Raises:
            InvalidFlow: If it cannot be called as a hook.
        """
        if not _takes_three(hook):
            raise InvalidFlow(
                f"{hook_name(hook)} cannot be a hook of the flow {self._flow}. A hook is a function with the "
                "parameters (flow, flow_run, state)."
            )
        self._by_type[type_].append(hook)

    def for_state(self, type_: StateType) -> list[Hook]:
        """The hooks for a state of this type, in the order in which they were added."""
        return self._by_type.get(type_, [])


def hook_name(hook: Any) -> str:
    """The name of a function; for any other callable, the name of its type."""
    if isinstance(hook, functools.partial):
        return hook_name(hook.func)
    return str(getattr(hook, "__name__", type(hook).__name__))


def _takes_three(hook: Any) -> bool:
    if not callable(hook):
        return False
    try:
        inspect.signature(hook).bind(None, None, None)
    except TypeError:
        return False
    except ValueError:
        # Some functions written in C have no signature.
        return True
    return True
