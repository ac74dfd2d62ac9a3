"""What a run has recorded and this execution has not reached yet: how an edit of the code is noticed.

Code that was not edited may leave out what it once did, since a clock or the order of threads may decide about that.
Edited code may not: what is left out may have been renamed, and its effect must not come a second time.
"""

import threading
from collections.abc import Mapping
from concurrent.futures import Future

from signoff.flows.errors import AttentionNeeded
from signoff.store.records import Prompt, Step


class ReplayCheck:
    """The steps and prompts that are recorded and not reached yet. Safe to use from several threads.

    Args:
        fingerprint: The hash of the flow's code as it is now.
        steps: What is recorded, by key.
        asked: What was asked, by key.
    """

    def __init__(self, fingerprint: str, steps: Mapping[str, Step], asked: Mapping[str, Prompt]) -> None:
        self._fingerprint = fingerprint
        self._steps = dict(steps)
        self._asked = dict(asked)
        # Those that were recorded before an edit.
        self._older = {key: step for key, step in steps.items() if step.fingerprint != fingerprint}
        self._scopes = {f"{outer}/" for key in steps for outer in _outer(key)}
        self._started: set[str] = set()
        self._barriers: dict[str, Future[None]] = {}
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._steps or self._asked)

    def visit_step(self, key: str) -> None:
        """Note that a step is called."""
        self._steps.pop(key, None)
        if self._older:
            self._older.pop(key, None)
            self._started.add(key)
            self._open_barriers()

    def visit_within(self, scope: str, prompts: str) -> None:
        """Note that what was recorded within a step is reached with it.

        Args:
            scope: What the keys of its steps begin with.
            prompts: What the keys of its prompts begin with.
        """
        if scope in self._scopes:
            for key in [key for key in list(self._steps) if key.startswith(scope)]:
                self.visit_step(key)
        for key in [key for key in list(self._asked) if key.startswith(prompts)]:
            self._asked.pop(key, None)

    def visit_prompt(self, key: str) -> None:
        """Note that a question is asked."""
        self._asked.pop(key, None)

    def check_step(self, key: str) -> None:
        """Make sure that a step which is not recorded may run.

        Raises:
            AttentionNeeded: If the code was edited, and the step comes while others that ran were not called: it may
                be one of them under a new name.
        """
        if ahead := self._ahead(_scope(key)):
            first = min(ahead, key=lambda step: step.started_at)
            raise AttentionNeeded(
                f"The code was edited and comes to {key}, which has not run, before {first.key}, which has. "
                "If it is that one under another name, its effect would come twice."
            )

    def barrier(self, key: str) -> "Future[None] | None":
        """What a step that is not recorded, and runs beside the flow, has to wait for; `None` if it may run.

        It may have been cut off while others ended, and then those are called soon: that opens the gate.
        """
        scope = _scope(key)
        with self._lock:
            return self._barriers.setdefault(scope, Future()) if self._ahead(scope) else None

    def close(self) -> None:
        """Open all gates: nothing comes any more."""
        self._older = {}
        self._open_barriers()

    def check_question(self, key: str, question_hash: str) -> None:
        """Make sure that a question which was not asked may be.

        Raises:
            AttentionNeeded: If the code was edited, and the same question was asked under another key.
        """
        for asked in list(self._asked.values()):
            if asked.fingerprint != self._fingerprint and asked.schema_hash == question_hash:
                raise AttentionNeeded(
                    f"The code was edited and asks {asked.title!r} with the key {key!r}, where it was asked with "
                    f"{asked.key!r}. The answer is not handed over."
                )

    def check_end(self) -> None:
        """Make sure that a run may end.

        Raises:
            AttentionNeeded: If the code no longer asks what was asked, or was edited and no longer calls what ran.
        """
        for asked in self._asked.values():
            raise AttentionNeeded(f"The code no longer asks {asked.title!r}, which was asked and settled.")
        if left_out := sorted(self._older):
            raise AttentionNeeded(f"The code was edited and no longer calls {', '.join(left_out)}, which ran.")

    def _ahead(self, scope: str) -> list[Step]:
        """The older steps that what is called in a scope has to come after.

        Not what ran within steps that have begun beside it: they come to that by themselves.
        """
        return [
            step
            for key, step in list(self._older.items())
            if not any(outer in self._started and not scope.startswith(f"{outer}/") for outer in _outer(key))
        ]

    def _open_barriers(self) -> None:
        if not self._barriers:
            return
        with self._lock:
            opened = [self._barriers.pop(scope) for scope in list(self._barriers) if not self._ahead(scope)]
        for barrier in opened:
            barrier.set_result(None)


def _outer(key: str) -> list[str]:
    """The keys of the steps that a step is within."""
    return [key[:place] for place, char in enumerate(key) if char == "/"]


def _scope(key: str) -> str:
    """What the keys begin with of all that is called where a step is."""
    return key[: key.rfind("/") + 1]
