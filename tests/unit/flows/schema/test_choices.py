"""Choices that are known only when a run asks hold wherever the prompt is answered."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, ValidationError, field_validator

from signoff import RunInput
from signoff.flows.approval.validation import FieldError, Valid, validate
from signoff.flows.durable.question import Question
from signoff.flows.schema.choices import GIVEN, schema_without_choices
from signoff.flows.schema.json_schema import schema_of
from tests.support.prompts import prompt_for


class Size(Enum):
    """Sizes there can be."""

    S = "small"
    L = "large"


class Pick(RunInput):
    """A field of each kind that can be given choices."""

    drop: list[str] = Field(default=[], max_length=2)
    release: str | None = None
    number: int = Field(default=1, ge=0)
    days: set[date] = Field(default_factory=set)
    size: Size = Size.S
    fixed: Literal["a", "b", "c"] = "a"
    price: Decimal = Decimal(1)
    mixed: int | str | None = None
    maybe: list[int] | None = None
    inner: dict[str, str] = Field(default_factory=dict)
    flag: bool = False

    @field_validator("release")
    @classmethod
    def _no_spaces(cls, release: str | None) -> str | None:
        if release and " " in release:
            raise ValueError("No spaces.")
        return release


GIVEN_TO: list[tuple[str, Any, Any, Any]] = [
    ("drop", ["name", "email"], ["email"], ["phone"]),
    ("release", {"1.4": "Spring", "2.0": "Summer"}, "2.0", "3.0"),
    ("number", [3, 5], 5, 4),
    ("number", {3: "Three"}, 3, 4),
    ("days", [date(2026, 1, 31)], ["2026-01-31"], ["2026-01-30"]),
    ("size", [Size.L], "large", "small"),
    ("fixed", ("b",), "b", "a"),
    ("price", [Decimal("1.50")], "1.50", "1.60"),
    ("mixed", [1, "one"], "one", "two"),
    ("mixed", {1: "One"}, 1, 2),
    ("maybe", [1, 2], [2, 1], [3]),
]


def checked_both_ways(model: type[RunInput], values: Mapping[str, Any]) -> list[Valid | tuple[FieldError, ...]]:
    """The messages if the model can be imported, and if there is only the schema."""
    question = Question.of(model)
    by_schema = prompt_for(None, schema=question.schema)
    by_model = replace(by_schema, model=question.model_reference)
    assert question.model_reference
    return [validate(by_model, values), validate(by_schema, values)]


@pytest.mark.parametrize(("name", "choices", "right", "wrong"), GIVEN_TO)
def test_what_is_no_choice_is_refused_everywhere(name: str, choices: Any, right: Any, wrong: Any) -> None:
    """By the model, by its bare schema, and by the flow itself, under the field that it is about."""
    model = Pick.with_choices(**{name: choices})
    question = Question.of(model)
    for checked in checked_both_ways(model, {"fixed": "b", "size": "large", name: right}):
        assert isinstance(checked, Valid)
    for checked in checked_both_ways(model, {name: wrong}):
        assert isinstance(checked, tuple)
        assert {error.path[0] for error in checked} == {name}
        assert "Choose" in checked[0].message
    with pytest.raises(ValidationError, match="Choose"):
        question.answer({name: wrong})
    answered = question.answer({name: right})
    assert type(answered) is Pick
    assert answered.model_dump(mode="json")[name] == right


def test_the_own_validators_of_the_model_run_too() -> None:
    """Choices come beside them, not instead."""
    model = Pick.with_choices(release=["1.4", "2 0"], drop=["a", "b", "c"])
    by_model, _ = checked_both_ways(model, {"release": "2 0"})
    assert by_model == (FieldError(("release",), "No spaces."),)
    for checked in checked_both_ways(model, {"drop": ["a", "b", "c"]}):
        assert isinstance(checked, tuple)
        assert checked[0].path == ("drop",)


def test_choices_and_initial_data_can_be_given_in_either_order() -> None:
    """Both ways ask the same."""
    one = Question.of(Pick.with_choices(drop=["a", "b"]).with_initial_data(description="Which?", drop=["b"]))
    two = Question.of(Pick.with_initial_data(description="Which?", drop=["b"]).with_choices(drop=["a", "b"]))
    assert one == two
    assert one.initial_values == {"drop": ["b"]}
    assert one.schema is not None
    assert one.schema["properties"]["drop"]["items"]["enum"] == ["a", "b"]


def test_choices_of_several_fields_come_together() -> None:
    """Later choices for the same field replace the earlier ones."""
    model = Pick.with_choices(drop=["a"], number=[1]).with_choices(drop=["b"])
    assert Question.of(model).hash == Question.of(Pick.with_choices(number=[1], drop=["b"])).hash


@pytest.mark.parametrize(
    ("give", "message"),
    [
        (lambda: Pick.with_choices(nope=["a"]), "Pick has no field 'nope' for choices"),
        (lambda: Pick.with_choices(drop=[]), "Pick.drop was given no choices"),
        (lambda: Pick.with_choices(number=[1, "two"]), "The choice 'two' does not fit Pick.number"),
        (lambda: Pick.with_choices(number=[-1]), "The choice -1 does not fit Pick.number"),
        (lambda: Pick.with_choices(fixed=["d"]), "The choice 'd' does not fit Pick.fixed"),
        (lambda: Pick.with_choices(drop=[1]), "The choice 1 does not fit Pick.drop"),
        (lambda: Pick.with_choices(inner=["a"]), "Pick.inner cannot have choices"),
        (lambda: Pick.with_choices(flag=[True]), "Pick.flag cannot have choices"),
        (
            lambda: Pick.with_choices(drop=["a"]).with_initial_data(drop=["b"]),
            "The initial value of Pick.drop is not one of the choices. Choose: a.",
        ),
        (
            lambda: Pick.with_initial_data(release="1").with_choices(release=["2"]),
            "The initial value of Pick.release is not one of the choices",
        ),
    ],
)
def test_choices_that_cannot_be_are_refused_where_they_are_given(give: Any, message: str) -> None:
    """In the flow, with the field's name."""
    with pytest.raises(ValueError, match=message.replace(".", r"\.")):
        give()


class Aliased(RunInput):
    """A field that its schema calls otherwise."""

    which: str = Field(alias="Which one")


def test_a_field_with_an_alias_can_be_given_choices() -> None:
    """They hold for what the schema calls it."""
    question = Question.of(Aliased.with_choices(which=["a"]))
    assert question.answer({"Which one": "a"}).which == "a"
    with pytest.raises(ValidationError):
        question.answer({"Which one": "b"})


@given(st.sampled_from(GIVEN_TO), st.booleans())
def test_the_model_is_known_again_by_its_schema(given_to: tuple[str, Any, Any, Any], labelled: bool) -> None:
    """Removing choices from a schema restores it exactly."""
    name, choices, _, _ = given_to
    labels = {value: f"Label {value}" for value in choices}
    schema = Question.of(Pick.with_choices(**{name: labels if labelled else choices})).schema
    assert schema is not None
    assert GIVEN in str(schema)
    assert schema_without_choices(schema) == schema_of(Pick)


class Plain(BaseModel):
    """A model of pydantic's."""

    enum: str


def test_a_schema_without_choices_stays_as_it_is() -> None:
    """Also where a field is called as a word of JSON Schema."""
    assert schema_without_choices(schema_of(Plain)) == schema_of(Plain)
