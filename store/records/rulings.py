"""What answers a prompt in place of people: a rule of its policy, or an earlier approval."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from signoff.store.records.actors import Actor


@dataclass(frozen=True, slots=True)
class Approval:
    """An approval by people that counts again for the same request.

    Attributes:
        prompt_id: The prompt that they approved.
        by: Who they are.
    """

    prompt_id: str
    by: tuple[Actor, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Ruling:
    """What answered a prompt when it opened, or why a policy that has rules asks people all the same.

    Attributes:
        then: What follows: `approve` and `reject` have settled it, unless it was sampled; with `ask` people are asked.
        rule: The note of the rule; empty if no rule could be applied, or if an earlier approval counts again.
        is_sampled: Whether people are asked to check a rule that would have approved it.
        problem: Why the rule could not be applied, as a sentence; empty if it could.
        repeats: The earlier approval that counts again; `None` for a rule.
    """

    then: Literal["approve", "reject", "ask"]
    rule: str = ""
    is_sampled: bool = False
    problem: str = ""
    repeats: Approval | None = None

    @property
    def has_answered(self) -> bool:
        """Whether it has settled the prompt, so that no people are asked."""
        return self.then != "ask" and not self.is_sampled
