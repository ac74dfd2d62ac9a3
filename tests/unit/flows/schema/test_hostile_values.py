"""No value that a person enters makes its check take long, fail, or blame the schema."""

import base64
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from signoff.bot.blockkit import markdown, markup
from signoff.bot.forms.elements.durations import Duration
from signoff.bot.forms.elements.element import UnreadableInput
from signoff.bot.forms.elements.list_text import ListText
from signoff.bot.forms.elements.numbers import Number
from signoff.bot.forms.elements.text import JsonText
from signoff.flows.approval.validation import MAX_NESTING, FieldError, Valid, validate
from signoff.flows.code.module_loading import model_reference
from signoff.flows.names import humanize
from signoff.flows.schema.choices import GIVEN, choice_errors
from signoff.flows.schema.formats import format_error
from signoff.flows.schema.json_schema import schema_of
from signoff.flows.schema.schema_validation import schema_errors, schema_fault
from tests.support.growth import assert_linear
from tests.support.prompts import prompt_for

PARTS = (
    "a",
    "0",
    "9.",
    "-",
    "@",
    "a@",
    ".",
    ":",
    "::1",
    "2026-01-31T",
    "PT1H",
    "P",
    "=",
    "AA==",
    "http://",
    "xn--",
    "é",
    " ",
    "<",
    '"',
)
FORMATS = (
    *("date", "date-time", "time", "duration", "email", "idn-email", "uri", "uuid", "ipv4", "ipv6"),
    *("base64", "base64url", "slack-user", "slack-channel"),
)


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_checked_in_time_in_proportion_to_the_text(name: str) -> None:
    """Whatever the text is made of; an error is a message, not an exception."""

    def check(part: str, size: int) -> None:
        format_error(part * (size // len(part)) + "!", {"format": name})

    for part in PARTS:
        assert_linear(partial(check, part), small=500)


@pytest.mark.slow
@pytest.mark.parametrize(
    "part",
    [
        "[",
        "![",
        "*a_",
        "**a ",
        "`",
        "``",
        "> ",
        "- ",
        "1. ",
        "<",
        "<http://",
        "&",
        "|a",
        "|-|\n",
        "~~",
        "\\",
        "](",
        "a\n",
        "[a]: ",
        "_a*b",
    ],
)
def test_a_description_is_drawn_in_time_in_proportion_to_the_text(part: str) -> None:
    """Up to the longest text that is drawn at all. Descriptions often quote what users wrote."""
    assert_linear(lambda size: markdown.for_modal(part * (size // len(part)), size), small=400)
    assert_linear(lambda size: markdown.for_message(part * (size // len(part)) * 2, size), small=400)
    assert_linear(lambda size: markup.escape(part * (size // len(part)), size), small=1_000)
    assert_linear(lambda size: humanize(part * (size // len(part))), small=1_000)


@pytest.mark.parametrize("part", ["9", "0", "9.", ".9", "e9", "+", "9e9"])
def test_a_number_is_read_in_time_in_proportion_to_its_text(part: str) -> None:
    """Also a text that almost is a number."""

    def read(size: int) -> None:
        for element in (Number(whole=True), Number(whole=False), Number(whole=False, exact=True), Duration()):
            for end in ("", "x"):
                with suppress(UnreadableInput):
                    element.show(element.read({"value": part * (size // len(part)) + end}))

    assert_linear(read, small=1_000)


class Anything(BaseModel):
    """Takes what is nested."""

    it: Any = None
    number: int | None = None
    exact: Decimal | None = Field(default=None, multiple_of=0.01)
    amount: float | None = Field(default=None, multiple_of=0.01)


def nested(levels: int) -> Any:
    """Lists and objects in each other."""
    value: Any = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


HUGE: list[tuple[str, Any]] = [
    ("it", nested(100_000)),
    ("it", nested(MAX_NESTING)),
    ("number", 10**4_400),
    ("number", float("inf")),
    ("number", float("nan")),
    ("number", "9" * 5_000),
    ("exact", "1e999999999"),
    ("exact", "1e-999999999"),
    ("exact", "9" * 5_000 + "x"),
    ("amount", "1e400"),
]


@pytest.mark.parametrize("can_import", [True, False])
@pytest.mark.parametrize("number", range(len(HUGE)))
def test_what_is_too_large_is_refused_in_one_sentence(number: int, can_import: bool) -> None:
    """Of the value, on both paths, and never with Python's words for it."""
    name, value = HUGE[number]
    reference = model_reference(Anything) if can_import else None
    checked = validate(replace(prompt_for(None), schema=schema_of(Anything), model=reference), {name: value})
    if isinstance(checked, Valid):
        # The schema alone says no more of a Decimal than that it is a text.
        assert (name, can_import) == ("exact", False) or isinstance(value, str)
        return
    for error in checked:
        assert "JSON Schema of this prompt" not in error.message
        assert "recursion" not in error.message
        assert "sys." not in error.message


def test_values_are_taken_down_to_a_depth_that_nobody_needs() -> None:
    """With the limit in the message."""
    prompt = prompt_for(None, schema={"type": "object"})
    assert isinstance(validate(prompt, {"it": nested(MAX_NESTING - 1)}), Valid)
    assert validate(prompt, {"it": nested(MAX_NESTING)}) == (
        FieldError((), "This is nested too deeply: at most 64 levels can be taken."),
    )


@pytest.mark.slow
@pytest.mark.parametrize("item", [1, "a", {"a": 1}, [1], None, True])
def test_unique_items_are_compared_in_time_in_proportion_to_their_number(item: Any) -> None:
    """Lists of objects and of mixed values, too."""
    schema = {"properties": {"it": {"uniqueItems": True}}}

    def check(size: int) -> None:
        values = [[number, item, {"n": [number]}] for number in range(size)]
        assert schema_errors(schema, {"it": [item, *values]}) == []

    assert_linear(check, small=500)


def test_choices_are_compared_in_time_in_proportion_to_their_number() -> None:
    """A list that has all of them."""

    def check(size: int) -> None:
        values = list(range(size))
        part = {"type": "array", "items": {"enum": values, GIVEN: {"type": "integer"}}}
        assert list(choice_errors({"properties": {"it": part}}, {"it": values})) == []
        assert len(list(choice_errors({"properties": {"it": part}}, {"it": [True, -1]}))) == 2

    assert_linear(check, small=500)


@pytest.mark.parametrize(
    ("items", "unique"),
    [
        ([1, True], True),
        ([1, 1.0], False),
        ([{"a": 1, "b": [0]}, {"b": [0], "a": 1}], False),
        ([{"a": 1}, {"a": True}], True),
        ([[1, 2], [2, 1]], True),
        ([None, None], False),
        (["1", 1], True),
        ([[], {}], True),
    ],
)
def test_items_are_equal_as_in_json(items: list[Any], unique: bool) -> None:
    """1 is 1.0 and not true, and the order of names does not matter."""
    assert (schema_errors({"properties": {"it": {"uniqueItems": True}}}, {"it": items}) == []) == unique


@pytest.mark.parametrize(
    ("factor", "value", "fits"),
    [
        (0.1, 0.3, True),
        (0.01, 19.99, True),
        (0.1, 0.35, False),
        (1e-300, 1e300, True),
        (1e-300, 10**400, True),
        (0.5, 10**400, True),
        (3, 10**400, False),
        (1e308, 1, False),
        (2, 4.0, True),
        (2, True, True),
    ],
)
def test_multiples_are_exact(factor: float, value: Any, fits: bool) -> None:
    """As people read the numbers, however large or small they are."""
    assert (schema_errors({"properties": {"it": {"multipleOf": factor}}}, {"it": value}) == []) == fits


LEAF: dict[str, Any] = {"type": "integer"}
RECURSIVE = {
    "properties": {"it": {"$ref": "#/$defs/A"}},
    "$defs": {
        name: {
            "type": "object",
            "properties": {"next": {"anyOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]}, "end": LEAF},
        }
        for name in ("A", "B")
    },
}
"""At each level, a value has to be tried as two types, and each of them tries both at the next."""

LAUGHS = {
    "properties": {"it": {"$ref": "#/$defs/0"}},
    "$defs": {str(n): {"allOf": [{"$ref": f"#/$defs/{n + 1}"}, {"$ref": f"#/$defs/{n + 1}"}]} for n in range(60)}
    | {"60": {}},
}
"""A schema in which the number of references doubles at each level."""


@pytest.mark.parametrize(
    ("schema", "levels"),
    [(RECURSIVE, 30), (LAUGHS, 1), ({"$ref": "#"}, 1), ({"properties": {"it": {"$ref": "#/properties/it"}}}, 1)],
)
def test_a_schema_that_branches_without_end_is_given_up(schema: dict[str, Any], levels: int) -> None:
    """With one sentence. A schema comes from a flow, but how deeply a value nests in it comes from people."""
    value: Any = {"end": "wrong"}
    for _ in range(levels):
        value = {"next": value}
    assert schema_errors(schema, {"it": value}) == [((), "This is nested too deeply to be checked.")]


class Leaf(BaseModel):
    """A model of a union that contains the union."""

    next: "Leaf | Twig | None" = None
    end: int = 0


class Twig(BaseModel):
    """Another one, with the same fields."""

    next: "Leaf | Twig | None" = None
    end: int = 0


class Tree(BaseModel):
    """Tries two models at each level."""

    it: Leaf | Twig


class And(BaseModel):
    """A model of a union with a discriminator."""

    kind: Literal["and"] = "and"
    next: "Annotated[And | Or, Field(discriminator='kind')] | None" = None
    end: int = 0


class Or(BaseModel):
    """Another one."""

    kind: Literal["or"] = "or"
    next: "Annotated[And | Or, Field(discriminator='kind')] | None" = None
    end: int = 0


class Condition(BaseModel):
    """Knows at each level which model is meant."""

    it: And | Or = Field(discriminator="kind")


def chain(levels: int, end: Any, **more: Any) -> Any:
    """One object in another."""
    value: Any = {**more, "end": end}
    for _ in range(levels):
        value = {**more, "next": value}
    return value


@pytest.mark.slow
@pytest.mark.parametrize("can_import", [True, False])
@pytest.mark.parametrize("end", [1, "wrong"])
def test_a_union_that_contains_itself_is_not_tried_without_end(can_import: bool, end: Any) -> None:
    """pydantic takes twice the time for each level, and no other thread runs meanwhile; 60 levels would take ages."""
    prompt = replace(prompt_for(None), schema=schema_of(Tree), model=model_reference(Tree) if can_import else None)
    assert validate(prompt, {"it": chain(60, end)}) == (FieldError((), "This is nested too deeply to be checked."),)
    assert isinstance(validate(prompt, {"it": chain(6, 1)}), Valid)


@pytest.mark.slow
@pytest.mark.parametrize("can_import", [True, False])
def test_a_union_with_a_discriminator_may_be_nested(can_import: bool) -> None:
    """Of such a union only the member that is meant is tried, with its errors where they are."""
    reference = model_reference(Condition) if can_import else None
    prompt = replace(prompt_for(None), schema=schema_of(Condition), model=reference)
    assert isinstance(validate(prompt, {"it": chain(50, 1, kind="or")}), Valid)
    (error,) = validate(prompt, {"it": chain(50, "wrong", kind="or")})  # type: ignore[misc]
    assert error.path[-1] == "end"
    assert isinstance(validate(prompt, {"it": chain(50, 1, kind="xor")}), tuple)


def test_long_lists_of_models_are_checked() -> None:
    """The bound on references is far from what an answer has."""
    schema = {"properties": {"it": {"items": {"$ref": "#/$defs/Row"}}}, "$defs": {"Row": {"properties": {"n": LEAF}}}}
    rows = [{"n": number} for number in range(10_000)]
    assert schema_errors(schema, {"it": rows}) == []
    assert schema_errors(schema, {"it": [*rows, {"n": "x"}]}) == [(("it", 10_000, "n"), "Enter a whole number.")]


def test_a_typed_list_is_read_in_time_in_proportion_to_its_lines() -> None:
    """And typed JSON, whatever it contains."""
    assert_linear(lambda size: ListText("number").read({"value": "1\n" * size}), small=500)

    def read(size: int) -> None:
        for text in ("[" * size, "[" * 50 + "9" * size, '{"a":' * size, '"' + "\\u12" * size):
            with pytest.raises(UnreadableInput):
                JsonText().read({"value": text})

    assert_linear(read, small=1_000)


def test_a_file_is_measured_in_time_in_proportion_to_its_size() -> None:
    """It is the longest text of all."""
    assert_linear(lambda size: format_error(base64.b64encode(bytes(size)).decode(), {"format": "base64"}), small=50_000)


def test_a_schema_that_is_nested_too_deeply_is_not_valid() -> None:
    """JSON reads deeper ones than can be checked."""
    schema: dict[str, Any] = {}
    for _ in range(400):
        schema = {"properties": {"it": schema}}
    assert schema_fault(schema) in (None, "it is nested too deeply")
    assert schema_fault({"properties": {"it": {"pattern": r"\p{L}"}}}) is None
