"""Who is told of a prompt: what contradicts itself in a policy."""

from signoff.flows.approval.approvers import NameKind
from signoff.store.policy import Policy


def telling_conflict(policy: Policy) -> str:
    """Why a policy cannot say whom it means, or tell them, beginning with the field's name; empty if it can."""
    if policy.notify != "channel" and not (policy.named or policy.functions):
        return f"notify: {policy.notify} of whom? Name people or user groups in approvers"
    if policy.notify == "direct" and policy.channel is not None:
        return "notify: direct posts no card in a channel. Write both, or leave channel out"
    if policy.quiet and policy.each_of:
        return "quiet: with each_of nobody else may answer, so leave it out"
    if policy.quiet and policy.counts_people:
        return "quiet: everybody who is named has to agree, so everybody has to be told. Name them in approvers"
    if policy.counts_people and (
        channel := next((each for each in policy.named if NameKind.of(each) is NameKind.CHANNEL), None)
    ):
        field = "quorum: all" if policy.threshold is None else "threshold: a part"
        return (
            f"{field} of the members of {channel} cannot be counted, because apps and guests are among them. Name "
            "people or user groups in approvers, or say how many have to agree"
        )
    return ""
