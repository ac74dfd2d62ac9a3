"""A union asks for the variant of a value, and for the fields of that variant."""

import functools
import operator
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError, create_model

from signoff.bot.blockkit.blocks import Block
from signoff.bot.forms import Form
from signoff.bot.forms.layout import blocks_of
from tests.unit.bot.forms.slack import check, submitted_as_drawn


class Cat(BaseModel):
    """Purrs"""

    kind: Literal["cat"]
    name: str
    lives: int = 9


class Dog(BaseModel):
    """Barks"""

    kind: Literal["dog"] = "dog"
    name: str
    born: date | None = None


class Home(BaseModel):
    """Who lives there"""

    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    spare: Cat | None = None
    limit: int | list[int] | Literal["none"] | None = None


FORM = Form.of(Home.model_json_schema())


def labels(blocks: list[Block]) -> list[str]:
    """The labels of the inputs."""
    return [block["label"]["text"] for block in blocks if block["type"] == "input"]


def choosing(blocks: list[Block], block_id: str, number: int) -> dict[str, Any]:
    """The state of a modal in which another variant is chosen."""
    state = submitted_as_drawn(blocks)
    state[block_id]["value"] = {"selected_option": {"value": f"choice-{number}"}}
    return state


def test_without_a_choice_only_the_variant_is_asked_for() -> None:
    """A required union has no variant chosen, and an optional one has "None"."""
    blocks = blocks_of(FORM, {})
    check(blocks)

    assert labels(blocks) == ["Pet", "Spare", "Limit"]
    assert [option["text"]["text"] for option in blocks[0]["element"]["options"]] == ["Cat", "Dog"]
    assert blocks[1]["element"]["initial_option"]["text"]["text"] == "None"


def test_the_fields_of_the_variant_follow_without_its_tag() -> None:
    """The tag of the initial value tells the variant. Nobody has to type it."""
    blocks = blocks_of(FORM, {"pet": {"kind": "dog", "name": "Rex"}, "limit": [1, 2]})
    check(blocks)

    assert labels(blocks) == ["Pet", "Name", "Born", "Spare", "Limit", "List"]
    reading = FORM.read(submitted_as_drawn(blocks), {"pet": {"kind": "dog", "name": "Rex"}, "limit": [1, 2]})
    assert reading.values == {"pet": {"kind": "dog", "name": "Rex", "born": None}, "spare": None, "limit": [1, 2]}
    assert not reading.switched


def test_each_variant_keeps_what_was_typed_in_it() -> None:
    """Even if it could not be read, and even if two variants have a field of the same name."""
    values = {"pet": {"kind": "dog", "name": "Rex"}}
    there = FORM.read(choosing(blocks_of(FORM, values), "/pet", 0), values)
    assert there.switched
    assert there.values["pet"] == {"kind": "cat"}

    blocks = blocks_of(FORM, there.values, there.raw_input)
    assert labels(blocks)[:3] == ["Pet", "Name", "Lives"]
    state = choosing(blocks, "/pet", 1)
    state["/pet~k0/lives"]["value"] = {"value": "many"}
    back = FORM.read(state, there.values, there.raw_input)

    assert back.values["pet"] == {"kind": "dog", "name": "Rex", "born": None}
    again = FORM.read(choosing(blocks_of(FORM, back.values, back.raw_input), "/pet", 0), back.values, back.raw_input)
    assert again.raw_input["/pet~k0/lives"] == "many"


def test_a_text_that_was_never_readable_is_an_error_from_any_page() -> None:
    """Input on a page that is not open is not forgotten."""
    form = Form.of(create_model("Model", numbers=(list[int], ...), note=(str, "")).model_json_schema())
    typed = {"/numbers": {"value": {"value": "1\ntwo"}}}
    first = form.read(typed, {})

    second = form.read({"/note": {"value": {"value": "x"}}}, first.values, first.raw_input)

    assert second.errors == {("numbers",): "Line 2: Enter a whole number, such as 12."}
    assert blocks_of(form, second.values, second.raw_input)[0]["element"]["initial_value"] == "1\ntwo"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"pet": {"kind": "cat", "lives": "x"}}, {"Pet › Name", "Pet › Lives"}),
        ({"pet": {"kind": "dog"}, "limit": ["x"]}, {"Pet › Name", "Limit › List"}),
        ({"pet": {}}, {"Pet"}),
        ({"pet": {"kind": "cat", "name": "Tom"}, "spare": {"kind": "dog"}}, {"Spare"}),
    ],
)
def test_people_see_the_errors_of_the_variant_that_they_chose(values: dict[str, Any], told: set[str]) -> None:
    """pydantic reports the errors of every variant of an untagged union."""
    with pytest.raises(ValidationError) as caught:
        Home.model_validate(values)
    errors = [(error["loc"], error["msg"]) for error in caught.value.errors()]

    labels = {label for error in FORM.locate_errors(errors, values) if (label := error.target.label)}

    assert told <= labels
    assert all(label.partition(" › ")[0] in {each.partition(" › ")[0] for each in told} for label in labels)


def test_an_error_in_the_eleventh_variant_is_not_taken_for_one_in_the_second() -> None:
    """The block ids of the variants 1 and 10 begin alike."""
    tags: list[Any] = [Literal[f"tag-{number}"] for number in range(12)]
    models = [create_model(f"M{number}", tag=(tag, ...), name=(str, ...)) for number, tag in enumerate(tags)]
    union: Any = functools.reduce(operator.or_, models)
    form = Form.of(create_model("Model", it=(union, Field(discriminator="tag"))).model_json_schema())

    (error,) = form.locate_errors([(("it", "tag-10", "name"), "Too short.")], {"it": {"tag": "tag-10"}})

    assert (error.target.label, error.message) == ("It › Name", "Too short.")


@pytest.mark.parametrize(
    "raw_input", [{"/pet": 7}, {"/pet": True}, {"/pet": -1}, {"/pet": "cat"}, {"/pet~k0~aside": 3}]
)
def test_a_draft_may_hold_anything(raw_input: dict[str, Any]) -> None:
    """It may have been stored for an earlier schema."""
    blocks = blocks_of(FORM, {"pet": {"kind": "dog"}}, raw_input)
    check(blocks)

    assert labels(blocks)[0] == "Pet"
    FORM.read(choosing(blocks, "/pet", 0), {"pet": {"kind": "dog"}}, raw_input)


def test_a_union_that_contains_itself_ends() -> None:
    """A recursive schema makes a finite form."""
    schema = {
        "$defs": {"json": {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"$ref": "#/$defs/json"}}]}},
        "properties": {"it": {"$ref": "#/$defs/json"}},
    }
    for value in (3, [1, [2, [3]]], {"a": 1}):
        check(blocks_of(Form.of(schema), {"it": value}))
