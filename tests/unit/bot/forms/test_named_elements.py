"""A field can name another input than its default, and every input that the flow accepts is drawn."""

from typing import Any, Literal

import pytest
from pydantic import Field, create_model

from signoff.bot.forms import UNSET, Form, verdict_buttons
from signoff.bot.forms.layout import blocks_of
from signoff.flows.schema.elements import possible_elements
from signoff.flows.schema.json_schema import schema_of
from tests.unit.bot.forms.slack import check, submitted_as_drawn

Sizes = Literal["small", "large"]
DRAWN = [
    (Sizes, "radio", "small", {"type": "radio_buttons"}),
    (Sizes, "select", "small", {"type": "static_select"}),
    (Sizes | None, "select", "small", {"type": "static_select"}),
    (list[Sizes], "checkboxes", ["small"], {"type": "checkboxes"}),
    (list[Sizes], "select", ["small"], {"type": "multi_static_select"}),
    (bool, "radio", True, {"type": "radio_buttons"}),
    (bool, "checkbox", True, {"type": "checkboxes"}),
    (str, "text", "a", {"type": "plain_text_input", "multiline": False}),
    (str, "multiline", "a", {"type": "plain_text_input", "multiline": True}),
    (str | None, "multiline", "a", {"type": "plain_text_input", "multiline": True}),
    (list[int], "lines", [1, 2], {"type": "plain_text_input", "initial_value": "1\n2"}),
    (list[int], "json", [1, 2], {"type": "plain_text_input", "initial_value": "[\n  1,\n  2\n]"}),
    (dict[str, int], "pairs", {"a": 1}, {"type": "plain_text_input", "initial_value": "a: 1"}),
    (dict[str, int], "json", {"a": 1}, {"type": "plain_text_input", "initial_value": '{\n  "a": 1\n}'}),
    (Any, "json", [1], {"type": "plain_text_input", "initial_value": "[\n  1\n]"}),
    (Any, "text", "free text", {"type": "plain_text_input", "multiline": False}),
    (Any, "multiline", "free text", {"type": "plain_text_input", "initial_value": "free text"}),
]


@pytest.mark.parametrize(("annotation", "element", "value", "block"), DRAWN)
def test_the_element_that_a_field_names_is_drawn(annotation: Any, element: str, value: Any, block: Any) -> None:
    """It asks for the same values and reads them back."""
    model = create_model("Model", it=(annotation, Field(json_schema_extra={"element": element})))
    schema = schema_of(model)
    assert element in possible_elements(schema["properties"]["it"], schema)
    form = Form.of(schema)
    blocks = blocks_of(form, {"it": value})
    check(blocks)
    assert block.items() <= blocks[0]["element"].items()
    assert form.read(submitted_as_drawn(blocks), {}).values == {"it": value}


def test_a_default_changes_the_usual_element_and_not_the_one_that_is_named() -> None:
    """A `bool` with a default is a checkbox unless it names radio buttons, and vice versa without one."""
    radio = create_model("Model", it=(bool, Field(default=True, json_schema_extra={"element": "radio"})))
    tick = create_model("Model", it=(bool, Field(json_schema_extra={"element": "checkbox"})))
    assert blocks_of(Form.of(schema_of(radio)), {})[0]["element"]["type"] == "radio_buttons"
    assert blocks_of(Form.of(schema_of(tick)), {})[0]["element"]["type"] == "checkboxes"
    assert verdict_buttons(Form.of(schema_of(tick)), {}) is None


@pytest.mark.parametrize("annotation", [str, int, Sizes, list[Sizes], list[int], bool])
def test_a_schema_from_elsewhere_that_names_nonsense_is_drawn_as_usual(annotation: Any) -> None:
    """A flow would get an error. For a form it is too late for that."""
    model = create_model("Model", it=(annotation, ...))
    schema = model.model_json_schema()
    usual = blocks_of(Form.of(schema), {})
    schema["properties"]["it"]["element"] = "slider"
    assert blocks_of(Form.of(schema), {}) == usual
    assert Form.of(schema).fields[0].value({}) is UNSET
