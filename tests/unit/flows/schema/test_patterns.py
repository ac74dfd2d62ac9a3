"""A pattern means the same whether or not the model can be imported, and no text keeps it busy."""

import re
import subprocess
import sys
from dataclasses import replace
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, create_model

from signoff import Policy
from signoff.flows.approval.validation import Valid, validate
from signoff.flows.code.module_loading import model_reference
from signoff.flows.durable.question import Question
from signoff.flows.engine import InvalidPause, ReportedPause
from signoff.flows.engines.pause_reports import DatabasePauseReports
from signoff.flows.errors import InvalidFlow
from signoff.flows.schema.json_schema import schema_of
from signoff.flows.schema.patterns import matcher
from signoff.flows.schema.schema_validation import schema_errors
from signoff.store.database import Database
from tests.support.growth import assert_linear
from tests.support.prompts import prompt_for

HOSTILE = r"^([a-zA-Z0-9]+\s?)*$"
"""Python's `re` takes hours to find that 35 characters do not match this."""


class Words(BaseModel):
    """Has patterns."""

    words: str = Field(pattern=HOSTILE)
    name: str = Field(pattern=r"^\p{L}+$")


class Wide(BaseModel):
    """Has a pattern with a wide meaning."""

    text: str = Field(pattern=r"^(\w+\d?)+$")


@pytest.mark.parametrize(
    ("values", "accepted"),
    [
        ({"words": "good words 1", "name": "Chloé"}, True),
        ({"words": "good words 1", "name": "R2"}, False),
        ({"words": "a" * 10_000 + "!", "name": "Ana"}, False),
        ({"words": "fine\n", "name": "Ana"}, True),
        ({"words": "fine\n\n", "name": "Ana"}, False),
        ({"words": "ok", "name": "Ana\n"}, False),
    ],
)
@pytest.mark.parametrize("can_import", [True, False])
def test_both_paths_read_a_pattern_alike(values: dict[str, str], accepted: bool, can_import: bool) -> None:
    """Unicode classes work in both, and `$` is the end in both."""
    reference = model_reference(Words) if can_import else None
    prompt = replace(prompt_for(None), schema=schema_of(Words), model=reference)
    assert isinstance(validate(prompt, values), Valid) == accepted


def test_a_hostile_text_stops_no_other_thread() -> None:
    """In a process of its own, because a test that failed would stop this one, too."""
    program = (
        "from signoff.flows.schema.schema_validation import schema_errors\n"
        f"schema = {{'properties': {{'it': {{'pattern': {HOSTILE!r}}}}}, 'patternProperties': {{{HOSTILE!r}: {{}}}}}}\n"
        "print(schema_errors({**schema, 'additionalProperties': False}, {'it': 'a' * 35 + '!', 'b' * 35 + '!': 1}))"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100)
    assert "Enter text that matches the pattern" in said.stdout, said.stderr
    assert "This was not asked for." in said.stdout


