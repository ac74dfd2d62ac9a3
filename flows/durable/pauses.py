"""One pause of a flow: prepared, asked, waited for, and concluded.

How a run that waits in memory is woken: the wait begins *before* the prompt is opened, so an answer that comes at once
cannot be missed. The desk settles the prompt and makes the run claimable in one transaction. The worker claims the run,
sees that it has it in memory already, and wakes every wait of it. A run may wait for several prompts at once, so each
wait reads its own prompt again, and goes back to waiting if another one was answered.
"""

import asyncio
import re
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from pydantic import ValidationError

from signoff.flows.approval.at_deadline import fault_of
from signoff.flows.approval.decision_log import log_automatic
from signoff.flows.approval.escalation import escalates_too_late
from signoff.flows.approval.policy import conflict, deadline_of, merged, next_due_at, policy_in
from signoff.flows.approval.repeats import count_again, repeat_key
from signoff.flows.approval.rules import ruling_on
from signoff.flows.approval.stages import entered, with_timeout
from signoff.flows.approval.validation import message_of
from signoff.flows.database.retry import retry_until_available
from signoff.flows.durable.async_bridge import in_event_loop, in_thread, to_thread, uncancellable
from signoff.flows.durable.context import RunContext, closes_on_unwind, outside_of_run
from signoff.flows.durable.found_approvers import Called, PolicyFunctions
from signoff.flows.durable.pending_calls import PendingCall
from signoff.flows.durable.question import Question
from signoff.flows.durable.replay.question_match import Match
from signoff.flows.durable.run_logging import get_run_logger
from signoff.flows.durable.task_slots import released_slot
from signoff.flows.errors import (
    AttentionNeeded,
    FlowPauseTimeout,
    InvalidFlow,
    NobodyToAsk,
    PromptRejected,
    RunCancelled,
    Suspended,
    Unwind,
)
from signoff.flows.names import new_id
from signoff.flows.schema.prompt_model import PromptModel
from signoff.flows.schema.verdict import is_no
from signoff.store.policy import Policy
from signoff.store.policy_values import MAX_DURATION
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import AutomaticAnswer, Outcome, Prompt
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs.messages import FlowRunInput
from signoff.store.runs.pauses import abandon_wait, note_reworded, open_prompt
from signoff.store.sentences import faults_of, sentence

