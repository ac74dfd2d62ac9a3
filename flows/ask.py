"""Several open prompts in one run: `ask`, `ask_all`, `gather` and `as_answered`."""

import asyncio
from collections.abc import AsyncIterator, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any, Generic, NoReturn, TypeVar, overload

from pydantic import ValidationError

from signoff.flows.database.retry import retry_until_available
from signoff.flows.durable.async_bridge import in_event_loop, in_thread, to_thread, uncancellable
from signoff.flows.durable.context import closes_on_unwind, require_run_context
from signoff.flows.durable.pauses import Pause, prepare_pause, stop_waiting, wait_async, wait_for_answer
from signoff.flows.durable.pending_calls import PendingCall, location
from signoff.flows.errors import InvalidFlow, Suspended, Unwind
from signoff.store.policy import Policy
from signoff.store.prompts import prompts, votes
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.records.votes import Ballot, Vote
from signoff.store.runs.pauses import wait_for_any

T = TypeVar("T")


class PromptHandle(Generic[T]):
    """A prompt that is open while the run continues. In an async flow it can be awaited for its answer.

    Returned by `ask`. It is not the answer, so it has no truth value, and a run in which it is never used fails, unless
    another answer was a no: then nobody needs the rest.
    """

    _is_used = True

    def __init__(self, pause: Pause) -> None:
        self._pause = replace(pause, has_handle=True)
        self._settled: Prompt | None = None
        self._fault = f"Nothing waits for the answer to {pause.prompt.title!r}, asked{location()}. Call its result()."
        pause.check()
        opening = partial(pause.open, wait=False)
        if in_event_loop():
            self._opened = in_thread(opening, name="signoff-ask")
        else:
            self._opened = Future()
            self._opened.set_result(opening())
        pause.context.children.not_awaited[id(self)] = self._fault
        pause.context.children.unread_handles.add(self)
        self._is_used = False

    def __bool__(self) -> NoReturn:
        raise InvalidFlow(
            f"The handle of {self._pause.prompt.title!r} is used as its answer{location()}. Call its result(); in an "
            "async flow, await it."
        )

    def __del__(self) -> None:
        if not self._is_used:
            self.leave()
            self._pause.context.journal.note_defect(self._fault)

    def leave(self) -> None:
        """Note that the run need not wait for the answer any more."""
        self._is_used = True
        self._pause.context.children.not_awaited.pop(id(self), None)
        self._pause.context.children.unread_handles.discard(self)

    def __repr__(self) -> str:
        return f"PromptHandle({self._pause.prompt.title!r})"

    @property
    def prompt_id(self) -> str:
        """The prompt's id. In an async flow this blocks, for some milliseconds, until the prompt is recorded."""
        self.leave()
        return self._opened.result().id

    @property
    def done(self) -> bool:
        """Whether the prompt is settled. In a replay this may be true where it was false the first time."""
        return not self._look().is_open

    @property
    def answered_by(self) -> Actor | None:
        """The person who answered, or rejected, with their `id` and `name`, and a `claim` if nobody has checked it.

        A rule of the policy has the id `rule`, and an earlier approval that counts again the id `repeat`.

        `None` while the prompt is open, and if it ended without an answer. In an async flow this blocks for some
        milliseconds.
        """
        prompt = self._look()
        return prompt.settled_by if prompt.outcome in (Outcome.SUBMITTED, Outcome.REJECTED) else None

    @property
    def votes(self) -> tuple[Vote, ...]:
        """Who has answered or rejected so far, one vote for each person with its `actor`, `verdict`, `reason` and `at`.

        One for most prompts; more where several people have to agree. In an async flow this blocks for some
        milliseconds.
        """
        ballot = Ballot(approvers=self._look().found_approvers)
        for vote in retry_until_available(lambda: votes.of_prompt(self._pause.context.db, self.prompt_id)):
            ballot = ballot.with_vote(vote)
        return ballot.votes

    def result(self) -> T:
        """Wait for the answer; in an async flow, an awaitable of it. Raises what `pause_flow_run` raises."""
        self.leave()
        return PendingCall("result()", self._wait_async(), is_question=True) if in_event_loop() else self._wait()  # type: ignore[return-value]

    def __await__(self) -> Generator[Any, Any, T]:
        return PendingCall("ask()", self._wait_async()).__await__()

    def _wait(self) -> T:
        found = self._concluded(self._look())
        return wait_for_answer("result()", found) if isinstance(found, Pause) else found

    async def _wait_async(self) -> T:
        found = self._concluded(await to_thread(self._look))
        return await wait_async(found) if isinstance(found, Pause) else found

    def _look(self) -> Prompt:
        if self._settled is not None:
            return self._settled
        prompt_id = self.prompt_id
        prompt = retry_until_available(lambda: prompts.get(self._pause.context.db, prompt_id))
        if not prompt.is_open:
            self._settled = prompt
        return prompt

    def _concluded(self, prompt: Prompt) -> T | Pause:
        """What the flow gets, or the pause that it still has to wait for."""
        if prompt.is_open:
            return self._pause
        try:
            with closes_on_unwind(self._pause.context):
                return self._pause.conclude(prompt)  # type: ignore[no-any-return]
        except ValidationError as error:
            return self._pause.ask_again(prompt, error)


