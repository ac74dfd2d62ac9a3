"""The journal of one execution: what it finds recorded, and what it adds.

A step has no identity but its key, so a replay has to give each call the key that it had. Keys are made of names and
counts: the second call of `build` is `build-2`. A call within a task or a nested flow has the key of that one in
front, its *scope*: `release/build`. That way a call added elsewhere does not shift the counts here.
"""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from signoff.flows.database.retry import retry_until_available
from signoff.flows.durable.child_processes import ADVICE
from signoff.flows.durable.replay.begun_calls import BegunCall, BegunCalls
from signoff.flows.durable.replay.call_keys import CallKeys
from signoff.flows.durable.replay.code_changes import ReplayCheck
from signoff.flows.durable.replay.question_match import AskedBefore, Match, match_question, words_of
from signoff.flows.durable.replay.recorded_calls import RecordedCalls
from signoff.flows.durable.timeouts import ActiveTimeout, active_timeouts
from signoff.flows.durable.values.arguments import Arguments
from signoff.flows.durable.values.moments import Span
from signoff.flows.durable.values.serialization import Recorded
from signoff.flows.errors import AttentionNeeded, FlowDefect, InvalidFlow, Released, Unwind
from signoff.flows.names import now
from signoff.store.database import Database
from signoff.store.errors import LeaseLost
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import FlowRun, Step
from signoff.store.runs import journal
from signoff.store.runs.journal import BEGUN, History

T = TypeVar("T")

_refusal: ContextVar[str | None] = ContextVar("signoff_refusal", default=None)


def refuse_steps(why: str) -> None:
    """Have steps and questions refused in this context."""
    _refusal.set(why)


