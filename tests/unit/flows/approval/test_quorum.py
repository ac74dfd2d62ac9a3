"""How votes are counted: a pure function of the votes and of what is known of those who may vote."""

import random
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from signoff import Policy
from signoff.flows.approval.policy import conflict, merged
from signoff.flows.approval.quorum import can_represent, decide, number_of, tally_of
from signoff.store.policy_faults import InvalidPolicy
from signoff.store.records.actors import Actor
from signoff.store.records.approvers import Approver, Reviewers
from signoff.store.records.prompts import Prompt
from signoff.store.records.votes import Ballot, Vote
from tests.support.models import Approval
from tests.support.prompts import OPENED, prompt_for


def prompt(**policy: Any) -> Prompt:
    return prompt_for(Approval, stored_policy=Policy(**policy))


def vote(who: str, answer: dict[str, Any] | None = None, *, at: int = 0, counts_for: tuple[str, ...] = ()) -> Vote:
    """A vote; without an answer, a rejection."""
    verdict: Any = "reject" if answer is None else "submit"
    moment = OPENED + timedelta(seconds=at)
    return Vote(Actor(who, who), verdict, answer, None if answer else "No", "slack", moment, answer, counts_for)


YES, NO, OTHER = {"approved": True, "reason": ""}, {"approved": False, "reason": "x"}, {"approved": True, "reason": "y"}


def ballot(*votes: Vote, people: tuple[str, ...] | None = None) -> Ballot:
    counted = Ballot(reviewers=Reviewers(people))
    for each in votes:
        counted = counted.with_vote(each)
    return counted


@pytest.mark.parametrize(
    ("policy", "people", "number"),
    [
        ({}, None, 1),
        ({"quorum": 3}, None, 3),
        ({"quorum": "all"}, 4, 4),
        ({"quorum": "all"}, None, None),
        ({"threshold": 0.66}, 3, 2),
        ({"threshold": 0.67}, 3, 3),
        ({"threshold": 0.5}, 4, 2),
        ({"threshold": 0.07}, 100, 7),
        ({"threshold": 0.1}, 3, 1),
        ({"threshold": 1}, 3, 3),
        ({"each_of": ["@a", "@b"]}, None, 2),
        ({"each_of": ["@a", "@b"], "distinct": False}, None, 1),
        ({"each_of": ["@a", "@b"], "quorum": 3}, None, 3),
        ({"each_of": ["@a", "@b"], "quorum": "all"}, 5, 5),
    ],
)
def test_so_many_have_to_agree(policy: dict[str, Any], people: int | None, number: int | None) -> None:
    """A part is rounded up, by its decimal digits."""
    assert number_of(Policy(**policy), people) == number


def test_only_the_same_values_add_up() -> None:
    """Of two proposals, the one with enough votes wins, whoever made the first."""
    asked = prompt(quorum=2)
    split = ballot(vote("U1", YES), vote("U2", OTHER))
    assert decide(asked, split) is None
    assert [each.answer for each in tally_of(asked, split).proposals] == [YES, OTHER]
    decided = decide(asked, split.with_vote(vote("U3", OTHER)))
    assert decided is not None
    assert (decided.actor.id, decided.answer) == ("U3", OTHER)


@pytest.mark.parametrize("against", [None, NO])
def test_a_no_to_a_yes_or_no_question_is_a_rejection(against: dict[str, Any] | None) -> None:
    """As is a rejection with a reason. The flow gets what that person sent."""
    asked = prompt(quorum=2, reject=2)
    once = ballot(vote("U1", YES), vote("U2", against))
    assert decide(asked, once) is None
    decided = decide(asked, once.with_vote(vote("U1", against, at=1)))
    assert decided is not None
    assert (decided.actor.id, decided.answer) == ("U1", against)
    assert decide(prompt(quorum=2), once) == vote("U2", against)


def test_the_first_vote_decides_if_nothing_else_is_said() -> None:
    """A no of values too."""
    for answer in (YES, NO, None):
        assert decide(prompt(), ballot(vote("U1", answer))) == vote("U1", answer)


