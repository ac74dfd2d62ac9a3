"""Nested models are sections, and their values keep their place."""

from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr, create_model

from signoff.bot.blockkit.blocks import Block
from signoff.bot.forms import Form, UnsupportedField
from signoff.bot.forms.elements.entry_list import EntryList
from signoff.bot.forms.elements.text import JsonText
from signoff.bot.forms.layout import blocks_of
from tests.unit.bot.forms.slack import check, submitted_as_drawn


class Street(BaseModel):
    """Where exactly"""

    name: str
    number: int = 1


class Address(BaseModel):
    """Where to"""

    street: Street
    city: str = "Vienna"


class Order(BaseModel):
    """What and where to"""

    item: str
    address: Address = Field(title="Deliver to", description="By noon")
    note: str | None = None


FORM = Form.of(Order.model_json_schema())
VALUES = {"item": "shirt", "address": {"street": {"name": "Ring", "number": 3}, "city": "Graz"}, "note": None}


def typed(blocks: list[Block], changes: dict[str, Any]) -> dict[str, Any]:
    """The state of a modal in which these texts were changed, by block id."""
    state = submitted_as_drawn(blocks)
    for block_id, value in changes.items():
        state[block_id]["value"]["value"] = value
    return state


def test_a_nested_model_has_a_heading() -> None:
    """The heading has the title and description of the field, or of its class. The inputs follow in order."""
    blocks = blocks_of(FORM, {})
    check(blocks)

    texts = [block.get("label") or block.get("text") or block["elements"][0] for block in blocks]

    assert [text["text"] for text in texts] == [
        *("Item", "*Deliver to*", "By noon", "*Street*", "Where exactly"),
        *("Name", "Number", "City", "Note"),
    ]


def test_nested_values_are_drawn_and_read_in_their_place() -> None:
    """Values from nested inputs come back at the same depth."""
    state = typed(blocks_of(FORM, VALUES), {"/address/street/name": "Gasse"})

    assert FORM.read(state, VALUES).values == {
        **VALUES,
        "address": {"street": {"name": "Gasse", "number": 3}, "city": "Graz"},
    }


def test_reading_changes_nothing_in_the_initial_values() -> None:
    """The values that a form was drawn with are those of the prompt."""
    initial = {"address": {"street": {"name": "Ring"}}}
    FORM.read(typed(blocks_of(FORM, initial), {"/address/street/name": "Gasse"}), initial)

    assert initial == {"address": {"street": {"name": "Ring"}}}


def test_a_nested_error_finds_its_field() -> None:
    """A path to a value leads to its input, and a path to a model to its heading."""
    assert FORM.label(("address", "street", "number")) == "Deliver to › Street › Number"
    assert FORM.label(("address", "street")) == "Street"
    assert FORM.label(("nowhere",)) is None
    reading = FORM.read(typed(blocks_of(FORM, VALUES), {"/address/street/number": "x"}), VALUES)
    assert reading.errors == {("address", "street", "number"): "Enter a whole number, such as 12."}


def test_a_models_default_fills_its_inputs() -> None:
    """The default of a nested model takes precedence over those of its fields."""
    default = Address(street=Street(name="Ring"), city="Linz")
    form = Form.of(create_model("Model", address=(Address, default)).model_json_schema())

    assert [field.default for field in form.fields] == ["Ring", 1, "Linz"]
    assert not any(field.required for field in form.fields)


def test_a_model_of_defaults_can_be_left_alone() -> None:
    """A required model whose fields all have defaults is submitted as an empty object, not left out."""

    class Options(BaseModel):
        """Nothing has to be filled in"""

        moment: str = Field(default_factory=lambda: "now")

    model = create_model("Model", options=(Options, ...))
    form = Form.of(model.model_json_schema())

    reading = form.read(submitted_as_drawn(blocks_of(form, {})), {})

    assert model.model_validate(reading.values).model_dump() == {"options": {"moment": "now"}}


def test_a_nested_secret_is_refused_with_its_path() -> None:
    """A secret is refused at any depth, by name."""
    inner = create_model("Inner", token=(SecretStr, ...))

    with pytest.raises(UnsupportedField, match=r"'login\.token' is a secret"):
        Form.of(create_model("Model", login=(inner, ...)).model_json_schema())


class Node(BaseModel):
    """A tree"""

    name: str
    children: list["Node"] = []


def test_a_recursive_model_has_its_fields() -> None:
    """A field that leads back to the model is a list of entries as deep as modals stack, and then JSON."""
    form = Form.of(Node.model_json_schema())
    elements = []
    for _ in range(3):
        check(blocks_of(form, {}))
        elements.append(form.fields[1].element)
        form = form.of_entry(elements[-1]) if isinstance(elements[-1], EntryList) else form

    assert [type(element) for element in elements] == [EntryList, EntryList, JsonText]


def test_a_schema_that_contains_itself_ends_as_json() -> None:
    """A recursive schema makes a finite form."""
    schema = {
        "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "required": ["next"]}},
        "properties": {"first": {"$ref": "#/$defs/node"}},
    }

    assert [len(field.path) for field in Form.of(schema).fields] == [6]
