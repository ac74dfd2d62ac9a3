"""Results as text read back equal, or are refused."""

import base64
import importlib
import ipaddress as ip
import json
import math
import re
import subprocess
import threading
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasPath, BaseModel, ConfigDict, Field, Json, SecretStr, TypeAdapter, computed_field

from signoff.flows.code.digest import digest
from signoff.flows.durable.values.identity import is_same
from signoff.flows.durable.values.serialization import Recorded, dump, dump_error, load, load_error, to_display_json
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


class Level(StrEnum):
    """Text and a member at once."""

    HIGH = "high"


class Version(str):
    """A text with a type of its own."""


class Point(NamedTuple):
    """A tuple with names."""

    x: int
    y: int


class Named(BaseModel):
    """Read by another name than its field's."""

    name: str = Field(alias="fullName")
    nick: str = Field("", validation_alias=AliasPath("names", 0), serialization_alias="nickName")


class Sized(BaseModel):
    """A field that is computed, in a model that accepts no others."""

    model_config = ConfigDict(extra="forbid")
    width: int

    @computed_field
    def area(self) -> int:
        """Of the square."""
        return self.width**2


class Parsed(BaseModel):
    """Read from a text that is JSON."""

    content: Json[list[int]]


class Raw(BaseModel):
    """Bytes that are no text."""

    content: bytes


T = TypeVar("T")


class Box(BaseModel, Generic[T]):
    """A model of any content."""

    content: T


@dataclass
class Job:
    """What a dataclass holds keeps its type, too."""

    due: datetime
    tags: Any


BERLIN = datetime(2031, 10, 25, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))

AT_ANY_DEPTH = [
    {1: "a"},
    {(1, 2): "a", "$": 1},
    [Color.RED, Level.HIGH],
    {"a": (1, {2})},
    BERLIN,
    [BERLIN, datetime(2031, 10, 26, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin"))],
    datetime(2031, 5, 6, tzinfo=timezone(timedelta(hours=1), "CET")),
    time(12, 30, tzinfo=UTC),
    [Version("1.0"), {"version": Version("2.0")}],
    {"counts": defaultdict(list, {"a": [1]})},
    [OrderedDict(b=1, a=2), Counter("aab"), deque([1, 2], maxlen=2)],
    [Point(1, 2)],
    Named.model_validate({"fullName": "Ana", "names": ["A"]}),
    [Named.model_validate({"fullName": "Ana"})],
    Sized(width=3),
    Parsed(content="[1, 2]"),
    Raw(content=b"\xff"),
    Box[int](content=1),
    [Box[Level](content=Level.HIGH), Box[list[Color]](content=[Color.RED]), Box[int | None](content=None)],
    Box(content=BERLIN),
    Job(BERLIN, {"a"}),
    [b"\xff", UUID(int=7), Decimal("1.10"), Path("a"), 1j, ip_address("10.0.0.1")],
    float("nan"),
    [[[]], {}, ()],
]


@pytest.mark.parametrize("value", AT_ANY_DEPTH, ids=range(len(AT_ANY_DEPTH)))
def test_types_are_kept_at_any_depth(value: Any) -> None:
    """What a replay returns is what the task returned, not only what equals it."""
    assert is_same(value, load(dump(value)))
    assert is_same(value, load(dump(value, annotation=object), annotation=object))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (object(), "it is of the class object, which is neither a model nor a dataclass"),
        ({"jobs": [1, {"lock": threading.Lock()}]}, "jobs[1].lock is of the class lock"),
        ([SecretStr("x")], "[0] is a secret"),
        (Box[SecretStr](content=SecretStr("x")), "content is a secret"),
        (type("Inner", (), {})(), "cannot be imported by that name"),
    ],
    ids=["object", "a lock", "a secret", "a secret in a model", "a local class"],
)
def test_a_value_that_cannot_be_recorded_is_refused_with_the_reason(value: Any, why: str) -> None:
    """At once, not in the replay after a crash; and where in the value it is."""
    with pytest.raises(UnserializableResult, match="a replay could not return it") as refused:
        dump(value)
    assert why in str(refused.value)


def test_a_value_that_contains_itself_is_refused() -> None:
    """With a sentence, and no crash."""
    value: list[Any] = [1]
    value.append(value)
    with pytest.raises(UnserializableResult, match=r"\[1\] contains itself"):
        dump(value)


