"""Who has a prompt, on both databases: people who act at the same moment, and people who are gone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import ZoneInfo

import pytest

from signoff import Policy
from signoff.flows.approval.approver_check import ApproverCheck
from signoff.flows.approval.approvers import Person
from signoff.flows.approval.assignment import RECHECK, Assigned, NotAssigned
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.policy import conflict
from signoff.flows.approval.replies import Settled
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.prompts import prompts, rotations
from signoff.store.prompts.assignments import Change
from signoff.store.records.absence import Absence
from signoff.store.records.actors import Actor
from signoff.store.records.approvers import Approver
from signoff.store.records.assignment import Assignment
from signoff.store.records.prompts import Prompt
from tests.integration.flows.approval.test_votes import at_once, kinds
from tests.integration.store.samples import an_open_prompt

if TYPE_CHECKING:
    from signoff.flows.approval.approvers import Directory

PEOPLE = [Actor(f"U{number}PERSON", f"Person {number}") for number in range(8)]
SMALL = {"size": "small"}


class Members:
    """A directory in which these people are, as far as these tests ask it."""

    def __init__(self, *people: Actor) -> None:
        self.people = {each.id for each in people}
        self.zones: dict[str, ZoneInfo] = {}

    def is_approver(self, actor: Actor, approver: Approver) -> bool:
        """Whether the actor is there, and has this id."""
        return actor.id == approver.name and actor.id in self.people

    def find(self, approver: str, *, max_age: float = 0) -> Approver:
        """Everybody has once been there."""
        return Approver(approver, approver)

    def person(self, reference: str) -> Person | None:
        """Whoever is there, in the time zone that they have."""
        zone = self.zones.get(reference, ZoneInfo("UTC"))
        return Person(reference, f"Person {reference[1]}", zone=zone) if reference in self.people else None

    def absences(self) -> list[Absence]:
        """Nobody."""
        return []


def asked(db: Database, **policy: Any) -> Prompt:
    """An open prompt that everybody in these tests may take."""
    names = tuple(person.id for person in PEOPLE)
    stored = Policy(**{"approvers": names, "assignment": "claim", **policy})
    return an_open_prompt(db, stored_policy=stored, opened_at=db.now())


def events(db: Database, prompt: Prompt) -> list[str]:
    return [line.event for line in ledger.lines(db, prompt.id)]


def test_of_eight_who_take_a_prompt_at_once_one_has_it(db: Database) -> None:
    """And the seven others are told who."""
    prompt, desk = asked(db), Desk(db)
    replies = at_once([partial(desk.claim, prompt.id, person, via="slack") for person in PEOPLE])
    assert kinds(replies) == {"Assigned": 1, "NotAssigned": 7}
    winner = prompts.get(db, prompt.id).assignment.assignee
    assert winner in PEOPLE
    told = {reply.reason for reply in replies if isinstance(reply, NotAssigned)}
    assert told == {f"{winner.name} has this already. You can answer it all the same."}
    assert events(db, prompt).count("claimed") == 1


def test_taking_a_prompt_and_answering_it_at_once_settles_it(db: Database) -> None:
    """Whichever comes first."""
    prompt, desk = asked(db), Desk(db)
    _, reply = at_once(
        [
            partial(desk.claim, prompt.id, PEOPLE[0], via="slack"),
            partial(desk.submit, prompt.id, PEOPLE[1], SMALL, via="slack"),
        ]
    )
    assert isinstance(reply, Settled)
    assert not prompts.get(db, prompt.id).is_open


def test_an_assignee_who_is_gone_is_found_out_within_the_hour(db: Database) -> None:
    """Even if Slack's event was missed. As long as they are there, they keep it."""
    members = Members(*PEOPLE)
    directory = cast("Directory", members)
    prompt, desk = asked(db), Desk(db, directory)
    assert isinstance(desk.claim(prompt.id, PEOPLE[0], via="slack"), Assigned)
    later = db.now()
    check = ApproverCheck(db, directory, clock=lambda: later)
    for hours, has_it in ((1, True), (2, False)):
        later += RECHECK + timedelta(seconds=1)
        if not has_it:
            members.people.remove(PEOPLE[0].id)
        assert check.do_due() == 1, hours
        assert (prompts.get(db, prompt.id).assignment.assignee == PEOPLE[0]) is has_it
    assert events(db, prompt).count("released") == 1


@pytest.mark.parametrize("several", [{"quorum": 2}, {"threshold": 0.5}, {"reject": 2}])
def test_a_prompt_that_several_have_to_answer_cannot_be_one_person_s(several: dict[str, Any]) -> None:
    """The pause says so, and names the field."""
    names: Sequence[str] = [person.id for person in PEOPLE]
    fault = conflict(Policy(approvers=names, assignment="claim", **several), None)
    assert fault.startswith("assignment: one person has the prompt then")


def by_turns(prompt: Prompt, person: Actor) -> Change:
    return Change("assigned", Assignment(person, prompt.opened_at), {"to": person.name}, show=person.id)


@pytest.mark.parametrize("by_load", [False, True])
def test_prompts_that_are_assigned_at_once_are_shared_fairly(db: Database, *, by_load: bool) -> None:
    """Whoever assigns them: of eight prompts each of four people gets two, and each prompt has one person."""
    opened = [asked(db, assignment="round_robin") for _ in range(8)]
    turn = partial(rotations.take_turn, by_load=by_load, now=db.now())
    chosen = at_once([partial(turn, db, each.id, "leads", PEOPLE[:4], by_turns) for each in opened])
    assert sorted(each.id for each in chosen) == sorted(each.id for each in PEOPLE[:4] * 2)
    assert [prompts.get(db, each.id).assignment.assignee for each in opened] == chosen
    assert [events(db, each).count("assigned") for each in opened] == [1] * 8
    again = at_once([partial(turn, db, opened[0].id, "leads", PEOPLE[:4], by_turns)] * 2)
    assert again == [None, None]


def test_whoever_was_gone_for_long_gets_one_and_not_all_that_they_missed(db: Database) -> None:
    """And whoever is new begins like that, too."""
    ana, ben, chloe = PEOPLE[:3]
    names = []
    for people in ([ana, ben], [ana, ben], [ana, ben], [ana, ben, chloe], [ana, ben, chloe], [ana, ben, chloe]):
        prompt = asked(db, assignment="round_robin")
        names.append(rotations.take_turn(db, prompt.id, "leads", people, by_turns, by_load=False, now=db.now()))
    assert names == [ana, ben, ana, chloe, ben, ana]


TUESDAY = datetime(2031, 5, 6, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(("hours", "number"), [("Mon-Fri 9-17", 2), ("Mon-Fri 1-2", 0), ("Sat,Sun 9-17", 0), (None, 0)])
def test_those_who_are_at_work_come_first(db: Database, hours: str | None, number: int) -> None:
    """By the hours of each in their own time zone; and if it is nobody's, whoever's turn it is."""
    members = Members(*PEOPLE[:3])
    for person, name in zip(PEOPLE, ("UTC", "Asia/Tokyo", "Europe/Madrid"), strict=False):
        members.zones[person.id] = ZoneInfo(name)
    names = tuple(person.id for person in PEOPLE[:3])
    policy = Policy(approvers=names, assignment="round_robin", working_hours=hours)
    prompt = an_open_prompt(db, stored_policy=policy, opened_at=TUESDAY)
    ApproverCheck(db, cast("Directory", members), clock=lambda: TUESDAY).do_due()
    assert prompts.get(db, prompt.id).assignment.assignee == PEOPLE[number]
