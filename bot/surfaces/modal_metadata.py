"""What a modal's `private_metadata` says about the prompt and the form that it shows. It is a claim."""

import json
from dataclasses import dataclass

from signoff.bot.forms.editor_state import Step
from signoff.bot.surfaces.claims import Claim


@dataclass(frozen=True, slots=True)
class ModalMetadata:
    """A page of one of a prompt's forms.

    Attributes:
        claim: The prompt whose answer the modal asks for.
        steps: The steps to the list entry whose form it shows; none for the prompt's own form.
        first: The number of the first row on the page.
    """

    claim: Claim
    steps: tuple[Step, ...] = ()
    first: int = 0

    def __str__(self) -> str:
        """The text that `read` reads."""
        return json.dumps([str(self.claim), self.first, *self.steps], separators=(",", ":"))

    @classmethod
    def read(cls, claimed: object) -> "ModalMetadata":
        """Read a modal's claim. One that makes no sense becomes a prompt that does not exist."""
        try:
            match json.loads(str(claimed)):
                case [str() as claim, int() as first, *steps] if first >= 0:
                    return cls(Claim.read(claim), tuple(step for each in steps if (step := _step(each))), first)
        except (ValueError, RecursionError):
            pass
        return cls(Claim(""))


def _step(claimed: object) -> Step | None:
    match claimed:
        case [str() as block_id, int() as number]:
            return block_id, number
        case _:
            return None
