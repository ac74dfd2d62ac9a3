"""`@flow`: makes a function that can wait for people and survives restarts."""

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Generic, ParamSpec, TypeVar, overload

from signoff.flows.approval.policy import merged
from signoff.flows.approval.users import named
from signoff.flows.code.functions import check_function
from signoff.flows.code.source import source_of
from signoff.flows.current_database import current_database
from signoff.flows.durable.async_bridge import in_event_loop, to_thread
from signoff.flows.durable.child_processes import refuse_in_child
from signoff.flows.durable.context import RunContext, current_run_context
from signoff.flows.durable.fingerprint import fingerprint
from signoff.flows.durable.parameters import Parameters
from signoff.flows.durable.pending_calls import PendingCall
from signoff.flows.durable.results import has_futures, resolve_futures
from signoff.flows.durable.retries import RetryPolicy
from signoff.flows.durable.steps import Place, bind, call_step, next_place, return_annotation, texts_beside
from signoff.flows.durable.values.serialization import Serializer
from signoff.flows.engine import flow_runner
from signoff.flows.errors import InvalidFlow
from signoff.flows.hooks import Hook, Hooks
from signoff.flows.names import memorable_name, new_id
from signoff.flows.schedules import Cron, resolve_schedule
from signoff.flows.states import StateType
from signoff.store.database import Database
from signoff.store.errors import CommitInDoubt, NoSuchRun
from signoff.store.policy import Policy
from signoff.store.records.actors import Actor
from signoff.store.records.runs import FlowIdentity, FlowRun
from signoff.store.runs import runs

P = ParamSpec("P")
R = TypeVar("R")
H = TypeVar("H", bound=Hook)


