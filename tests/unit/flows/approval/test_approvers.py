"""Who may answer, by what a directory knows."""

import pytest

from signoff import Policy
from signoff.flows.approval.approvers import StatedNames, Unknowable, may_answer
from signoff.store.records.actors import Actor

ANA = Actor("@ana", "ana")
NAMES = StatedNames()


def test_a_policy_without_approvers_lets_anybody_answer() -> None:
    """The directory is not asked."""
    assert may_answer(Policy(), ANA, NAMES) is True


def test_one_approver_who_is_certain_outweighs_those_who_are_not() -> None:
    """It does not matter that the directory cannot know about the others."""
    assert may_answer(Policy(approvers=("U1", "@ANA", "S0BUYERS")), ANA, NAMES) is True


def test_what_cannot_be_known_is_neither_yes_nor_no() -> None:
    """Each reason is given once."""
    answer = may_answer(Policy(approvers=("@ben", "U0BEN", "U0MEI", "ben@example.com")), ANA, NAMES)
    assert answer == Unknowable(
        "Only Slack knows the Slack user id of @ana. Only Slack knows the e-mail address of @ana."
    )


def test_an_unknowable_answer_cannot_be_taken_for_a_yes() -> None:
    """Code that forgets to handle it fails, instead of letting somebody answer."""
    with pytest.raises(TypeError, match=r"Neither yes nor no: Only Slack knows\."):
        bool(Unknowable("Only Slack knows."))


@pytest.mark.parametrize(
    ("actor", "reference", "expected"),
    [
        (ANA, "@ANA", True),
        (ANA, "@ben", False),
        (ANA, "Ana Ruiz", False),
        (Actor("U0ANA", "Ana"), "U0ANA", True),
        (Actor("U0ANA", "Ana"), "U0BEN", False),
        (Actor("U0ANA", "Ana", frozenset({"ana@example.com"})), "Ana@Example.com", True),
        (Actor("U0ANA", "Ana"), "@ana", Unknowable("Only Slack knows the handle of U0ANA.")),
        (ANA, "S0BUYERS", Unknowable("Only Slack knows who is in the user group S0BUYERS.")),
    ],
)
def test_names_are_compared_with_names_of_their_kind(actor: Actor, reference: str, expected: bool | Unknowable) -> None:
    """Without Slack, a name of another kind than those given may or may not belong to the person."""
    assert NAMES.is_person(actor, reference) == expected


def test_without_slack_nothing_is_known_of_groups_channels_and_absences() -> None:
    """Each says so."""
    answers = (NAMES.person("@ana"), NAMES.members_of("S1"), NAMES.is_member("C1", "U1"), NAMES.absent_until("U1"))
    assert all(isinstance(answer, Unknowable) for answer in answers)
