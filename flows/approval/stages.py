"""Stages of a policy: which one follows, when it times out, who may not answer in it, and what contradicts itself.

A prompt with stages is one prompt: `Prompt.policy` is that of the stage which it is in, so whatever goes by the policy
goes by the stage. The votes of a stage are counted as those of any prompt. Where they would settle it, and another
stage follows, the prompt goes on to that instead.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from signoff.flows.approval.acts import next_due_at_of
from signoff.flows.approval.approvers import Directory, NameKind, Unknowable, in_place_of, may_answer, stage_of
from signoff.flows.approval.quorum import can_represent, is_rejection, key_of, number_of
from signoff.flows.schema.verdict import verdict_of
from signoff.store.policy import Policy
from signoff.store.policy_parts import Stage
from signoff.store.records.actors import Actor
from signoff.store.records.outbox import CardPlace
from signoff.store.records.prompts import Prompt
from signoff.store.records.stages import NextStage, PassedStage
from signoff.store.records.votes import Ballot, Vote

TAKEN_PART = "You have answered in the stage {}, and nobody counts in two stages. Somebody else has to answer."
"""What somebody is told who has answered in an earlier stage."""

SEAT_TAKEN = (
    "You would answer in the place of {}, who counts in the stage {} already, and nobody counts in two stages. "
    "Somebody else has to answer."
)
"""What somebody is told who stands in for such a person."""

STAGE_OVER = "This was asked of the stage {}, which is over. Look at the card again."
"""What somebody is told who has pressed a button that was drawn in an earlier stage."""

ANOTHER_STAGE = "This was asked of another stage. Look at the card again."
"""The same, of a stage that the prompt has not passed."""


def next_stage(prompt: Prompt, decisive: Vote, counted: Ballot, now: datetime) -> NextStage | None:
    """What follows if this vote would settle a prompt; `None` if it does: it is a no, or this is the last stage.

    Args:
        prompt: As it is in the transaction that counts the vote: a question may have stopped its clock since it was
            read before, which is part of the deadline of the next stage.
    """
    stages = prompt.stages
    if is_rejection(prompt, decisive) or len(prompt.passed) + 1 >= len(stages):
        return None
    answer = decisive.answer or {}
    agreed = tuple(each for each in counted.votes if each.answer is not None and key_of(each.answer) == key_of(answer))
    verdict = verdict_of(prompt.schema, prompt.initial_values)
    values = {name: value for name, value in answer.items() if verdict is None or name != verdict.name}
    passed = PassedStage(stages[len(prompt.passed)].name, now, agreed or (decisive,), values=values)
    following = entered(replace(prompt, passed=(*prompt.passed, passed)), now)
    return NextStage(
        following.passed,
        stages[len(following.passed)].name,
        following.deadline,
        following.due_at,
        has_names=bool(following.policy.named) or not following.policy.requester_may_answer,
    )


def entered(prompt: Prompt, now: datetime) -> Prompt:
    """A prompt that enters a stage at this moment, with the deadline of that."""
    whole, stage = prompt.stored_policy, prompt.stage
    moments = []
    if isinstance(whole, Policy) and whole.deadline is not None:
        moments.append(prompt.opened_at + whole.deadline + prompt.stopped_for)
    if stage is not None and stage.deadline is not None:
        moments.append(now + stage.deadline)
    deadline = min(moments, default=None)
    moved = replace(prompt, deadline=deadline, overdue_at=None)
    return replace(moved, due_at=next_due_at_of(moved))


def with_timeout(policy: Policy, timeout: float | None) -> Policy:
    """A policy with stages whose deadline is the pause's timeout, unless it or one of its stages has one."""
    has_own = policy.deadline is not None or any(stage.deadline for stage in policy.stages)
    if not policy.stages or has_own or not timeout:
        return policy
    return policy.model_copy(update={"deadline": timedelta(seconds=timeout)})


