"""Models within models are sections, and their values keep their place."""

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
    """The state of a modal in which some texts were changed, by block id."""
    state = submitted_as_drawn(blocks)
    for block_id, value in changes.items():
        state[block_id]["value"]["value"] = value
    return state


def test_a_nested_model_stands_under_its_heading() -> None:
    """A heading has the field's title and description, or the docstring of its class; inputs follow in order."""
    blocks = blocks_of(FORM, {})
    check(blocks)

    texts = [block.get("label") or block.get("text") or block["elements"][0] for block in blocks]

    assert [text["text"] for text in texts] == [
        *("Item", "*Deliver to*", "By noon", "*Street*", "Where exactly"),
        *("Name", "Number", "City", "Note"),
    ]


def test_nested_values_are_drawn_and_read_in_their_place() -> None:
    """What is filled in deep inside comes back deep inside."""
    state = typed(blocks_of(FORM, VALUES), {"/address/street/name": "Gasse"})

    assert FORM.read(state, VALUES).values == {
        **VALUES,
        "address": {"street": {"name": "Gasse", "number": 3}, "city": "Graz"},
    }


def test_reading_changes_nothing_in_the_initial_values() -> None:
    """The values that a form was drawn with belong to the record."""
    initial = {"address": {"street": {"name": "Ring"}}}
    FORM.read(typed(blocks_of(FORM, initial), {"/address/street/name": "Gasse"}), initial)

    assert initial == {"address": {"street": {"name": "Ring"}}}


def test_an_error_deep_inside_finds_its_field() -> None:
    """A path leads to the input, a path that ends at a model to its heading."""
    assert FORM.label(("address", "street", "number")) == "Deliver to › Street › Number"
    assert FORM.label(("address", "street")) == "Street"
    assert FORM.label(("nowhere",)) is None
    reading = FORM.read(typed(blocks_of(FORM, VALUES), {"/address/street/number": "x"}), VALUES)
    assert reading.errors == {("address", "street", "number"): "Enter a whole number, such as 12."}


def test_a_models_default_fills_its_inputs() -> None:
    """A nested model's default reaches its fields, and goes before theirs."""
    default = Address(street=Street(name="Ring"), city="Linz")
    form = Form.of(create_model("Model", address=(Address, default)).model_json_schema())

    assert [field.default for field in form.fields] == ["Ring", 1, "Linz"]
    assert not any(field.required for field in form.fields)


def test_a_model_of_defaults_can_be_left_alone() -> None:
    """A required model whose fields all have defaults is given as an empty one, not as missing."""

    class Options(BaseModel):
        """Nothing has to be said"""

        moment: str = Field(default_factory=lambda: "now")

    model = create_model("Model", options=(Options, ...))
    form = Form.of(model.model_json_schema())

    reading = form.read(submitted_as_drawn(blocks_of(form, {})), {})

    assert model.model_validate(reading.values).model_dump() == {"options": {"moment": "now"}}


def test_a_nested_secret_is_refused_with_its_path() -> None:
    """However deep it stands, a secret is named."""
    inner = create_model("Inner", token=(SecretStr, ...))

    with pytest.raises(UnsupportedField, match=r"'login\.token' is a secret"):
        Form.of(create_model("Model", login=(inner, ...)).model_json_schema())


class Node(BaseModel):
    """A tree"""

    name: str
    children: list["Node"] = []


def test_a_recursive_model_has_its_fields() -> None:
    """What leads back to the model is a list of its entries, as deep as modals are stacked, and then JSON."""
    form = Form.of(Node.model_json_schema())
    elements = []
    for _ in range(3):
        check(blocks_of(form, {}))
        elements.append(form.fields[1].element)
        form = form.of_entry(elements[-1]) if isinstance(elements[-1], EntryList) else form

    assert [type(element) for element in elements] == [EntryList, EntryList, JsonText]


def test_a_schema_that_contains_itself_ends_as_json() -> None:
    """However a schema leads back to itself, the form ends."""
    schema = {
        "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "required": ["next"]}},
        "properties": {"first": {"$ref": "#/$defs/node"}},
    }

    assert [len(field.path) for field in Form.of(schema).fields] == [6]
