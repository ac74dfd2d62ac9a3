"""Which field of a schema is the verdict, and which of its values approve or reject."""

from dataclasses import replace
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, create_model

from signoff.flows.durable.question import Question
from signoff.flows.schema.json_schema import schema_of
from signoff.flows.schema.verdict import Verdict, stance, verdict_of
from tests.golden.zoo import ZOO
from tests.support.models import Approval
from tests.support.prompts import prompt_for

SIX = Literal["a", "b", "c", "d", "e", "f"]
YES_AND_NO = [(True, "approve"), (False, "reject")]
IN_ZOO = {
    "bool_verdict": ("approved", YES_AND_NO),
    "bool_verdict_and_more": ("publish", YES_AND_NO),
    "plain_bool": ("value", [(True, None), (False, None)]),
    "choice_verdict": ("decision", [("approve", "approve"), ("needs_work", None), ("reject", "reject")]),
    "choices_of_the_moment": ("release", [("1.4.0", None), ("1.5.0-rc.1", None)]),
    "plain_choice": ("value", [("left", None), ("right", None)]),
    "odd_markdown": ("approved", YES_AND_NO),
    "odd_long_markdown": ("approved", YES_AND_NO),
    "odd_emoji": ("mood", [("👍🏽", None), ("👎🏿", None), ("🤷\u200d♀️", None)]),
}
"""The models of the zoo that have a verdict: the field, and its values with what each says."""


def verdict(fields: dict[str, Any], initial: dict[str, Any] | None = None) -> Verdict | None:
    """The verdict of a model with these fields, given as annotations or with their defaults."""
    definitions: dict[str, Any] = {
        name: given if isinstance(given, tuple) else (given, ...) for name, given in fields.items()
    }
    return verdict_of(schema_of(create_model("Model", **definitions)), initial or {})


def stances(found: Verdict | None) -> list[tuple[Any, str | None]]:
    return [] if found is None else [(each.value, each.stance) for each in found.values]


@pytest.mark.parametrize(
    ("fields", "initial", "name"),
    [
        ({"ok": bool}, {}, "ok"),
        ({"ok": bool, "reason": str}, {}, "ok"),
        ({"ok": (bool, False)}, {}, None),
        ({"ok": bool}, {"ok": True}, None),
        ({"ok": bool | None}, {}, None),
        ({"ok": (bool, Field(json_schema_extra={"element": "checkbox"}))}, {}, None),
        ({"size": Literal["s", "m"]}, {}, "size"),
        ({"size": Literal["s", "m"], "color": Literal["red"]}, {}, None),
        ({"size": Literal["s", "m"], "color": Literal["red"]}, {"size": "m"}, "color"),
        ({"size": Literal["s", "m"], "ok": bool}, {}, "ok"),
        ({"size": Literal["s", "m"] | None}, {}, None),
        ({"ok": bool, "sure": bool}, {}, None),
        ({"one": SIX}, {}, None),
        ({"one": Literal[1, 2]}, {}, None),
        ({"one": Literal[True, False]}, {}, "one"),
        ({"one": Literal[1, 0]}, {}, None),
        ({"one": Literal["x" * 31]}, {}, None),
        ({"name": str}, {}, None),
        ({"inner": create_model("Inner", ok=(bool, ...))}, {}, None),
    ],
)
def test_the_one_open_choice_is_the_verdict(fields: dict[str, Any], initial: dict[str, Any], name: str | None) -> None:
    """A required bool or short literal without an initial value decides; of several only the one bool."""
    found = verdict(fields, initial)
    assert (found and found.name) == name


@pytest.mark.parametrize("name", ZOO)
def test_the_verdict_of_every_model_is_known(name: str) -> None:
    """No other model of the zoo has one."""
    question = Question.of(ZOO[name])
    found = verdict_of(question.schema, question.initial_values)
    assert (None if found is None else (found.name, stances(found))) == IN_ZOO.get(name)


@pytest.mark.parametrize("name", ["approve", "approved", "ok", "accept_terms", "publish"])
def test_a_bool_with_the_name_of_an_approval_approves(name: str) -> None:
    """The name is all that tells what a yes means."""
    assert stances(verdict({name: bool})) == YES_AND_NO


@pytest.mark.parametrize("name", ["has_backup", "value", "urgent"])
def test_a_yes_to_another_question_takes_no_side(name: str) -> None:
    """It is a fact, and neither approves nor rejects."""
    assert stances(verdict({name: bool})) == [(True, None), (False, None)]


def test_nothing_is_the_verdict_where_nothing_is_asked() -> None:
    """A prompt that only lets the run resume has no schema."""
    assert verdict_of(None, {}) is None
    assert stance(prompt_for(None), {}) is None


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"approved": True}, "approve"),
        ({"approved": False, "reason": "Too early."}, "reject"),
        ({"approved": 1}, None),
        ({"approved": "yes"}, None),
        ({}, None),
    ],
)
def test_an_answer_takes_the_side_of_its_verdict(answer: dict[str, Any], expected: str | None) -> None:
    """Only a value of the verdict counts; 1 is not true."""
    assert stance(prompt_for(create_model("Asked", approved=(bool, ...), reason=(str, ""))), answer) == expected


def test_the_side_of_an_answer_does_not_change_with_the_answer_stored() -> None:
    """The verdict depends on what was asked, so a settled prompt takes the side that its press took."""
    prompt = prompt_for(Approval)
    answer = {"approved": True}
    assert stance(replace(prompt, answer=answer), answer) == stance(prompt, answer) == "approve"


def test_values_in_a_definition_count_like_others() -> None:
    """pydantic refers to an enum, and to a model that contains itself, by name."""

    class Node(BaseModel):
        approved: bool
        parent: "Node | None" = None

    found = verdict_of(Node.model_json_schema(), {})
    assert found is not None
    assert stances(found) == YES_AND_NO
