"""Answers are validated by a JSON Schema alone, with messages that people understand."""

import uuid
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import (
    AnyUrl,
    AwareDatetime,
    BaseModel,
    EmailStr,
    Field,
    IPvAnyAddress,
    NaiveDatetime,
    TypeAdapter,
)

from signoff.flows.schema.json_schema import schema_of
from signoff.flows.schema.schema_validation import schema_errors
from tests.unit.bot.forms.zoo import Case, cases

NULLABLE = {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]}


def told(part: dict[str, Any], value: Any, **root: Any) -> list[str]:
    """The messages for a value."""
    return [message for _, message in schema_errors({**root, "properties": {"it": part}}, {"it": value})]


@pytest.mark.parametrize(
    ("part", "right", "wrong", "message"),
    [
        ({"format": "date"}, "2026-01-31", "31.1.2026", "Enter a date such as 2026-01-31."),
        ({"format": "date"}, "2026-01-31", "20260131", "Enter a date such as 2026-01-31."),
        ({"format": "date-time"}, "2026-01-31T14:30:00", "2026-01-31", "Enter a date and a time such as"),
        ({"format": "date-time"}, "2026-01-31T14:30:00+02:00", "soon", "Enter a date and a time such as"),
        (
            {"format": "date-time", "zone": "required"},
            "2026-01-31T14:30:00Z",
            "2026-01-31T14:30:00",
            "with their time zone",
        ),
        ({"format": "date-time", "zone": "none"}, "2026-01-31T14:30:00", "2026-01-31T14:30:00Z", "without a time zone"),
        ({"format": "time"}, "14:30:00", "half past", "Enter a time of day such as 14:30:00."),
        ({"format": "time", "zone": "required"}, "14:30:00Z", "14:30:00", "Enter a time of day with its time zone"),
        ({"format": "duration"}, "PT1H30M", "90 minutes", "Enter a duration such as PT1H30M or P3D."),
        ({"format": "email"}, "ana@example.com", "ana", "Enter an e-mail address"),
        ({"format": "uri"}, "https://example.com", "example", "Enter a URL"),
        ({"format": "uuid"}, str(uuid.UUID(int=5)), "5", "Enter a UUID"),
        ({"format": "ipv4"}, "192.0.2.10", "192.0.2", "Enter an IPv4 address"),
        ({"format": "ipv6"}, "2001:db8::1", "192.0.2.10", "Enter an IPv6 address"),
        ({"format": "slack-user"}, "U024BE7LH", "@ana", "Enter the ID of a person in Slack"),
        ({"format": "slack-channel"}, "C024BE91L", "#general", "Enter the ID of a channel in Slack"),
        ({"format": "base64"}, "YWJj", "a?", "Enter the content in base64."),
        (NULLABLE, None, "soon", "Enter a date such as 2026-01-31."),
        (NULLABLE, "2026-01-31", 5, "Enter text."),
        ({"type": "integer"}, 5, "5", "Enter a whole number."),
        ({"type": ["number", "null"]}, None, "5", "Enter a number or nothing (null)."),
        ({"type": "boolean"}, True, "yes", "Enter yes or no (true or false)."),
        ({"enum": ["a", "b"]}, "a", "c", "Choose one of: a, b."),
        ({"const": 3}, 3, "c", "Choose: 3."),
        ({"oneOf": [{"const": "a"}, {"const": "b"}]}, "b", "c", "Choose one of: a, b."),
        ({"minimum": 3}, 3, 2, "Enter 3 or more."),
        ({"multipleOf": 5}, 10, 11, "Enter a multiple of 5."),
        ({"minLength": 2}, "ab", "a", "Enter at least 2 characters."),
        ({"pattern": "^v[0-9]+$"}, "v1", "1", "Enter text that matches the pattern ^v[0-9]+$."),
        ({"maxItems": 1}, [1], [1, 2], "Enter at most 1 item."),
        ({"uniqueItems": True}, [1], [1, 1], "Enter each item only once."),
    ],
)
def test_what_is_wrong_is_said_in_words(part: dict[str, Any], right: Any, wrong: Any, message: str) -> None:
    """Each keyword and format accepts valid values, and says what to give instead of an invalid one."""
    assert told(part, right) == []
    (said,) = told(part, wrong)
    assert message in said


