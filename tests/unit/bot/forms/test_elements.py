"""Each type of field has a suitable input, with clear errors."""

import enum
import uuid
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import AnyUrl, BaseModel, EmailStr, Field, HttpUrl, SecretStr, create_model
from pydantic.json_schema import SkipJsonSchema

from signoff.bot.blockkit.blocks import Block
from signoff.bot.forms import UNSET, Form, UnsupportedField
from signoff.bot.forms.layout import blocks_of
from tests.unit.bot.forms.slack import check


class Color(enum.Enum):
    """The title of an enum is not a label."""

    RED = "red"
    GREEN = "green"


class Level(enum.IntEnum):
    """Numbers to choose from."""

    LOW = 1
    HIGH = 2


class Nested(BaseModel):
    """A model within a model."""

    inner: int


LONG = "long " * 20
FIFTY = tuple(f"option {number}" for number in range(50))
FIVE_HUNDRED = tuple(f"option {number}" for number in range(500))
FIVE_THOUSAND = tuple(f"option {number}" for number in range(5000))


def listed(options: tuple[str, ...]) -> Any:
    """The type of a list of some of the options."""
    return list[Literal[options]]  # type: ignore[valid-type]


def form_of(annotation: Any, **field: Any) -> Form:
    """The form of a model with the one field `it`."""
    return Form.of(create_model("Model", it=(annotation, Field(**field))).model_json_schema())


def block_of(form: Form, value: Any = UNSET) -> Block:
    """The block of the field, with `value` filled in."""
    blocks = blocks_of(form, {} if value is UNSET else {"it": value})
    check(blocks)
    return blocks[0]


def element_of(annotation: Any, value: Any = UNSET, **field: Any) -> Block:
    """The element of the field, with `value` filled in."""
    element: Block = block_of(form_of(annotation, **field), value)["element"]
    return element


def read(form: Form, state: dict[str, Any], initial: dict[str, Any] | None = None) -> Any:
    """The value that is read from the field, or the error message."""
    reading = form.read({form.block_id(("it",)): {"value": state}}, initial or {})
    return reading.errors.get(("it",), reading.values.get("it", UNSET))


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (str, "plain_text_input"),
        (int, "number_input"),
        (float, "number_input"),
        (bool, "radio_buttons"),
        (Literal["a", "b"], "radio_buttons"),
        (Literal["a"], "radio_buttons"),
        (Literal["a", LONG], "static_select"),
        (Literal[FIFTY], "static_select"),
        (Literal[FIVE_HUNDRED], "static_select"),
        (Literal[FIVE_THOUSAND], "external_select"),
        (Color, "radio_buttons"),
        (Level, "radio_buttons"),
        (date, "datepicker"),
        (datetime, "datetimepicker"),
        (time, "timepicker"),
        (timedelta, "plain_text_input"),
        (Decimal, "plain_text_input"),
        (Annotated[Decimal, Field(ge=0)], "number_input"),
        (EmailStr, "email_text_input"),
        (HttpUrl, "url_text_input"),
        (AnyUrl, "plain_text_input"),
        (uuid.UUID, "plain_text_input"),
        (Path, "plain_text_input"),
        (IPv4Address, "plain_text_input"),
        (list[Literal["a", "b"]], "checkboxes"),
        (set[Color], "checkboxes"),
        (listed(FIFTY), "multi_static_select"),
        (listed(FIVE_HUNDRED), "multi_static_select"),
        (listed(FIVE_THOUSAND), "multi_external_select"),
        (Any, "plain_text_input"),
    ],
)
def test_a_type_has_its_element(annotation: Any, kind: str) -> None:
    """The element is the same whether the field is required, optional, or null by default."""
    assert element_of(annotation)["type"] == kind
    assert element_of(annotation | None)["type"] == kind
    assert element_of(annotation | None, default=None)["type"] == kind


@pytest.mark.parametrize("annotation", [dict[str, Any], list[list[int]], dict[str, Nested]])
def test_types_without_an_element_are_asked_for_as_json(annotation: Any) -> None:
    """No field is dropped, and the hint says that the input takes JSON."""
    block = block_of(form_of(annotation))

    assert block["element"]["multiline"] is True
    assert block["hint"]["text"].lower().removesuffix(")").endswith("as json")