PATTERNS = [
    HOSTILE,
    r"(a*)*b",
    r"(.*a){20}",
    r"^(a|a)*$",
    r"(x+x+)+y",
    r"^\s+|\s+$",
    r"(\w+\s*)+:",
    "^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("part", ["a", "x", " ", "0", "aA ", "é"])
def test_matching_takes_time_in_proportion_to_the_text(pattern: str, part: str) -> None:
    """Patterns for which a backtracking engine takes quadratic or exponential time."""
    assert_linear(lambda size: matcher(pattern)(part * (size // len(part)) + "!"), small=1_000)


KEYWORDS: dict[str, dict[str, Any]] = {
    "pattern": {"properties": {"it": {"pattern": HOSTILE}}},
    "patternProperties": {"patternProperties": {HOSTILE: {"type": "integer"}, "^x": False}},
    "additionalProperties": {"patternProperties": {HOSTILE: True}, "additionalProperties": False},
    "additionalProperties with a schema": {
        "patternProperties": {HOSTILE: True},
        "additionalProperties": {"type": "integer"},
    },
    "propertyNames": {"propertyNames": {"pattern": HOSTILE}},
}


@pytest.mark.parametrize("keyword", KEYWORDS)
def test_every_keyword_with_a_pattern_is_linear(keyword: str) -> None:
    """Not only values are typed by people: the names of an object are, too."""
    assert_linear(
        lambda size: schema_errors(KEYWORDS[keyword], {"it": "a" * size + "!", "b" * size + "!": "x"}), small=1_000
    )


def test_patterns_select_the_properties_that_they_match() -> None:
    """As JSON Schema defines it, with messages at the properties."""
    schema = {
        "properties": {"known": {}},
        "patternProperties": {"^n_": {"type": "integer"}, r"^\p{Lu}": {"type": "string"}},
        "additionalProperties": False,
    }
    values = {"known": 1, "n_a": 1, "n_b": "x", "Émile": "x", "other": 1}
    assert schema_errors(schema, values) == [
        (("n_b",), "Enter a whole number."),
        (("other",), "This was not asked for."),
    ]
    assert schema_errors({**schema, "additionalProperties": {"type": "null"}}, {"other": 1, "more": None}) == [
        (("other",), "Enter nothing (null).")
    ]


class Slow(BaseModel):
    """Uses Python's engine, and a backreference."""

    model_config = ConfigDict(regex_engine="python-re")

    twice: str = Field(pattern=r"^(a+)\1$")


class Readable(BaseModel):
    """Uses Python's engine for a pattern that the other one could read."""

    model_config = ConfigDict(regex_engine="python-re")

    text: str = Field(pattern=HOSTILE)


class Compiled(BaseModel):
    """Has a compiled pattern, which pydantic matches with Python's engine."""

    text: Annotated[str, StringConstraints(pattern=re.compile(HOSTILE))]


class Optional(BaseModel):
    """Has a compiled pattern on a union, which the JSON Schema does not show."""

    text: Annotated[str | None, Field(pattern=re.compile(HOSTILE))] = None


class Keys(BaseModel):
    """Has one in the names of an object."""

    by_name: dict[Annotated[str, Field(pattern=re.compile("^(a+)+$"))], int]


class Outer(BaseModel):
    """Holds a model with its own configuration."""

    inner: list[Slow]


class Foreign(BaseModel):
    """Brings a pattern in its schema alone."""

    text: str = Field(json_schema_extra={"pattern": "(?<=a)b"})


@pytest.mark.parametrize(
    ("model", "named"),
    [
        (Slow, "Slow.twice"),
        (Readable, "Readable.text"),
        (Compiled, "Compiled.text"),
        (Optional, "Optional.text"),
        (Keys, "Keys.by_name"),
        (Outer, "Slow.twice"),
        (Foreign, "'(?<=a)b' cannot be used (look-around"),
        (create_model("Input", value=(Slow, ...)), "Slow.twice"),
    ],
)
def test_a_pattern_that_backtracks_is_refused_at_the_pause(model: type[BaseModel], named: str) -> None:
    """Invariant 10: the sentence names the field and the pattern, and says what to write instead."""
    question = Question.of(model)
    with pytest.raises(InvalidFlow) as refused:
        question.check()
    said = str(refused.value)
    assert said.startswith(f"A person cannot be asked for {model.__name__}: ")
    assert named in said
    assert "Write the pattern as a str without look-around and backreferences" in said


def test_models_beside_the_one_with_another_engine_are_not_to_blame() -> None:
    """A nested model has its own engine, and one without patterns is fine with any."""

    class Outer(BaseModel):
        model_config = ConfigDict(regex_engine="python-re")

        inner: Wide
        number: int

    Question.of(Outer).check()


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"it": {"type": "string", "pattern": r"(a)\1"}}},
        {"properties": {"it": {"$ref": "#/$defs/It"}}, "$defs": {"It": {"pattern": "("}}},
        {"properties": {"it": {"patternProperties": {"(?=a)": {}}}}},
        {"properties": {"it": {"items": {"anyOf": [{"type": "null"}, {"pattern": "(?!a)"}]}}}},
        {"patternProperties": {"a": {}}, "unevaluatedProperties": False},
    ],
)
def test_a_pause_of_another_engine_with_such_a_pattern_is_refused(db: Database, schema: dict[str, Any]) -> None:
    """The engine that reports it is told, and no prompt is opened that nobody could answer."""
    reports = DatabasePauseReports(db, "paper", Policy())
    pause = ReportedPause("run-1", "calm-heron", "refund", "approve", "Refund?", schema={"type": "object", **schema})
    with pytest.raises(InvalidPause, match="cannot be used"):
        reports.paused(pause)
    assert list(reports.waiting()) == []


def test_a_pause_of_another_engine_may_have_any_other_pattern(db: Database) -> None:
    """Also one that only pydantic's engine can read."""
    reports = DatabasePauseReports(db, "paper", Policy())
    schema = schema_of(Words)
    reports.paused(ReportedPause("run-1", "calm-heron", "refund", "approve", "Refund?", schema=schema))
    assert list(reports.waiting()) == ["run-1"]


def test_a_decimal_of_an_earlier_pydantic_is_no_such_pattern() -> None:
    """Before 2.14, pydantic wrote a look-ahead into the schema of each `Decimal`."""
    pattern = r"^(?!^[-+.]*$)[+-]?0*\d*\.?\d*$"
    schema = {"properties": {"it": {"anyOf": [{"type": "number"}, {"type": "string", "pattern": pattern}]}}}
    assert all(schema_errors(schema, {"it": text}) == [] for text in ("1", "-0.5", "+12.", ".5", "007"))
    assert all(schema_errors(schema, {"it": text}) for text in ("", "-", ".", "1e5", "one"))


def test_a_property_may_be_called_pattern() -> None:
    """Only keywords are patterns, not names, defaults or examples."""
    schema = {
        "properties": {"pattern": {"type": "string", "default": {"pattern": "("}, "examples": [{"pattern": "("}]}},
        "required": ["pattern"],
    }
    assert schema_errors(schema, {"pattern": "("}) == []
    Question.of(create_model("Regex", pattern=(str, "("))).check()
