"""Hooks: what a flow has done once a run of it has ended."""

import asyncio
import functools
import inspect
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

from signoff.flows.durable.context import HookContext, entered_hook
from signoff.flows.errors import InvalidFlow, said
from signoff.flows.states import State, StateType, state_of
from signoff.store.database import Database
from signoff.store.records import FlowRun

if TYPE_CHECKING:
    from signoff.flows.flow import Flow

logger = logging.getLogger("signoff.flows.run")

Hook = Callable[["Flow[Any, Any]", FlowRun, State], Any]
"""Called as `hook(flow, flow_run, state)`; an async one is awaited."""


class Hooks:
    """The hooks of one flow, by the type of state that they are called for."""

    def __init__(self, flow: str, given: "dict[StateType, tuple[str, Iterable[Hook] | None]]") -> None:
        self._flow = flow
        self._by_type: dict[StateType, list[Hook]] = {type_: [] for type_ in given}
        for type_, (argument, hooks) in given.items():
            if hooks is not None and not isinstance(hooks, Iterable):
                raise InvalidFlow(f"{argument} of the flow {flow} takes a list of functions: {argument}=[…].")
            for hook in hooks or ():
                self.add(type_, hook)

    def add(self, type_: StateType, hook: Hook) -> None:
        """Have one more called.

        Raises:
            InvalidFlow: If it cannot be called as hooks are.
        """
        if not _takes_three(hook):
            raise InvalidFlow(
                f"{_name_of(hook)} is no hook of the flow {self._flow}: a hook is a function that takes "
                "(flow, flow_run, state)."
            )
        self._by_type[type_].append(hook)

    def of(self, type_: StateType) -> list[Hook]:
        """Those that are called for a state of this type, in the order in which they were given."""
        return self._by_type.get(type_, [])


def run_hooks(db: Database, flow: "Flow[Any, Any]", run: FlowRun) -> None:
    """Call the hooks of a run that is over, one after the other. One that fails is logged, and changes nothing."""
    state = state_of(db, run)
    names: Counter[str] = Counter()
    for hook in flow.hooks.of(state.type):
        name = _name_of(hook)
        names[name] += 1
        if names[name] > 1:
            name = f"{name}-{names[name]}"
        with entered_hook(HookContext(db, run, name)):
            try:
                called = hook(flow, run, state)
                if inspect.isawaitable(called):
                    asyncio.run(_awaited(called))
            # Whatever it is, such as a SystemExit: the other hooks are called.
            except BaseException as error:
                logger.error("%s | the hook %s failed: %s", run.name, name, said(error), exc_info=error)


async def _awaited(called: Awaitable[Any]) -> None:
    await called


def _name_of(hook: Any) -> str:
    """A function's name; that of its type for an object that is none."""
    if isinstance(hook, functools.partial):
        return _name_of(hook.func)
    return str(getattr(hook, "__name__", type(hook).__name__))


def _takes_three(hook: Any) -> bool:
    if not callable(hook):
        return False
    try:
        inspect.signature(hook).bind(None, None, None)
    except TypeError:
        return False
    except ValueError:
        # Some functions written in C do not say what they take.
        return True
    return True