def test_a_model_with_other_fields_is_not_read() -> None:
    """A recorded value is never completed by guess."""
    recorded = dump([Sized(width=3)])
    with pytest.raises(ValueError, match="has other fields than when it was recorded"):
        load(Recorded(recorded.format, recorded.text.replace('"width": 3', '"height": 3')))


def test_an_annotation_lets_more_through() -> None:
    """By it the members of a container are known."""
    assert load(dump([Color.RED], annotation=list[Color]), annotation=list[Color]) == [Color.RED]
    with pytest.raises(UnserializableResult, match="does not fit its annotation: Input should be a valid integer"):
        dump("text", annotation=int)


@pytest.mark.parametrize(
    ("value", "annotation"),
    [(1, float), (True, int), (1, Decimal), (Level.HIGH, str), ((1, 2), Sequence[int]), (defaultdict(int, a=1), dict)],
    ids=lambda each: str(each),
)
def test_a_value_that_an_annotation_would_change_is_kept(value: Any, annotation: Any) -> None:
    """A replay returns what was returned, and not what the annotation would make of it."""
    assert is_same(value, load(dump(value, annotation=annotation), annotation=annotation))


def test_pickle_carries_what_json_cannot() -> None:
    """Where a task asks for it."""
    value = {1: {2, 3}}
    assert load(dump(value, serializer="pickle")) == value
    with pytest.raises(UnserializableResult, match="can be pickled"):
        dump(lambda: 1, serializer="pickle")


class Declined(Exception):
    """An error with a code, which its constructor wants."""

    def __init__(self, code: int, *, retry: bool) -> None:
        super().__init__(f"declined with {code}")
        self.code = code
        self.retry = retry


class Slotted(OSError):
    """An error whose attribute is in a slot."""

    __slots__ = ("where",)


def raised(function: Callable[[], Any]) -> Exception:
    """The error that a function raises."""
    try:
        function()
    except Exception as error:  # noqa: BLE001 - any
        return error
    raise AssertionError("nothing was raised")


def respond() -> None:
    """Raise what httpx raises for a response."""
    request = httpx.Request("POST", "https://example.com/pay", json={"amount": 1})
    httpx.Response(402, request=request, json={"code": "no money"}).raise_for_status()


def noted(error: Exception) -> Exception:
    """An error with notes."""
    error.add_note("for ana")
    error.add_note("twice")
    return error


def slotted() -> Exception:
    """An error with a value in its slot."""
    error = Slotted(2, "away", "a.txt")
    object.__setattr__(error, "where", "here")
    return error