class Flow(Generic[P, R]):
    """A function that runs as a flow.

    Called within a flow run, it is a nested flow: a step of that run. Called elsewhere, it creates a run in the
    database of `DATABASE_URL`, executes it to its end in this process, and returns its result.

    Created by `flow`, which describes the arguments.
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
        policy: Policy | None = None,
        tags: Iterable[str] = (),
    ) -> None:
        check_function(function, name, decorator="flow")
        functools.update_wrapper(self, function)
        self.fn = function
        self.name = name or function.__name__.replace("_", "-")
        self.isasync = inspect.iscoroutinefunction(function)
        self.retries = retries
        self.retry_delay_seconds = retry_delay_seconds
        self.timeout_seconds = timeout_seconds
        self._attempts = RetryPolicy(self.name, retries, retry_delay_seconds, timeout_seconds)
        self.log_prints = log_prints
        self.policy = _policy_of(self.name, policy)
        self.tags = _tags_of(self.name, tags)
        self.parameters = Parameters(function, self.name)
        self.annotation = return_annotation(function)
        # Computed now: this process keeps running this version of the file, even if the file is edited later.
        self.fingerprint = fingerprint(function)
        self.identity = FlowIdentity(self.name, source_of(function), self.fingerprint)
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

    def __repr__(self) -> str:
        return f"Flow({self.name!r})"

    def on_completion(self, hook: H) -> H:
        """Call a function when a run has completed. Use it as a decorator."""
        self.hooks.add(StateType.COMPLETED, hook)
        return hook

    def on_failure(self, hook: H) -> H:
        """Call a function when a run has failed, timed out, or needs attention. Use it as a decorator."""
        self.hooks.add(StateType.FAILED, hook)
        return hook

    def on_cancellation(self, hook: H) -> H:
        """Call a function when a run was cancelled. Use it as a decorator."""
        self.hooks.add(StateType.CANCELLED, hook)
        return hook

    def on_crashed(self, hook: H) -> H:
        """Call a function when a run has crashed. Use it as a decorator."""
        self.hooks.add(StateType.CRASHED, hook)
        return hook

    def create_run(
        self,
        parameters: Mapping[str, Any] | None = None,
        *,
        requester: Actor | str | None = None,
        db: Database | None = None,
    ) -> FlowRun:
        """Create a run of this flow that any worker may take.

        Args:
            parameters: JSON values by name.
            requester: The person who wants the run, which the cards of its prompts say: `@ana`, an e-mail address or
                a Slack user id. By default, in a flow run, the requester of that run; elsewhere nobody.
            db: Where to create it; by default in the database of the current run, or of `DATABASE_URL`.

        Raises:
            InvalidParameters: If they do not fit the flow.
            ValueError: If the requester has no name.
        """
        if requester is None and (context := current_run_context()) is not None:
            requester = context.run.requester
        given = self.parameters.recordable(parameters or {})
        database = db or current_database()
        run_id = new_id()
        create = functools.partial(
            runs.create,
            database,
            run_id=run_id,
            name=memorable_name(),
            flow=self.identity,
            parameters=given,
            now=database.now(),
            requester=named(requester) if isinstance(requester, str) else requester,
        )
        try:
            return create()
        except CommitInDoubt:
            with suppress(NoSuchRun):
                return runs.get(database, run_id)
            return create()

    def serve(
        self,
        name: str | None = None,
        *,
        cron: str | None = None,
        schedule: Cron | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        """Work on runs of this flow and fire its schedules, until SIGINT or SIGTERM.

        The database is the one of `DATABASE_URL`. The flow's own schedule is in force as well.

        Args:
            name: Identifies the schedule among those of this flow; by default the flow's name.
            cron: When runs are created, as in a crontab, in UTC.
            schedule: The same, with a time zone or with a rule for missed ticks.
            parameters: The parameters of the scheduled runs.

        Raises:
            InvalidFlow: If the schedule is invalid.
            InvalidParameters: If the parameters do not fit the flow.
            DatabaseUnavailable: If the database cannot be used.
        """
        given = dict(parameters or {})
        found = self._resolve_schedule(cron, schedule, given)
        if given and found is None:
            raise InvalidFlow(
                f"serve(parameters=…) is for scheduled runs: give {self.name}.serve() a cron or schedule as well."
            )
        in_json = self.parameters.to_json((), given) if given else {}
        flow_runner().serve(self, name or self.name, found, {each: in_json[each] for each in given})

    def _resolve_schedule(self, cron: str | None, schedule: Cron | None, parameters: Mapping[str, Any]) -> Cron | None:
        found = resolve_schedule(cron, schedule, flow=self.name)
        missing = self.parameters.required - parameters.keys()
        if found is not None and missing:
            raise InvalidFlow(
                f"The flow {self.name} cannot be scheduled without {', '.join(sorted(missing))}. Give each parameter a "
                "default, or a value in serve(parameters=…)."
            )
        return found

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Run the flow. For an async flow this returns an awaitable."""
        context = current_run_context()
        what = f"The flow {self.name}"
        if has_futures(*args, *kwargs.values()):
            if context is not None and self.isasync and in_event_loop():
                place = next_place(context, self.name)
                return PendingCall(what, self._run_resolved(context, place, args, kwargs))  # type: ignore[return-value]
            args, kwargs = resolve_futures((args, kwargs))
        if context is not None:
            nested: Any = self._run_nested(context, None, args, kwargs)
            return PendingCall(what, nested) if self.isasync else nested  # type: ignore[return-value]
        refuse_in_child(f"The flow {self.name}")
        parameters = self.parameters.to_json(args, kwargs)
        run = functools.partial(flow_runner().run, self, parameters)
        return PendingCall(what, to_thread(run)) if self.isasync else run()  # type: ignore[return-value]

    async def _run_resolved(self, context: RunContext, place: Place, args: Any, kwargs: Any) -> Any:
        args, kwargs = await to_thread(lambda: resolve_futures((args, kwargs)))
        return await self._run_nested(context, place, args, kwargs)

    def _run_nested(
        self, context: RunContext, place: Place | None, args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> Any:
        found = context.policies.of(self.name, self.tags, otherwise=context.defaults)
        call = call_step(
            dataclasses.replace(context, defaults=merged(self.policy, found)),
            self.name,
            bind(self.fn, args, kwargs),
            annotation=self.annotation,
            serializer=self._serializer,
            log_prints=self.log_prints,
            place=place,
            beside=texts_beside(self.fn),
            is_async=self.isasync,
        )
        function: Callable[[], Any] = functools.partial(self.fn, *args, **kwargs)
        return call.run_async(self._attempts, function) if self.isasync else call.run(self._attempts, function)


def _policy_of(flow_name: str, policy: Any) -> Policy:
    if policy is None or isinstance(policy, Policy):
        return policy or Policy()
    raise InvalidFlow(f"The policy of the flow {flow_name} is {type(policy).__name__}. Give it a Policy(…).")


def _tags_of(flow_name: str, tags: Any) -> tuple[str, ...]:
    if isinstance(tags, str):
        raise InvalidFlow(f"The tags of the flow {flow_name} are a text. Give it a list, even of one: [{tags!r}].")
    found = tuple(tags)
    for each in found:
        if not isinstance(each, str) or not each:
            raise InvalidFlow(f"The flow {flow_name} has the tag {each!r}. A tag is a text that is not empty.")
    return found


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
    policy: Policy | None = None,
    tags: Iterable[str] = (),
) -> Callable[[Callable[P, R]], Flow[P, R]]: ...


def flow(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Turn a function, sync or async, into a flow.

    Args:
        function: The function. Its parameters are validated by their annotations.
        name: The name of the flow; by default the function's name with dashes.
        retries: How many tries may follow if the first one fails. Finished tasks do not run again.
        retry_delay_seconds: Seconds before each retry.
        timeout_seconds: Seconds that one execution may take, without the time that it waits for people. A sync flow is
            stopped at its next task or pause.
        log_prints: Whether `print` writes to the run's log.
        result_serializer: How the result is recorded when another flow calls this one: `json` or `pickle`.
        on_completion: Functions to call as `hook(flow, flow_run, state)` when a run has completed.
        on_failure: The same for a run that failed, timed out, or needs attention.
        on_cancellation: The same for a run that was cancelled.
        on_crashed: The same for a run that was given up because its workers kept dying.
        cron: When workers with this flow create runs of it, as in a crontab, in UTC: `0 9 * * 1-5`.
        schedule: The same, with a time zone or with a rule for missed ticks.
        policy: What holds for the pauses of the flow where neither the pause nor its model says anything else.
        tags: What kind of flow it is, such as `production`. The settings may have policies for tags.

    Raises:
        InvalidFlow: If the function cannot be a flow, or a hook cannot be a hook.
    """
    if function is None:
        return functools.partial(Flow, **options)
    return Flow(function, **options)
