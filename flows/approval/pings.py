"""Who is pinged by a reminder, and when: those whose answer is still missing, in their hours. Pure functions."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from signoff.flows.approval.quorum import tally_of
from signoff.store.policy import Policy
from signoff.store.records.approvers import Approver
from signoff.store.records.assignment import Delegation
from signoff.store.records.prompts import Prompt


def waited_for(prompt: Prompt) -> tuple[Approver, ...]:
    """The approvers of an open prompt of whom an answer is missing. Some people of a user group may have answered.

    Raises:
        UnreadablePolicy: If this version cannot read the policy.
    """
    found = tuple(each for each in prompt.approvers if not each.fault)
    # Whoever is not told of it is not waited for.
    entries = tuple(each for each in found if each.name not in prompt.policy.quiet) or found
    if not prompt.policy.each_of:
        return entries
    tally = tally_of(prompt)
    if tally.needed is None or tally.needed - tally.agreed > len(tally.missing):
        # More have to agree than one of each.
        return entries
    return tuple(each for each in entries if each.name in tally.missing)


def delegations_waited_for(prompt: Prompt) -> tuple[Delegation, ...]:
    """The delegations in whose place nobody has voted."""
    voted = {prompt.ballot.person(vote.seat.id) for vote in prompt.votes}
    return tuple(each for each in prompt.assignment.delegations if each.by.id not in voted)


def to_be_reminded(prompt: Prompt) -> tuple[Approver, ...]:
    """Who is reminded: the person who has the prompt, or else everybody of whom an answer is missing.

    People whom the policy does not name, since the prompt was handed to them, have their ids as names.
    """
    if (assignee := prompt.assignment.assignee) is not None:
        return (Approver(assignee.id, assignee.id),)
    return waited_for(prompt) + tuple(Approver(each.to.id, each.to.id) for each in delegations_waited_for(prompt))


def escalated_to(prompt: Prompt, number: int) -> tuple[Approver, ...]:
    """Who is told of an escalation, given its number."""
    names = prompt.policy.escalations[number - 1].to
    return tuple(each for each in prompt.approvers if each.name in names and not each.fault)


def without_part(prompt: Prompt) -> frozenset[str]:
    """The ids of those who need not answer any more, or may not: voters, those who have delegated it, and a requester
    who does not count.
    """
    done = {prompt.ballot.person(each.id) for vote in prompt.votes for each in (vote.actor, vote.seat)}
    done |= {each.by.id for each in prompt.assignment.delegations}
    if prompt.requester is not None and not prompt.policy.requester_may_answer:
        done |= {prompt.requester.id, prompt.reviewers.requester or prompt.requester.id}
    return frozenset(done)


def ready_at(
    policy: Policy,
    now: datetime,
    *,
    zone: tzinfo | None,
    snoozed_until: datetime | None = None,
    recent: Sequence[datetime] = (),
) -> datetime:
    """When somebody may be pinged: now, or when they want to be, in their next working hours, or when they were not
    pinged too often in the 24 hours before.

    Args:
        zone: Their time zone; UTC if it is not known.
        snoozed_until: Until when they have put off their reminders of this prompt.
        recent: When they were pinged in the last 24 hours, the oldest first.
    """
    moment = max(now, snoozed_until or now)
    most = policy.max_pings_a_day
    if most is not None and len(recent) >= most:
        moment = max(moment, recent[-most] + timedelta(days=1))
    return moment if policy.hours is None else policy.hours.next_moment(moment, zone or UTC)
