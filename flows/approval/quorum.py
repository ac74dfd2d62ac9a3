"""How many votes a prompt needs, and what they give together.

People agree on values: those who submit the same valid answer vote for one proposal, and whoever submits another one
makes another proposal. A rejection is a vote against all of them, and so is the no to a yes-or-no question.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from signoff.flows.code.digest import digest
from signoff.flows.schema.verdict import is_no
from signoff.store.policy import Policy
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.votes import Ballot, Vote


@dataclass(frozen=True, slots=True)
class Proposal:
    """The votes for one answer, the oldest first."""

    votes: tuple[Vote, ...]

    @property
    def answer(self) -> Mapping[str, Any]:
        """What the flow would get."""
        return self.votes[0].answer or {}

    @property
    def key(self) -> str:
        """Names the proposal by what it says, so that whoever agrees agrees to nothing else."""
        return key_of(self.answer)


@dataclass(frozen=True, slots=True)
class Tally:
    """How far the votes on a prompt have come.

    Attributes:
        proposals: The one with most votes first; of two with as many, the older one.
        rejections: The votes against, the oldest first.
        needed: How many have to agree; `None` while it is not known how many people there are.
        rejections_needed: How many rejections end it.
        missing: The entries of `each_of` for which nobody has voted for the first proposal.
    """

    proposals: tuple[Proposal, ...]
    rejections: tuple[Vote, ...]
    needed: int | None
    rejections_needed: int
    missing: tuple[str, ...]

    @property
    def agreed(self) -> int:
        """How many have agreed on the first proposal."""
        return len(self.proposals[0].votes) if self.proposals else 0


def key_of(answer: Mapping[str, Any]) -> str:
    """Names an answer by what it says."""
    return digest(dict(answer))[:32]


def decide(prompt: Prompt, ballot: Ballot) -> Vote | None:
    """Of the votes on a prompt, the one that settles it; `None` while more are needed.

    Args:
        prompt: The prompt. Its own votes do not count, since others may have come since it was read.
        ballot: The votes as they are now.
    """
    if not prompt.policy.takes_votes:
        return ballot.votes[-1] if ballot.votes else None
    tally = tally_of(prompt, ballot)
    if len(tally.rejections) >= tally.rejections_needed:
        return tally.rejections[-1]
    if tally.needed is None or tally.missing or tally.agreed < tally.needed:
        return None
    return tally.proposals[0].votes[-1]


def tally_of(prompt: Prompt, ballot: Ballot | None = None) -> Tally:
    """How far the votes on a prompt have come.

    Args:
        ballot: The votes; by default those of the prompt.
    """
    counted, policy = ballot or prompt.ballot, prompt.policy
    against = tuple(vote for vote in counted.votes if is_rejection(prompt, vote))
    grouped: dict[str, list[Vote]] = {}
    for vote in counted.votes:
        if vote not in against:
            grouped.setdefault(key_of(vote.answer or {}), []).append(vote)
    found = [Proposal(tuple(each)) for each in grouped.values()]
    # Of those with as many votes, one that has everybody it needs comes first.
    found.sort(key=lambda each: (-len(each.votes), len(_missing(policy, each.votes))))
    return Tally(
        tuple(found),
        against,
        needed(policy, counted),
        rejections_needed(policy),
        _missing(policy, found[0].votes if found else ()),
    )


def proposed(prompt: Prompt, key: str) -> Mapping[str, Any] | None:
    """The answer that a key names among what is proposed; `None` if nobody proposes it any more."""
    return next((each.answer for each in tally_of(prompt).proposals if each.key == key), None)


def deciders(prompt: Prompt) -> tuple[Vote, ...]:
    """The votes that brought about the outcome of a settled prompt; none if the first answer settled it."""
    by = prompt.settled_by
    if by is None or not prompt.votes or prompt.policy_fault is not None:
        return ()
    if prompt.outcome not in (Outcome.SUBMITTED, Outcome.REJECTED):
        return ()
    tally = tally_of(prompt)
    sides = (tally.rejections, *(each.votes for each in tally.proposals))
    return next((side for side in sides if any(vote.actor.id == by.id for vote in side)), ())


def is_rejection(prompt: Prompt, vote: Vote) -> bool:
    """Whether a vote is against what is asked: a rejection with a reason, or the no to a yes-or-no question."""
    return vote.verdict == "reject" or is_no(prompt, vote.answer or {})


def needed(policy: Policy, ballot: Ballot) -> int | None:
    """How many have to agree; `None` while it is not known how many people there are.

    Whoever left a user group after voting still counts, and whoever left before is not waited for.
    """
    people = None
    if ballot.reviewers.people is not None:
        people = len({*ballot.reviewers.people, *(ballot.person(each.seat.id) for each in ballot.votes)})
    return number_of(policy, people)


def number_of(policy: Policy, people: int | None) -> int | None:
    """How many of so many people have to agree, at least one; `None` if their number matters and is not known."""
    least = max(len(policy.each_of) if policy.distinct else 1, 1)
    if not policy.counts_people:
        return max(least, int(policy.quorum))
    if people is None:
        return None
    # By its decimal digits: 0.07 of 100 people are 7, and not 8.
    share = Decimal(str(policy.threshold)) if policy.threshold is not None else Decimal(1)
    return max(least, math.ceil(share * people))


def rejections_needed(policy: Policy) -> int:
    """How many people have to reject it to end it."""
    return 1 if policy.reject == "ends" else policy.reject


def can_represent(each_of: Sequence[str], groups: Iterable[Iterable[str]], *, distinct: bool) -> int:
    """How many of `each_of` these people represent, if each stands for one of the entries in their own list.

    Args:
        groups: For each person, the entries that they are or belong to.
        distinct: Whether one person stands for one entry only.
    """
    return len(each_of) - len(_unrepresented(each_of, [tuple(each) for each in groups], distinct=distinct))


def _missing(policy: Policy, votes: Sequence[Vote]) -> tuple[str, ...]:
    return _unrepresented(policy.each_of, [each.counts_for for each in votes], distinct=policy.distinct)


def _unrepresented(each_of: Sequence[str], groups: Sequence[Sequence[str]], *, distinct: bool) -> tuple[str, ...]:
    if not distinct:
        return tuple(entry for entry in each_of if not any(entry in each for each in groups))
    # A maximum matching of entries and people: somebody in two groups makes room where only they can stand.
    stands_for: dict[int, str] = {}

    def find(entry: str, tried: set[int]) -> bool:
        for person, entries in enumerate(groups):
            if entry in entries and person not in tried:
                tried.add(person)
                if person not in stands_for or find(stands_for[person], tried):
                    stands_for[person] = entry
                    return True
        return False

    return tuple(entry for entry in each_of if not find(entry, set()))
