"""Waiting for a person: `pause_flow_run` and `suspend_flow_run`."""

import asyncio
import re
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from typing import Any, TypeVar, overload

from pydantic import ValidationError

from flows.context import RunContext, required
from flows.errors import (
    FlowPauseTimeout,
    InvalidFlow,
    NotPausedError,
    PromptRejected,
    RunCancelled,
    Suspended,
    Unwind,
)
from flows.names import new_id, now
from flows.patience import patiently
from flows.policy import Policy, policy_in
from flows.question import Question
from flows.settings import RecordSettings
from flows.validation import Valid, validate
from store import prompts
from store.records import FlowRun, Outcome, Prompt, RunState

T = TypeVar("T")

_KEY = re.compile(r"[a-z0-9-]+")


@overload
def pause_flow_run(
    wait_for_input: type[T],
    timeout: float | None = 3600,
    poll_interval: float = 10,
    key: str | None = None,
    *,
    policy: Policy | None = None,
) -> T: ...


@overload
def pause_flow_run(
    wait_for_input: Any = None,
    timeout: float | None = 3600,
    poll_interval: float = 10,
    key: str | None = None,
    *,
    policy: Policy | None = None,
) -> Any: ...


def pause_flow_run(
    wait_for_input: Any = None,
    timeout: float | None = 3600,
    poll_interval: float = 10,
    key: str | None = None,
    *,
    policy: Policy | None = None,
) -> Any:
    """Ask a person, and wait where the flow stands: its local variables live on.

    In an async flow this gives an awaitable. If the worker dies meanwhile, the run is replayed from its journal.

    Args:
        wait_for_input: A `RunInput` class, what its `with_initial_data` returns, any pydantic model, a plain
            type (the flow gets the bare value), or nothing: a person lets the run go on, or rejects.
        timeout: Seconds until the prompt times out, unless the policy names a deadline; `None` for never.
        poll_interval: Taken so that a flow moves here from Prefect; nothing is polled.
        key: Names the prompt within the run, in lower case letters, digits and dashes. The same key again
            gives the stored answer at once.
        policy: Who may answer, and what happens at the deadline.

    Raises:
        FlowPauseTimeout: If nobody answered in time.
        PromptRejected: If a person said no.
        InvalidFlow: If a person cannot be asked for this.
        MissingContextError: Outside of a flow run.
    """
    del poll_interval
    context = required("pause_flow_run()")
    pause = _prepare(context, wait_for_input, timeout, key, policy, RunState.PAUSED)
    return _wait_async(pause) if _in_event_loop() else _wait(pause)


@overload
def suspend_flow_run(
    wait_for_input: type[T],
    flow_run_id: str | None = None,
    timeout: float | None = None,
    key: str | None = None,
    *,
    policy: Policy | None = None,
) -> T: ...


@overload
def suspend_flow_run(
    wait_for_input: Any = None,
    flow_run_id: str | None = None,
    timeout: float | None = None,
    key: str | None = None,
    *,
    policy: Policy | None = None,
) -> Any: ...


def suspend_flow_run(
    wait_for_input: Any = None,
    flow_run_id: str | None = None,
    timeout: float | None = None,
    key: str | None = None,
    *,
    policy: Policy | None = None,
) -> Any:
    """Ask a person, and leave memory at once. On the answer the flow runs again from the top.

    Tasks that have finished and prompts that were answered are then replayed from the journal. In an async
    flow this gives an awaitable. The arguments and errors are those of `pause_flow_run`.

    Args:
        wait_for_input: What is asked for.
        flow_run_id: Taken so that a flow moves here from Prefect; only the own run can be suspended.
        timeout: Seconds until the prompt times out, unless the policy names a deadline; `None` for never.
        key: Names the prompt within the run.
        policy: Who may answer, and what happens at the deadline.
    """
    context = required("suspend_flow_run()")
    if flow_run_id is not None and str(flow_run_id) != context.run.id:
        raise NotPausedError("A flow can suspend its own run only. Leave flow_run_id out.")
    pause = _prepare(context, wait_for_input, timeout, key, policy, RunState.SUSPENDED)
    return _leave_async(pause) if _in_event_loop() else _leave(pause)