@pytest.mark.parametrize(
    ("field", "multiline"),
    [
        ({}, False),
        ({"max_length": 150}, False),
        ({"max_length": 151}, True),
        ({"json_schema_extra": {"element": "multiline"}}, True),
        ({"default": "two\nlines"}, True),
        ({"max_length": 150, "default": "x" * 50}, False),
        ({"max_length": 150, "default": "x" * 51}, True),
    ],
)
def test_long_text_has_several_lines(field: dict[str, Any], multiline: bool) -> None:
    """Text of more than 150 characters or with line breaks gets a large input, and so does a value that could not be
    read in one line, or if the field asks for one.
    """
    assert element_of(str, **field)["multiline"] is multiline


def test_a_bool_with_a_default_is_a_checkbox() -> None:
    """A checkbox has no third state for "not answered". Without a default there are two radio buttons."""
    assert element_of(bool, default=True)["initial_options"][0]["text"]["text"] == "Yes"
    assert "initial_options" not in element_of(bool, default=False)
    assert read(form_of(bool, default=True), {"selected_options": []}) is False
    assert read(form_of(bool, default=True), {"selected_options": []}, {"it": None}) is False


def test_titles_descriptions_and_examples_are_shown() -> None:
    """They become the label, the hint and the placeholder."""
    block = block_of(form_of(int, title="How many", description="At most ten", examples=[3, 4]))

    assert block["label"]["text"] == "How many"
    assert block["hint"]["text"] == "At most ten"
    assert block["element"]["placeholder"]["text"] == "3"


def test_a_field_of_an_enum_is_labelled_by_its_name() -> None:
    """The title that pydantic gives to an enum is the name of its class, not a label."""
    assert block_of(form_of(Color))["label"]["text"] == "It"
    assert block_of(form_of(Color | None, title="Paint"))["label"]["text"] == "Paint"


@pytest.mark.parametrize(
    ("annotation", "field", "bounds"),
    [
        (int, {"ge": 1, "le": 9}, ("1", "9")),
        (int, {"gt": 1, "lt": 9}, ("2", "8")),
        (float, {"gt": 0.5, "le": 1e3}, ("0.5", "1000")),
        (int, {"gt": 5, "lt": 6}, ("6", None)),
    ],
)
def test_numbers_have_their_bounds(annotation: Any, field: dict[str, Any], bounds: tuple[str | None, ...]) -> None:
    """Slack's input gets inclusive bounds. Contradictory ones are left to the model."""
    element = element_of(annotation, **field)

    assert (element.get("min_value"), element.get("max_value")) == bounds
    assert element["is_decimal_allowed"] is (annotation is float)


def test_a_single_choice_is_labelled_with_its_value() -> None:
    """The title of a field with one option labels the field, not the option."""
    block = block_of(form_of(Literal["once"], title="How often"))

    assert block["label"]["text"] == "How often"
    assert block["element"]["options"][0]["text"]["text"] == "once"


def test_an_initial_value_beyond_its_bounds_is_shown() -> None:
    """People can see and correct a value that the model will refuse."""
    assert element_of(int, 50, le=10) | {"max_value": "50", "initial_value": "50"} == element_of(int, 50, le=10)
    assert element_of(str, "abcdef", max_length=3)["initial_value"] == "abcdef"
    assert element_of(str, "a", min_length=3)["min_length"] == 1


