"""Where a modal stands within a prompt's answer, as its `private_metadata` says. It is a claim."""

import json
from dataclasses import dataclass

from signoff.bot.forms.editor_state import Step


@dataclass(frozen=True, slots=True)
class ModalMetadata:
    """A page of one of a prompt's forms.

    Attributes:
        prompt_id: Whose answer is asked for.
        steps: The way to the entry whose form stands open; none for the prompt's own.
        first: Which row of the form stands first.
    """

    prompt_id: str
    steps: tuple[Step, ...] = ()
    first: int = 0

    def __str__(self) -> str:
        """As `read` takes it."""
        return json.dumps([self.prompt_id, self.first, *self.steps], separators=(",", ":"))

    @classmethod
    def read(cls, claimed: object) -> "ModalMetadata":
        """What a modal claims; of what makes no sense, the beginning of a prompt that does not exist."""
        try:
            match json.loads(str(claimed)):
                case [str() as prompt_id, int() as first, *steps] if first >= 0:
                    return cls(prompt_id, tuple(step for each in steps if (step := _step(each))), first)
        except (ValueError, RecursionError):
            pass
        return cls("")


def _step(claimed: object) -> Step | None:
    match claimed:
        case [str() as block_id, int() as number]:
            return block_id, number
        case _:
            return None
