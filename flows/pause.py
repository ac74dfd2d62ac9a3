"""Waiting for a person: `pause_flow_run` and `suspend_flow_run`."""

from typing import Any, TypeVar, overload

from signoff.flows.durable.context import require_run_context
from signoff.flows.durable.pauses import prepare_pause, wait_for_answer
from signoff.flows.durable.pending_calls import must_be_awaited
from signoff.flows.errors import NotPausedError
from signoff.store.policy import Policy
from signoff.store.records.runs import RunState

T = TypeVar("T")


@overload
def pause_flow_run(
    wait_for_input: type[T],
    timeout: float | None = 3600,
    poll_interval: float = 10,
    key: str | None = None,
    *,
    policy: Policy | None = None,
    description: str | None = None,
) -> T: ...


@overload
def pause_flow_run(
    wait_for_input: Any = None,
    timeout: float | None = 3600,
    poll_interval: float = 10,
    key: str | None = None,
    *,
    policy: Policy | None = None,
    description: str | None = None,
) -> Any: ...


def pause_flow_run(
    wait_for_input: Any = None,
    timeout: float | None = 3600,
    poll_interval: float = 10,
    key: str | None = None,
    *,
    policy: Policy | None = None,
    description: str | None = None,
) -> Any:
    """Ask a person and wait in place, with all local variables alive.

    In an async flow this returns an awaitable. If the worker dies during the wait, the journal is replayed.

    Args:
        wait_for_input: A `RunInput` class, what its `with_initial_data` returns, any pydantic model, or a plain type
            (the flow gets the bare value). With nothing, a person resumes the run or rejects.
        timeout: Seconds until the prompt times out, unless the policy has a deadline; `None` for never.
        poll_interval: Accepted for compatibility with Prefect and ignored: nothing is polled.
        key: Identifies the prompt within the run, in lower-case letters, digits and dashes. Asking the same again with
            the same key returns the stored answer at once.
        policy: Who may answer, and what happens at the deadline.
        description: What to decide, as Markdown, in place of the model's own. With a plain type, or with nothing, its
            first line is the question: `pause_flow_run(bool, description="Publish 1.4?")`.

    Raises:
        FlowPauseTimeout: If nobody answered in time.
        PromptRejected: If a person rejected it.
        NobodyToAsk: If none of those whom the policy names can answer.
        InvalidFlow: If a person cannot be asked for this.
        MissingContextError: Outside of a flow run.
    """
    del poll_interval
    context = require_run_context("pause_flow_run()")
    pause = prepare_pause(context, wait_for_input, timeout, key, policy, RunState.PAUSED, description)
    return wait_for_answer("pause_flow_run()", pause)


@must_be_awaited
async def apause_flow_run(
    wait_for_input: Any = None,
    timeout: float | None = 3600,
    poll_interval: float = 10,
    key: str | None = None,
    *,
    policy: Policy | None = None,
    description: str | None = None,
) -> Any:
    """`pause_flow_run`, awaited."""
    return await pause_flow_run(wait_for_input, timeout, poll_interval, key, policy=policy, description=description)


@overload
def suspend_flow_run(
    wait_for_input: type[T],
    flow_run_id: str | None = None,
    timeout: float | None = None,
    key: str | None = None,
    *,
    policy: Policy | None = None,
    description: str | None = None,
) -> T: ...


@overload
def suspend_flow_run(
    wait_for_input: Any = None,
    flow_run_id: str | None = None,
    timeout: float | None = None,
    key: str | None = None,
    *,
    policy: Policy | None = None,
    description: str | None = None,
) -> Any: ...


def suspend_flow_run(
    wait_for_input: Any = None,
    flow_run_id: str | None = None,
    timeout: float | None = None,
    key: str | None = None,
    *,
    policy: Policy | None = None,
    description: str | None = None,
) -> Any:
    """Ask a person and leave memory. After the answer, the flow runs again from the top.

    If other tasks of the run are at work, it waits for them first, or for the answer if that comes before.

    Finished tasks and answered prompts are then replayed from the journal. In an async flow this returns an
    awaitable. The arguments and errors are those of `pause_flow_run`.

    Args:
        wait_for_input: What to ask for.
        flow_run_id: Accepted for compatibility with Prefect. A flow can only suspend its own run.
        timeout: Seconds until the prompt times out, unless the policy has a deadline; `None` for never.
        key: Identifies the prompt within the run.
        policy: Who may answer, and what happens at the deadline.
        description: What to decide.
    """
    context = require_run_context("suspend_flow_run()")
    if flow_run_id is not None and str(flow_run_id) != context.run.id:
        raise NotPausedError("A flow can only suspend its own run. Omit flow_run_id.")
    pause = prepare_pause(context, wait_for_input, timeout, key, policy, RunState.SUSPENDED, description)
    return wait_for_answer("suspend_flow_run()", pause)


@must_be_awaited
async def asuspend_flow_run(
    wait_for_input: Any = None,
    flow_run_id: str | None = None,
    timeout: float | None = None,
    key: str | None = None,
    *,
    policy: Policy | None = None,
    description: str | None = None,
) -> Any:
    """`suspend_flow_run`, awaited."""
    return await suspend_flow_run(wait_for_input, flow_run_id, timeout, key, policy=policy, description=description)