@pytest.mark.parametrize(
    ("annotation", "typed", "value"),
    [
        (int, "12", 12),
        (int, " -3.0 ", -3),
        (float, "1e3", 1000.0),
        (float, ".5", 0.5),
        (float, "12.", 12.0),
        (int, "1_000", "Enter a whole number, such as 12."),
        (int, "1.5", "Enter a whole number, such as 12."),
        (int, "٣", "Enter a whole number, such as 12."),
        (float, "1,5", "Enter a number with a decimal point, such as 12.5."),
        (float, "nan", "Enter a number with a decimal point, such as 12.5."),
        (float, "1e999", "Enter a number with a decimal point, such as 12.5."),
        (str, "\ud800", "This text contains an invalid character. Type it again."),
        (Any, '{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
        (Any, "NaN", "This is not valid JSON: NaN is not a JSON number at line 1, column 1."),
        (Any, "[1, 1e400]", "The number 1e400 is too large."),
        (Any, "[" * 2900, "This JSON is nested too deeply, or contains a number that is too long."),
    ],
)
def test_typed_text_is_read_or_refused_with_a_reason(annotation: Any, typed: str, value: Any) -> None:
    """Text that is not a number, or not JSON, is an error of its field."""
    assert read(form_of(annotation), {"value": typed}) == value


@pytest.mark.parametrize(
    ("typed", "duration"),
    [
        ("90m", "PT1H30M"),
        ("2h30m", "PT2H30M"),
        ("1 day, 4 hours", "P1DT4H"),
        ("1.5h", "PT1H30M"),
        ("2w", "P14D"),
        ("-5s", "-PT5S"),
        ("PT1H30M", "PT1H30M"),
        ("p3d", "P3D"),
        ("90", "Enter a duration with units, such as 90m, 2h30m, 3d or PT1H30M."),
        ("soon", "Enter a duration with units, such as 90m, 2h30m, 3d or PT1H30M."),
        ("2 parsecs", "Enter a duration with units, such as 90m, 2h30m, 3d or PT1H30M."),
        ("999999999999d", "Enter a duration with units, such as 90m, 2h30m, 3d or PT1H30M."),
        ("P999999999999D", "Enter a duration with units, such as 90m, 2h30m, 3d or PT1H30M."),
    ],
)
def test_durations_are_typed_as_people_write_them(typed: str, duration: str) -> None:
    """Units may be letters or words, or ISO 8601. A number without a unit is an error."""
    assert read(form_of(timedelta), {"value": typed}) == duration


WHOLE = "Enter a whole number, such as 12."


@pytest.mark.parametrize(
    ("annotation", "typed", "value"),
    [
        (list[str], "one\n\n  two words \r\n", ["one", "two words"]),
        (list[str], '" kept "\n""\n"', [" kept ", "", '"']),
        (list[int], "1\n-2", [1, -2]),
        (list[bool], "Yes\nfalse", [True, False]),
        (dict[str, int], "a: 1\n\nb:2", {"a": 1, "b": 2}),
        (dict[str, str], 'a: b: c\n"x:y" : ""', {"a": "b: c", "x:y": ""}),
        (list[int], "1\ntwo\n\n3.5", f"Line 2: {WHOLE}\nLine 4: {WHOLE}"),
        (list[int], "x\n" * 7, "\n".join([*(f"Line {n}: {WHOLE}" for n in range(1, 6)), "and 2 more"])),
        (list[bool], "perhaps", "Line 1: Enter yes or no."),
        (dict[str, int], "a: 1\nb 2", "Line 2: Enter a name, a colon and a value."),
        (dict[str, int], "a: 1\na: 2", "Line 2: “a” appears twice."),
        (dict[str, int], "a:", "Line 1: Enter a number."),
        (dict[str, str], '"a: 1', "Line 1: The quotes are not closed."),
    ],
)
def test_lists_and_mappings_are_typed_one_per_line(annotation: Any, typed: str, value: Any) -> None:
    """Each line is a value, or a name and a value. Errors name the line."""
    form = form_of(annotation)

    assert read(form, {"value": typed}) == value
    assert block_of(form)["hint"]["text"].endswith("per line")


def test_an_empty_mapping_is_a_value() -> None:
    """The input of a mapping that may be empty may be left empty."""
    assert read(form_of(dict[str, int]), {"value": None}) == {}
    assert read(form_of(dict[str, int], min_length=1), {"value": None}) == "This field is required."


def test_a_decimal_keeps_its_digits() -> None:
    """Nothing is rounded, and a value that is not changed stays as it was written."""
    form = form_of(Decimal, ge=0)

    assert read(form, {"value": "0.10000000000000000001"}) == "0.10000000000000000001"
    assert block_of(form, "1.50")["element"]["initial_value"] == "1.50"
    assert block_of(form_of(Decimal, default=Decimal("2.50")))["element"]["type"] == "number_input"


def test_a_time_with_a_zone_stays_unchanged() -> None:
    """Slack's time picker cannot show a zone."""
    assert blocks_of(form_of(time), {"it": "10:00:00+02:00"})[0]["type"] == "section"
    assert read(form_of(time), {"selected_time": "14:30"}) == "14:30:00"
    assert read(form_of(time), {"selected_time": "late"}) == "Enter a time of day, such as 14:30."


def test_json_errors_name_line_and_column() -> None:
    """People can find the mistake."""
    assert read(form_of(Any), {"value": '{\n  "a": oops\n}'}) == (
        "This is not valid JSON: Expecting value at line 2, column 8."
    )


@pytest.mark.parametrize(
    ("annotation", "field", "empty"),
    [
        (str | None, {"default": "x"}, None),
        (int | None, {}, None),
        (Literal["a"] | None, {}, None),
        (str, {"default": "x"}, ""),
        (list[Literal["a"]], {}, []),
        (list[Literal["a"]] | None, {"default": None}, None),
        (Any, {"default": None}, None),
        (datetime, {"default_factory": lambda: datetime.now(UTC)}, UNSET),
    ],
)
def test_an_empty_input_becomes_a_value_that_the_model_accepts(
    annotation: Any, field: dict[str, Any], empty: Any
) -> None:
    """That is null, an empty text, an empty list, or no value at all."""
    form = form_of(annotation, **field)

    assert read(form, {"value": None}) == empty
    assert block_of(form)["optional"] is True


@pytest.mark.parametrize(
    ("annotation", "field"),
    [
        (str, {}),
        (str, {"default": "x", "min_length": 1}),
        (int, {"default": 3}),
        (list[Literal["a"]], {"min_length": 1}),
        (date, {}),
    ],
)
def test_a_field_that_cannot_be_empty_is_required(annotation: Any, field: dict[str, Any]) -> None:
    """Slack requires it, and so does the form."""
    form = form_of(annotation, **field)

    assert block_of(form)["optional"] is False
    assert read(form, {"value": None}) == "This field is required."


def test_clearing_a_field_overrides_its_initial_value() -> None:
    """An optional field that was emptied is null."""
    assert read(form_of(str | None), {"value": None}, {"it": "before"}) is None


def test_what_slack_cannot_show_is_not_lost() -> None:
    """Microseconds and the order of a list survive if the modal is submitted unchanged."""
    moment = "2026-05-01T10:00:00.123456+02:00"
    picked = {"selected_date_time": int(datetime.fromisoformat(moment).timestamp())}

    assert read(form_of(datetime), picked, {"it": moment}) == moment
    assert read(form_of(datetime), {"selected_date_time": 1777629600}, {"it": moment}) == "2026-05-01T10:00:00Z"


@pytest.mark.parametrize("moment", ["1999-12-31T23:59:59Z", "2290-01-01T00:00:00Z"])
def test_a_moment_that_slacks_picker_cannot_show_stays_unchanged(moment: str) -> None:
    """Slack accepts only timestamps with ten digits."""
    form = form_of(datetime)

    assert blocks_of(form, {"it": moment})[0]["type"] == "section"
    assert form.read({}, {"it": moment}).values == {"it": moment}


def test_an_optional_choice_can_be_cleared() -> None:
    """Radio buttons cannot be cleared, so an optional choice offers "No answer"."""
    form = form_of(Literal["a", "b"] | None, default=None)
    element = block_of(form)["element"]

    assert [option["text"]["text"] for option in element["options"]] == ["a", "b", "No answer"]
    assert element["initial_option"]["text"]["text"] == "No answer"
    assert read(form, {"selected_option": element["options"][2]}, {"it": "a"}) is None


def test_choices_that_look_alike_can_be_told_apart() -> None:
    """Long labels are cut, and numbered if they would be equal. The values are not changed."""
    long = "x" * 100
    form = form_of(Literal["1", 1, f"{long}1", f"{long}2"])
    options = block_of(form)["element"]["options"]
    labels = [option["text"]["text"] for option in options]

    assert len(set(labels)) == 4
    assert [read(form, {"selected_option": option}) for option in options] == ["1", 1, f"{long}1", f"{long}2"]


@pytest.mark.parametrize("claimed", ["choice-7", "choice--1", "1", "", None, 0, {"value": []}])
def test_a_choice_that_does_not_exist_is_refused(claimed: Any) -> None:
    """The position that an option claims is looked up in the schema."""
    found = read(form_of(Literal["a", "b"]), {"selected_option": {"value": claimed}})

    assert found == "This choice is no longer available. Choose again."


def test_hundreds_of_choices_are_grouped() -> None:
    """Slack accepts 100 options per group. A group is labelled with its first and last option."""
    form = form_of(Literal[FIVE_HUNDRED] | None)
    groups = block_of(form, "option 499")["element"]["option_groups"]

    assert [len(group["options"]) for group in groups] == [100, 100, 100, 100, 100, 1]
    assert groups[1]["label"]["text"] == "option 100 – option 199"
    assert read(form, {"selected_option": groups[4]["options"][99]}) == "option 499"


def test_thousands_of_choices_are_searched() -> None:
    """If they exceed the size of a view, the bot finds the options that match what was typed, best match first."""
    form = form_of(Literal[("an option 499", *FIVE_THOUSAND)] | None)
    block = block_of(form, "option 4999")
    found = form.matching(block["block_id"], "OPTION 499")

    assert block["element"]["initial_option"]["text"]["text"] == "option 4999"
    assert [one["text"]["text"] for one in found][:2] == ["option 499", "option 4990"]
    assert found[-1]["text"]["text"] == "an option 499"
    assert read(form, {"selected_option": found[0]}) == "option 499"
    assert len(form.matching(block["block_id"], "")) == 100
    assert form.matching(block["block_id"], "")[0]["text"]["text"] == "No answer"
    assert form.matching("/other", "") == []


def test_true_is_not_one() -> None:
    """As in JSON, and unlike in Python."""
    form = form_of(Literal[1, True])
    options = block_of(form)["element"]["options"]

    assert read(form, {"selected_option": options[0]}) is not True
    assert block_of(form, True)["element"]["initial_option"] == options[1]


def test_secrets_are_refused() -> None:
    """The error names the field and says what to do."""
    with pytest.raises(UnsupportedField, match=r"'it' is a secret.*Let the flow read the secret"):
        form_of(SecretStr)


def test_schemas_from_other_tools_are_drawn() -> None:
    """`definitions`, `allOf` with one member, `type` with null, and titled constants are understood."""
    form = Form.of(
        {
            "definitions": {"size": {"enum": ["s", "m"], "title": "Size"}},
            "properties": {
                "size": {"allOf": [{"$ref": "#/definitions/size"}], "title": "Your size"},
                "count": {"type": ["integer", "null"], "default": None},
                "kind": {"oneOf": [{"const": 1, "title": "One"}, {"const": 2, "title": "Two"}]},
                "loop": {"$ref": "#/definitions/nowhere"},
                "anything": True,
            },
            "required": ["size", "kind"],
        }
    )
    blocks = blocks_of(form, {})
    check(blocks)

    assert [block["element"]["type"] for block in blocks] == [
        "radio_buttons",
        "number_input",
        "radio_buttons",
        "plain_text_input",
        "plain_text_input",
    ]
    assert [block["optional"] for block in blocks] == [False, True, False, True, True]
    assert blocks[2]["element"]["options"][1]["text"]["text"] == "Two"


def test_a_reference_that_leads_to_itself_ends() -> None:
    """A schema that never gives a type is asked for as JSON."""
    form = Form.of({"$defs": {"a": {"$ref": "#/$defs/a"}}, "properties": {"it": {"$ref": "#/$defs/a"}}})

    assert block_of(form)["element"]["multiline"] is True


def test_block_ids_are_unique_and_short() -> None:
    """A block's id is the path of its field, or a hash if that is too long for Slack."""
    paths = [("a", "b"), ("a/b",), ("a~1b",), ("x" * 300,), ("x" * 301,)]
    ids = [Form.block_id(path) for path in paths]

    assert len(set(ids)) == len(paths)
    assert all(len(block_id) <= 255 for block_id in ids)


def test_a_field_hidden_from_the_schema_is_not_asked_for() -> None:
    """A field that is not in the schema is not in the form."""
    model = create_model("Model", it=(SkipJsonSchema[int], 1), other=(int, ...))

    assert [field.name for field in Form.of(model.model_json_schema()).fields] == ["other"]


@pytest.mark.parametrize(
    ("annotation", "one", "other"),
    [
        (list[str], ["a, b"], ["a", "b"]),
        (list[str], ["a\nb"], ["a", "b"]),
        (list[str], ["a", ""], ["a"]),
        (list[str], ["a "], ["a"]),
        (dict[str, str], {"a": "b\nc: d"}, {"a": "b", "c": "d"}),
        (dict[str, str], {"a: b": "c"}, {"a": "b: c"}),
    ],
)
def test_values_that_differ_are_not_shown_alike(annotation: Any, one: Any, other: Any) -> None:
    """Nobody approves one thing and gets another (invariant 12)."""
    (field,) = Form.of(create_model("Model", value=(annotation, ...)).model_json_schema()).fields
    assert field.element.show(one) != field.element.show(other)
    assert field.element.show(other) in {"a, b", "a", "a: b\nc: d", "a: b: c"}
