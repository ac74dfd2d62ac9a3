"""Who may answer, by what a directory knows."""

from typing import Any

import pytest

from signoff import Policy
from signoff.flows.approval.approvers import StatedNames, Unknowable, may_answer, may_see
from signoff.flows.approval.names import spelling_fault
from signoff.store.places import DEFAULT_CHANNEL
from signoff.store.records.actors import Actor
from signoff.store.records.approvers import Approver
from signoff.store.records.outbox import CardPlace
from signoff.store.records.prompts import Prompt
from tests.support.prompts import prompt_for

ANA = Actor("@ana", "ana")
NAMES = StatedNames()


def asking(*approvers: str, **more: Any) -> Prompt:
    """A prompt with these approvers."""
    return prompt_for(None, stored_policy=Policy(approvers=approvers), **more)


IN_A_CHANNEL = [CardPlace(DEFAULT_CHANNEL, "C1")]


def test_a_policy_without_approvers_lets_whoever_can_read_the_database_answer() -> None:
    """The command line cannot tell who is in a channel, but shows its user every prompt."""
    assert may_answer(asking(), ANA, NAMES, IN_A_CHANNEL) is True
    assert may_see(asking("@ben"), ANA, NAMES, IN_A_CHANNEL) is True


def test_a_prompt_without_a_card_can_be_answered_by_nobody() -> None:
    """There is nobody who could be where its card is."""
    assert may_answer(asking(), ANA, NAMES, []) is False


def test_the_id_that_slack_had_for_a_name_is_a_name_too() -> None:
    """On the command line, an approver may be named in either way."""
    ana = Approver("@ana", "U0ANA")
    by_id = Actor("U0ANA", "Ana")
    assert may_answer(asking("@ana", found_approvers=(ana,)), by_id, NAMES, []) is True
    assert may_answer(asking("@ana", found_approvers=(ana,)), ANA, NAMES, []) is True
    buyers = Approver("@buyers", "S0BUYERS")
    answer = may_answer(asking("@buyers", found_approvers=(buyers,)), Actor("@buyers", "buyers"), NAMES, [])
    assert answer == Unknowable("Only Slack knows who is in the user group @buyers.")


def test_one_approver_who_is_certain_outweighs_those_who_are_not() -> None:
    """It does not matter that the directory cannot know about the others."""
    assert may_answer(asking("U1", "@ANA", "S0BUYERS"), ANA, NAMES, []) is True


def test_what_cannot_be_known_is_neither_yes_nor_no() -> None:
    """Each reason is given once."""
    answer = may_answer(asking("@ben", "U0BEN", "U0MEI", "ben@example.com"), ANA, NAMES, [])
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
        (ANA, "#oncall", Unknowable("Only Slack knows who is in the channel #oncall.")),
    ],
)
def test_names_are_compared_with_names_of_their_kind(actor: Actor, reference: str, expected: bool | Unknowable) -> None:
    """Without Slack, a name of another kind than those given may or may not belong to the person."""
    assert NAMES.is_person(actor, reference) == expected


def test_without_slack_nothing_is_known_of_people_and_groups() -> None:
    """Each says so."""
    answers = (NAMES.person("@ana"), NAMES.members_of("S1"), NAMES.find("@ana"))
    assert all(isinstance(answer, Unknowable) for answer in answers)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("<@U0ANARUIZ1>", "Write U0ANARUIZ1."),
        ("<@U0ANARUIZ1|ana>", "Write U0ANARUIZ1."),
        ("<!subteam^S0BUYERS01>", "Write S0BUYERS01."),
        ("<mailto:ana@example.com|ana@example.com>", "Write ana@example.com."),
        ("<#C0RELEASE1|releases>", "Write C0RELEASE1."),
        ("D0ANARUIZ1", "These are direct messages. Write the id of the person."),
        ("#", "This is not a handle, an e-mail address or an id."),
        ("@here", "leave the approvers out."),
        ("@ben@example.com", "Write ben@example.com, or @ben."),
        ("ana", "A handle begins with @, as in @ana."),
        ("Ana Ruiz", "This is not a handle, an e-mail address or an id."),
        ("@Ana Ruiz", "This is not a handle, an e-mail address or an id."),
        ("ana@", "This is not a handle, an e-mail address or an id."),
    ],
)
def test_what_cannot_be_a_name_is_told_with_what_to_write(name: str, told: str) -> None:
    """Invariant 10: without asking Slack."""
    assert told in spelling_fault(name)


@pytest.mark.parametrize(
    "name",
    [
        "@ana",
        "@ana.ruiz-2",
        "@Zoë",
        "ana@example.com",
        "U0ANARUIZ1",
        "W0ANA",
        "S0BUYERS01",
        "#on-call",
        "#日本",
        "C0RELEASE1",
    ],
)
def test_a_name_that_somebody_may_have_has_no_fault(name: str) -> None:
    """Whether somebody has it, only Slack knows."""
    assert spelling_fault(name) == ""
