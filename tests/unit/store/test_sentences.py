"""Messages with parts that others wrote are sentences: one full stop at the end, and no `Value error, `."""

import re
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, ValidationError

from signoff import Policy, RunInput, flow
from signoff.flows.engine import ReportedPause
from signoff.flows.engines.pause_checks import checked
from signoff.store.policy import BrokenPolicy, policy_from_json
from signoff.store.sentences import sentence


def _refuse(value: str) -> str:
    raise ValueError("Is this the right one?" if value == "?" else "Choose another one.")


Refused = Annotated[str, AfterValidator(_refuse)]


class Order(RunInput):
    """What nobody can order."""

    size: Refused = "small"


@flow
def order(size: Refused = "small", count: int = 1) -> None:
    """Takes a size."""


REFUSALS: dict[str, Callable[[], Any]] = {
    "'large' does not fit Order.size: Choose another one.": lambda: Order.with_initial_data(size="large"),
    "'?' does not fit Order.size: Is this the right one?": lambda: Order.with_initial_data(size="?"),
    "The choice 'large' does not fit Order.size: Choose another one.": lambda: Order.with_choices(
        size={"large": "Large"}
    ),
    "Invalid parameters for order: size: Is this the right one? Its signature": lambda: order.parameters.recordable(
        {"size": "?"}
    ),
    "Invalid parameters for order: size: Choose another one; count: Input should be a valid integer, unable to parse "
    "string as an integer. Its signature": lambda: order.parameters.recordable({"size": "large", "count": "x"}),
    "The schedule of the flow nightly is invalid: 'every night' does not have": lambda: flow(cron="every night")(
        nightly
    ),
    "The policy in the schema of 'Order' is invalid: approvers: give a list, even of one: ['@ana'].": lambda: checked(
        ReportedPause(
            external_run_id="1",
            run_name="one",
            flow="one",
            key="one",
            title="Order",
            schema={"type": "object", "properties": {}, "x-signoff-policy": {"approvers": "@ana"}},
        )
    ),
}


def nightly() -> None:
    """Does nothing."""


@pytest.mark.parametrize("said", REFUSALS)
def test_what_a_validator_says_is_repeated_in_a_sentence(said: str) -> None:
    """Invariant 10."""
    with pytest.raises(Exception, match=re.escape(said)) as refused:
        REFUSALS[said]()
    assert not re.search(r"Value error|\.\.|[?!]\.", str(refused.value))


def test_text_without_punctuation_gets_a_full_stop() -> None:
    """Other punctuation stays as it is, in other scripts too."""
    assert [*map(sentence, ("Gone", "Gone.", "Is it?", "Go on…", "はい。"))] == [
        "Gone.",
        "Gone.",
        "Is it?",
        "Go on…",
        "はい。",
    ]


def test_a_policy_says_what_is_wrong_with_it() -> None:
    """Each place, in words that are not pydantic's prefix."""
    broken = policy_from_json({"approvers": "@ana", "deadline": 0})
    assert isinstance(broken, BrokenPolicy)
    assert broken.reason == "approvers: give a list, even of one: ['@ana']; deadline: give a duration greater than zero"
    with pytest.raises(ValidationError):
        Policy.model_validate({"approvers": "@ana"})
