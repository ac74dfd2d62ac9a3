"""Which escalations are possible beside the other fields of a policy."""

from datetime import timedelta

from signoff.flows.approval.approvers import names_person
from signoff.store.policy import Policy


def escalation_conflict(policy: Policy) -> str:
    """Why a policy's escalations are invalid, as a sentence that begins with the field; empty if they are valid."""
    if not policy.escalation:
        return ""
    if policy.counts_people:
        field = "quorum='all'" if policy.threshold is None else "threshold"
        return f"escalation: {field} does not say whether more people need more votes. Give quorum a number instead"
    if policy.each_of:
        return "escalation: each_of does not say for whom these people vote. Use approvers and quorum instead"
    for each in policy.escalation:
        if each.channel is not None and not policy.named and not names_person(each.channel):
            return (
                f"escalation: without approvers everybody in {each.channel} could answer. Name approvers, or a person "
                "as the channel"
            )
        if policy.deadline is not None and policy.ends_at_deadline and (late := _late(policy, policy.deadline)):
            return late
    return ""


def escalates_too_late(policy: Policy, timeout: timedelta | None) -> str:
    """Why an escalation would never come, as a sentence; empty if all would.

    Args:
        timeout: After how long the prompt times out; `None` for never.
    """
    return "" if timeout is None or not policy.ends_at_deadline else _late(policy, timeout)


def _late(policy: Policy, timeout: timedelta) -> str:
    for each in policy.escalations:
        if each.after >= timeout:
            return (
                f"escalation: it comes after {each.after}, and the prompt times out after {timeout}. Set a later "
                "deadline, or escalate sooner"
            )
    return ""