class PromptIterator(Generic[T]):
    """Yields prompts in the order in which they are settled. Returned by `as_answered`."""

    def __init__(self, asked: Iterable[PromptHandle[T]]) -> None:
        self._left = list(dict.fromkeys(asked))

    def __repr__(self) -> str:
        return f"PromptIterator({self._left!r})"

    def __iter__(self) -> Iterator[PromptHandle[T]]:
        if in_event_loop():
            raise InvalidFlow("In an async flow, iterate with `async for` over as_answered(…).")
        while self._left:
            with closes_on_unwind(self._left[0]._pause.context):
                settled = self._wait()
            yield from self._take(settled)

    async def __aiter__(self) -> AsyncIterator[PromptHandle[T]]:
        while self._left:
            for asked in self._take(await PendingCall("as_answered()", self._wait_async())):
                yield asked

    def _wait(self) -> list[Prompt]:
        execution = self._left[0]._pause.context.execution
        while True:
            wait = self._begin_wait()
            try:
                settled = self._look()
                if not settled:
                    _unwind(wait.result())
            finally:
                execution.end_wait(wait)
            if settled:
                return settled

    async def _wait_async(self) -> list[Prompt]:
        execution = self._left[0]._pause.context.execution
        while True:
            wait = self._begin_wait()
            looking = in_thread(self._look, name="signoff-ask")
            try:
                # Shielded, because other threads set these futures. Cancelling this wait must not cancel them.
                settled = await asyncio.shield(asyncio.wrap_future(looking))
                if not settled:
                    _unwind(await asyncio.shield(asyncio.wrap_future(wait)))
            except asyncio.CancelledError:
                await uncancellable(in_thread(partial(self._give_up, looking, wait), name="signoff-ask"))
                raise
            finally:
                execution.end_wait(wait)
            if settled:
                return settled

    @property
    def _suspends(self) -> bool:
        return all(asked._pause.state is RunState.SUSPENDED for asked in self._left)

    def _begin_wait(self) -> "Future[FlowRun | Unwind]":
        keys = [asked._pause.prompt.key for asked in self._left]
        return self._left[0]._pause.context.execution.begin_wait(keys, suspends=self._suspends)

    def _look(self) -> list[Prompt]:
        """The prompts that are settled by now. If there are none, the run starts waiting, or leaves memory."""
        context = self._left[0]._pause.context
        leaves = self._suspends and context.execution.may_suspend
        state = RunState.SUSPENDED if leaves else RunState.PAUSED
        ids = [asked.prompt_id for asked in self._left]
        settled = context.journal.write(
            lambda token: wait_for_any(
                context.db, context.run.id, ids, fencing_token=token, state=state, held=not leaves
            )
        )
        if leaves and not settled:
            with closes_on_unwind(context):
                raise Suspended(ids[0])
        return settled

    def _give_up(self, looking: "Future[list[Prompt]]", wait: "Future[FlowRun | Unwind]") -> None:
        """Stop waiting. The prompts stay open."""
        if not looking.result():
            stop_waiting(self._left[0]._pause.context, None, wait)

    def _take(self, settled: Sequence[Prompt]) -> Iterator[PromptHandle[T]]:
        for prompt in settled:
            # Two handles with the same key have the same prompt.
            for asked in [each for each in self._left if each.prompt_id == prompt.id]:
                asked._settled = prompt
                self._left.remove(asked)
                yield asked