def test_a_voter_is_known_by_the_name_of_the_approver() -> None:
    """Once Slack has said who that is, both names count once."""
    known = Ballot(approvers=(Approver("@ana", "U1"),))
    twice = known.with_vote(vote("@ana", YES)).with_vote(vote("U1", YES))
    assert [each.actor.id for each in twice.votes] == ["U1"]


def test_whoever_has_left_does_not_count_unless_they_have_voted() -> None:
    """Of four, one left before voting and one after: three have to agree."""
    asked = prompt(approvers=["@dev"], quorum="all")
    votes = ballot(vote("U1", YES), vote("U2", YES), people=("U2", "U3"))
    assert tally_of(asked, votes).needed == 3
    assert decide(asked, votes) is None
    assert decide(asked, votes.with_vote(vote("U3", YES))) is not None
    assert decide(asked, replace(votes, reviewers=Reviewers(("U2",)))) is not None
    assert decide(asked, replace(votes, reviewers=Reviewers())) is None


def test_each_entry_gets_a_person_of_its_own_if_that_is_possible() -> None:
    """In whatever order they vote: compared with trying every assignment."""
    chance = random.Random(7)
    entries = ("@a", "@b", "@c")
    for _ in range(200):
        groups = [tuple(each for each in entries if chance.random() < 0.4) for _ in range(chance.randint(0, 4))]
        best = max(
            (
                sum(entry in group for entry, group in zip(order, groups, strict=False))
                for order in permutations([*entries, "", ""], len(groups))
            ),
            default=0,
        )
        assert can_represent(entries, groups, distinct=True) == best


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        ({"each_of": ["@a", "@b"], "approvers": ["@c"]}, "each_of"),
        ({"each_of": ["@a", "@A"]}, "each_of"),
        ({"distinct": False}, "distinct"),
        ({"quorum": 2, "threshold": 0.5}, "threshold"),
        ({"quorum": "all"}, "quorum"),
        ({"threshold": 0.5}, "threshold"),
        ({"quorum": 3, "approvers": ["U1AAA", "U2AAA"]}, "quorum"),
        ({"each_of": ["U1AAA", "U2AAA"], "requester_may_answer": False}, "each_of"),
        ({"approvers": ["u1aaa@x.org"], "requester_may_answer": False}, ""),
        ({"approvers": ["U1AAA"], "requester_may_answer": False}, "requester_may_answer"),
        ({"approvers": ["@dev"], "quorum": 5}, ""),
        ({"quorum": 2}, ""),
        ({"reject": 2}, ""),
        ({"each_of": ["@a", "@b"], "threshold": 0.5, "distinct": False, "reject": 3}, ""),
    ],
)
def test_a_contradiction_is_named_by_its_field(policy: dict[str, Any], field: str) -> None:
    """Every combination is valid, or refused."""
    fault = conflict(Policy(**policy), Actor("U1AAA", "Ana"))
    assert fault.partition(":")[0] == field


def test_a_requester_who_can_be_nobody_in_slack_is_refused() -> None:
    """An engine may report any name."""
    assert conflict(Policy(requester_may_answer=False), Actor("svc 7", "svc 7")).startswith("requester_may_answer: ")
    assert conflict(Policy(), Actor("svc 7", "svc 7")) == ""


@pytest.mark.parametrize(
    "policy",
    [{"quorum": 0}, {"quorum": True}, {"quorum": "some"}, {"threshold": 0}, {"threshold": 1.1}, {"reject": 0}],
)
def test_a_number_of_nobody_is_not_a_policy(policy: dict[str, Any]) -> None:
    """Nor is a word that means nothing."""
    with pytest.raises(InvalidPolicy):
        Policy(**policy)


def test_what_a_policy_says_in_one_way_it_does_not_inherit_in_another() -> None:
    """The settings' approvers do not contradict a policy's groups."""
    assert merged(Policy(each_of=["@a", "@b"]), Policy(approvers=["@ana"])).approvers == ()
    assert merged(Policy(threshold=0.5), Policy(quorum=2)).quorum == 1
    assert merged(Policy(requester_may_answer=False), Policy(approvers=["@ana"], quorum=2)).quorum == 2
