"""What follows from a policy: which of several rules holds, which contradict each other, and when something is due."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from signoff.flows.approval import acts
from signoff.flows.approval.approvers import NameKind
from signoff.flows.approval.escalation import escalation_conflict
from signoff.flows.approval.names import spelling_fault
from signoff.flows.approval.quorum import number_of, rejections_needed
from signoff.flows.approval.rules import rules_conflict
from signoff.flows.approval.stages import stages_conflict
from signoff.flows.approval.telling import telling_conflict
from signoff.store.policy import SCHEMA_KEY, Policy, name_of_function
from signoff.store.records.actors import Actor


def policy_in(schema: Mapping[str, Any]) -> Policy:
    """The policy in a model's JSON Schema, or one that leaves everything open.

    Raises:
        pydantic.ValidationError: If what is there is not a valid policy.
    """
    return Policy.model_validate(schema.get(SCHEMA_KEY, {}))


_CLOSES: Mapping[str, tuple[str, ...]] = {
    "approvers": ("each_of", "quiet", "stages"),
    "each_of": ("approvers", "quiet", "stages"),
    "stages": ("approvers", "each_of", "quiet", "quorum", "threshold", "reject"),
    "quorum": ("threshold",),
    "threshold": ("quorum",),
}
"""What a policy that sets a field does not leave open either: another way to say it, and what belongs to it."""


def merged(policy: Policy, defaults: Policy) -> Policy:
    """`policy`, with what it leaves open taken from `defaults`."""
    chosen = set(policy.model_fields_set)
    for name in policy.model_fields_set:
        chosen.update(_CLOSES.get(name, ()))
    return defaults.model_copy(update={name: getattr(policy, name) for name in chosen})


def with_functions_named(policy: Policy) -> Policy:
    """A policy of which only a run can tell whom it means, so that it can be checked and shown without one."""
    if not policy.functions:
        return policy
    stages = tuple(stage.model_copy(update={"approvers": _named(stage.approvers)}) for stage in policy.stages)
    return policy.model_copy(update={"approvers": _named(policy.approvers), "stages": stages})


def _named(approvers: Iterable[Any]) -> tuple[str, ...]:
    return tuple(each if isinstance(each, str) else f"whoever {name_of_function(each)} finds" for each in approvers)


def conflict(policy: Policy, requester: Actor | None) -> str:
    """Why nobody could be asked under a policy, as a sentence that begins with the field's name; empty if they can.

    Args:
        policy: The policy with everything that the model's policy and the settings add to it.
        requester: Who requested the run; `None` if nobody is recorded.
    """
    if policy.stages:
        of_stages = stages_conflict(policy, lambda of_stage: conflict(of_stage, requester))
        return of_stages or rules_conflict(policy)
    if policy.each_of and policy.approvers:
        return "each_of: it names who may answer, so leave approvers out"
    if len({name.casefold() for name in policy.each_of}) < len(policy.each_of):
        return "each_of: it names somebody twice. For two people of one group, use approvers and quorum=2"
    if not policy.distinct and not policy.each_of:
        return "distinct: without each_of or stages nobody can count twice, so leave it out"
    if policy.quorum != 1 and policy.threshold is not None:
        return "threshold: it takes the place of quorum. Set one of them"
    if policy.counts_people and not policy.named:
        field = "quorum: all" if policy.threshold is None else "threshold: a part"
        return f"{field} of whom? Name people or user groups in approvers"
    if policy.assignment is not None and policy.takes_votes:
        return "assignment: one person has the prompt then, and this policy asks several. Leave it out"
    faults = (
        _no_answer_conflict(policy),
        rules_conflict(policy),
        telling_conflict(policy),
        escalation_conflict(policy),
        _no_rotation(policy),
    )
    return next(filter(None, faults), "") or _too_few(policy, requester)


def _no_answer_conflict(policy: Policy) -> str:
    """Why what follows when nobody answers makes no sense, as a sentence; empty if it does."""
    if policy.if_nobody != "fail" and not policy.named:
        return "if_nobody: it depends on people who are named, so leave it out, or name approvers"
    for field in ("at_deadline", "if_nobody"):
        if getattr(policy, field) == "escalate" and not policy.escalation:
            return f"{field}: to whom? Name people in escalation"
    if policy.word and policy.at_deadline in ("continue", "approve"):
        return "confirm: nobody types it at the deadline, so leave at_deadline out, or set confirm=True"
    return ""


def _no_rotation(policy: Policy) -> str:
    """Why nobody can be assigned by turns or by load, as a sentence; empty if somebody can."""
    if not policy.rotates:
        return ""
    told = [each for each in policy.named if each not in policy.quiet]
    if not told:
        return f"assignment: {policy.assignment} among whom? Name people or user groups in approvers"
    if channel := next((each for each in told if NameKind.of(each) is NameKind.CHANNEL), None):
        return (
            f"assignment: apps and guests are among the members of {channel}. Name people or user groups in approvers"
        )
    if policy.notify != "channel":
        return "notify: the one to whom it is assigned gets it in direct messages anyhow, so leave notify out"
    return ""


def _too_few(policy: Policy, requester: Actor | None) -> str:
    """The same, where it shows without asking Slack. Any handle may be that of a group."""
    if requester is not None and not policy.requester_may_answer and (fault := spelling_fault(requester.id)):
        return (
            f"requester_may_answer: the requester of this run is {requester.id!r}, and nobody can tell who that is in "
            f"Slack. {fault.rstrip('.')}"
        )
    people = {name.casefold() for name in policy.named}
    if not people or not all(NameKind.of(name) in (NameKind.USER_ID, NameKind.EMAIL) for name in policy.named):
        return ""
    if requester is not None and not policy.requester_may_answer:
        people.discard(requester.id.casefold())
    if not people:
        return "requester_may_answer: the requester is the only approver. Name somebody else in approvers"
    needed = number_of(policy, len(people)) or 1
    if needed > len(people):
        field = "each_of" if policy.each_of else "quorum"
        return f"{field}: {needed} people have to agree, and {len(people)} can. Name more approvers, or ask for fewer"
    if (against := rejections_needed(policy)) > len(people):
        return (
            f"reject: {against} people have to reject it, and {len(people)} can. Name more approvers, or ask for fewer"
        )
    return ""


def deadline_of(policy: Policy, opened_at: datetime, timeout: float | None) -> datetime | None:
    """When a prompt times out.

    Args:
        policy: The prompt's policy.
        opened_at: When the prompt is opened.
        timeout: Seconds that apply if the policy has no deadline; `None` for no deadline.
    """
    if policy.deadline is not None:
        return opened_at + policy.deadline
    if any(stage.deadline for stage in policy.stages):
        return None
    return None if timeout is None else opened_at + timedelta(seconds=timeout)


def next_due_at(
    policy: Policy, opened_at: datetime, *, reminders_sent: int, deadline: datetime | None
) -> datetime | None:
    """When a prompt is due next, for one of its `acts`; `None` for never."""
    return acts.next_due_at(acts.Progress(policy, opened_at, deadline, reminders_sent))
