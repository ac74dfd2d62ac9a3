"""Who acts on prompts and starts runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody, or something, that acts on a prompt.

    Attributes:
        id: What the database keeps: a Slack user id (`U…`), a handle given on the command line, or the name of a part
            of Signoff (`clock`).
        name: What people read.
        aliases: The other names that a policy may use for this person: `@handle`, an e-mail address.
    """

    id: str
    name: str
    aliases: frozenset[str] = frozenset()


SIGNOFF = Actor("signoff", "Signoff")
"""The actor of what Signoff does by itself."""
