"""What a modal's `private_metadata` says about the prompt and the form that it shows. It is a claim."""

import json
from dataclasses import dataclass

from signoff.bot.forms.editor_state import Step


@dataclass(frozen=True, slots=True)
class ModalMetadata:
    """A page of one of a prompt's forms.

    Attributes:
        prompt_id: The prompt whose answer the modal asks for.
        steps: The steps to the list entry whose form it shows; none for the prompt's own form.
        first: The number of the first row on the page.
    """

    prompt_id: str
    steps: tuple[Step, ...] = ()
    first: int = 0

    def __str__(self) -> str:
        """The text that `read` reads."""
        return json.dumps([self.prompt_id, self.first, *self.steps], separators=(",", ":"))

    @classmethod
    def read(cls, claimed: object) -> "ModalMetadata":
        """Read a modal's claim. One that makes no sense becomes a prompt that does not exist."""
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
