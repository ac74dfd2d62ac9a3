"""Who acts on prompts and starts runs."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody, or something, that acts on a prompt.

    Attributes:
        id: What the database keeps: a Slack user id (`U…`), a handle given on the command line, or the name of a part
            of Signoff (`deadline`).
        name: What people read.
        aliases: The other names that a policy may use for this person: `@handle`, an e-mail address.
        team: The workspace from which they act, as Slack said with the act; empty if it did not say.
        claim: Who says that it is this person, if nobody has checked it: `claimed on the command line by ben on host
            build-7`. Empty if Slack has said it.
    """

    id: str
    name: str
    aliases: frozenset[str] = frozenset()
    team: str = ""
    claim: str = ""

    @property
    def name_and_claim(self) -> str:
        """The name, followed by the claim if nobody has checked who this is: `Ana (claimed on …)`."""
        return f"{self.name} ({self.claim})" if self.claim else self.name

    @property
    def is_another_user(self) -> bool:
        """Whether the user of a machine claims to be somebody else."""
        return self.claim.startswith(_CLAIMED)

    @property
    def is_in_slack(self) -> bool:
        """Whether the id says who in Slack this is: a user id or an e-mail address. A handle may be taken over, and is
        also what the user of a machine is called.
        """
        return _IN_SLACK.fullmatch(self.id) is not None


_IN_SLACK = re.compile(r"[UW][A-Z0-9]{2,}|[^@\s]+@[^@\s]+")
_CLAIMED = "claimed "


def claim_of(user: str, host: str, way: str) -> str:
    """The claim that a user of a machine acts as somebody else: `claimed on the command line by ben on host build-7`.

    Args:
        way: Where they act: `on the command line`.
    """
    return f"{_CLAIMED}{way} by {user} on host {host}"


def user_claim(host: str, way: str) -> str:
    """The claim that somebody is the user of a machine: `user of host build-7, on the command line`."""
    return f"user of host {host}, {way}"


SIGNOFF = Actor("signoff", "Signoff")
"""The actor of what Signoff does by itself."""

DEADLINE = Actor("deadline", "Signoff (deadline)")
"""The actor of a timeout."""

RULE_ID = "rule"
"""The id of the actor of what a policy's rule answers. No person has it: their ids have capitals or an `@`."""


def rule_actor(note: str) -> Actor:
    """The actor of what a rule answers."""
    return Actor(RULE_ID, f"the rule “{note}”")


REPEAT_ID = "repeat"
"""The id of the actor of an earlier approval that counts again."""

CHECK_ID = "check"
"""The id of the actor of a stage's check that has failed."""


def check_actor(function: str) -> Actor:
    """The actor of a check that has failed."""
    return Actor(CHECK_ID, f"the check {function}")


NOT_PEOPLE = (RULE_ID, REPEAT_ID, CHECK_ID, SIGNOFF.id, DEADLINE.id)
"""The ids of the actors that settle prompts and are not people."""


def repeat_actor(names: str) -> Actor:
    """The actor of an earlier approval by people of these names."""
    return Actor(REPEAT_ID, f"an earlier approval by {names}")


_EARLIER_DEADLINE = "clock"


def recorded(actor_id: str, name: str, claim: str | None = None) -> Actor:
    """The actor that the database has recorded. Earlier versions called the deadline `clock`."""
    return DEADLINE if actor_id == _EARLIER_DEADLINE else Actor(actor_id, name, claim=claim or "")