def taken_part(prompt: Prompt, actor: Actor, directory: Directory, cards: Sequence[CardPlace]) -> str | Unknowable:
    """Why somebody who may answer does not count in this stage, as a sentence; empty if they do.

    Nobody counts in two stages: neither a person, nor two of whom one acts in the place of the other.
    """
    if not prompt.passed:
        return ""
    match stage_of(prompt, actor, directory):
        case Unknowable() as unknown:
            return unknown
        case "":
            pass
        case stage:
            return TAKEN_PART.format(stage)
    principal = in_place_of(prompt, actor, directory, cards)
    if principal is None or isinstance(principal, Unknowable):
        return "" if principal is None else principal
    match stage_of(prompt, principal, directory):
        case Unknowable() as unknown:
            return unknown
        case "":
            return ""
        case stage:
            return SEAT_TAKEN.format(principal.name, stage)


def may_count(prompt: Prompt, actor: Actor, directory: Directory, cards: Sequence[CardPlace]) -> bool | Unknowable:
    """Whether somebody may answer a prompt, and would count in its stage."""
    may = may_answer(prompt, actor, directory, cards)
    if may is not True:
        return may
    taken = taken_part(prompt, actor, directory, cards)
    return taken if isinstance(taken, Unknowable) else not taken


def stage_over(prompt: Prompt, shown: int | None) -> str:
    """Why what somebody has before them decides nothing in the stage that a prompt is in; empty if it may.

    Args:
        shown: The number of stages that the prompt had passed when it was drawn; `None` if nothing was drawn.
    """
    if shown is None or shown == len(prompt.passed):
        return ""
    return STAGE_OVER.format(prompt.passed[shown].name) if shown < len(prompt.passed) else ANOTHER_STAGE


def stages_conflict(policy: Policy, conflict_in: Callable[[Policy], str]) -> str:
    """Why a policy's stages contradict themselves, beginning with the field's name; empty if they do not.

    Args:
        conflict_in: Says the same of the policy of one stage.
    """
    stages = policy.stages
    of_policy = ("approvers", "each_of", "quiet", "quorum", "threshold", "reject")
    for name in of_policy if stages else ():
        if getattr(policy, name) != Policy.model_fields[name].get_default():
            return f"stages: each stage says who may answer and how many have to agree, so leave {name} out"
    if stages and policy.at_deadline in ("approve", "continue"):
        return (
            f"at_deadline: {policy.at_deadline!r} would skip the stages that have not begun. Choose fail, reject, "
            "escalate or none"
        )
    if stages and policy.rotates:
        return "stages: each has other people, and assignment chooses one of them once. Use claim, or leave it out"
    names = [stage.name.casefold() for stage in stages]
    if len(set(names)) < len(names):
        return "stages: two of them have one name. Name each differently"
    is_check = [stage.check is not None for stage in stages]
    if stages and all(is_check):
        return "stages: none of them asks people. Add one, or run the checks in the flow"
    if is_check != sorted(is_check, reverse=True):
        return "stages: those with a check come first, because nobody waits for them"
    for number, stage in enumerate(stages):
        if fault := _fault_of(stage) or ("" if stage.check else conflict_in(_alone(policy, number))):
            return f"stages: in {stage.name}, {fault}"
    return _too_few(policy)


def _alone(policy: Policy, number: int) -> Policy:
    """The policy of a stage as if it were the only one."""
    found = policy.at_stage(number)
    return found if found.each_of else found.model_copy(update={"distinct": True})


def _fault_of(stage: Stage) -> str:
    if isinstance(stage.check, str):
        return "check: give a function, and not its name"
    if stage.check is not None and (stage.approvers or stage.each_of or stage.deadline):
        return "check: it takes the place of people, so leave approvers, each_of and deadline out"
    return ""


def _too_few(policy: Policy) -> str:
    """Whether too few people are named for all stages together, where it shows without asking Slack."""
    slots: list[str] = []
    may_fill: dict[str, list[str]] = {}
    for number, stage in enumerate(policy.stages):
        rules = policy.at_stage(number)
        if stage.check is not None:
            continue
        if not rules.named or not all(NameKind.of(name) in (NameKind.USER_ID, NameKind.EMAIL) for name in rules.named):
            return ""
        of_stage = [f"{number}.{place}" for place in range(number_of(rules, len(rules.named)) or 1)]
        slots += of_stage
        for name in rules.named:
            may_fill.setdefault(name.casefold(), []).extend(of_stage)
    if policy.distinct and can_represent(slots, may_fill.values(), distinct=True) < len(slots):
        return (
            "stages: nobody counts in two stages, and too few people are named for all of them. Name more, or set "
            "distinct=False"
        )
    return ""
