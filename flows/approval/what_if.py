"""How a prompt of the past would have gone under another policy, by the answers that people gave then.

It is assumed that people would have answered when they did, with what they did. Nobody is assumed to answer who did
not: with more people needed than answered, it shows as undecided.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from signoff.flows.approval.acts import ActKind, Progress, next_act
from signoff.flows.approval.approvers import Directory, Unknowable, is_requester, may_answer, represented_by
from signoff.flows.approval.at_deadline import answer_of
from signoff.flows.approval.policy import conflict
from signoff.flows.approval.quorum import decide
from signoff.store.policy import Policy
from signoff.store.records.actors import NOT_PEOPLE, recorded
from signoff.store.records.approvers import Reviewers
from signoff.store.records.ledger import LedgerLine
from signoff.store.records.prompts import Outcome, Prompt
from signoff.store.records.votes import Ballot, Vote

_ANSWERS = frozenset({"voted", "submitted", "rejected", "too_late"})


@dataclass(frozen=True, slots=True)
class Ending:
    """How a prompt ended, or would have.

    Attributes:
        outcome: `None` if it did not: the answers that came were not enough.
        at: When; `None` if it did not end.
        answer: What the flow got, if people have answered.
    """

    outcome: Outcome | None
    at: datetime | None = None
    answer: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class WhatIf:
    """One prompt, as it went and as it would have gone.

    Attributes:
        named: Whom the other policy would have named.
        ignored: Who answered then and may not under the other policy, by name.
        doubts: What cannot be known, as sentences. The answer of somebody who may or may not answer is counted.
        problem: Why nobody could have been asked under the other policy; then there is no `would_be`.
    """

    prompt: Prompt
    was: Ending
    would_be: Ending
    named: tuple[str, ...]
    reminders: int
    ignored: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    problem: str = ""

    @property
    def ends_otherwise(self) -> bool:
        """Whether the flow would have got something else."""
        return (self.was.outcome, self.was.answer) != (self.would_be.outcome, self.would_be.answer)

    @property
    def later(self) -> timedelta | None:
        """How much later it would have ended; `None` if one of the two has no end."""
        ends = self.was.at, self.would_be.at
        return None if ends[0] is None or ends[1] is None else ends[1] - ends[0]


def what_if(
    prompt: Prompt, lines: Sequence[LedgerLine], policy: Policy, directory: Directory, *, now: datetime
) -> WhatIf:
    """How a prompt would have gone under another policy.

    Args:
        lines: Its ledger.
        policy: The whole of the other policy: what it leaves open is open.
    """
    was = Ending(prompt.outcome, prompt.settled_at, prompt.answer)
    stages = "stages: what people have answered says nothing of the stages that they would have gone through"
    if problem := stages if policy.stages else conflict(policy, prompt.requester):
        return WhatIf(prompt, was, Ending(None), policy.named, 0, problem=problem)
    asked = _asked_under(prompt, policy)
    judged = _Judged(asked, directory)
    would_be = _replayed(asked, judged.counted(_votes(lines)), now)
    return WhatIf(
        prompt,
        was,
        would_be,
        policy.named,
        _reminders(asked, would_be.at or now),
        tuple(dict.fromkeys(judged.ignored)),
        tuple(dict.fromkeys(judged.doubts)),
    )


@dataclass
class _Judged:
    """Who of those who answered may answer under the other policy."""

    prompt: Prompt
    directory: Directory
    ignored: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def counted(self, votes: Iterable[Vote]) -> Iterator[Vote]:
        """The votes of those who may answer, or might, with the entries of `each_of` that they stand for."""
        for vote in votes:
            if not self._may(vote):
                self.ignored.append(vote.actor.name)
                continue
            match represented_by(self.prompt, vote.actor, self.directory):
                case Unknowable(reason):
                    self.doubts.append(reason)
                    yield vote
                case entries:
                    yield replace(vote, counts_for=entries)

    def _may(self, vote: Vote) -> bool:
        if self.prompt.policy.named:
            come = [each for each in self.prompt.policy.escalations if self.prompt.opened_at + each.after <= vote.at]
            answer = may_answer(replace(self.prompt, escalations=len(come)), vote.actor, self.directory, ())
        elif self.prompt.policy.requester_may_answer:
            # Whoever answered then was in the card's channel, if that is what mattered.
            return True
        else:
            asked = is_requester(self.prompt, vote.actor, self.directory)
            answer = asked if isinstance(asked, Unknowable) else not asked
        if isinstance(answer, Unknowable):
            self.doubts.append(answer.reason)
            return True
        return answer


def _asked_under(prompt: Prompt, policy: Policy) -> Prompt:
    """The prompt as it would have opened under the other policy."""
    deadline = prompt.deadline if policy.deadline is None else prompt.opened_at + policy.deadline
    same_people = prompt.policy_fault is None and policy.named == prompt.policy.named
    return replace(
        prompt,
        stored_policy=policy,
        deadline=deadline,
        outcome=None,
        settled_by=None,
        settled_at=None,
        answer=None,
        reason=None,
        votes=(),
        reminders_sent=0,
        # Of other people nothing was found out then.
        reviewers=prompt.reviewers if same_people else Reviewers(requester=prompt.reviewers.requester),
    )


def _replayed(asked: Prompt, votes: Iterable[Vote], now: datetime) -> Ending:
    ballot = Ballot((), asked.found_approvers, asked.reviewers)
    for vote in votes:
        if asked.deadline is not None and vote.at >= asked.deadline and asked.policy.ends_at_deadline:
            break
        ballot = ballot.with_vote(vote)
        if (decisive := decide(asked, ballot)) is not None:
            outcome = Outcome.SUBMITTED if decisive.verdict == "submit" else Outcome.REJECTED
            return Ending(outcome, vote.at, decisive.answer)
    if asked.deadline is not None and asked.deadline <= now and asked.policy.ends_at_deadline:
        return Ending(Outcome.TIMED_OUT, asked.deadline, answer_of(asked))
    return Ending(None)


def _votes(lines: Sequence[LedgerLine]) -> Iterator[Vote]:
    """The answers that people gave, the oldest first."""
    for line in lines:
        if line.event not in _ANSWERS or line.actor is None or line.actor in NOT_PEOPLE:
            continue
        if line.detail.get("recounted") or not {"answer", "reason"} & line.detail.keys():
            # The vote itself has a line of its own; or it came too late, and what it was is not recorded.
            continue
        answer, reason = line.detail.get("answer"), line.detail.get("reason")
        actor = recorded(line.actor, str(line.detail.get("name") or line.actor), line.detail.get("claim"))
        verdict: Literal["submit", "reject"] = "reject" if answer is None and reason is not None else "submit"
        principal = line.detail.get("for_id")
        theirs = None if principal is None else recorded(str(principal), str(line.detail.get("for") or principal))
        yield Vote(
            actor,
            verdict,
            answer,
            reason,
            str(line.detail.get("via") or ""),
            line.at,
            answer,
            instead_of=theirs,
        )


def _reminders(asked: Prompt, end: datetime) -> int:
    """How many reminders would have been sent until then."""
    number, progress = 0, Progress.of(asked)
    while (act := next_act(progress)) is not None and act.at < end and act.kind is not ActKind.TIME_OUT:
        number += act.kind is ActKind.REMIND
        progress = progress.after(act)
    return number