def _unwind(woken: FlowRun | Unwind) -> None:
    if isinstance(woken, Unwind):
        raise woken


@overload
def ask(
    wait_for_input: type[T],
    timeout: float | None = 3600,
    poll_interval: float = 10,
    key: str | None = None,
    *,
    policy: Policy | None = None,
    description: str | None = None,
    suspend: bool = False,
) -> PromptHandle[T]: ...


@overload
def ask(
    wait_for_input: Any = None,
    timeout: float | None = 3600,
    poll_interval: float = 10,
    key: str | None = None,
    *,
    policy: Policy | None = None,
    description: str | None = None,
    suspend: bool = False,
) -> PromptHandle[Any]: ...


def ask(
    wait_for_input: Any = None,
    timeout: float | None = 3600,
    poll_interval: float = 10,
    key: str | None = None,
    *,
    policy: Policy | None = None,
    description: str | None = None,
    suspend: bool = False,
) -> PromptHandle[Any]:
    """Ask a person and continue. If the prompt is still open when the run ends, it is cancelled.

    The other arguments and the errors are those of `pause_flow_run`.

    Args:
        suspend: Whether the run leaves memory once it waits for the answer, as with `suspend_flow_run`.
    """
    del poll_interval
    state = RunState.SUSPENDED if suspend else RunState.PAUSED
    return PromptHandle(
        prepare_pause(require_run_context("ask()"), wait_for_input, timeout, key, policy, state, description)
    )


def ask_all(
    wait_for_inputs: Iterable[Any],
    timeout: float | None = 3600,
    poll_interval: float = 10,
    key: str | None = None,
    *,
    policy: Policy | None = None,
    suspend: bool = False,
) -> Any:
    """Ask several things at once and wait for all answers; in an async flow, an awaitable of them.

    The other arguments are those of `ask`, for each prompt. The result and the errors are those of `gather`.

    Args:
        wait_for_inputs: What to ask for.
        key: The prefix of the keys: `key-1`, `key-2`.
    """
    asked = []
    for number, wanted in enumerate(wait_for_inputs, 1):
        named = None if key is None else f"{key}-{number}"
        asked.append(ask(wanted, timeout, poll_interval, named, policy=policy, suspend=suspend))
    return gather(*asked)


def gather(*asked: PromptHandle[Any]) -> Any:
    """Wait for all answers. Returns them in the order of the arguments; in an async flow, an awaitable.

    Raises:
        FlowPauseTimeout: As soon as one of them is not answered in time.
        PromptRejected: As soon as a person rejects one of them.
        NobodyToAsk: As soon as nobody is left who could answer one of them.
    """
    for each in asked:
        each.leave()
    return PendingCall("gather()", _gather_async(asked), is_question=True) if in_event_loop() else _gather(asked)


def _gather(asked: Sequence[PromptHandle[Any]]) -> list[Any]:
    answers = {each: each.result() for each in as_answered(asked)}
    return [answers[each] for each in asked]


async def _gather_async(asked: Sequence[PromptHandle[Any]]) -> list[Any]:
    answers = {each: await each async for each in as_answered(asked)}
    return [answers[each] for each in asked]


def as_answered(asked: Iterable[PromptHandle[T]]) -> PromptIterator[T]:
    """Iterate over prompts as they are settled, with `for` or, in an async flow, `async for`.

    A replay yields them in the same order.
    """
    return PromptIterator(asked)
