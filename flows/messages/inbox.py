"""Sending inputs to runs, and receiving them in order."""

import asyncio
import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4, uuid5

from pydantic import BaseModel

from signoff.flows.code.digest import digest
from signoff.flows.current_database import current_database
from signoff.flows.database.retry import retry_until_available
from signoff.flows.durable.async_bridge import in_event_loop, to_thread
from signoff.flows.durable.context import RunContext, closes_on_unwind, current_run_context
from signoff.flows.durable.pending_calls import PendingCall, sync_or_async
from signoff.flows.durable.replay.recorded_calls import is_in_loop
from signoff.flows.durable.values.arguments import Arguments
from signoff.flows.durable.values.serialization import Recorded
from signoff.flows.errors import Abandoned, AttentionNeeded, InvalidFlow, Released, Unwind
from signoff.flows.messages.keysets import load_input, run_id_or_current, store_input
from signoff.flows.names import now
from signoff.store.changes import Subscription, Topic
from signoff.store.records.runs import Step
from signoff.store.runs import messages, runs
from signoff.store.runs.messages import FlowRunInput

T = TypeVar("T")

FLOW_RUN = "prefect.flow-run"
"""The prefix of a sender that is a run."""


@dataclass(frozen=True, slots=True)
class _ReceiveCall:
    """One call of `next`. It is a step: a replay gets the same input again."""

    context: RunContext | None
    key: str
    arguments: Arguments
    recorded: Step | None
    abandoned: threading.Event = field(default_factory=threading.Event)
    started_at: datetime = field(default_factory=now)

    def record(self, input_key: str | None) -> None:
        """Record the input that was received, or the timeout, for a replay."""
        if self.context is not None:
            done = Recorded("json", json.dumps(input_key))
            self.context.journal.record(self.key, self.arguments, done, self.started_at)


class InputReceiver(Generic[T]):
    """Iterates over inputs in the order of their arrival, with `for` or `async for`. Returned by `receive`.

    Args:
        read: Turns a stored input into the value that `next` returns.
    """

    def __init__(
        self,
        read: Callable[[FlowRunInput], T],
        *,
        key_prefix: str,
        timeout: float | None,
        raise_timeout_error: bool,
        exclude_keys: set[str] | None,
        flow_run_id: UUID | str | None,
    ) -> None:
        self._read = read
        self.key_prefix = key_prefix
        self.timeout = timeout
        self.raise_timeout_error = raise_timeout_error
        self.exclude_keys = set(exclude_keys or ())
        self.flow_run_id = run_id_or_current(flow_run_id)
        self._after = 0

    def __repr__(self) -> str:
        return f"InputReceiver({self.key_prefix!r})"

    def next(self) -> T:
        """Wait for the next input, without taking a slot of the worker. In an event loop this returns an awaitable.

        Raises:
            TimeoutError: If none arrives in time.
            pydantic.ValidationError: If the input does not fit the type.
        """
        call = self._start_call()
        if in_event_loop():
            return PendingCall("next()", self._next_async(call))  # type: ignore[return-value]
        with _noting_unwinding(call.context), current_database().changes.subscribe(Topic.INPUTS) as changes:
            return self._next(call, changes)

    def __iter__(self) -> "InputReceiver[T]":
        return self

    def __next__(self) -> T:
        if in_event_loop():
            raise InvalidFlow("In an event loop, inputs are received with `async for`, or `await receiver.next()`.")
        try:
            return self.next()
        except TimeoutError:
            if self.raise_timeout_error:
                raise
            raise StopIteration from None

    def __aiter__(self) -> "InputReceiver[T]":
        return self

    async def __anext__(self) -> T:
        try:
            return await PendingCall("next()", self._next_async(self._start_call()))
        except TimeoutError:
            if self.raise_timeout_error:
                raise
            raise StopAsyncIteration from None

    def _start_call(self) -> _ReceiveCall:
        context = current_run_context()
        source = [self.flow_run_id, self.key_prefix]
        # Earlier versions recorded the hash of a list.
        arguments = replace(Arguments.of({"source": source}), earlier_hash=digest(source))
        if context is None:
            return _ReceiveCall(None, "", arguments, None)
        with closes_on_unwind(context):
            name = f"receive-{self.key_prefix}"
            key, recorded = context.journal.begin(f"{context.scope}{name}", arguments, is_single=lambda: True)
            return _ReceiveCall(context, key, arguments, recorded)

    async def _next_async(self, call: _ReceiveCall) -> T:
        with current_database().changes.subscribe(Topic.INPUTS) as changes:
            try:
                return await to_thread(partial(self._next, call, changes))
            except asyncio.CancelledError:
                call.abandoned.set()
                changes.wake()
                raise

    def _next(self, call: _ReceiveCall, changes: Subscription) -> T:
        if call.recorded is not None:
            given = self._replayed(call.recorded)
        else:
            given = self._wait(call, changes)
            call.record(None if given is None else given.key)
        if given is None:
            raise TimeoutError(f"No input arrived within {self.timeout:g} seconds.")
        self._after = given.id
        return self._read(given)

    def _replayed(self, recorded: Step) -> FlowRunInput | None:
        key: str | None = json.loads(recorded.result)
        db = current_database()
        return None if key is None else retry_until_available(lambda: messages.find(db, self.flow_run_id, key))

    def _wait(self, call: _ReceiveCall, changes: Subscription) -> FlowRunInput | None:
        end = math.inf if self.timeout is None else time.monotonic() + self.timeout
        while not call.abandoned.is_set():
            left = end - time.monotonic()
            with _waiting(call.context, changes) as check:
                given = self._first_arrived()
                if given is None and left > 0:
                    changes.wait(None if self.timeout is None else left)
                    check()
            if given is not None or left <= 0:
                return given
        raise Abandoned("Nobody is waiting for this input any more.")

    def _first_arrived(self) -> FlowRunInput | None:
        db = current_database()
        return retry_until_available(
            lambda: messages.first_arrived(
                db,
                self.flow_run_id,
                key_prefix=self.key_prefix,
                after=self._after,
                exclude_keys=self.exclude_keys,
            )
        )


