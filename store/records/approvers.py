"""What Slack has said about those who may answer a prompt."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Approver:
    """One approver that a policy names, and whom Slack knew by that name when the prompt was opened.

    Attributes:
        name: As the policy has it.
        id: The id of the person or user group. Whoever takes over a handle later is not this approver. `None` if it is
            not known, or if there is nobody.
        fault: Why there is no such approver, and what to write instead; empty if there is, or if it is not known.
    """

    name: str
    id: str | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class FoundBy:
    """What a function among the approvers of a policy has returned.

    Attributes:
        function: The function's name.
    """

    function: str
    approvers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reviewers:
    """What Slack has said about those who have to agree.

    Attributes:
        people: The ids of everybody who is named and may answer, if the policy counts them and it is known of all.
        requester: The Slack user id of the requester; `None` if it is not known, or does not matter.
        fault: Why not enough people can answer, as a sentence; empty if enough can, or if it is not known.
    """

    people: tuple[str, ...] | None = None
    requester: str | None = None
    fault: str = ""


UNKNOWN_REVIEWERS = Reviewers()
"""Nothing is known of them yet, or they do not matter."""
