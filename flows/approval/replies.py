"""What the desk replies to somebody who acts on a prompt."""

from dataclasses import dataclass

from signoff.flows.approval.validation import FieldError
from signoff.store.records.prompts import Comment, Prompt
from signoff.store.records.votes import Vote


@dataclass(frozen=True, slots=True)
class Settled:
    """It counted: this submission ended the prompt, or will once it cannot be undone any more."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class AlreadySettled:
    """Too late: the prompt had ended. It says how, by whom and with what."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Refused:
    """This person may not answer.

    Attributes:
        may_see: Whether they may know what the prompt says. If that is not known, they may not.
        reason: Why not, as a sentence, if it is not because of who they are.
    """

    prompt: Prompt
    may_see: bool
    reason: str = ""

    @property
    def may(self) -> tuple[str, ...]:
        """Who may, as the policy names them; nobody by name if everybody may who is where its card is."""
        return self.prompt.policy.named


@dataclass(frozen=True, slots=True)
class Outdated(Refused):
    """What this person has pressed was drawn in another stage, so it decides nothing in this one."""


@dataclass(frozen=True, slots=True)
class Unverified:
    """Whether this person may answer cannot be known, so nothing has changed."""

    prompt: Prompt
    reason: str


@dataclass(frozen=True, slots=True)
class Invalid:
    """The values do not fit; nothing has changed."""

    prompt: Prompt
    errors: tuple[FieldError, ...]


@dataclass(frozen=True, slots=True)
class Unconfirmed(Invalid):
    """The values fit, and the word that the policy wants typed before a yes counts is missing."""


@dataclass(frozen=True, slots=True)
class Undone:
    """A decision was taken back by the person who had made it, and the prompt is open again."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Counted:
    """It counts, and more votes are needed before the prompt is settled.

    Attributes:
        prompt: The prompt, with all votes so far.
        vote: This vote.
    """

    prompt: Prompt
    vote: Vote


@dataclass(frozen=True, slots=True)
class Commented:
    """It was said, and decides nothing.

    Attributes:
        comment: As it is kept: it also says whether the clock is stopped.
    """

    prompt: Prompt
    comment: Comment


Reply = Settled | Counted | AlreadySettled | Refused | Unverified | Invalid
"""What becomes of a submission."""

NotAdmitted = AlreadySettled | Refused | Unverified
"""Why somebody may not act on a prompt now."""