@pytest.mark.parametrize("word", ["$defs", "definitions"])
def test_references_are_followed(word: str) -> None:
    """A reference to `$defs` or `definitions` is enforced."""
    root: dict[str, Any] = {word: {"Day": {"type": "string", "format": "date"}}}
    part = {"anyOf": [{"$ref": f"#/{word}/Day"}, {"type": "null"}]}
    assert told(part, "soon", **root) == ["Enter a date such as 2026-01-31."]
    assert told(part, None, **root) == []


def test_every_error_stands_at_its_place() -> None:
    """Positions in lists, fields that are missing and fields that nobody asked for."""
    schema = {
        "properties": {"days": {"items": {"type": "string", "format": "date"}}, "inner": {"required": ["name"]}},
        "required": ["size"],
        "additionalProperties": False,
    }
    values = {"days": ["2026-01-31", "x"], "inner": {}, "more": 1}
    assert schema_errors(schema, values) == [
        (("days", 1), "Enter a date such as 2026-01-31."),
        (("inner", "name"), "This is required."),
        (("more",), "This was not asked for."),
        (("size",), "This is required."),
    ]


class Cat(BaseModel):
    """One kind."""

    kind: Literal["cat"]
    lives: int = Field(ge=1)


class Dog(BaseModel):
    """Another."""

    kind: Literal["dog"]
    name: str


class Pets(BaseModel):
    """Unions with a discriminator, and unions without one."""

    pet: Annotated[Cat | Dog, Field(discriminator="kind")]
    number_or_day: int | date | None = None


def test_the_errors_are_those_of_the_kind_that_was_meant() -> None:
    """Errors of different union members are not mixed. If the member is unclear, the allowed types are named."""
    schema = schema_of(Pets)
    assert schema_errors(schema, {"pet": {"kind": "cat", "lives": 0}}) == [(("pet", "lives"), "Enter 1 or more.")]
    assert schema_errors(schema, {"pet": {"kind": "dog"}}) == [(("pet", "name"), "This is required.")]
    right = {"pet": {"kind": "dog", "name": "Rex"}}
    (error,) = schema_errors(schema, {**right, "number_or_day": [5]})
    assert error == (("number_or_day",), "Enter a whole number or text.")


@pytest.mark.parametrize(
    "part",
    [
        {"$ref": "#/$defs/Missing"},
        {"$ref": "http://localhost:9/schema.json"},
        {"type": "thing"},
        {"pattern": "("},
        {"multipleOf": 0},
    ],
)
def test_a_schema_that_cannot_be_used_is_an_error_and_no_exception(part: dict[str, Any]) -> None:
    """An unusable foreign schema gives a message, and nothing is fetched from the network."""
    assert told(part, "text" if "multipleOf" not in part else 5)[0].startswith("The JSON Schema of this prompt")


class Formats(BaseModel):
    """A field of each type whose schema has a format."""

    day: date
    moment: datetime
    aware: AwareDatetime
    naive: NaiveDatetime
    clock: time
    lasts: timedelta
    mail: EmailStr
    link: AnyUrl
    address: IPvAnyAddress
    key: uuid.UUID


FORMATS = st.builds(
    Formats,
    aware=st.datetimes(timezones=st.timezones()),
    naive=st.datetimes(),
    clock=st.times(),
    lasts=st.timedeltas(),
    mail=st.sampled_from(["ana@example.com", "b.o+x@mail.example.org"]),
    link=st.sampled_from(["https://example.com/a?b=c", "mailto:ana@example.com"]),
    address=st.ip_addresses(),
)


@settings(deadline=None)
@given(FORMATS)
def test_what_pydantic_writes_is_taken(model: Formats) -> None:
    """Values as their own model writes them fit its schema."""
    assert schema_errors(schema_of(Formats), model.model_dump(mode="json")) == []


@settings(deadline=None, max_examples=60)
@given(cases())
def test_values_of_any_model_fit_its_schema(case: Case) -> None:
    """A model's own values, as JSON, are refused by its schema for no reason."""
    values = TypeAdapter(case.model).dump_python(case.instance, mode="json")
    assert schema_errors(schema_of(case.model), values) == []


@settings(deadline=None, max_examples=60)
@given(cases(), st.data())
def test_whatever_is_given_is_told_and_never_an_exception(case: Case, data: st.DataObject) -> None:
    """Errors have a message, and a path that begins with a field."""
    junk = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=4)
    values = {name: data.draw(junk) for name in case.model.model_fields}
    for place, message in schema_errors(schema_of(case.model), values):
        assert message
        assert not place or place[0] in values