_KEY = re.compile(r"[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Pause:
    """One call of `pause_flow_run`, `suspend_flow_run` or `ask`, ready to ask.

    Attributes:
        prompt: The prompt as it is to be opened.
        match: What the question is among those that the run has asked.
        state: How the run waits: `PAUSED` in memory, `SUSPENDED` outside of it.
        is_in_order: Whether the flow itself asks. Coroutines and threads beside it may ask in any order.
        has_handle: Whether the flow has a `PromptHandle`, with which it may wait for the prompt again.
        functions: Calls the functions of the policy.
        automatic: What answers the prompt as it opens; `None` if people are asked.
        may_repeat: Whether an approval of the same request may count again.
    """

    context: RunContext
    question: Question
    prompt: Prompt
    match: Match
    state: RunState
    is_in_order: bool
    has_handle: bool = False
    functions: PolicyFunctions = field(default_factory=PolicyFunctions)
    automatic: AutomaticAnswer | None = None
    may_repeat: bool = False

    def check(self) -> None:
        """Note that the flow asks this question. Raises what `Journal.check_question` raises."""
        with closes_on_unwind(self.context):
            self.context.journal.check_question(self.prompt.key, self.prompt.schema_hash)

    def call_functions(self) -> Called:
        """The prompt with what the functions of its policy say, unless it was opened before. They are called once.

        Raises:
            InvalidFlow: If one of them fails.
        """
        if self.match.recorded is not None:
            # The prompt that was opened before has it already.
            return Called(self.prompt)
        return self.functions.called(self.prompt, self.context, with_checks=self.automatic is None)

    def open(self, *, wait: bool = True, in_memory: bool | None = None) -> Prompt:
        """Open the prompt. If it was opened before, and perhaps settled, return it as it is.

        Args:
            wait: Whether the run starts waiting for it in the same transaction.
            in_memory: Whether it waits in memory; by default as `state` says.
        """
        self.check()
        match, journal = self.match, self.context.journal
        if match.recorded is not None and match.is_reworded:
            known = match.recorded.id
            journal.write(lambda token: note_reworded(self.context.db, known, self.prompt, fencing_token=token))
        if match.recorded is not None and not match.recorded.is_open:
            # A settled prompt never changes again.
            return match.recorded
        held = self.state is RunState.PAUSED if in_memory is None else in_memory
        called = self.call_functions()
        asked = called.asked
        if self.may_repeat:
            asked = replace(asked, repeat_key=repeat_key(asked, source=self.context.run.source))
        begun = journal.begun_around(self.context.scope)
        opened = journal.write(
            lambda token: open_prompt(
                self.context.db,
                asked,
                fencing_token=token,
                state=None if not wait else RunState.PAUSED if held else RunState.SUSPENDED,
                held=held,
                instead_of=match.instead_of,
                is_withdrawn=self.is_in_order,
                begun=begun,
                found_by=called.found_by,
                automatic=self.automatic or called.failure,
                count_again=partial(count_again, asked),
            )
        )
        journal.have_begun(begun)
        if opened.id == self.prompt.id:
            log_automatic(opened)
        return opened

    def read_after_wait(self, woken: FlowRun | Unwind, prompt: Prompt) -> Prompt:
        """The prompt after a wait. If the wait ended because the run has to leave memory, raise that."""
        if isinstance(woken, Unwind):
            raise woken
        return retry_until_available(lambda: prompts.get(self.context.db, prompt.id))

    def abandon(self, opening: "Future[Prompt]", wait: "Future[FlowRun | Unwind]") -> Prompt:
        """Stop waiting, because the flow cancelled this wait. Raises what `open` raises.

        Returns:
            The prompt as it is now. It may have been settled just before.
        """
        prompt = opening.result()
        if prompt.is_open:
            stop_waiting(self.context, None if self.has_handle else prompt.id, wait)
            prompt = retry_until_available(lambda: prompts.get(self.context.db, prompt.id))
        if not self.has_handle and prompt.outcome is Outcome.CANCELLED:
            self.context.journal.abandon(self.prompt.key)
        return prompt

    def conclude(self, prompt: Prompt) -> Any:
        """What the flow gets for the outcome.

        Raises:
            FlowPauseTimeout: If nobody answered in time, and the policy does not say to continue.
            PromptRejected: If a person rejected it.
            NobodyToAsk: If nobody was left who could answer.
            RunCancelled: If the run was cancelled.
            AttentionNeeded: If the flow stopped waiting for the question before, and now waits for it.
            pydantic.ValidationError: If the model does not accept the answer after all.
        """
        if prompt.answer is None or is_no(prompt, prompt.answer):
            self.context.children.leave_handles()
        match prompt.outcome:
            case Outcome.SUBMITTED:
                return self._received(prompt, prompt.answer or {}, sender=prompt.settled_by)
            case Outcome.TIMED_OUT if prompt.answer is not None:
                return self._received(prompt, prompt.answer, sender=None)
            case Outcome.TIMED_OUT:
                raise FlowPauseTimeout(f"Nobody answered {prompt.title!r} before its deadline.")
            case Outcome.REJECTED if prompt.settled_by is not None:
                stage = "" if prompt.stage is None else prompt.stage.name
                by = prompt.settled_by
                raise PromptRejected(by.name_and_claim, by.id, _why_rejected(prompt), stage)
            case Outcome.UNANSWERABLE:
                raise NobodyToAsk(f"Nobody can answer {prompt.title!r}. {prompt.reason}")
            case _ if self.match.recorded is not None and not self.match.recorded.is_open:
                raise AttentionNeeded(f"The flow stopped waiting for {prompt.title!r} before, and now waits for it.")
            case _:
                raise RunCancelled(prompt.reason or "")

    def _received(self, prompt: Prompt, answer: Mapping[str, Any], *, sender: Actor | None) -> Any:
        """What the flow gets for an answer. A `RunInput` knows whose it is, and has the key that Prefect gives it."""
        received = self.question.answer(answer)
        if isinstance(received, PromptModel):
            key = f"{self.state.name.lower()}-{prompt.key}-response"
            answered_at = prompt.settled_at or prompt.opened_at
            sent_by = None if sender is None else sender.id
            received.note_origin(FlowRunInput(prompt.run_id, key, answer, sent_by, answered_at))
        return received

    def ask_again(self, prompt: Prompt, error: ValidationError) -> "Pause":
        """The same question once more.

        Where it was answered, the model could not be imported. Its own validators run only now, and reject the answer.
        """
        wrong = "; ".join(map(message_of, error.errors()))
        new = replace(
            self.prompt,
            id=new_id(),
            key=f"{prompt.key}-again",
            description=f"{self.question.description}\n\nThe last answer was not valid:\n{_as_code(wrong)}".strip(),
            initial_values={**self.prompt.initial_values, **(prompt.answer or {})},
            # With the approvers that its functions have found.
            stored_policy=prompt.stored_policy if _functions_of(self.prompt) else self.prompt.stored_policy,
            opened_at=self.context.db.now(),
            ruling=None,
            # People go through their stages again. The checks have been called.
            passed=tuple(each for each in prompt.passed if each.check),
        )
        if new.stages:
            new = entered(new, new.opened_at)
        again = _placed(self.context, self.question, new, new.key, "", self.state)
        return replace(again, state=self.state, has_handle=self.has_handle)


def _why_rejected(prompt: Prompt) -> str:
    """The reason of a person, or the note of the rule that has rejected it."""
    return prompt.reason or (prompt.ruling.rule if prompt.ruling is not None and prompt.ruling.has_answered else "")


def _functions_of(prompt: Prompt) -> bool:
    """Whether the policy has functions, which are called when the prompt opens."""
    return isinstance(prompt.stored_policy, Policy) and bool(prompt.stored_policy.functions)


def _as_code(text: str) -> str:
    """`text` as Markdown that shows it as it is. A validator may repeat what somebody typed, which forms no links."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`*", text))))
    return f"{fence}\n{text}\n{fence}"


def prepare_pause(
    context: RunContext,
    wait_for_input: Any,
    timeout: float | None,
    key: str | None,
    policy: Policy | None,
    state: RunState,
    description: str | None = None,
) -> Pause:
    """Make a `Pause` from the arguments of `pause_flow_run`, `suspend_flow_run` or `ask`.

    Raises:
        InvalidFlow: If a person cannot be asked for this.
        ValueError: If the timeout or the key is invalid.
    """
    if timeout is not None and not 0 <= timeout <= MAX_DURATION.total_seconds():
        raise ValueError(f"timeout must be from zero seconds to {MAX_DURATION.days} days. For ever is None.")
    if key is not None and not _KEY.fullmatch(key):
        raise ValueError(f"The key {key!r} is invalid: use lower-case letters, digits and dashes only.")
    question = Question.of(wait_for_input, description)
    rules = with_timeout(policy_on(question, policy, context.defaults), timeout)
    opened_at = context.db.now()
    deadline = deadline_of(rules, opened_at, timeout)
    prompt = Prompt(
        id=new_id(),
        run_id=context.run.id,
        run_name=context.run.name,
        flow=context.run.flow,
        key="",
        title=question.title,
        description=question.description,
        schema=question.schema,
        initial_values=question.initial_values,
        stored_policy=rules,
        model=question.model_reference,
        opened_at=opened_at,
        deadline=deadline,
        due_at=next_due_at(rules, opened_at, reminders_sent=0, deadline=deadline),
        reminders_sent=0,
        schema_hash=question.hash,
        fingerprint=context.journal.fingerprint,
        requester=context.run.requester,
    )
    if rules.stages:
        prompt = entered(prompt, opened_at)
    scope = context.scope if key is None else context.step_scope
    pause = _placed(context, question, prompt, key, scope, state)
    # A question that an earlier version let through is already on its card, and its answer must not be lost.
    if pause.match.recorded is None:
        question.check()
        # With functions among the approvers, it is checked when they have found somebody.
        if not rules.functions and (fault := conflict(rules, context.run.requester)):
            raise InvalidFlow(f"The policy on {question.title!r} is invalid: {fault}.")
        if fault := escalates_too_late(rules, None if deadline is None else deadline - opened_at):
            raise InvalidFlow(f"The policy on {question.title!r} is invalid: {fault}.")
        if fault := fault_of(prompt, "Set initial values with with_initial_data(...)."):
            raise InvalidFlow(fault)
        # Called once, and before the prompt is opened, since they may take a while.
        with outside_of_run():
            ruling, automatic = ruling_on(pause.prompt, question.answer)
        pause = replace(
            pause, prompt=replace(pause.prompt, ruling=ruling), automatic=automatic, may_repeat=rules.repeat is not None
        )
    return pause


def _placed(
    context: RunContext, question: Question, prompt: Prompt, key: str | None, scope: str, state: RunState
) -> Pause:
    """The pause of a prompt, with its key, and with what it is among the prompts that the run has asked."""
    with closes_on_unwind(context):
        found, match = context.journal.match_question(scope, key, prompt)
    if match.is_unstable and match.instead_of is not None:
        get_run_logger().warning(
            "asks %r where the same code asked %r before. To be asked once, read what differs in a task.",
            prompt.title,
            match.instead_of.title,
        )
        # It would never get further if it left memory to wait for this.
        state = RunState.PAUSED
    is_in_order = context.execution.is_flow_code()
    return Pause(context, question, replace(prompt, key=found), match, state, is_in_order)


def policy_on(question: Question, policy: Policy | None, defaults: Policy) -> Policy:
    """The policy in force for a question: the pause's own, then its model's, then the defaults.

    Raises:
        InvalidFlow: If the one on the model is invalid.
    """
    try:
        on_model = policy_in(question.schema or {})
    except ValidationError as error:
        raise InvalidFlow(sentence(f"The policy on {question.title!r} is invalid: {faults_of(error)}")) from None
    return merged(policy or Policy(), merged(on_model, defaults))


def wait_for_answer(what: str, pause: Pause) -> Any:
    """What the flow gets; in an async flow, a `PendingCall`. Raises what `Pause.conclude` raises, or unwinds the run.

    Args:
        what: What the flow has called, for messages.
    """
    if in_event_loop():
        return PendingCall(what, wait_async(pause), is_question=True)
    if pause.state is RunState.SUSPENDED:
        return _suspend(pause)
    with closes_on_unwind(pause.context):
        return _wait(pause)


async def wait_async(pause: Pause) -> Any:
    """`wait_for_answer`, in an event loop."""
    if pause.state is RunState.PAUSED:
        return await _wait_async(pause)
    # Coroutines that were made together with this one begin first, so that the run does not leave memory without them.
    await asyncio.sleep(0)
    # Uncancellable, because a run that is about to leave memory must not end up half suspended.
    return await uncancellable(in_thread(partial(_suspend, pause), name="signoff-ask"))


def _wait(pause: Pause) -> Any:
    # Before the wait begins, since the run is at work as long as they are.
    pause.call_functions()
    while True:
        wait = pause.context.execution.begin_wait([pause.prompt.key])
        try:
            prompt = pause.open()
            if prompt.is_open:
                prompt = pause.read_after_wait(wait.result(), prompt)
        finally:
            pause.context.execution.end_wait(wait)
        if prompt.is_open:
            # Another prompt of this run was answered.
            continue
        try:
            return pause.conclude(prompt)
        except ValidationError as error:
            pause = pause.ask_again(prompt, error)


async def _wait_async(pause: Pause) -> Any:
    if _functions_of(pause.prompt):
        # In a thread, so that a function may take its time.
        await asyncio.wrap_future(in_thread(pause.call_functions, name="signoff-ask"))
    while True:
        wait = pause.context.execution.begin_wait([pause.prompt.key])
        opening = in_thread(pause.open, name="signoff-ask")
        try:
            # Shielded, because other threads set these futures. Cancelling this pause must not cancel them.
            prompt = await asyncio.shield(asyncio.wrap_future(opening))
            if _is_waited_for(prompt):
                woken = await asyncio.shield(asyncio.wrap_future(wait))
                prompt = await to_thread(partial(pause.read_after_wait, woken, prompt))
        except asyncio.CancelledError:
            prompt = await uncancellable(in_thread(partial(pause.abandon, opening, wait), name="signoff-ask"))
            if _is_waited_for(prompt):
                raise
        finally:
            pause.context.execution.end_wait(wait)
        if _is_waited_for(prompt):
            continue
        try:
            return pause.conclude(prompt)
        except ValidationError as error:
            pause = pause.ask_again(prompt, error)


def _is_waited_for(prompt: Prompt) -> bool:
    """Whether the flow has to wait for this prompt.

    A cancelled one is one that the flow stopped waiting for. In a replay the flow first waits for it, as it did then,
    until it stops waiting again.
    """
    return prompt.is_open or prompt.outcome is Outcome.CANCELLED


def stop_waiting(context: RunContext, prompt_id: str | None, wait: "Future[FlowRun | Unwind]") -> None:
    """Mark the run as running, unless it waits for something else as well, and cancel the prompt, if one is given.

    Args:
        wait: The wait that ends.
    """
    # A run that is being taken out of memory still wants its answers, wherever it continues.
    context.journal.check_open()
    context.journal.write(
        lambda token: abandon_wait(context.db, context.run.id, prompt_id, fencing_token=token, now=context.db.now())
    )
    context.execution.drop_wait(wait)


def _suspend(pause: Pause) -> Any:
    with closes_on_unwind(pause.context):
        pause.call_functions()
        while True:
            with released_slot():
                may_leave = pause.context.execution.may_suspend
                prompt = _leave(pause) if may_leave else pause.prompt
            if not may_leave:
                prompt = _wait_to_leave(pause)
            if prompt.is_open:
                # Another prompt of this run was answered.
                continue
            try:
                return pause.conclude(prompt)
            except ValidationError as error:
                pause = pause.ask_again(prompt, error)


def _leave(pause: Pause) -> Prompt:
    """Leave memory, unless the prompt is settled."""
    prompt = pause.open()
    if prompt.is_open:
        raise Suspended(prompt.id)
    return prompt


def _wait_to_leave(pause: Pause) -> Prompt:
    """Wait in memory as long as other tasks of the run are at work: to leave now would be to run them twice."""
    execution = pause.context.execution
    wait = execution.begin_wait([pause.prompt.key], suspends=True)
    try:
        # What was at work a moment ago may have ended before this wait began.
        if execution.may_suspend:
            return _leave(pause)
        prompt = pause.open(in_memory=True)
        if prompt.is_open:
            prompt = pause.read_after_wait(wait.result(), prompt)
        has_come_to_rest: bool = execution.may_suspend
        return _leave(pause) if prompt.is_open and has_come_to_rest else prompt
    finally:
        execution.end_wait(wait)
