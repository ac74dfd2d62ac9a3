"""How many votes a prompt needs, and what they give together."""

from collections.abc import Sequence

from signoff.store.records.prompts import Outcome, Vote


def decide(votes: Sequence[Vote]) -> Outcome | None:
    """The outcome that votes give, the oldest first; `None` while more are needed.

    There is one rule so far: the first vote decides.
    """
    if not votes:
        return None
    return Outcome.SUBMITTED if votes[0].verdict == "submit" else Outcome.REJECTED
