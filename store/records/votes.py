"""What people have submitted to a prompt, and how it counts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from signoff.store.records.actors import Actor
from signoff.store.records.approvers import UNKNOWN_REVIEWERS, Approver, Reviewers


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person had before them when they answered, as far as it is known.

    Attributes:
        channel: The id of the channel of the card in which they pressed; empty if they pressed in none.
        ts: Slack's timestamp of that card.
        form: The hash of the form that they submitted, filled in; empty if they submitted none.
        stage: The number of stages that the prompt had passed when it was drawn; `None` if nothing was drawn for them.
    """

    channel: str = ""
    ts: str = ""
    form: str = ""
    stage: int | None = None


NOTHING_SHOWN = Shown()


@dataclass(frozen=True, slots=True)
class Vote:
    """One person's submission to a prompt.

    Attributes:
        verdict: Whether values were submitted, or the prompt was rejected.
        values: What the person sent; `None` for a rejection.
        reason: Why it is rejected, in the person's words.
        via: How it came: `slack`, `cli`, `flow`.
        answer: The validated values, which the flow gets if this vote settles the prompt; `None` for a rejection.
        counts_for: The entries of the policy's `each_of` that this person is, or belongs to.
        instead_of: In whose place it was cast; `None` for the person's own.
        shown: What the person had before them. It is known only when the vote is cast.
        stage: The name of the policy's stage in which it was cast; empty if that has none.
    """

    actor: Actor
    verdict: Literal["submit", "reject"]
    values: Mapping[str, Any] | None
    reason: str | None
    via: str
    at: datetime
    answer: Mapping[str, Any] | None = None
    counts_for: tuple[str, ...] = ()
    instead_of: Actor | None = None
    shown: Shown = NOTHING_SHOWN
    stage: str = ""

    @property
    def seat(self) -> Actor:
        """Whose vote it is: of two who may cast it, the one whom the policy lets answer."""
        return self.instead_of or self.actor

    @property
    def voter(self) -> str:
        """The name of the person who has cast it, with who says so, and in whose place: `Mei (claimed …) for Ana`."""
        name = self.actor.name_and_claim
        return name if self.instead_of is None else f"{name} for {self.instead_of.name}"


@dataclass(frozen=True, slots=True)
class Ballot:
    """The votes on a prompt that count, and what is known of those who may vote.

    Attributes:
        votes: One for each person, the one that was cast first at the front.
        approvers: What Slack has said about the approvers of the policy.
    """

    votes: tuple[Vote, ...] = ()
    approvers: tuple[Approver, ...] = ()
    reviewers: Reviewers = UNKNOWN_REVIEWERS

    def person(self, actor_id: str) -> str:
        """The id of a voter: that which Slack has for an approver of this name, if it is known."""
        names = {each.name.casefold(): each.id for each in self.approvers if each.id is not None}
        return names.get(actor_id.casefold()) or actor_id

    def with_vote(self, vote: Vote) -> "Ballot":
        """The same with another vote, in place of the one that this person has cast before.

        So nobody counts twice: neither a person who votes in the place of two, nor one whose delegate has voted.
        """
        mine = self._people_of(vote)
        others = tuple(
            each for each in self.votes if each.stage != vote.stage or mine.isdisjoint(self._people_of(each))
        )
        return replace(self, votes=(*others, vote))

    def vote_of(self, actor_id: str) -> Vote | None:
        """The vote of this person, or in their place; `None` if there is none."""
        mine = self.person(actor_id)
        return next((each for each in self.votes if mine in self._people_of(each)), None)

    def _people_of(self, vote: Vote) -> set[str]:
        return {self.person(vote.actor.id), self.person(vote.seat.id)}


@dataclass(frozen=True, slots=True)
class Held:
    """A decision that does not count yet, because the person may still undo it.

    Attributes:
        vote: The vote that decides the prompt.
        until: When it takes effect.
        shown: The hashes of what the person had before them, for the ledger.
    """

    vote: Vote
    until: datetime
    shown: Mapping[str, str] | None = None
