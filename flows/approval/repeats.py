"""The same request need not be approved twice: which requests are the same, and which approval counts again."""

from signoff.flows.approval.approvers import StatedNames, is_requester
from signoff.flows.approval.quorum import deciders
from signoff.flows.code.digest import digest
from signoff.flows.schema.verdict import is_no
from signoff.store.policy import policy_as_json
from signoff.store.records.actors import Actor, repeat_actor
from signoff.store.records.prompts import AutomaticAnswer, Outcome, Prompt
from signoff.store.records.rulings import Approval, Ruling

_MAX_NAMES = 3


def repeat_key(prompt: Prompt, *, source: str | None) -> str | None:
    """Names a request by what it asks, with which values, of whom, and for which flow; `None` if it never counts again.

    Args:
        source: Where the flow comes from, since flows of one name may be different flows.
    """
    if prompt.policy.repeat is None:
        return None
    flow = [prompt.flow, source]
    return digest([flow, prompt.schema_hash, dict(prompt.initial_values), policy_as_json(prompt.stored_policy)])


def count_again(asked: Prompt, earlier: Prompt) -> AutomaticAnswer | None:
    """The answer that an earlier decision on the same request gives; `None` if people have to be asked.

    They are if it was a no, if a rule has said that they are, and if one of those who approved may be the one who
    requests it now, and the requester may not answer.
    """
    if earlier.outcome is not Outcome.SUBMITTED or earlier.answer is None or is_no(earlier, earlier.answer):
        return None
    if asked.ruling is not None or earlier.settled_by is None or earlier.settled_at is None:
        return None
    # Those of the stages that it went through have approved it, too.
    votes = [*(vote for stage in earlier.passed for vote in stage.votes), *deciders(earlier)]
    by = tuple({each.id: each for each in (*(vote.actor for vote in votes), earlier.settled_by)}.values())
    # Whoever has approved it in somebody's place has approved it for them.
    they = {*by, *(vote.instead_of for vote in votes if vote.instead_of is not None)}
    if not asked.policy.requester_may_answer and not all(_is_somebody_else(asked, each) for each in they):
        return None
    ruling = Ruling("approve", repeats=Approval(earlier.id, by, earlier.settled_at))
    return AutomaticAnswer(ruling, Outcome.SUBMITTED, repeat_actor(_names(by)), earlier.answer)


def _is_somebody_else(asked: Prompt, approver: Actor) -> bool:
    """Whether this is certainly not the requester. Slack is not asked here, so only ids tell."""
    return is_requester(asked, approver, StatedNames()) is False


def _names(people: tuple[Actor, ...]) -> str:
    named = [each.name for each in people[:_MAX_NAMES]]
    others = len(people) - len(named)
    return ", ".join(named) + (f" and {others} others" if others else "")