@dataclass(frozen=True, slots=True)
class _Pause:
    """One call of `pause_flow_run` or `suspend_flow_run`, ready to ask."""

    context: RunContext
    question: Question
    asked: Prompt
    state: RunState

    def open(self) -> Prompt:
        """Open the prompt, or find it as it was opened, and perhaps settled, before."""
        journal = self.context.journal
        journal.check_question(self.asked.key, self.asked.schema_hash)
        held = self.state is RunState.PAUSED
        return patiently(
            lambda: prompts.open_prompt(self.context.db, self.asked, fence=journal.fence, state=self.state, held=held)
        )

    def after(self, woken: FlowRun | Unwind, prompt: Prompt) -> Prompt:
        """The prompt after the wait. Raises what unwinds the run, if that is why the wait ended."""
        if isinstance(woken, Unwind):
            raise woken
        self.context.journal.fence = woken.fence
        return patiently(lambda: prompts.get(self.context.db, prompt.id))

    def conclude(self, prompt: Prompt) -> Any:
        """What the flow gets for the outcome.

        Raises:
            FlowPauseTimeout: If nobody answered in time, and the policy does not say to go on.
            PromptRejected: If a person said no.
            RunCancelled: If the run was cancelled.
            pydantic.ValidationError: If the answer does not fit the model after all.
        """
        match prompt.outcome:
            case Outcome.SUBMITTED:
                return self.question.answer(prompt.answer or {})
            case Outcome.TIMED_OUT if prompt.answer is not None:
                return self.question.answer(prompt.answer)
            case Outcome.TIMED_OUT:
                raise FlowPauseTimeout(f"Nobody answered {prompt.title!r} before its deadline.")
            case Outcome.REJECTED if prompt.settled_by is not None:
                raise PromptRejected(prompt.settled_by.name, prompt.settled_by.id, prompt.reason or "")
            case _:
                raise RunCancelled(prompt.reason or "")

    def again(self, prompt: Prompt, error: ValidationError) -> "_Pause":
        """The same question once more: where it was answered the model's own validators could not be run."""
        wrong = "; ".join(each["msg"] for each in error.errors())
        asked = replace(
            self.asked,
            id=new_id(),
            key=f"{prompt.key}-again",
            description=f"{self.question.description}\n\nThe last answer did not fit: {wrong}".strip(),
            initial={**self.asked.initial, **(prompt.answer or {})},
            opened_at=now(),
        )
        return replace(self, asked=asked)


def _prepare(
    context: RunContext,
    wait_for_input: Any,
    timeout: float | None,
    key: str | None,
    policy: Policy | None,
    state: RunState,
) -> _Pause:
    if timeout is not None and timeout < 0:
        raise ValueError("timeout must be zero seconds or more.")
    if key is not None and not _KEY.fullmatch(key):
        raise ValueError(f"The key {key!r} may have lower case letters, digits and dashes only.")
    question = Question.of(wait_for_input)
    rules = _policy(question, policy)
    opened_at = now()
    deadline = rules.deadline_from(opened_at, timeout)
    asked = Prompt(
        id=new_id(),
        run_id=context.run.id,
        run_name=context.run.name,
        flow=context.run.flow,
        key=key or context.journal.next_prompt_key(context.scope),
        title=question.title,
        description=question.description,
        schema=question.schema,
        initial=question.initial,
        policy=rules.model_dump(mode="json", exclude_defaults=True),
        model=question.reference,
        opened_at=opened_at,
        deadline=deadline,
        due_at=rules.due_at(opened_at, reminders_sent=0, deadline=deadline),
        reminders_sent=0,
        schema_hash=question.hash,
        fingerprint=context.journal.fingerprint,
    )
    _check_continue(rules, asked)
    return _Pause(context, question, asked, state)


def _policy(question: Question, policy: Policy | None) -> Policy:
    try:
        on_model = policy_in(question.schema or {})
    except ValidationError as error:
        raise InvalidFlow(f"The policy on {question.title!r} is none: {error.errors()[0]['msg']}.") from None
    defaults = RecordSettings().defaults()
    return (policy or Policy()).over(on_model.over(defaults))


def _check_continue(policy: Policy, asked: Prompt) -> None:
    if policy.at_deadline != "continue":
        return
    checked = validate(asked, asked.initial)
    if not isinstance(checked, Valid):
        raise InvalidFlow(
            f"At its deadline {asked.title!r} is to go on with its initial values, but they do not fit: "
            f"{checked[0]}. Give them with with_initial_data(...)."
        )


def _wait(pause: _Pause) -> Any:
    while True:
        woken = pause.context.holder.hold()
        prompt = pause.open()
        if prompt.is_open:
            prompt = pause.after(woken.result(), prompt)
        else:
            pause.context.holder.let_go()
        try:
            return pause.conclude(prompt)
        except ValidationError as error:
            pause = pause.again(prompt, error)


async def _wait_async(pause: _Pause) -> Any:
    while True:
        woken = pause.context.holder.hold()
        prompt = await asyncio.to_thread(pause.open)
        if prompt.is_open:
            prompt = await asyncio.to_thread(pause.after, await asyncio.wrap_future(woken), prompt)
        else:
            pause.context.holder.let_go()
        try:
            return pause.conclude(prompt)
        except ValidationError as error:
            pause = pause.again(prompt, error)


def _leave(pause: _Pause) -> Any:
    while True:
        prompt = pause.open()
        if prompt.is_open:
            raise Suspended(prompt.id)
        try:
            return pause.conclude(prompt)
        except ValidationError as error:
            pause = pause.again(prompt, error)


def _leave_async(pause: _Pause) -> Coroutine[Any, Any, Any]:
    return asyncio.to_thread(_leave, pause)


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
