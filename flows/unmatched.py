"""What a run has recorded and this execution has not reached yet: how an edit of the code is noticed.

Code that was not edited may leave out what it once did, since a clock or the order of threads may decide about that.
Edited code may not: what is left out may have been renamed, and its effect must not come a second time.
"""

from collections.abc import Mapping

from flows.errors import AttentionNeeded
from store.records import Prompt, Step


class Unmatched:
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
        self._scopes = {f"{key[:place]}/" for key in steps for place, char in enumerate(key) if char == "/"}

    def __bool__(self) -> bool:
        return bool(self._steps or self._asked)

    def reach_step(self, key: str) -> None:
        """Note that a step is called."""
        self._steps.pop(key, None)

    def reach_within(self, scope: str, prompts: str) -> None:
        """Note that what was recorded within a step is reached with it.

        Args:
            scope: What the keys of its steps begin with.
            prompts: What the keys of its prompts begin with.
        """
        if scope in self._scopes:
            for key in [key for key in list(self._steps) if key.startswith(scope)]:
                self._steps.pop(key, None)
        for key in [key for key in list(self._asked) if key.startswith(prompts)]:
            self._asked.pop(key, None)

    def reach_prompt(self, key: str) -> None:
        """Note that a question is asked."""
        self._asked.pop(key, None)

    def check_step(self, key: str) -> None:
        """Make sure that a step which is not recorded may run.

        Raises:
            AttentionNeeded: If the code was edited, and the step comes while others that ran were not called: it may
                be one of them under a new name.
        """
        ahead = [each for each in self._of_other_code() if not each.key.startswith(f"{key}/")]
        if ahead:
            first = min(ahead, key=lambda step: step.started_at)
            raise AttentionNeeded(
                f"The code was edited and comes to {key}, which has not run, before {first.key}, which has. "
                "If it is that one under another name, its effect would come twice."
            )

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
        if left_out := sorted(each.key for each in self._of_other_code()):
            raise AttentionNeeded(f"The code was edited and no longer calls {', '.join(left_out)}, which ran.")

    def _of_other_code(self) -> list[Step]:
        """The steps that were recorded before an edit."""
        return [each for each in list(self._steps.values()) if each.fingerprint != self._fingerprint]
