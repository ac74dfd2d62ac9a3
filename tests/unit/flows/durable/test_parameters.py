"""A flow gets its parameters as they were given, or the call is refused with a sentence."""

import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, Secret, SecretStr

from signoff import InvalidParameters
from signoff.flows.durable.parameters import Parameters
from signoff.flows.durable.values.identity import is_same


class Level(IntEnum):
    """An enum of numbers."""

    LOW = 1


class Color(StrEnum):
    """An enum of texts."""

    RED = "red"


class Shape(Enum):
    """An enum of tuples."""

    SQUARE = (1, 1)


class Base(BaseModel):
    """A model."""

    name: str


class Derived(Base):
    """A model with one field more."""

    size: int = 1


@dataclass
class Box:
    """A dataclass."""

    name: str


class Name(str):
    """A text with a class of its own."""

    __slots__ = ()


CHANGED: dict[str, Any] = {
    "a date": date(2026, 1, 31),
    "a moment": datetime(2026, 1, 31, tzinfo=UTC),
    "a duration": timedelta(hours=1),
    "a path": Path("/srv"),
    "a decimal": Decimal("1.10"),
    "a UUID": UUID(int=1),
    "a tuple": (1, 2),
    "a set": {1, 2},
    "bytes": b"ab",
    "a number with a name": Level.LOW,
    "a text with a name": Color.RED,
    "a tuple with a name": Shape.SQUARE,
    "a text with a class": Name("a"),
    "a model": Base(name="a"),
    "a dataclass": Box("a"),
    "a dict of its own": OrderedDict(a=1),
    "a number as a key": {1: "a"},
    "a date in a list": [date(2026, 1, 31)],
    "a tuple in a dict in a list": [{"pair": (1, 2)}],
}


def untyped(given):  # type: ignore[no-untyped-def]
    return given


def anything(given: Any) -> None:
    """`Any` says no more than no annotation."""


def default(given=Path("/srv")):  # type: ignore[no-untyped-def]
    return given


UNTYPED = pytest.mark.parametrize("function", [untyped, anything])


@UNTYPED
@pytest.mark.parametrize("what", CHANGED)
def test_a_value_that_would_change_its_type_is_refused(function: Callable[..., Any], what: str) -> None:
    """The message shows what would become of it, and says to annotate it."""
    with pytest.raises(InvalidParameters, match="would not get the parameter given as it was given") as refused:
        Parameters(function, "release").to_json((CHANGED[what],), {})
    if type(CHANGED[what]) not in (list, dict):
        type_ = type(CHANGED[what]).__name__.replace("PosixPath", "Path")
        assert f"Annotate it with its type, as in `given: {type_}`." in str(refused.value)


@UNTYPED
@pytest.mark.parametrize("given", ["a", 1, 1.5, True, None, [1, ["a"], {}], {"a": {"b": None}}])
def test_json_needs_no_annotation(function: Callable[..., Any], given: Any) -> None:
    """It arrives as it is."""
    parameters = Parameters(function, "release")
    assert is_same(parameters.from_json(parameters.to_json((given,), {})), {"given": given})


@pytest.mark.parametrize("what", sorted(set(CHANGED) - {"a tuple with a name", "a text with a class"}))
def test_an_annotated_value_arrives_as_it_was_given(what: str) -> None:
    """The annotation says what JSON does not."""
    value = CHANGED[what]

    def release(given: Any) -> None:
        """A flow."""

    precise: dict[str, Any] = {
        "a tuple": tuple[int, int],
        "a set": set[int],
        "a dict of its own": OrderedDict[str, int],
        "a number as a key": dict[int, str],
        "a date in a list": list[date],
        "a tuple in a dict in a list": list[dict[str, tuple[int, int]]],
    }
    release.__annotations__["given"] = precise.get(what, type(value))
    parameters = Parameters(release, "release")
    assert is_same(parameters.from_json(parameters.to_json((value,), {})), {"given": value})


def test_an_annotated_sequence_may_be_given_as_a_tuple() -> None:
    """The flow asked for no more than a sequence. But what is in it must not change."""

    def release(items: Sequence[int], more: Mapping[str, Sequence[str]] = {}) -> None:
        """A flow."""

    parameters = Parameters(release, "release")
    assert parameters.to_json(((1, 2),), {"more": {"a": ("b",)}}) == {"items": [1, 2], "more": {"a": ["b"]}}

    def careless(items: list[Any]) -> None:
        """A flow."""

    with pytest.raises(InvalidParameters, match="items"):
        Parameters(careless, "release").to_json(([(1, 2)],), {})


def test_a_default_that_would_change_is_refused_too() -> None:
    """It is recorded like any other value."""
    with pytest.raises(InvalidParameters, match=r"PosixPath\('/srv'\) would be '/srv'. .* `given: Path`"):
        Parameters(default, "release").to_json((), {})


def test_what_a_model_would_lose_is_refused() -> None:
    """A subclass would arrive as its base, without the fields that it has added."""

    def release(given: Base) -> None:
        """A flow."""

    with pytest.raises(InvalidParameters, match=r"Derived\(name='a', size=2\) would be Base\(name='a'\)"):
        Parameters(release, "release").to_json((Derived(name="a", size=2),), {})


@pytest.mark.parametrize("secret", [SecretStr("xoxb-1"), Secret[int](7)])
def test_a_secret_is_refused_and_not_shown(secret: Any) -> None:
    """It would arrive as asterisks."""

    def release(token: Any) -> None:
        """A flow."""

    release.__annotations__["token"] = SecretStr if isinstance(secret, SecretStr) else Secret[int]
    with pytest.raises(InvalidParameters) as refused:
        Parameters(release, "release").to_json((secret,), {})
    assert "xoxb" not in str(refused.value)
    assert "secret" in str(refused.value)


@pytest.mark.parametrize("given", [math.nan, math.inf, b"\xff", object(), len, {"a": object()}, (each for each in "a")])
def test_what_has_no_json_is_refused_in_one_sentence(given: Any) -> None:
    """No error of pydantic or of the database reaches the caller."""
    for function in (untyped, anything):
        with pytest.raises(InvalidParameters, match="release"):
            Parameters(function, "release").to_json((given,), {})


def test_a_new_run_records_json_as_it_is_and_writes_what_can_be_written() -> None:
    """`create_run` takes JSON values. A value that an annotation can write is written."""

    def release(day: date, tags: Any = None) -> None:
        """A flow."""

    parameters = Parameters(release, "release")
    assert parameters.recordable({"day": "2026-01-31"}) == {"day": "2026-01-31"}
    assert parameters.recordable({"day": date(2026, 1, 31)}) == {"day": "2026-01-31"}
    with pytest.raises(InvalidParameters, match="tags"):
        parameters.recordable({"day": "2026-01-31", "tags": (1, 2)})
    with pytest.raises(InvalidParameters, match="day"):
        parameters.recordable({"day": "soon"})


def starting(at: datetime) -> None:
    """A parameter whose type JSON has not."""


def test_a_time_zone_that_json_has_not_is_refused() -> None:
    """A day later over the change of the clocks would be an hour off."""
    zoned = datetime(2031, 10, 25, 12, tzinfo=ZoneInfo("Europe/Berlin"))
    with pytest.raises(InvalidParameters, match="JSON has no time zones: give it in UTC"):
        Parameters(starting, "starting").to_json((zoned,), {})
    given = Parameters(starting, "starting").to_json((zoned.astimezone(UTC),), {})
    assert given == {"at": "2031-10-25T10:00:00Z"}
