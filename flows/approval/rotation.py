"""Assigns a new prompt to one person of those who may answer: in turn, or to whoever has the fewest."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from signoff.flows.approval.approvers import Directory, Person, Unknowable, is_requester, may_answer_themselves
from signoff.flows.code.digest import digest
from signoff.flows.schema.slack_ids import is_user_id
from signoff.store.database import Database
from signoff.store.outbox import cards
from signoff.store.prompts import assignments, prompts, rotations
from signoff.store.prompts.assignments import Change
from signoff.store.records.actors import SIGNOFF, Actor
from signoff.store.records.prompts import Prompt

RECHECK = timedelta(hours=1)

MAX_CHECKED = 20
"""Of how many people Slack is asked at most whether they may answer, those whose turn it is first."""

LEAST_LOADED = "least loaded"
"""The name of the rotation that decides between people who have the same number of prompts."""


def is_unassigned(prompt: Prompt) -> bool:
    """Whether a prompt is to be assigned to somebody, and is not yet."""
    return (
        prompt.is_open
        and prompt.policy_fault is None
        and prompt.policy.rotates
        and prompt.assignment.assignee is None
        and not prompt.assignment.is_for_all
    )


def assign(db: Database, directory: Directory, prompt_id: str, *, now: datetime) -> Actor | None:
    """Assign a prompt to the one whose turn it is of those who are here; or to all, if nobody is.

    Returns:
        The person; `None` if nobody was assigned, also if that has to be tried again because Slack did not say enough.
    """
    prompt = prompts.get(db, prompt_id)
    if not is_unassigned(prompt):
        return None
    by_load = prompt.policy.assignment == "least_loaded"
    names = sorted(name.casefold() for name in prompt.policy.named)
    rotation = LEAST_LOADED if by_load else f"round robin {digest(names)}"
    members = _members(prompt, directory)
    if isinstance(members, Unknowable):
        return None
    away = {each.person.id for each in directory.absences()}
    possible = [Actor(each, each) for each in members if each not in away and each not in prompt.assignment.passed]
    ranked = rotations.ranked(db, rotation, possible, by_load=by_load)
    found = _who_may(db, directory, prompt, ranked[:MAX_CHECKED], now)
    if isinstance(found, Unknowable):
        return None
    if not found:
        assignments.change(db, prompt.id, _to_all, actor=SIGNOFF, now=now)
        return None
    plan = partial(_to, now=now, by_load=by_load)
    return rotations.take_turn(db, prompt.id, rotation, found, plan, by_load=by_load, now=now)


def _to(prompt: Prompt, person: Actor, *, now: datetime, by_load: bool) -> Change:
    after = replace(prompt.assignment, assignee=person, since=now)
    detail = {"to": person.name, "to_id": person.id, "why": "fewest open prompts" if by_load else "their turn"}
    return Change("assigned", after, detail, check_by=now + RECHECK, show=person.id)


def _to_all(prompt: Prompt) -> Change | None:
    return Change("left_to_all", replace(prompt.assignment, is_for_all=True)) if is_unassigned(prompt) else None


def _members(prompt: Prompt, directory: Directory) -> Sequence[str] | Unknowable:
    """The ids of those who may be assigned: the approvers, and the people of the groups among them."""
    found: dict[str, None] = {}
    for approver in prompt.approvers:
        if approver.fault or approver.name in prompt.policy.quiet:
            continue
        if approver.id is None:
            return Unknowable(f"It is not known yet who {approver.name} is.")
        if is_user_id(approver.id):
            found[approver.id] = None
            continue
        members = directory.members_of(approver.id)
        if isinstance(members, Unknowable):
            return members
        found |= dict.fromkeys(sorted(members or ()))
    return list(found)


def _who_may(
    db: Database, directory: Directory, prompt: Prompt, people: Sequence[Actor], now: datetime
) -> Sequence[Actor] | Unknowable:
    """Those of these people who may answer now and have not requested it; unknowable if that is known of none.

    Only those whose working hours it is, if it is anybody's.
    """
    places, hours = cards.places(db, [prompt.id])[prompt.id], prompt.policy.hours
    found: list[Actor] = []
    at_work: list[Actor] = []
    unknown: Unknowable | None = None
    for each in people:
        person = directory.person(each.id)
        may = may_answer_themselves(prompt, each, directory, places)
        if isinstance(person, Unknowable) or isinstance(may, Unknowable):
            unknown = person if isinstance(person, Unknowable) else Unknowable("It is not known who may answer.")
        elif isinstance(person, Person) and may and is_requester(prompt, each, directory) is not True:
            found.append(Actor(person.id, person.name))
            if hours is not None and hours.next_moment(now, person.zone) == now:
                at_work.append(found[-1])
    return at_work or found if found or unknown is None else unknown
