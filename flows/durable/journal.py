"""What one execution of a run finds recorded, and what it adds.

Steps are found by name: the second call of `build` is `build-2`. A call within a task or a nested flow has
that one's name in front: `release/build`.
"""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from typing import TypeVar

from signoff.flows.database_retry import retry_until_available
from signoff.flows.durable.code_changes import ReplayCheck
from signoff.flows.durable.serialization import Recorded
from signoff.flows.durable.timeouts import ActiveTimeout, active_timeouts
from signoff.flows.errors import AttentionNeeded, InvalidFlow, Released, Unwind
from signoff.flows.names import now
from signoff.store.database import Database
from signoff.store.errors import LeaseLost
from signoff.store.records import FlowRun, Prompt, Step
from signoff.store.runs import journal
from signoff.store.runs.journal import History

T = TypeVar("T")


class Journal:
    """The journal of a run that is being executed. Safe to use from several threads.

    Args:
        fencing_token: The token of the claim under which the run is executed.
        fingerprint: The hash of the flow's code as it is now.
        active_timeout: Knows how much time the flow may still take; it is looked at before each step.
        past: What is recorded and was asked.
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
        self._run_id = run.id
        self.fencing_token = run.fencing_token
        self.fingerprint = fingerprint
        self._active_timeout = active_timeout
        self._steps = past.steps
        self._asked = past.prompts
        self._replay_check = ReplayCheck(fingerprint, self._steps, self._asked)
        self._reached_new = False
        self._closed: Unwind | None = None
        self._calls: Counter[str] = Counter()
        self._keys: set[str] = set()
        self._questions: dict[str, str] = {}
        self._abandoned: set[str] = set()
        self._lock = threading.Lock()

    @property
    def is_replaying(self) -> bool:
        """Whether what runs now ran before: something recorded is still ahead, and nothing new was reached."""
        return bool(self._replay_check) and not self._reached_new

    def close(self, reason: Unwind) -> None:
        """Let nothing begin any more in this execution: what comes to a step or a question is unwound."""
        self._closed = reason
        self._replay_check.close()

    def check_open(self) -> None:
        """Make sure that the execution goes on, and in time. Raises what it was closed with, or `FlowTimeout`."""
        if self._closed is not None:
            raise self._closed
        self._active_timeout.check()
        for timeout in active_timeouts():
            timeout.check_not_abandoned()

    def next_key(self, scope: str, name: str) -> str:
        """The key of the next call of `name` within `scope`."""
        self.check_open()
        path = f"{scope}{name}"
        with self._lock:
            key = self._next(path, lambda count: path if count == 1 else f"{path}-{count}")
        self._replay_check.visit_step(key)
        return key

    def prompt_key(self, scope: str, given: str | None) -> str:
        """The key of a prompt: the one it was given, or the next number, as Prefect counts them.

        Within a nested flow, which in Prefect is a run of its own, that one's key goes in front: `release--1`.
        """
        self.check_open()
        before = f"?{_dashed(scope)}"
        with self._lock:
            if given is None:
                return self._next(f"?{scope}", lambda count: f"{before}{count}")[1:]
            self._keys.add(f"{before}{given}")
            return f"{before}{given}"[1:]

    def _next(self, path: str, named: Callable[[int], str]) -> str:
        """The next key of a path that nothing else has: a task may be called `build-2` by its author."""
        while True:
            self._calls[path] += 1
            key = named(self._calls[path])
            if key not in self._keys:
                self._keys.add(key)
                return key

    def find(self, key: str, arguments_hash: str) -> Step | None:
        """The recorded step, or `None` when it has not run yet.

        Raises:
            AttentionNeeded: If the code was edited and now calls the step with other arguments.
        """
        # A task that was submitted has had its name for some time.
        self.check_open()
        recorded = self._steps.get(key)
        if recorded is None:
            self._reached_new = True
            return None
        if recorded.arguments_hash != arguments_hash and recorded.fingerprint != self.fingerprint:
            raise AttentionNeeded(
                f"The code was edited, and {key} is now called with other arguments than those its recorded "
                "result came from."
            )
        self._replay_check.visit_within(f"{key}/", _dashed(f"{key}/"))
        return recorded

    def check_unrecorded(self, key: str) -> None:
        """Make sure that a step which is not recorded may run now. Raises what `ReplayCheck.check_step` raises."""
        try:
            self._replay_check.check_step(key)
        except AttentionNeeded:
            if not self._failed_before(key):
                raise

    def barrier(self, key: str) -> "Future[None] | None":
        """What a submitted step has to wait for before it runs, or `None`. See `ReplayCheck.barrier`."""
        if key in self._steps:
            return None
        barrier = self._replay_check.barrier(key)
        return None if barrier is None or self._failed_before(key) else barrier

    def _failed_before(self, key: str) -> bool:
        """Whether a step that is not recorded is one that failed and is tried again."""
        return key in retry_until_available(lambda: journal.retried_keys(self._db, self._run_id))

    def check_question(self, key: str, question_hash: str) -> None:
        """Note that a prompt was reached, perhaps again.

        Raises:
            AttentionNeeded: If the code was edited and now asks something else under its key.
            InvalidFlow: If the code asks two different questions under one key, or asks again what it gave up.
        """
        if key in self._abandoned:
            raise InvalidFlow(
                f"The flow gave up the question with the key {key!r}, and it was cancelled. Give the next one a key of "
                "its own, or ask with ask(), whose answer can be waited for again."
            )
        if self._questions.setdefault(key, question_hash) != question_hash:
            raise InvalidFlow(
                f"The key {key!r} names another question of this run, whose answer is not handed over. "
                "Give each question a key of its own."
            )
        asked = self._asked.get(key)
        if asked is None:
            self._replay_check.check_question(key, question_hash)
            self._reached_new = True
            return
        if asked.schema_hash != question_hash and asked.fingerprint != self.fingerprint:
            raise AttentionNeeded(
                f"The code was edited, and now asks something else where {asked.title!r} was asked. "
                "The answer to the old question is not handed over."
            )
        self._replay_check.visit_prompt(key)

    def abandon(self, key: str) -> None:
        """Note that the flow waits no longer for the answer to a question."""
        self._abandoned.add(key)

    def settled(self, key: str) -> Prompt | None:
        """The prompt, if it was settled when this execution began; a settled prompt changes no more."""
        asked = self._asked.get(key)
        return None if asked is None or asked.is_open else asked

    def check_end(self) -> None:
        """Make sure that all that is recorded was reached, at the end of a run. Raises what `ReplayCheck` raises."""
        self._replay_check.check_end()

    def record(self, key: str, arguments_hash: str, recorded: Recorded, started_at: datetime) -> None:
        """Add a step that has ended. While the database is away this waits.

        Raises:
            Released: If another worker holds the run now.
        """
        done = Step(
            run_id=self._run_id,
            key=key,
            arguments_hash=arguments_hash,
            fingerprint=self.fingerprint,
            format=recorded.format,
            result=recorded.text,
            started_at=started_at,
            finished_at=now(),
        )
        self.write(lambda token: journal.record(self._db, done, fencing_token=token))

    def write(self, transaction: Callable[[int], T]) -> T:
        """Run a transaction that is given the fencing token of this execution. While the database is away this waits.

        Raises:
            Released: If another worker holds the run now.
        """
        try:
            return retry_until_available(lambda: transaction(self.fencing_token))
        except LeaseLost as error:
            raise Released(str(error)) from error

    def forget_failed(self, scope: str) -> None:
        """Let what runs in `scope` be tried again: its keys are given anew, and its failed steps are forgotten.

        Raises:
            Released: If another worker holds the run now.
        """
        with self._lock:
            inside = [path for path in self._calls if path.removeprefix("?").startswith(scope)]
        if not inside:
            return
        self.write(lambda token: journal.forget_failed(self._db, self._run_id, fencing_token=token, scope=scope))
        steps = retry_until_available(lambda: journal.load(self._db, self._run_id))
        prompts = f"?{_dashed(scope)}"
        with self._lock:
            self._steps = steps
            for path in inside:
                del self._calls[path]
            self._keys = {key for key in self._keys if not key.startswith((scope, prompts))}


def _dashed(scope: str) -> str:
    """A scope as Prefect allows it in a key: lower case, digits and dashes."""
    return "".join(char if char.isalnum() or char == "/" else "-" for char in scope.lower()).replace("/", "--")
