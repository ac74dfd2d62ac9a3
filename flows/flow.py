"""`@flow`: an ordinary function that can wait for people and survives restarts."""

import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Generic, ParamSpec, TypeVar, overload

from signoff.flows.approval.users import named
from signoff.flows.durable.async_bridge import to_thread
from signoff.flows.durable.context import RunContext, current_run_context
from signoff.flows.durable.fingerprint import fingerprint
from signoff.flows.durable.parameters import Parameters
from signoff.flows.durable.retries import RetryPolicy
from signoff.flows.durable.serialization import Serializer
from signoff.flows.durable.steps import bind, call_step, return_annotation
from signoff.flows.engine import flow_runner
from signoff.flows.errors import InvalidFlow
from signoff.flows.hooks import Hook, Hooks
from signoff.flows.names import memorable_name, new_id, now
from signoff.flows.schedules import Cron, resolve_schedule
from signoff.flows.states import StateType
from signoff.store.database import Database
from signoff.store.errors import CommitInDoubt, NoSuchRun
from signoff.store.records import Actor, FlowRun
from signoff.store.runs import runs

P = ParamSpec("P")
R = TypeVar("R")
H = TypeVar("H", bound=Hook)


class Flow(Generic[P, R]):
    """A function that runs as a flow.

    Called within a flow run it is a nested flow, a step of that run. Called elsewhere it makes a run in the
    record of `DATABASE_URL`, sees it through to its end in this process, and gives back its result.

    Made by `flow`, whose arguments are described there.
    """

    def __init__(
        self,
        function: Callable[P, R],
        *,
        name: str | None = None,
        retries: int = 0,
        retry_delay_seconds: float = 0,
        timeout_seconds: float | None = None,
        log_prints: bool = False,
        result_serializer: Serializer = "json",
        on_completion: Iterable[Hook] | None = None,
        on_failure: Iterable[Hook] | None = None,
        on_cancellation: Iterable[Hook] | None = None,
        on_crashed: Iterable[Hook] | None = None,
        cron: str | None = None,
        schedule: Cron | None = None,
    ) -> None:
        if not callable(function):
            raise InvalidFlow("@flow goes in front of a function.")
        functools.update_wrapper(self, function)
        self.fn = function
        self.name = name or function.__name__.replace("_", "-")
        self.isasync = inspect.iscoroutinefunction(function)
        self.retries = retries
        self.retry_delay_seconds = retry_delay_seconds
        self.timeout_seconds = timeout_seconds
        self.log_prints = log_prints
        self.parameters = Parameters(function, self.name)
        self.annotation = return_annotation(function)
        # Taken now: the file may be edited while this process runs what it says at this moment.
        self.fingerprint = fingerprint(function)
        self._serializer = result_serializer
        self.schedule = self._resolve_schedule(cron, schedule, {})
        self.hooks = Hooks(
            self.name,
            {
                StateType.COMPLETED: ("on_completion", on_completion),
                StateType.FAILED: ("on_failure", on_failure),
                StateType.CANCELLED: ("on_cancellation", on_cancellation),
                StateType.CRASHED: ("on_crashed", on_crashed),
            },
        )

    def on_completion(self, hook: H) -> H:
        """Have a function called when a run has completed. Goes in front of it as a decorator."""
        self.hooks.add(StateType.COMPLETED, hook)
        return hook

    def on_failure(self, hook: H) -> H:
        """Have a function called when a run has failed, timed out, or needs attention."""
        self.hooks.add(StateType.FAILED, hook)
        return hook

    def on_cancellation(self, hook: H) -> H:
        """Have a function called when a run was cancelled."""
        self.hooks.add(StateType.CANCELLED, hook)
        return hook

    def on_crashed(self, hook: H) -> H:
        """Have a function called when a run has crashed."""
        self.hooks.add(StateType.CRASHED, hook)
        return hook

    def create_run(
        self, db: Database, parameters: Mapping[str, Any], *, requester: Actor | str | None = None
    ) -> FlowRun:
        """Write a run of this flow that any worker may take.

        Args:
            parameters: JSON values by name.
            requester: The person who wants the run, which the cards of its prompts say: `@ana`, an e-mail address or
                a Slack user id.

        Raises:
            InvalidParameters: If the flow does not take them.
            ValueError: If the requester has no name.
        """
        self.parameters.from_json(parameters)
        run_id = new_id()
        create = functools.partial(
            runs.create,
            db,
            run_id=run_id,
            name=memorable_name(),
            flow=self.name,
            parameters=parameters,
            now=now(),
            requester=named(requester) if isinstance(requester, str) else requester,
        )
        try:
            return create()
        except CommitInDoubt:
            with suppress(NoSuchRun):
                return runs.get(db, run_id)
            return create()

    def serve(
        self,
        name: str | None = None,
        *,
        cron: str | None = None,
        schedule: Cron | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        """Work on runs of this flow, and make those of its schedules, until SIGINT or SIGTERM.

        The record is that of `DATABASE_URL`. The flow's own schedule holds as well.

        Args:
            name: Tells the schedule from others of this flow; the flow's name where none is given.
            cron: When runs are made, as in a crontab, in UTC.
            schedule: The same with a time zone, or with what to do about missed ticks.
            parameters: What the runs of the schedule are given.

        Raises:
            InvalidFlow: If the schedule cannot be used.
            InvalidParameters: If the flow does not take the parameters.
            store.errors.StoreError: If the record cannot be used.
        """
        given = dict(parameters or {})
        found = self._resolve_schedule(cron, schedule, given)
        if given and found is None:
            raise InvalidFlow(
                f"serve(parameters=…) is for scheduled runs: give cron or schedule for {self.name} as well."
            )
        in_json = self.parameters.to_json((), given) if given else {}
        flow_runner().serve(self, name or self.name, found, {each: in_json[each] for each in given})

    def _resolve_schedule(self, cron: str | None, schedule: Cron | None, parameters: Mapping[str, Any]) -> Cron | None:
        found = resolve_schedule(cron, schedule, flow=self.name)
        missing = self.parameters.required - parameters.keys()
        if found is not None and missing:
            raise InvalidFlow(
                f"The flow {self.name} cannot be scheduled without {', '.join(sorted(missing))}: give the parameter a "
                "default, or give it to serve(parameters=…)."
            )
        return found

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the flow. An async flow gives an awaitable."""
        context = current_run_context()
        if context is not None:
            nested: R = self._run_nested(context, args, kwargs)
            return nested
        parameters = self.parameters.to_json(args, kwargs)
        if self.isasync:
            return to_thread(functools.partial(flow_runner().run, self, parameters))  # type: ignore[return-value]
        result: R = flow_runner().run(self, parameters)
        return result

    def _run_nested(self, context: RunContext, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
        call = call_step(
            context,
            self.name,
            bind(self.fn, args, kwargs),
            annotation=self.annotation,
            serializer=self._serializer,
            log_prints=self.log_prints,
        )
        attempts = RetryPolicy(self.name, self.retries, self.retry_delay_seconds, self.timeout_seconds)
        function: Callable[[], Any] = functools.partial(self.fn, *args, **kwargs)
        return call.run_async(attempts, function) if self.isasync else call.run(attempts, function)


@overload
def flow(function: Callable[P, R], /) -> Flow[P, R]: ...


@overload
def flow(
    *,
    name: str | None = None,
    retries: int = 0,
    retry_delay_seconds: float = 0,
    timeout_seconds: float | None = None,
    log_prints: bool = False,
    result_serializer: Serializer = "json",
    on_completion: Iterable[Hook] | None = None,
    on_failure: Iterable[Hook] | None = None,
    on_cancellation: Iterable[Hook] | None = None,
    on_crashed: Iterable[Hook] | None = None,
    cron: str | None = None,
    schedule: Cron | None = None,
) -> Callable[[Callable[P, R]], Flow[P, R]]: ...


def flow(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Make a function, sync or async, a flow.

    Args:
        function: The function. Its parameters are checked by their annotations.
        name: What the flow is called; the function's name, with dashes, where none is given.
        retries: How many tries may follow a first that fails; finished tasks are not run again.
        retry_delay_seconds: Seconds before each retry.
        timeout_seconds: Seconds that one execution may take; waiting for people does not count. A sync flow is
            stopped at its next task or pause.
        log_prints: Whether what it prints goes to the run's log.
        result_serializer: How the result is recorded when another flow calls this one.
        on_completion: Functions that are called as `hook(flow, flow_run, state)` when a run has completed.
        on_failure: The same for a run that failed, timed out, or needs attention.
        on_cancellation: The same for a run that was cancelled.
        on_crashed: The same for a run that was given up since it ended its workers.
        cron: When workers that know the flow make runs of it, as in a crontab, in UTC: `0 9 * * 1-5`.
        schedule: The same with a time zone, or with what to do about missed ticks.

    Raises:
        InvalidFlow: If the function cannot be a flow, or a hook cannot be one.
    """
    if function is None:
        return functools.partial(Flow, **options)
    return Flow(function, **options)