class Journal:
    """The journal of a run that is being executed. Safe to use from several threads.

    Args:
        run: The run as it was claimed. Its fencing token goes with every write, so that a worker that has lost the
            run can record nothing more.
        fingerprint: The hash of the flow's code as it is now.
        active_timeout: The flow's timeout. It is checked before each step.
        past: The recorded steps and prompts.

    Attributes:
        is_of_earlier_version: Whether a version of Signoff has created the run in whose journals coroutines have no
            scope of their own.
        has_caught_unwinding: Whether a step went on, to its end, although it was unwound.
    """

    def __init__(
        self,
        db: Database,
        run: FlowRun,
        fingerprint: str,
        *,
        active_timeout: ActiveTimeout,
        past: History,
    ) -> None:
        self._db = db
        self._process = os.getpid()
        self._run_id = run.id
        self.fencing_token = run.fencing_token
        self.fingerprint = fingerprint
        self.active_timeout = active_timeout
        self.is_of_earlier_version = run.journal_version is None
        self._recorded = RecordedCalls(
            run.name,
            fingerprint,
            {**past.steps, **past.begun},
            has_content=self._has_content,
            span=lambda: Span(self._created_at, now()),
        )
        self._begun = BegunCalls(set(past.begun))
        self._asked = AskedBefore(past.prompts)
        self._created_at = run.created_at
        self._started_at = now()
        self._replay_check = ReplayCheck(
            fingerprint,
            past.steps,
            {key: each for key, each in past.prompts.items() if each.id not in self._asked.again},
        )
        self._reached_new = False
        self._closed: Unwind | None = None
        self._unwound: set[str] = set()
        self.has_caught_unwinding = False
        self._defects: list[str] = []
        self._keys = CallKeys(self._recorded)
        self._questions: dict[str, str] = {}
        self._abandoned: set[str] = set()
        self._lock = threading.Lock()

    @property
    def is_replaying(self) -> bool:
        """Whether this code ran before: more is recorded, and nothing new has been reached. Its logs are suppressed."""
        return bool(self._replay_check) and not self._reached_new

    def close(self, reason: Unwind, *, step: str = "") -> None:
        """Stop this execution: whatever comes to a step or a question from now on is unwound with the first `reason`.

        Args:
            step: The key of the step into which it was raised. That step may have caught it and gone on with something
                else than an answer, so its result, and that of each step around it, is not recorded any more.
        """
        with self._lock:
            self._closed = self._closed or reason
            while step:
                self._unwound.add(step)
                step = step.rpartition("/")[0]
            self._recorded.close()
        self._replay_check.close()

    def note_defect(self, what: str) -> None:
        """Note a mistake in the flow's code, with which the run must not go on. Takes no lock."""
        if self._closed is None:
            self._defects.append(what)

    def check_defects(self) -> None:
        """Raise `FlowDefect` if a mistake was noted."""
        if self._defects:
            raise FlowDefect(self._defects[0])

    def check_open(self) -> None:
        """Check that the execution may continue here.

        Raises what it was closed with, `FlowDefect` or `FlowTimeout`; `InvalidFlow` where no step can be recorded.
        """
        if os.getpid() != self._process:
            raise InvalidFlow(f"This process was forked from the one that runs the flow. {ADVICE}")
        if (refusal := _refusal.get()) is not None:
            raise InvalidFlow(refusal)
        if self._closed is not None:
            # A task in a `finally` or a context manager comes here while the first error is still on its way out.
            raise self._closed.again(is_repeated=not isinstance(sys.exception(), Unwind))
        self.check_defects()
        self.active_timeout.check()
        for timeout in active_timeouts():
            timeout.check_not_abandoned()

    def check_not_unwound(self, key: str) -> None:
        """Check that a step has not caught what unwinds the run. Raises that once more."""
        if key in self._unwound and self._closed is not None:
            self.has_caught_unwinding = True
            raise self._closed.again(is_repeated=True)

    def next_key(self, scope: str, name: str) -> str:
        """The key for the next call of `name` within `scope`, whose arguments are not known yet, or do not matter."""
        self.check_open()
        with self._lock:
            key = self._keys.next(f"{scope}{name}")
        self._replay_check.visit_step(key)
        return key

    def match_question(self, scope: str, given: str | None, asked: Prompt) -> tuple[str, Match]:
        """The key of a prompt, and what it is among those that the run has asked.

        The key is the one that the flow gives it, or the next number, as Prefect counts them. A nested flow is a run of
        its own in Prefect, with prompts that are counted from 1. Here it is part of its parent's run, so its key goes
        in front: `release--1`.

        Args:
            asked: The prompt, whose own key is not read.

        Raises:
            AttentionNeeded: If it was asked under another key or in another order, see `question_match`.
        """
        self.check_open()
        prefix = _dashed(scope)
        with self._lock:
            # A number is only a count: what tells one such question from another is what it says.
            same = self._asked.same(prefix, given, words_of(asked)) if self._asked.prompts else None
            match = self._match_other(prefix, given, asked, scope) if same is None else Match(recorded=same)
            if match.recorded is not None:
                key = match.recorded.key
                self._asked.come_to(match.recorded)
                self._replay_check.visit_prompt(key)
            else:
                self._reached_new = True
                key = f"{prefix}{given}"
            if match.recorded is None and given is None:
                named = f"?{prefix}{{}}".format
                key = self._keys.next(f"?{scope}", named, taken=self._asked.prompts)[1:]
            if match.instead_of is not None:
                self._asked.again.add(match.instead_of.id)
                self._replay_check.visit_prompt(match.instead_of.key)
            self._keys.add(f"?{key}")
        return key, match

    def _match_other(self, prefix: str, given: str | None, asked: Prompt, scope: str) -> Match:
        """What a question is that nobody has been asked in the same words here."""
        here = self._asked.here(prefix, given)
        in_place = next((each for each in here if given is not None or each.id not in self._asked.again), None)
        beside = {each.id for each in here}
        return match_question(
            replace(asked, key=f"{prefix}{self._keys.count_of_next(f'?{scope}') if given is None else given}"),
            here,
            in_place,
            [each for each in self._replay_check.unvisited_prompts if each.id not in beside],
            before=self._created_at,
            now=Span(self._started_at, now()),
        )

    def scope_of(self, scope: str, step_scope: str, name: str, arguments: Arguments) -> str:
        """The scope of a call in a thread: the thread's own, or the one in which an earlier version recorded the call.

        Args:
            step_scope: The scope of the task or nested flow in which the thread was started. It was that of the calls
                in the thread, too.
        """
        if scope == step_scope or not self.is_of_earlier_version:
            return scope
        with self._lock:
            is_new = not self._recorded.equal(f"{scope}{name}", arguments, taken=self._keys.given)
            is_legacy = is_new and self._recorded.equal(f"{step_scope}{name}", arguments, taken=self._keys.given)
        return step_scope if is_legacy else scope

    def begin_scope(self, path: str, arguments: Arguments, *, is_single: Callable[[], bool]) -> str:
        """The key of a call that is no step, but contains steps: that of a function in a thread or in a coroutine.

        It may be begun in a run that is over. Raises what `RecordedCalls.is_other` raises.
        """
        with self._lock:
            key = self._keys.of_call(path, arguments, is_single=is_single, is_step=False)
            self._begin(path, key, arguments, self._recorded.claim(key))
        self._replay_check.visit_step(key)
        return key

    def begin(
        self,
        path: str,
        arguments: Arguments,
        *,
        is_single: Callable[[], bool],
        place: str | None = None,
        is_numbered: bool = True,
    ) -> tuple[str, Step | None]:
        """Note that a step is called. Raises what `RecordedCalls.is_other` raises.

        Args:
            path: The scope and the name of the call.
            is_single: Whether the flow makes one call at this place.
            place: The key that the call was given before its arguments were known.
            is_numbered: See `CallKeys.of_call`.

        Returns:
            The key, and how the call ended in an earlier execution; `None` if it did not end.
        """
        self.check_open()
        with self._lock:
            if place is None:
                key = self._keys.of_call(path, arguments, is_single=is_single, is_numbered=is_numbered)
            else:
                key = self._keys.of_call_at(path, place, arguments, is_single=is_single)
            recorded = self._recorded.claim(key)
            has_ended = self._begin(path, key, arguments, recorded)
        self._replay_check.visit_step(key)
        if recorded is None or not has_ended:
            self._reached_new = True
            return key, None
        self._replay_check.visit_within(f"{key}/", _dashed(f"{key}/"))
        return key, recorded

    def _begin(self, path: str, key: str, arguments: Arguments, recorded: Step | None) -> bool:
        """Note that a call has begun; whether it has ended before. The caller holds the lock."""
        has_ended = recorded is not None and recorded.format != BEGUN
        if not has_ended:
            self._begun.add(key, path, arguments)
        return has_ended

    def begun_around(self, scope: str) -> list[Step]:
        """The calls that have to be recorded as begun together with something that is recorded in a scope.

        `have_begun` has to follow, once that is recorded.
        """
        with self._lock:
            begun = self._begun.containing(scope.removesuffix("/")) if scope else []
        return [self._as_step(each) for each in begun]

    def have_begun(self, begun: Sequence[Step]) -> None:
        """Note that these calls are recorded as begun."""
        if begun:
            with self._lock:
                self._begun.note_recorded(each.key for each in begun)

    def note_begun(self, scope: str) -> None:
        """Record that the calls of a scope have begun, because a key of theirs is about to be known elsewhere.

        Raises:
            Released: If another worker has the run now.
        """
        if begun := self.begun_around(scope):
            self.write(lambda token: journal.note_begun(self._db, self._run_id, begun, fencing_token=token))
            self.have_begun(begun)

    def _as_step(self, call: BegunCall) -> Step:
        return Step(
            run_id=self._run_id,
            key=call.key,
            arguments_hash=call.arguments.hash,
            fingerprint=self.fingerprint,
            format=BEGUN,
            result="",
            started_at=call.began_at,
            finished_at=call.began_at,
            arguments=call.arguments.recorded(Span(self._created_at, call.began_at)),
        )

    def other_calls(self, path: str) -> "Future[None] | None":
        """See `RecordedCalls.others`."""
        with self._lock:
            return self._recorded.others(path)

    def check_unrecorded(self, key: str) -> None:
        """Check that a step that is not recorded may run now. Raises what `ReplayCheck.check_step` raises."""
        try:
            self._replay_check.check_step(key)
        except AttentionNeeded:
            # A step that has begun, or failed, is not recorded as finished. It had this key before, so it was not
            # renamed.
            if key not in self._recorded.keys and not self._failed_before(key):
                raise

    def _has_content(self, key: str) -> bool:
        """Whether steps or prompts are recorded within a call."""
        return self._recorded.has_within(f"{key}/") or any(
            each.startswith(_dashed(f"{key}/")) for each in self._asked.prompts
        )

    def barrier(self, key: str) -> "Future[None] | None":
        """What a submitted step has to wait for before it runs, or `None`. See `ReplayCheck.barrier`."""
        if key in self._recorded.keys:
            return None
        barrier = self._replay_check.barrier(key)
        return None if barrier is None or self._failed_before(key) else barrier

    def _failed_before(self, key: str) -> bool:
        """Whether a step that is not recorded failed before and is being retried."""
        return key in retry_until_available(lambda: journal.retried_keys(self._db, self._run_id))

    def check_question(self, key: str, question_hash: str) -> None:
        """Note that the flow asks a question.

        Raises:
            InvalidFlow: If the code asks two different questions under one key, or asks again what it stopped waiting
                for.
        """
        if key in self._abandoned:
            raise InvalidFlow(
                f"The flow stopped waiting for the question with the key {key!r}, so that was cancelled. Give the next "
                "question another key, or use ask(), whose answer can be awaited again."
            )
        if self._questions.setdefault(key, question_hash) != question_hash:
            raise InvalidFlow(
                f"The key {key!r} already belongs to another question of this run. Give each question its own key."
            )

    def abandon(self, key: str) -> None:
        """Note that the flow has stopped waiting for the answer to a question."""
        self._abandoned.add(key)

    def check_end(self) -> None:
        """Check at the end of a run that everything recorded was visited. Raises what `ReplayCheck` raises."""
        self._replay_check.check_end()

    def record(self, key: str, arguments: Arguments, recorded: Recorded, started_at: datetime) -> None:
        """Record a step that has ended. Waits while the database is unavailable.

        Raises:
            Released: If another worker has the run now.
            Unwind: If the step caught what unwinds the run.
        """
        self.check_not_unwound(key)
        done = Step(
            run_id=self._run_id,
            key=key,
            arguments_hash=arguments.hash,
            fingerprint=self.fingerprint,
            format=recorded.format,
            result=recorded.text,
            started_at=started_at,
            finished_at=now(),
            arguments=arguments.recorded(Span(self._created_at, started_at)),
        )
        with self._lock:
            beside = self._begun.end(key)
            has_begun = key in self._begun.written
        begun = [self._as_step(each) for each in beside]
        self.write(lambda token: journal.record(self._db, done, fencing_token=token, begun=begun, has_begun=has_begun))
        self.have_begun(begun)

    def write(self, transaction: Callable[[int], T]) -> T:
        """Run a transaction with the fencing token of this execution. Waits while the database is unavailable.

        Raises:
            Released: If another worker has the run now.
        """
        try:
            return retry_until_available(lambda: transaction(self.fencing_token))
        except LeaseLost as error:
            raise Released(str(error)) from error

    def forget_failed(self, scope: str) -> None:
        """Prepare a retry of the step with this scope. Its failed steps are forgotten, and its keys are counted afresh.

        Steps within it that succeeded keep their results: the retry comes to the same keys and replays them.

        Raises:
            Released: If another worker has the run now.
        """
        prompts = f"?{_dashed(scope)}"
        with self._lock:
            if not self._keys.forget(scope, prompts):
                return
        self.write(lambda token: journal.forget_failed(self._db, self._run_id, fencing_token=token, scope=scope))
        past = retry_until_available(lambda: journal.history(self._db, self._run_id))
        with self._lock:
            self._begun.forget(scope)
            self._begun.recorded.update(past.begun)
            self._begun.written.update(past.begun)
            self._questions = {key: each for key, each in self._questions.items() if not key.startswith(prompts[1:])}
            self._recorded.forget(scope, {**past.steps, **past.begun})
            self._asked = AskedBefore(past.prompts)
            for key, each in past.prompts.items():
                if f"?{key}" in self._keys:
                    self._asked.come_to(each)


def _dashed(scope: str) -> str:
    """A scope in the characters that Prefect allows in a key: lower-case letters, digits and dashes."""
    return "".join(char if char.isalnum() or char == "/" else "-" for char in scope.lower()).replace("/", "--")
