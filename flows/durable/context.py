"""What code within a flow run stands in: the run, its journal, and how it can wait."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Protocol

from signoff.flows.durable.journal import Journal
from signoff.flows.durable.task_slots import TaskSlots
from signoff.flows.errors import MissingContextError, Unwind
from signoff.store.database import Database
from signoff.store.policy import Policy
from signoff.store.records import FlowRun


class RunExecution(Protocol):
    """Holds a run in memory while it waits."""

    def begin_wait(self) -> "Future[FlowRun | Unwind]":
        """Begin a wait: the worker's slot is given up. The future gets the claimed run, or why it has to go."""

    def end_wait(self, wait: "Future[FlowRun | Unwind]") -> None:
        """End a wait. If it was not woken, the slot is taken back."""

    def wake(self, reason: "FlowRun | Unwind") -> bool:
        """End all waits: each finds out for itself whether it has to go on."""

    def is_flow_code(self) -> bool:
        """Whether this code runs in the thread, or the coroutine, of the flow, and not beside it."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """Where the code that runs now stands.

    Attributes:
        defaults: The policy that fills what a prompt's own leaves open.
        turns: Of the tasks that the run submits.
        scope: What stands in front of the keys of steps called from here: empty, or `release/`.
        step: The key of the task or nested flow that runs; empty in the flow itself.
        log_prints: Whether what is printed goes to the run's log.
    """

    db: Database
    run: FlowRun
    journal: Journal
    execution: RunExecution
    defaults: Policy
    task_slots: TaskSlots
    log_prints: bool = False
    scope: str = ""
    step: str = ""

    def within(self, key: str, *, log_prints: bool | None) -> "RunContext":
        """The context of a step of this one."""
        prints = self.log_prints if log_prints is None else log_prints
        return replace(self, scope=f"{key}/", step=key, log_prints=prints)


@dataclass(frozen=True, slots=True)
class HookContext:
    """Where a hook stands: outside of its run, which is over, so that nothing it does is recorded as a step.

    Attributes:
        hook: The hook's name.
    """

    db: Database
    run: FlowRun
    hook: str


_current: ContextVar[RunContext | None] = ContextVar("signoff_run", default=None)
_hook: ContextVar[HookContext | None] = ContextVar("signoff_hook", default=None)


def current_run_context() -> RunContext | None:
    """The context of the flow run that this code belongs to, or `None`."""
    return _current.get()


def require_run_context(what: str) -> RunContext:
    """The context of the flow run that this code belongs to.

    Raises:
        MissingContextError: If it belongs to none.
    """
    context = _current.get()
    if context is None:
        raise MissingContextError(f"{what} can only be used within a flow run.")
    return context


def current_hook_context() -> HookContext | None:
    """The hook that this code belongs to, or `None`."""
    return _hook.get()


@contextmanager
def entered_hook(context: HookContext) -> Iterator[None]:
    """Run the block as a hook."""
    token = _hook.set(context)
    try:
        yield
    finally:
        _hook.reset(token)


@contextmanager
def entered(context: RunContext) -> Iterator[None]:
    """Run the block in this context."""
    token = _current.set(context)
    try:
        yield
    finally:
        _current.reset(token)


def idempotency_key() -> str:
    """A key for the effect of the task or hook that runs: the same on each try, also after a crash.

    Raises:
        MissingContextError: If no flow run is going on.
    """
    hook = current_hook_context()
    if hook is not None:
        # A run that is retried may end the same way again: that is another end.
        return f"{hook.run.id}:{hook.hook}:{hook.run.attempt}"
    context = require_run_context("idempotency_key()")
    return f"{context.run.id}:{context.step}"