def _noting_unwinding(context: RunContext | None) -> AbstractContextManager[None]:
    return nullcontext() if context is None else closes_on_unwind(context)


@contextmanager
def _waiting(context: RunContext | None, changes: Subscription) -> Iterator[Callable[[], None]]:
    """Give up the worker's slot in the block. Yields a function that raises what unwinds the run, if anything does."""
    if context is None:
        yield lambda: None
        return
    held = context.execution.begin_wait()
    held.add_done_callback(lambda _: changes.wake())

    def check() -> None:
        if held.done() and isinstance(woken := held.result(), Unwind):
            raise woken

    try:
        # A cancel that came before `begin_wait` woke nobody, so the run is checked once more.
        run = retry_until_available(lambda: runs.get(context.db, context.run.id))
        if run.fencing_token != context.journal.fencing_token:
            raise Released("The run was cancelled, or continues in another worker.")
        yield check
    finally:
        context.execution.end_wait(held)


def send_to_run(run_input: BaseModel, flow_run_id: UUID | str, sender: str | None, key_prefix: str | None) -> None:
    """Send an input; in an event loop, an awaitable. The key of an input from a run is the same in a replay.

    Raises:
        store.errors.NoSuchRun: If there is no such run.
        AttentionNeeded: If an earlier execution sent something else in a loop here: it may have been another item's.
    """
    prefix = key_prefix or f"{type(run_input).__name__.lower()}-auto"
    context = current_run_context()
    number = uuid4()
    if context is not None:
        with closes_on_unwind(context):
            number = uuid5(UUID(context.run.id), context.journal.next_key(context.scope, f"send-{prefix}"))
        sender = sender or f"{FLOW_RUN}.{context.run.id}"
    value = run_input.model_dump(mode="json", by_alias=True)
    to, key = str(flow_run_id), f"{prefix}-{number}"
    if context is None:
        return sync_or_async("send_input()", partial(store_input, to, key, value, sender=sender))
    # Under the first claim of a run, nothing was sent before.
    may_be_other = context.run.fencing_token > 1 and is_in_loop()
    return sync_or_async("send_input()", partial(_send_in_run, context, to, key, value, sender, may_be_other))


def _send_in_run(context: RunContext, to: str, key: str, value: Any, sender: str | None, may_be_other: bool) -> None:
    context.journal.note_begun(context.scope)
    sent = load_input(to, key) if may_be_other else None
    if sent is not None and sent.value != json.loads(json.dumps(value)):
        with closes_on_unwind(context):
            raise AttentionNeeded(
                f"The inputs that a loop sends come in another order, or with other values: {key} was sent before with "
                "another one. Go through sets, dicts and rows in a fixed order, and leave out of the values what "
                "differs in each execution."
            )
    store_input(to, key, value, sender=sender)
