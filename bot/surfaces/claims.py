"""What a button, a box to tick or a modal says of itself: about which prompt it is, and in which stage it was drawn.

It comes back from outside, so it is a claim. The prompt is looked up, and the desk refuses what was drawn in a stage
that is over: whoever pressed it has not seen what is asked now.
"""

import re
from dataclasses import dataclass
from typing import Self

from signoff.store.records.prompts import Prompt

_WITH_STAGE = re.compile(r"(.+):([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Claim:
    """A prompt in one of its stages.

    Attributes:
        stage: The number of stages that it had passed; 0 if its policy has none.
    """

    prompt_id: str
    stage: int = 0

    def __str__(self) -> str:
        """The text that `read` reads. In the first stage it is the prompt's id alone."""
        return f"{self.prompt_id}:{self.stage}" if self.stage else self.prompt_id

    @classmethod
    def of(cls, prompt: Prompt) -> Self:
        """What is drawn of a prompt now."""
        return cls(prompt.id, len(prompt.passed))

    @classmethod
    def read(cls, claimed: object) -> Self:
        """Read a claim. One that makes no sense becomes a prompt that does not exist."""
        found = _WITH_STAGE.fullmatch(str(claimed))
        return cls(found[1], int(found[2])) if found else cls(str(claimed))
