"""Checks whether edited code still fits what a run has recorded.

An execution replays the run from the top. Each time it comes to a recorded step or prompt, that one is *visited*. What
is recorded and not visited yet is what this module reasons about.

Unedited code may skip a step that it once ran, since a clock or the order of threads can decide that. Edited code may
not: a step that it does not call may have been renamed, and running it under its new name would repeat its effect.
So a new step has to wait until every older one was visited, and the run needs attention where that cannot happen.
"""

import threading
from collections.abc import Mapping
from concurrent.futures import Future

from signoff.flows.durable.replay.begun_calls import outer_keys
from signoff.flows.errors import AttentionNeeded, CodeChanged
from signoff.store.records.prompts import Prompt
from signoff.store.records.runs import Step


class ReplayCheck:
    """The recorded steps and prompts that this execution has not visited yet. Safe to use from several threads.

    Args:
        fingerprint: The hash of the flow's code as it is now.
        steps: The recorded steps by key.
        prompts: The recorded prompts by key, without those that were asked again in other words.
    """

    def __init__(self, fingerprint: str, steps: Mapping[str, Step], prompts: Mapping[str, Prompt]) -> None:
        self._fingerprint = fingerprint
        self._steps = dict(steps)
        self._prompts = dict(prompts)
        # The unvisited steps that were recorded by earlier code. Only these can have been renamed or removed.
        self._older = {key: step for key, step in steps.items() if step.fingerprint != fingerprint}
        self._scopes = {f"{outer}/" for key in steps for outer in outer_keys(key)}
        self._started: set[str] = set()
        self._barriers: dict[str, Future[None]] = {}
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._steps or self._prompts)

    def visit_step(self, key: str) -> None:
        """Note that the code calls a step, recorded or not."""
        self._steps.pop(key, None)
        if self._older:
            self._older.pop(key, None)
            self._started.add(key)
            self._open_barriers()

    def visit_within(self, scope: str, prompts: str) -> None:
        """Note that a recorded step is replayed. Its function does not run, so what ran within it counts as visited.

        Args:
            scope: The prefix of the keys of the steps within it.
            prompts: The prefix of the keys of the prompts within it.
        """
        if scope in self._scopes:
            for key in [key for key in list(self._steps) if key.startswith(scope)]:
                self.visit_step(key)
        for key in [key for key in list(self._prompts) if key.startswith(prompts)]:
            self._prompts.pop(key, None)

    def visit_prompt(self, key: str) -> None:
        """Note that the code asks a question that was asked before."""
        self._prompts.pop(key, None)

    def check_step(self, key: str) -> None:
        """Check that a step that is not recorded may run now.

        Raises:
            AttentionNeeded: If the code was edited and has not called all steps that ran before. The new step may be
                one of those under another name.
        """
        if ahead := self._ahead(_scope(key)):
            first = min(ahead, key=lambda step: step.started_at)
            raise CodeChanged(
                f"The code was edited: it calls {key}, which has not run yet, before {first.key}, which has. "
                f"If {key} is {first.key} under a new name, running it would repeat its effect."
            )

    def barrier(self, key: str) -> "Future[None] | None":
        """What an unrecorded step that was submitted has to wait for; `None` if it may run now.

        Submitted steps run side by side. A crash may have cut this one off while later ones finished, so that those
        are recorded and this one is not. The code then calls them soon, which opens the barrier. If it never does,
        `check_step` fails for whoever waits for the result.
        """
        scope = _scope(key)
        with self._lock:
            return self._barriers.setdefault(scope, Future()) if self._ahead(scope) else None

    def close(self) -> None:
        """Open all barriers, since the execution ends: nothing will be visited any more."""
        self._older = {}
        self._open_barriers()

    @property
    def unvisited_prompts(self) -> list[Prompt]:
        """What was asked and this execution has not come to yet, without what was asked again in other words."""
        return list(self._prompts.values())

    def check_end(self) -> None:
        """Check that the run may end here.

        Raises:
            AttentionNeeded: If the code no longer asks what was asked, or was edited and no longer calls what ran.
        """
        for prompt in self._prompts.values():
            is_edited = prompt.fingerprint != self._fingerprint
            raise (CodeChanged if is_edited else AttentionNeeded)(
                f"The code no longer asks {prompt.title!r}, which was asked and settled."
            )
        if left_out := sorted(self._older):
            raise CodeChanged(f"The code was edited: it no longer calls {', '.join(left_out)}, which ran before.")

    def _ahead(self, scope: str) -> list[Step]:
        """The older steps that have to be visited before something new may run in a scope.

        Steps within another step that has started are left out: that step runs beside this one, in its own thread
        perhaps, and will visit them itself.
        """
        return [
            step
            for key, step in list(self._older.items())
            if not any(outer in self._started and not scope.startswith(f"{outer}/") for outer in outer_keys(key))
        ]

    def _open_barriers(self) -> None:
        if not self._barriers:
            return
        with self._lock:
            opened = [self._barriers.pop(scope) for scope in list(self._barriers) if not self._ahead(scope)]
        for barrier in opened:
            barrier.set_result(None)


def _scope(key: str) -> str:
    """The prefix that a step shares with its siblings: `a/b/` for `a/b/c`."""
    return key[: key.rfind("/") + 1]
