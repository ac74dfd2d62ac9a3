"""The context of code that runs in a flow: its run, its journal, and how it can wait."""

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from signoff.flows.approval.defaults import DefaultPolicies
from signoff.flows.durable.children import Children
from signoff.flows.durable.journal import Journal
from signoff.flows.durable.task_slots import TaskSlots
from signoff.flows.durable.values.arguments import Arguments
from signoff.flows.errors import Abandoned, MissingContextError, Unwind
from signoff.store.database import Database
from signoff.store.policy import Policy
from signoff.store.records.runs import FlowRun


class RunExecution(Protocol):
    """What a flow's code needs to know of the execution that runs it. Implemented by each engine."""

    def begin_wait(self, keys: Collection[str] = (), *, suspends: bool = False) -> "Future[FlowRun | Unwind]":
        """Start waiting in memory and give up the worker's slot.

        Args:
            keys: The keys of the prompts of which it waits for one; none if it waits for something else.
            suspends: Whether the wait also ends once no other task of the run is at work, see `may_suspend`.

        Returns:
            Gets the run once it was claimed again, or the reason why it has to leave memory.
        """

    @property
    def may_suspend(self) -> bool:
        """Whether the run can leave memory without cutting off a task in the middle, which would then run twice.

        Neither the flow nor a task may be at work. The caller counts as at work, unless it has given up its slot.
        """

    def end_wait(self, wait: "Future[FlowRun | Unwind]") -> None:
        """Stop waiting, and take the slot back unless `wake` has done that."""

    def drop_wait(self, wait: "Future[FlowRun | Unwind]") -> None:
        """Stop a wait after its run was marked as running. If the run has other waits, it waits for these again."""

    def unwind(self, reason: Unwind, step: str) -> None:
        """Note that the run leaves memory, because `reason` is raised into its code.

        Code may catch it and go on. So nothing more begins in this execution, the flow cannot complete, and the results
        of the steps around this point are not recorded.

        Args:
            step: The key of the step into which it is raised; empty for the flow itself.
        """

    def is_flow_code(self) -> bool:
        """Whether the caller runs in the flow's own thread or coroutine, rather than beside it."""


@dataclass(frozen=True, slots=True)
class RunContext:
    """The flow, task or nested flow that the current code belongs to.

    Attributes:
        defaults: The policy for whatever a prompt's own policy does not set: that of the flow, and of the settings.
        policies: The policies of the settings.
        task_slots: Limits how many submitted tasks of the run work at once.
        scope: The prefix of the keys of steps that are called here: empty, `release/`, `thread:deploy/` or
            `coroutine:deploy/`.
        step: The key of the current task or nested flow; empty in the flow itself.
        log_prints: Whether `print` writes to the run's log.
        children: What this flow, task or nested flow has started.
        parameters: Returns the parameters of the run by name, as the flow gets them.
    """

    db: Database
    run: FlowRun
    journal: Journal
    execution: RunExecution
    defaults: Policy
    task_slots: TaskSlots
    policies: DefaultPolicies = field(default_factory=DefaultPolicies)
    log_prints: bool = False
    scope: str = ""
    step: str = ""
    children: Children = field(default_factory=Children)
    parameters: Callable[[], Mapping[str, Any]] = dict

    @property
    def step_scope(self) -> str:
        """The scope of the current task or nested flow itself, without that of a thread or coroutine within it."""
        return f"{self.step}/" if self.step else ""

    def beside(self, name: str, arguments: Arguments, *, is_single: Callable[[], bool]) -> "RunContext":
        """The context for a function that runs beside the code that starts it here, in a thread or a coroutine.

        Args:
            name: What its steps have in common with those of other such functions.
            is_single: Whether it is started once at this place.
        """
        with closes_on_unwind(self):
            key = self.journal.begin_scope(f"{self.scope}{name}", arguments, is_single=is_single)
        return replace(self, scope=f"{key}/")

    def within(self, key: str, *, log_prints: bool | None) -> "RunContext":
        """The context for a step that is called from this one."""
        prints = self.log_prints if log_prints is None else log_prints
        return replace(self, scope=f"{key}/", step=key, log_prints=prints, children=Children())


@dataclass(frozen=True, slots=True)
class HookContext:
    """The hook that the current code belongs to. Its run is over, so nothing that it does is recorded as a step.

    Attributes:
        hook: The hook's name.
    """

    db: Database
    run: FlowRun
    hook: str


_current: ContextVar[RunContext | None] = ContextVar("signoff_run", default=None)
_hook: ContextVar[HookContext | None] = ContextVar("signoff_hook", default=None)


def current_run_context() -> RunContext | None:
    """The context of the current flow run, or `None` outside of one."""
    return _current.get()


def require_run_context(what: str) -> RunContext:
    """The context of the current flow run.

    Args:
        what: What needs the context, for the message: `ask()`.

    Raises:
        MissingContextError: Outside of a flow run.
    """
    context = _current.get()
    if context is None:
        raise MissingContextError(
            f"{what} can only be used within a flow run. Call it in a function decorated with @flow."
        )
    return context


def current_hook_context() -> HookContext | None:
    """The context of the current hook, or `None` outside of one."""
    return _hook.get()


def note_unwinding(reason: Unwind, context: RunContext) -> None:
    """Note that `reason` is raised into the current code.

    Args:
        context: The context to go by where the current code has none of this execution.
    """
    if isinstance(reason, Abandoned):
        return
    current = _current.get()
    if current is None or current.execution is not context.execution:
        current = context
    current.execution.unwind(reason, current.step)


class closes_on_unwind:  # noqa: N801 - used as a `with` statement; a generator costs three times as much
    """Notes it if the block raises what unwinds the run."""

    __slots__ = ("_context",)

    def __init__(self, context: RunContext) -> None:
        self._context = context

    def __enter__(self) -> None:
        """Nothing."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, Unwind):
            note_unwinding(error, self._context)


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


@contextmanager
def outside_of_run() -> Iterator[None]:
    """Run the block as if it did not belong to a run, so that nothing that it calls becomes a step."""
    token = _current.set(None)
    try:
        yield
    finally:
        _current.reset(token)


def enter(context: RunContext) -> None:
    """Run what follows in this context, until the `contextvars.Context` of the caller ends."""
    _current.set(context)


def idempotency_key() -> str:
    """A key for the effect of the current task or hook. It stays the same on every try, even after a crash.

    Raises:
        MissingContextError: Outside of a flow run.
    """
    hook = current_hook_context()
    if hook is not None:
        # A retried run may end the same way again. The attempt tells the two ends apart.
        return f"{hook.run.id}:{hook.hook}:{hook.run.attempt}"
    context = require_run_context("idempotency_key()")
    if context.step:
        # From now on others know the key, so the call must have it in the next execution, too.
        with closes_on_unwind(context):
            context.journal.note_begun(f"{context.step}/")
    return f"{context.run.id}:{context.step}"
