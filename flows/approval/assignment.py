"""Who takes a prompt on, and who hands it to whom. Having it is no lock: whoever may answer still can.

Handed to somebody who may answer, it is theirs to answer. Handed to anybody else, it is delegated: from then on they
may answer in the place of the one who handed it over, and the two have one vote.

What these functions return is done in one transaction, by `store.prompts.assignments`. They raise its `PromptChanged`
if the prompt has changed since the person was admitted, who has to be admitted again then.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from signoff.flows.approval.approvers import (
    Directory,
    Person,
    Unknowable,
    in_place_of,
    is_requester,
    may_answer_themselves,
    may_stand_in,
    stage_of,
)
from signoff.store.database import Database
from signoff.store.outbox import cards
from signoff.store.prompts import assignments
from signoff.store.prompts.assignments import Change
from signoff.store.records.actors import SIGNOFF, Actor
from signoff.store.records.assignment import Assignment, Delegation, HandOver
from signoff.store.records.prompts import Prompt

RECHECK = timedelta(hours=1)
"""How often Slack is asked whether the assignee may still answer. Slack's events end that earlier."""


@dataclass(frozen=True, slots=True)
class Assigned:
    """It is as the person wanted: they have the prompt, or have it no longer."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class NotAssigned:
    """Nothing has changed.

    Attributes:
        prompt: The prompt as it is now, with whoever has it.
        reason: Why, as a sentence. Names in it are as people typed them.
    """

    prompt: Prompt
    reason: str


def claim(db: Database, prompt: Prompt, actor: Actor, *, now: datetime) -> Assigned | NotAssigned:
    """Give a prompt to somebody who takes it on, unless somebody else has it."""
    if prompt.policy.assignment is None:
        return NotAssigned(prompt, "This prompt is nobody's in particular, so there is nothing to take.")

    def plan(current: Prompt) -> Change | None:
        if current.assignment.assignee is not None:
            return None
        after = replace(current.assignment, assignee=_plain(actor), since=now, by=None, note="")
        return Change("claimed", after, check_by=now + RECHECK)

    changed, current = assignments.change(db, prompt.id, plan, actor=actor, now=now, admitted=prompt)
    if changed or is_assignee(current, actor):
        return Assigned(current)
    return NotAssigned(current, _taken(current))


def release(db: Database, prompt: Prompt, actor: Actor, *, now: datetime) -> Assigned | NotAssigned:
    """Let the person who has a prompt give it back, so that everybody is asked again."""

    def plan(current: Prompt) -> Change | None:
        if not is_assignee(current, actor):
            return None
        # It is the turn of somebody else then.
        passed = (*current.assignment.passed, actor.id)
        return Change("released", replace(_unassigned(current), passed=passed), check_by=now)

    changed, current = assignments.change(db, prompt.id, plan, actor=actor, now=now, admitted=prompt)
    if changed:
        return Assigned(current)
    return NotAssigned(current, _taken(current) or "Nobody has this, so there is nothing to release.")


def release_absent(db: Database, prompt: Prompt, *, now: datetime) -> bool:
    """Take a prompt from an assignee who may not answer it any more. Returns whether they had it until now."""
    gone = prompt.assignment.assignee

    def plan(current: Prompt) -> Change | None:
        if gone is None or not is_assignee(current, gone):
            return None
        detail = {"from": gone.name, "from_id": gone.id, "reason": f"{gone.name} may not answer any more."}
        return Change("released", _unassigned(current), detail, check_by=now)

    return assignments.change(db, prompt.id, plan, actor=SIGNOFF, now=now)[0]


def hand_over(
    db: Database, directory: Directory, prompt: Prompt, actor: Actor, wanted: HandOver, *, now: datetime
) -> Assigned | NotAssigned:
    """Hand a prompt to somebody else, from a person who may answer it."""
    policy, places = prompt.policy, cards.places(db, [prompt.id])[prompt.id]
    if policy.assignment is None and not policy.may_delegate:
        return NotAssigned(prompt, "The policy of this prompt does not let anybody hand it over.")
    target = _person(directory, wanted.to)
    if isinstance(target, str):
        return NotAssigned(prompt, target)
    may = may_answer_themselves(prompt, target, directory, places)
    if fault := _cannot_have(prompt, target, directory, may):
        return NotAssigned(prompt, fault)
    principal = in_place_of(prompt, actor, directory, places)
    if isinstance(principal, Unknowable):
        return NotAssigned(prompt, f"{principal.reason} Try again.")
    seat = _plain(principal or actor)
    if policy.takes_votes and may is True and target.id not in (seat.id, *_delegates_of(prompt, seat)):
        return NotAssigned(prompt, f"{target.name} may answer this anyway, and has a vote of their own.")

    def plan(current: Prompt) -> Change:
        others = tuple(each for each in current.assignment.delegations if each.by.id != seat.id)
        given = () if may is True else (Delegation(seat, target),)
        after = replace(current.assignment, delegations=others + given)
        if not policy.takes_votes:
            by = None if target.id == actor.id else _plain(actor)
            after = replace(after, assignee=target, since=now, by=by, note=wanted.note)
        detail = {"to": target.name, "to_id": target.id, "note": wanted.note}
        if seat.id != actor.id:
            detail |= {"for": seat.name, "for_id": seat.id}
        told = {name: value for name, value in detail.items() if value}
        return Change("reassigned" if may is True else "delegated", after, told, check_by=now + RECHECK, show=target.id)

    changed, current = assignments.change(db, prompt.id, plan, actor=actor, now=now, admitted=prompt)
    return Assigned(current) if changed else NotAssigned(current, _taken(current))


def is_excluded(prompt: Prompt, actor: Actor, directory: Directory) -> bool:
    """Whether somebody may not answer because they have requested the run."""
    return not prompt.policy.requester_may_answer and is_requester(prompt, actor, directory) is True


def _person(directory: Directory, person_id: str) -> Actor | str:
    """The person with this id; or why they cannot have a prompt, as a sentence."""
    found = directory.find(person_id)
    if isinstance(found, Unknowable):
        return f"{found.reason} Try again."
    if found.fault:
        return found.fault
    match directory.person(person_id):
        case Person(id_, name):
            return Actor(id_, name)
        case Unknowable(reason):
            return f"{reason} Try again."
        case None:
            return "There is no user with this id."


def _cannot_have(prompt: Prompt, target: Actor, directory: Directory, may: bool | Unknowable) -> str:
    """Why a prompt cannot be handed to somebody, as a sentence; empty if it can.

    Args:
        may: Whether they may answer in their own right.
    """
    match stage_of(prompt, target, directory):
        case Unknowable(reason):
            return f"{reason} Try again."
        case "":
            return "" if may is True else _cannot_stand_in(prompt, target, directory, may)
        case stage:
            return f"{target.name} has answered in the stage {stage}, and nobody counts in two stages."


def _cannot_stand_in(prompt: Prompt, target: Actor, directory: Directory, may: bool | Unknowable) -> str:
    """Why a prompt cannot be delegated to somebody, as a sentence; empty if it can.

    Args:
        may: Whether they may answer in their own right: not, or that is not known.
    """
    if may is False:
        if is_excluded(prompt, target, directory):
            return f"{target.name} requested this, so somebody else has to answer."
        if not prompt.policy.may_delegate:
            return f"{target.name} may not answer this, and its policy does not let you delegate it."
        may = may_stand_in(prompt, target, directory)
        if may is False:
            return f"{target.name} is not of this workspace. Choose a colleague."
    if isinstance(may, Unknowable):
        return f"It is not known whether {target.name} may answer. {may.reason} Try again."
    return ""


def _delegates_of(prompt: Prompt, principal: Actor) -> list[str]:
    return [each.to.id for each in prompt.assignment.delegations if each.by.id == principal.id]


def _unassigned(prompt: Prompt) -> Assignment:
    before = prompt.assignment
    return Assignment(delegations=before.delegations, passed=before.passed, is_for_all=before.is_for_all)


def is_assignee(prompt: Prompt, actor: Actor) -> bool:
    """Whether this person has the prompt."""
    assignee = prompt.assignment.assignee
    return assignee is not None and prompt.ballot.person(assignee.id) == prompt.ballot.person(actor.id)


def _taken(prompt: Prompt) -> str:
    """Who has a prompt that somebody else wanted, as a sentence; empty if nobody does."""
    if not prompt.is_open:
        return "This is settled by now."
    assignee = prompt.assignment.assignee
    return "" if assignee is None else f"{assignee.name} has this already. You can answer it all the same."


def _plain(actor: Actor) -> Actor:
    return Actor(actor.id, actor.name)
