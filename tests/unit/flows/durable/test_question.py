"""What a person is asked: models, initial data, plain types."""

import math
import threading
from collections.abc import Callable
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from signoff import InvalidFlow, RunInput
from signoff.flows.durable.question import Question


class ShirtOrder(RunInput):
    """Shirt order options."""

    size: Literal["small", "large"] = Field(title="Size", description="As worn", examples=["large"])
    count: int = Field(title="How many", ge=1, le=9)
    note: str = Field("", max_length=10)


def test_initial_data_keep_titles_descriptions_and_bounds() -> None:
    """Only the defaults change, and the class that was asked for stays as it is."""
    given = ShirtOrder.with_initial_data(size="large", count=3)
    plain, filled = ShirtOrder.model_json_schema(), given.model_json_schema()
    for name, expected in plain["properties"].items():
        found = dict(filled["properties"][name])
        assert {key: found[key] for key in expected if key != "default"} == {
            key: value for key, value in expected.items() if key != "default"
        }
    assert filled["properties"]["count"]["default"] == 3
    assert given.model_validate({}).count == 3
    with pytest.raises(ValidationError):
        given.model_validate({"count": 10})
    with pytest.raises(ValidationError):
        ShirtOrder.model_validate({})


def test_initial_data_do_not_change_the_question() -> None:
    """Another initial value does not make another question; another text does."""
    plain = Question.of(ShirtOrder)
    filled = Question.of(ShirtOrder.with_initial_data(count=3))
    told = Question.of(ShirtOrder.with_initial_data(description="Which one?", count=3))
    assert plain.hash == filled.hash
    assert (filled.initial_values, filled.schema) == ({"count": 3}, plain.schema)
    assert told.hash != plain.hash
    assert (plain.title, plain.description, told.description) == ("Shirt order", "Shirt order options.", "Which one?")


def test_an_answer_is_an_instance_of_the_class_that_was_asked_for() -> None:
    """Also where it was given initial data."""
    answer = Question.of(ShirtOrder.with_initial_data(count=3)).answer({"size": "small", "count": 4})
    assert type(answer) is ShirtOrder
    assert answer == ShirtOrder(size="small", count=4)


def test_initial_data_can_be_given_in_steps() -> None:
    """Values from the first call are kept."""
    given = ShirtOrder.with_initial_data(size="large").with_initial_data(description="Which?", count=2)
    assert Question.of(given).initial_values == {"size": "large", "count": 2}


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"color": "red"}, "no field 'color'.*size, count, note"),
        ({"count": 10}, r"10 does not fit ShirtOrder\.count"),
        ({"size": "huge"}, "'huge' does not fit"),
        ({"note": "much too long a note"}, "does not fit"),
    ],
)
def test_initial_data_that_do_not_fit_are_refused_by_name(values: dict[str, Any], told: str) -> None:
    """The author learns which field and why, before anybody is asked."""
    with pytest.raises(ValueError, match=told):
        ShirtOrder.with_initial_data(**values)


def test_initial_data_that_cannot_be_shown_are_refused() -> None:
    """A number that is none has no JSON."""

    class Weight(RunInput):
        kilos: float

    with pytest.raises(ValueError, match="cannot be written as JSON"):
        Weight.with_initial_data(kilos=math.nan)


@pytest.mark.parametrize(
    ("asked", "schema"),
    [
        (str, {"type": "string"}),
        (int, {"type": "integer"}),
        (bool, {"type": "boolean"}),
        (Literal["a", "b"], {"enum": ["a", "b"], "type": "string"}),
    ],
)
def test_a_plain_type_is_asked_for_in_a_field_called_value(asked: Any, schema: dict[str, Any]) -> None:
    """And the flow gets the bare value."""
    question = Question.of(asked)
    assert question.schema is not None
    assert schema.items() <= question.schema["properties"]["value"].items()
    assert question.schema["required"] == ["value"]


def test_what_has_no_json_schema_cannot_be_asked_for() -> None:
    """The error names it, and comes when the flow asks."""

    class Odd(BaseModel):
        act: Callable[[], None]

    for asked in (Odd, threading.Event):
        with pytest.raises(InvalidFlow, match="cannot be asked for"):
            Question.of(asked)


def test_a_field_that_was_not_asked_for_is_refused() -> None:
    """A `RunInput` takes no more than it names."""
    with pytest.raises(ValidationError, match="color"):
        ShirtOrder.model_validate({"size": "small", "count": 1, "color": "red"})


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("Deploy?", r"takes a type, not a text\. .* pause_flow_run\(bool, description='Deploy\?'\)"),
        (ShirtOrder(size="small", count=1), r"takes the model ShirtOrder, .* ShirtOrder\.with_initial_data"),
        ({"a": int}, r"takes a model or a type such as bool, not \{'a': <class 'int'>\}"),
        ([str], r"takes a model or a type such as bool, not \[<class 'str'>\]"),
        (True, r"takes a model or a type such as bool, not True"),
        (math.sqrt, r"takes a model or a type such as bool, not <built-in function sqrt>"),
        (lambda: True, r"takes a model or a type such as bool, not <function"),
    ],
)
def test_something_other_than_a_type_is_refused(given: Any, message: str) -> None:
    """Pydantic would take some of these for a type with another meaning, and a person would be asked nonsense."""
    with pytest.raises(InvalidFlow, match=message):
        Question.of(given)
