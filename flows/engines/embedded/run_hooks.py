"""Calls the hooks of a flow after a run of it has ended."""

import asyncio
import inspect
import logging
from collections import Counter
from collections.abc import Awaitable
from typing import Any

from signoff.flows.durable.context import HookContext, entered_hook
from signoff.flows.errors import error_summary
from signoff.flows.flow import Flow
from signoff.flows.hooks import hook_name
from signoff.flows.states import state_of
from signoff.store.database import Database
from signoff.store.records.runs import FlowRun

logger = logging.getLogger("signoff.flows.run")


def run_hooks(db: Database, flow: Flow[Any, Any], run: FlowRun) -> None:
    """Call the hooks of a run that has ended, one after another. A failing hook is logged and changes nothing else."""
    state = state_of(db, run)
    names: Counter[str] = Counter()
    for hook in flow.hooks.for_state(state.type):
        name = hook_name(hook)
        names[name] += 1
        if names[name] > 1:
            name = f"{name}-{names[name]}"
        with entered_hook(HookContext(db, run, name)):
            try:
                called = hook(flow, run, state)
                if inspect.isawaitable(called):
                    asyncio.run(_awaited(called))
            # Whatever it is, even a SystemExit, the other hooks are still called.
            except BaseException as error:
                logger.error("%s | the hook %s failed: %s", run.name, name, error_summary(error), exc_info=error)


async def _awaited(called: Awaitable[Any]) -> None:
    await called