ERRORS: dict[str, Callable[[], Exception]] = {
    "ValueError": lambda: ValueError("x", 1, (2,)),
    "KeyError": lambda: KeyError(("a", 1)),
    "FileNotFoundError": lambda: raised(lambda: Path("/no/such/file").read_text()),
    "UnicodeDecodeError": lambda: raised(lambda: b"\xff".decode()),
    "JSONDecodeError": lambda: raised(lambda: json.loads("{")),
    "ZeroDivisionError": lambda: raised(lambda: 1 / 0),
    "ImportError": lambda: raised(lambda: importlib.import_module("no_such_module")),
    "AttributeError": lambda: raised(lambda: "".nothing),  # type: ignore[attr-defined]
    "SyntaxError": lambda: raised(lambda: compile("(", "a.py", "exec")),
    "TimeoutError": lambda: TimeoutError("late"),
    "StopAsyncIteration": lambda: StopAsyncIteration(3),
    "Declined": lambda: Declined(7, retry=True),
    "Slotted": slotted,
    "notes": lambda: noted(Declined(7, retry=False)),
    "HTTPStatusError": lambda: raised(respond),
    "ConnectError": lambda: httpx.ConnectError("away", request=httpx.Request("GET", "https://example.com")),
    "ValidationError": lambda: raised(lambda: Sized.model_validate({"width": "x", "height": 1})),
    "ValidationError of a validator": lambda: raised(lambda: TypeAdapter(ip.IPv4Address).validate_python("x")),
    "ExceptionGroup": lambda: ExceptionGroup("two", [ValueError(1), Declined(2, retry=True)]),
    "CalledProcessError": lambda: subprocess.CalledProcessError(3, ["a"], output=b"\xff", stderr="no"),
    "OverflowError": lambda: raised(lambda: math.exp(1000)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_raised_again_as_it_was(name: str) -> None:
    """Of its class, with its arguments, attributes and notes: a flow that caught it catches it in a replay."""
    error = ERRORS[name]()
    recorded, again = dump_error(error)
    assert again is error
    back = load_error(recorded)
    assert (type(back), str(back)) == (type(error), str(error))
    assert dump_error(back)[0] == recorded
    if not isinstance(error, ExceptionGroup):
        assert is_same(back.args, error.args)
    for attribute in (
        "errno",
        "filename",
        "code",
        "retry",
        "__notes__",
        "doc",
        "pos",
        "name",
        "where",
        "output",
        "start",
    ):
        assert getattr(back, attribute, None) == getattr(error, attribute, None)


def test_an_http_error_keeps_its_response() -> None:
    """Flows decide by its status."""
    back = load_error(dump_error(raised(respond))[0])
    assert isinstance(back, httpx.HTTPStatusError)
    assert (back.response.status_code, back.response.json()) == (402, {"code": "no money"})
    assert str(back.request.url) == "https://example.com/pay"


def test_what_an_error_cannot_keep_is_said_when_it_is_recorded() -> None:
    """And is missing in the execution that raises it, too, so that no flow relies on it."""
    error = Declined(7, retry=True)
    error.lock = threading.Lock()  # type: ignore[attr-defined]
    error.token = "xoxb-1234567890-abc"  # type: ignore[attr-defined]
    recorded, again = dump_error(error)
    assert isinstance(again, Declined)
    assert (again.code, hasattr(again, "lock"), again.token) == (7, False, "***")  # type: ignore[attr-defined]
    (note,) = again.__notes__
    assert "lock (" in note
    assert "token (a secret)" in note
    assert load_error(recorded).__notes__ == [note]
    assert "xoxb" not in recorded.text


def test_the_secrets_of_a_request_are_not_recorded() -> None:
    """Headers, addresses and bodies hold some. The rest of it is kept."""

    def respond() -> None:
        headers = {"Authorization": "Bearer abcdefgh12345", "X-Api-Key": "hunter2", "Accept": "text/plain"}
        request = httpx.Request("POST", "https://example.com/", headers=headers, content=b"password=hunter22&a=1")
        httpx.Response(500, request=request, headers={"Set-Cookie": "sid=hunter222"}, text="ok").raise_for_status()

    recorded, again = dump_error(raised(respond))
    assert isinstance(again, httpx.HTTPStatusError)
    assert (again.response.status_code, again.response.text) == (500, "ok")
    assert again.request.headers["accept"] == "text/plain"
    assert again.request.headers["x-api-key"] == "***"
    texts = [
        recorded.text,
        *map(bytes.decode, map(base64.b64decode, re.findall(r'"bytes", "value": "(.*?)"', recorded.text))),
    ]
    assert not [text for text in texts if "hunter" in text or "abcdefgh" in text]
    assert "authorization (a secret)" in again.__notes__[0].lower()


def test_a_large_attribute_is_left_out() -> None:
    """A journal is no store for downloads."""
    error = ValueError("x")
    error.body = "x" * 2_000_000  # type: ignore[attr-defined]
    again = dump_error(error)[1]
    assert not hasattr(again, "body")
    assert "body (it is too large)" in again.__notes__[0]


def test_an_error_of_a_class_that_cannot_be_imported_becomes_another_at_once() -> None:
    """No `except` of a flow catches it the first time and not in the replay."""

    class Local(Exception):
        pass

    recorded, again = dump_error(Local("away"))
    assert isinstance(again, StepFailed)
    assert str(again).startswith(
        "test_an_error_of_a_class_that_cannot_be_imported_becomes_another_at_once.<locals>.Local"
    )
    assert "which cannot be imported by that name" in str(again)
    assert str(load_error(recorded)) == str(again)


def test_the_cause_of_an_error_is_not_recorded() -> None:
    """Causes can hold anything, and no flow should decide by one."""
    error = ValueError("x")
    error.__cause__ = KeyError("y")
    assert load_error(dump_error(error)[0]).__cause__ is None


def test_an_error_of_an_earlier_version_is_read() -> None:
    """Journals live longer than releases."""
    recorded = Recorded("error", '{"type": "builtins:KeyError", "arguments": ["x"], "message": "\'x\'"}')
    assert load_error(recorded).args == ("x",)


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
