"""Values on the command line become what the schema asks for."""

from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict

from signoff.bot.cli.arguments import parameters, submission
from signoff.bot.cli.failures import CommandFailed, WrongUsage
from tests.support.prompts import prompt_for


class Level(IntEnum):
    """Numbers behind names."""

    LOW = 1
    HIGH = 2


class Inner(BaseModel):
    """A model within."""

    name: str


class Everything(BaseModel):
    """A field of each kind."""

    text: str = ""
    maybe: str | None = None
    number: int = 0
    real: float = 0
    exact: Decimal = Decimal(0)
    flag: bool = False
    size: Literal["1", "2"] = "1"
    mixed: Literal[1, "one"] = 1
    level: Level = Level.LOW
    either: int | str = 0
    since: date | None = None
    tags: list[str] = []
    inner: Inner | None = None
    anything: Any = None


class Open(BaseModel):
    """A model that takes what it does not know."""

    model_config = ConfigDict(extra="allow")


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("text=1.0", "1.0"),
        ("text=true", "true"),
        ("text=null", "null"),
        ('text="quoted"', '"quoted"'),
        ("text=a=b", "a=b"),
        ("text=", ""),
        ("maybe=1.0", "1.0"),
        ("maybe=null", None),
        ("number=3", 3),
        ("number=many", "many"),
        ("real=3", 3),
        ("real=2.5", 2.5),
        ("flag=true", True),
        ("flag=yes", "yes"),
        ("size=1", "1"),
        ("mixed=1", 1),
        ("mixed=one", "one"),
        ("level=2", 2),
        ("either=3", 3),
        ("either=three", "three"),
        ("since=2026-05-01", "2026-05-01"),
        ('tags=["a", "b"]', ["a", "b"]),
        ("tags=a,b", "a,b"),
        ('inner={"name": "x"}', {"name": "x"}),
        ("anything=3", 3),
        ("anything=three", "three"),
        ("real=NaN", "NaN"),
    ],
)
def test_a_value_is_read_as_its_field_wants_it(given: str, value: object) -> None:
    """A text stays a text where the schema says so; otherwise JSON is JSON, and the rest is left to validation."""
    read = submission(prompt_for(Everything), [given], None)
    assert read == {given.partition("=")[0]: value}
    assert type(next(iter(read.values()))) is type(value)


def test_set_goes_before_values() -> None:
    """`--values` gives the object, `--set` changes it."""
    prompt = prompt_for(Everything)
    assert submission(prompt, ["number=2"], '{"number": 1, "text": "a"}') == {"number": 2, "text": "a"}


def test_a_field_that_does_not_exist_is_told_with_those_that_do() -> None:
    """However it is given, and each one by its name."""
    with pytest.raises(CommandFailed) as refused:
        submission(prompt_for(Inner), ["nmae=x"], '{"other": 1}')
    assert [line.partition(":")[0] for line in refused.value.lines] == ["other", "nmae"]
    assert all(line.endswith("Its fields are name.") for line in refused.value.lines)
    with pytest.raises(CommandFailed, match="It has no fields"):
        submission(prompt_for(None), ["x=1"], None)


def test_a_model_that_takes_more_is_given_more() -> None:
    """A schema that allows further fields decides."""
    assert submission(prompt_for(Open), ["x=1"], None) == {"x": 1}


@pytest.mark.parametrize("values", ["[1]", "nothing", "", '"text"', '{"a": NaN}'])
def test_values_have_to_be_an_object(values: str) -> None:
    """What cannot be read is wrong usage."""
    with pytest.raises(WrongUsage, match="--values requires a JSON object"):
        submission(prompt_for(Everything), [], values)


def test_parameters_are_json_or_text() -> None:
    """What is not JSON is text, and so is everything that is given for a text parameter."""
    given = ["version=1.4.0", "count=3", 'quoted="3"', 'names=["a"]', "empty="]
    assert parameters(given, {}) == {"version": "1.4.0", "count": 3, "quoted": "3", "names": ["a"], "empty": ""}
    schema = {"properties": {"version": {"type": "string"}, "build": {"anyOf": [{"type": "string"}, {"type": "null"}]}}}
    assert parameters(["version=1.4", "build=null"], schema) == {"version": "1.4", "build": None}
    for wrong in ("version", "=1"):
        with pytest.raises(WrongUsage):
            parameters([wrong], schema)
