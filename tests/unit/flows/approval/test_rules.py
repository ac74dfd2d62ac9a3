"""Which rules make sense, and which prompts are a sample."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError

from signoff import Policy, Rule
from signoff.bot.surfaces.rulings import what_answers_first
from signoff.flows.approval.policy import conflict, policy_in
from signoff.flows.approval.rules import is_sampled
from signoff.flows.approval.several import yes_to
from signoff.store.policy import NO_FUNCTIONS, SCHEMA_KEY, policy_as_json, policy_from_json
from signoff.store.records.rulings import Ruling
from signoff.store.sentences import faults_of
from tests.support.prompts import prompt_for


class Yes(BaseModel):
    """A question that takes a yes."""

    approved: bool


def always(_value: object) -> bool:
    return True


YES, NO = Rule(when=always, then="approve", note="fine"), Rule(when=always, then="reject", note="never")


@pytest.mark.parametrize(
    ("policy", "fault"),
    [
        (Policy(rules=[YES, NO], sample=0.05), ""),
        (
            Policy(rules=[YES, Rule(when=always, then="ask", note="fine")]),
            "rules: two have the same note, by which people tell them apart",
        ),
        (Policy(sample=0.05), "sample: no rule approves, so there is nothing to put to people. Leave it out"),
        (Policy(rules=[NO], sample=1), "sample: no rule approves, so there is nothing to put to people. Leave it out"),
        (Policy(rules=[Rule(then="approve", note="fine")]), NO_FUNCTIONS),
        (Policy(rules=[YES], confirm=True), ""),
        (
            Policy(rules=[YES], confirm="payments-db"),
            "rules: with this confirm somebody has to type a text, which a rule cannot. Leave one of them out",
        ),
        (
            Policy(repeat=3600, confirm="payments-db"),
            "repeat: with this confirm somebody has to type a text each time. Leave one of them out",
        ),
    ],
)
def test_rules_that_make_no_sense_are_refused(policy: Policy, fault: str) -> None:
    """The sentence begins with the field's name."""
    assert conflict(policy, None) == fault


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        (
            {"when": {"amount": 100}, "then": "approve", "note": "fine"},
            "rules.0.when: give a function, such as `lambda refund: refund.amount < 100`",
        ),
        ({"when": always, "then": "approve"}, "rules.0.note: Field required"),
        ({"when": always, "then": "yes", "note": "fine"}, "rules.0.then: Input should be 'approve', 'reject' or 'ask'"),
    ],
)
def test_a_rule_has_a_function_a_note_and_what_follows(rule: dict[str, Any], fault: str) -> None:
    """What is wrong with it is said in a sentence."""
    with pytest.raises(ValidationError) as caught:
        Policy.model_validate({"rules": [rule]})
    assert faults_of(caught.value) == fault


def test_a_model_cannot_have_rules() -> None:
    """A JSON Schema holds no functions: neither one of ours, nor one that somebody wrote by hand."""
    with pytest.raises(ValueError, match="which JSON cannot hold"):
        Policy(rules=[YES]).in_schema()
    by_hand = policy_in({SCHEMA_KEY: {"rules": [{"then": "approve", "note": "fine"}]}})
    assert conflict(by_hand, None) == NO_FUNCTIONS


def test_the_database_keeps_what_a_rule_is_called_and_not_its_function() -> None:
    """A policy with rules can be read back."""
    stored = policy_as_json(Policy(rules=[YES]))
    assert stored == {"rules": [{"then": "approve", "note": "fine"}]}
    assert policy_from_json(stored) == Policy(rules=[Rule(then="approve", note="fine")])


def test_the_sample_is_the_share_that_the_policy_names() -> None:
    """It depends on the prompt's id alone."""
    asked = prompt_for(None, stored_policy=Policy(rules=[YES], sample=0.05))
    ids = [str(UUID(int=number)) for number in range(4000)]
    sampled = {each for each in ids if is_sampled(replace(asked, id=each))}
    assert 150 < len(sampled) < 250
    assert sampled == {each for each in ids if is_sampled(replace(asked, id=each, title="Another?"))}
    assert not any(is_sampled(replace(asked, id=each, stored_policy=Policy(rules=[YES]))) for each in ids[:100])


def test_what_answers_before_people_is_explained() -> None:
    """In the order in which it is tried, for `signoff policy explain`."""
    assert what_answers_first(Policy(rules=[YES, NO], sample=0.05, repeat=86400)) == [
        "Before people are asked, rules may answer: “never” rejects, “fine” approves.",
        "5% of what they approve is put to people all the same.",
        "An approval of the same request counts again for 1 d.",
    ]
    assert what_answers_first(Policy()) == []


@pytest.mark.parametrize(
    "ruling",
    [
        Ruling("approve", "fine", is_sampled=True),
        Ruling("ask", "large"),
        Ruling("ask", "fine", problem="The rule failed."),
    ],
)
def test_what_a_rule_puts_to_people_is_not_approved_among_others(ruling: Ruling) -> None:
    """Somebody is meant to look at it."""
    assert yes_to(prompt_for(Yes, ruling=ruling)) == "a rule has it looked at"
    assert yes_to(prompt_for(Yes)) == {"approved": True}
