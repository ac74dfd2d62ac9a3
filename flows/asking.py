"""One pause of a flow: made ready, asked, waited for, and concluded with what the flow gets."""

import asyncio
import re
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pydantic import ValidationError

from flows.blocking import in_event_loop, off_loop
from flows.context import RunContext
from flows.errors import (
    FlowPauseTimeout,
    InvalidFlow,
    PromptRejected,
    Released,
    RunCancelled,
    Suspended,
    Unwind,
)
from flows.names import new_id, now
from flows.patience import patiently
from flows.policy import Policy, policy_in
from flows.question import Question
from flows.validation import Valid, validate
from store import prompts
from store.errors import LeaseLost
from store.records import FlowRun, Outcome, Prompt, RunState

_KEY = re.compile(r"[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Pause:
    """One call of `pause_flow_run` or `suspend_flow_run`, ready to ask."""

    context: RunContext
    question: Question
    asked: Prompt
    state: RunState

    def check(self) -> None:
        """Note that the question was reached. Raises what `Journal.check_question` raises."""
        self.context.journal.check_question(self.asked.key, self.asked.schema_hash)

    def open(self, *, wait: bool = True) -> Prompt:
        """Open the prompt, or find it as it was opened, and perhaps settled, before.

        Args:
            wait: Whether the run waits from now on.
        """
        self.check()
        if (settled := self.context.journal.settled(self.asked.key)) is not None:
            return settled
        state, held = self.state if wait else None, self.state is RunState.PAUSED
        fence = self.context.journal.fence
        try:
            return patiently(
                lambda: prompts.open_prompt(self.context.db, self.asked, fence=fence, state=state, held=held)
            )
        except LeaseLost as error:
            raise Released(str(error)) from error

    def after(self, woken: FlowRun | Unwind, prompt: Prompt) -> Prompt:
        """The prompt after the wait. Raises what unwinds the run, if that is why the wait ended."""
        if isinstance(woken, Unwind):
            raise woken
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

    def again(self, prompt: Prompt, error: ValidationError) -> "Pause":
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


def prepare(
    context: RunContext,
    wait_for_input: Any,
    timeout: float | None,
    key: str | None,
    policy: Policy | None,
    state: RunState,
) -> Pause:
    """Make a question of what a flow gave to `pause_flow_run` or `suspend_flow_run`, ready to be asked.

    Raises:
        InvalidFlow: If a person cannot be asked for this.
        ValueError: If the timeout or the key cannot be used.
    """
    if timeout is not None and timeout < 0:
        raise ValueError("timeout must be zero seconds or more.")
    if key is not None and not _KEY.fullmatch(key):
        raise ValueError(f"The key {key!r} may have lower case letters, digits and dashes only.")
    question = Question.of(wait_for_input)
    rules = _policy(question, policy, context.defaults)
    opened_at = now()
    deadline = rules.deadline_from(opened_at, timeout)
    asked = Prompt(
        id=new_id(),
        run_id=context.run.id,
        run_name=context.run.name,
        flow=context.run.flow,
        key=context.journal.prompt_key(context.scope, key),
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
    return Pause(context, question, asked, state)


def _policy(question: Question, policy: Policy | None, defaults: Policy) -> Policy:
    try:
        on_model = policy_in(question.schema or {})
    except ValidationError as error:
        raise InvalidFlow(f"The policy on {question.title!r} is none: {error.errors()[0]['msg']}.") from None
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


def answer(pause: Pause) -> Any:
    """What the flow gets; in an async flow an awaitable. Raises what `Pause.conclude` raises, or unwinds the run."""
    if pause.state is RunState.PAUSED:
        return _wait_async(pause) if in_event_loop() else _wait(pause)
    return off_loop(partial(_leave, pause)) if in_event_loop() else _leave(pause)


def _wait(pause: Pause) -> Any:
    while True:
        wait = pause.context.holder.hold()
        try:
            prompt = pause.open()
            if prompt.is_open:
                prompt = pause.after(wait.result(), prompt)
        finally:
            pause.context.holder.let_go(wait)
        if prompt.is_open:
            # Another question of this run was answered.
            continue
        try:
            return pause.conclude(prompt)
        except ValidationError as error:
            pause = pause.again(prompt, error)


async def _wait_async(pause: Pause) -> Any:
    while True:
        wait = pause.context.holder.hold()
        try:
            prompt = await off_loop(pause.open)
            if prompt.is_open:
                # Shielded, so that who cancels this pause does not cancel the future that the worker fulfils.
                woken = await asyncio.shield(asyncio.wrap_future(wait))
                prompt = await off_loop(partial(pause.after, woken, prompt))
        finally:
            pause.context.holder.let_go(wait)
        if prompt.is_open:
            continue
        try:
            return pause.conclude(prompt)
        except ValidationError as error:
            pause = pause.again(prompt, error)


def _leave(pause: Pause) -> Any:
    while True:
        prompt = pause.open()
        if prompt.is_open:
            raise Suspended(prompt.id)
        try:
            return pause.conclude(prompt)
        except ValidationError as error:
            pause = pause.again(prompt, error)
