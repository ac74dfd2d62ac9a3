"""Results as text read back equal, or are refused."""

from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.flows.code.digest import digest
from signoff.flows.durable.serialization import dump, dump_error, load, load_error, to_display_json
from signoff.flows.errors import StepFailed, UnserializableResult


class Color(Enum):
    """A result that is one of few."""

    RED = "red"


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
)


@given(PLAIN)
def test_whatever_is_plain_json_reads_back_equal(value: Any) -> None:
    """Of the same type, too: 1 is neither True nor 1.0."""
    back = load(dump(value))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        Color.RED,
        UUID(int=7),
        Path("a/b"),
        Decimal("1.10"),
        timedelta(days=1, microseconds=1),
        time(12, 30),
        datetime(2031, 5, 6, tzinfo=UTC),
        b"bytes",
        (1, "a"),
        frozenset({1, 2}),
        {1, 2},
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_of_another_type_reads_back_as_that_type(value: Any) -> None:
    """Without an annotation, its own type is used."""
    back = load(dump(value))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    "value", [{1: "a"}, [Color.RED], {"a": (1,)}, object(), [object()]], ids=lambda value: type(value).__name__
)
def test_a_value_that_json_would_change_is_refused(value: Any) -> None:
    """Keys would become text, members their values, tuples lists."""
    with pytest.raises(UnserializableResult):
        dump(value)


def test_an_annotation_lets_more_through() -> None:
    """By it the members of a container are known."""
    assert load(dump([Color.RED], annotation=list[Color]), annotation=list[Color]) == [Color.RED]
    with pytest.raises(UnserializableResult):
        dump("text", annotation=int)


def test_pickle_carries_what_json_cannot() -> None:
    """Where a task asks for it."""
    value = {1: {2, 3}}
    assert load(dump(value, serializer="pickle")) == value
    with pytest.raises(UnserializableResult, match="can be pickled"):
        dump(lambda: 1, serializer="pickle")


def test_an_error_is_built_again_or_stands_for_itself() -> None:
    """A type that is gone, or that says something else now, becomes a `StepFailed`."""
    again = load_error(dump_error(KeyError("x")))
    assert (type(again), again.args) == (KeyError, ("x",))
    unicode = UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")
    failed = load_error(dump_error(unicode))
    assert isinstance(failed, StepFailed)
    assert "UnicodeDecodeError: 'utf-8' codec can't decode" in str(failed)


def test_a_digest_is_the_same_whatever_the_order() -> None:
    """Of keys and members; and takes nothing from an iterator."""
    assert digest({"a": 1, "b": {1, 2, 3}}) == digest({"b": {3, 2, 1}, "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})
    numbers = iter([1, 2])
    digest({"numbers": numbers})
    assert list(numbers) == [1, 2]


def test_a_result_is_shown_somehow() -> None:
    """People and scripts get JSON, of whatever it was."""
    assert to_display_json({"when": datetime(2031, 5, 6, tzinfo=UTC), "nan": float("nan")}) == {
        "when": "2031-05-06T00:00:00Z",
        "nan": "NaN",
    }
    assert "object object" in to_display_json(object())
