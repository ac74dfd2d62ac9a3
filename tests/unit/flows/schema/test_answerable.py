"""What nobody could answer is refused where the flow asks, and what somebody might answer is asked."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, NewType

import pytest
from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EmailStr,
    Field,
    FutureDate,
    HttpUrl,
    Json,
    RootModel,
    Secret,
    ValidationError,
    WithJsonSchema,
    create_model,
    field_serializer,
    model_validator,
)
from typing_extensions import TypedDict

from signoff import RunInput
from signoff.flows.durable.question import Question
from signoff.flows.errors import InvalidFlow


class Shape(Enum):
    """Two tuples, which JSON has as lists."""

    SQUARE = (1, 1)
    WIDE = (2, 1)


class Mixed(Enum):
    """A tuple and a text."""

    SQUARE = (1, 1)
    ANY = "any"


class Parsed(Enum):
    """Tuples that are found from lists by the author's code."""

    SQUARE = (1, 1)

    @classmethod
    def _missing_(cls, value: object) -> "Parsed | None":
        return cls.SQUARE if value == [1, 1] else None


class Node(BaseModel):
    """A model that requires itself."""

    next: "Node"


class Left(BaseModel):
    """Two models that require each other."""

    right: "Right | Left"


class Right(BaseModel):
    """The other one."""

    left: list[Left] = Field(min_length=1)


class Chain(BaseModel):
    """A model that may hold itself."""

    next: "Chain | None"
    rest: list["Chain"]
    named: dict[str, "Chain"] = {}


class Classes(BaseModel):
    """A model with a class in it."""

    kind: type[int]


class Pin(Secret[int]):
    """A secret of the author's own."""


class Shown(BaseModel):
    """A secret that is written out."""

    token: Secret[str]

    @field_serializer("token", when_used="json")
    def write(self, token: Secret[str]) -> str:
        return token.get_secret_value()


class Point(NamedTuple):
    """A tuple with names."""

    x: int
    y: int = 0


class Row(TypedDict):
    """A dict with names."""

    name: str
    size: int


@dataclass
class Box:
    """A dataclass."""

    name: str
    sizes: list[int] = field(default_factory=list)


def asked(annotation: Any, default: Any = ..., config: ConfigDict | None = None) -> type[BaseModel]:
    """A model with one field."""
    return create_model("Asked", __config__=config, it=(annotation, default))


UNANSWERABLE: dict[str, tuple[Any, str]] = {
    "an enum of tuples": (asked(Shape), "Asked.it, .* none of its options is read back from JSON"),
    "a literal of one": (asked(Literal[Shape.WIDE]), r"Asked\.it, .* options"),
    "an enum of tuples with a default": (asked(Shape, Shape.WIDE), r"Asked\.it, .* options"),
    "a list of at least one of them": (asked(list[Shape], Field(min_length=1)), r"Asked\.it, .* options"),
    "a union of such enums": (asked(Shape | Literal[Shape.WIDE]), r"Asked\.it"),
    "a class": (asked(type[int]), r"Asked\.it, .* Python objects, which nobody can type"),
    "a class among other fields": (create_model("Asked", a=(EmailStr, ...), it=(type[int], ...)), r"Asked\.it"),
    "a class in a model in a list": (asked(list[Classes], Field(min_length=1)), r"Asked\.it\.kind"),
    "a bare class": (type[int], r"Input\.value, .* Python objects"),
    "a bare enum of tuples": (Shape, r"Input\.value"),
    "a model that requires itself": (Node, r"Node\.next, .* each Node has to contain another one, without end"),
    "one within another model": (asked(Node), r"Asked\.it\.next, .* without end"),
    "models that require each other": (Left, "without end"),
    "a path into another field": (asked(int, Field(validation_alias=AliasPath("others", 0))), r"another name"),
    "one with a default": (asked(int, Field(1, validation_alias=AliasPath("others", 0))), r"another name"),
    "bounds of a number": (asked(int, Field(gt=3, lt=4)), r"Asked\.it, .* no number is within its bounds"),
    "bounds and a multiple": (asked(int, Field(ge=1, le=5, multiple_of=6)), r"no number"),
    "bounds of a float": (asked(float, Field(gt=1, lt=1)), r"no number"),
    "lengths of a text": (asked(str, Field(min_length=4, max_length=3)), "at least 4 characters"),
    "lengths of a list": (asked(list[int], Field(min_length=4, max_length=3)), "at least 4 entries"),
    "more choices than there are": (
        asked(list[Literal["a", "b"]], Field(min_length=3)),
        r"Asked\.it, .* needs at least 3 of 2 choices",
    ),
    "a schema that says something else": (
        asked(Annotated[list[int], WithJsonSchema({"type": "string"})]),
        r"Asked\.it, .* its JSON Schema allows other values than its type",
    ),
}
ANSWERABLE: dict[str, Any] = {
    "an enum with one option that can be read": asked(Mixed),
    "an enum with code of its own": asked(Parsed),
    "an enum of tuples or nothing": asked(Shape | None),
    "an enum of tuples or text": asked(Shape | int),
    "a list of no such enums": asked(list[Shape]),
    "a class, read by the author": asked(Annotated[type[int], BeforeValidator({"int": int}.get)]),
    "a class that may be left out": asked(type[int], Field(default_factory=lambda: int)),
    "a model that may hold itself": Chain,
    "one of several names": asked(int, Field(validation_alias=AliasChoices(AliasPath("others", 0), "it", "that"))),
    "an alias": asked(int, Field(alias="how many?")),
    "an alias and a strict model": asked(date, Field(alias="day"), ConfigDict(extra="forbid", strict=True)),
    "a pattern": asked(str, Field(pattern=r"^[A-Z]{2,5}-\d+$")),
    "a path": asked(Path, Path("/srv")),
    "a default that is not valid": asked(str, Field("", min_length=1)),
    "a date to come": asked(FutureDate),
    "a multiple": asked(float, Field(gt=0.1, lt=0.4, multiple_of=0.1)),
    "negative numbers": asked(int, Field(lt=-3, multiple_of=2)),
    "digits": asked(Decimal, Field(max_digits=3, decimal_places=1, ge=Decimal("12.3"))),
    "JSON in a text": asked(Json[list[int]]),
    "a named tuple": asked(Point),
    "a typed dict": asked(Row),
    "a dataclass": asked(Box),
    "a new type": asked(NewType("UserId", int)),
    "a root model": asked(RootModel[list[int]]),
    "a bare root model": RootModel[list[int]],
    "a set of choices": asked(set[Literal["a", "b"]], Field(min_length=2)),
    "a dict with names": asked(dict[str, int], Field(min_length=3)),
    "an address": asked(HttpUrl),
    "nothing": asked(None),
    "only nothing": asked(Literal[None]),
    "anything": asked(Any),
    "no field": create_model("Empty"),
    "a very long list": asked(list[int], Field(min_length=10_000)),
}


@pytest.mark.parametrize("name", UNANSWERABLE)
def test_what_nobody_could_answer_is_refused_by_name(name: str) -> None:
    """The message names the field, and says why no answer would be accepted."""
    wanted, words = UNANSWERABLE[name]
    with pytest.raises(InvalidFlow, match=words) as refused:
        Question.of(wanted).check()
    assert str(refused.value).startswith("A person cannot be asked for ")


@pytest.mark.parametrize("name", ANSWERABLE)
def test_what_somebody_might_answer_is_asked(name: str) -> None:
    """Also if only the author's code knows what is accepted."""
    Question.of(ANSWERABLE[name]).check()


@pytest.mark.parametrize("annotation", [Secret[int], Pin, list[Secret[date]], Secret[Row] | None, Shown])
def test_every_kind_of_secret_is_refused(annotation: Any) -> None:
    """Invariant 9: pydantic's schema says so of `SecretStr` alone."""
    with pytest.raises(InvalidFlow, match=r"Asked\.it.* is a secret"):
        Question.of(asked(annotation))


def test_choices_that_are_known_late_are_counted() -> None:
    """A list of at least three can be asked for only if there are three to choose from."""

    class Columns(RunInput):
        drop: list[str] = Field(min_length=3)

    Question.of(Columns.with_choices(drop=["a", "b", "c"])).check()
    with pytest.raises(InvalidFlow, match=r"Columns\.drop, .* needs at least 3 of 2 choices"):
        Question.of(Columns.with_choices(drop=["a", "b"])).check()


def test_no_code_of_the_author_runs() -> None:
    """It may be slow, or have effects, and nobody has answered yet."""
    ran: list[str] = []

    def noted(name: str) -> Callable[[Any], Any]:
        def note(value: Any) -> Any:
            ran.append(name)
            return value

        return note

    class Noting(BaseModel):
        after: Annotated[int, AfterValidator(noted("after"))]
        before: Annotated[int, BeforeValidator(noted("before"))]
        made: list[int] = Field(default_factory=lambda: noted("factory")([]))

        @model_validator(mode="after")
        def whole(self) -> "Noting":
            ran.append("model")
            return self

        def model_post_init(self, _context: Any) -> None:
            ran.append("post init")

    Question.of(Noting).check()
    assert ran == []
    Noting.model_validate({"after": 1, "before": 1})
    assert sorted(ran) == ["after", "before", "factory", "model", "post init"]


def test_a_bare_root_model_is_asked_for_like_a_plain_type() -> None:
    """An answer has fields, and a list has none. The flow gets the model, and the card its title."""

    class Tags(RootModel[list[str]]):
        """Which tags?"""

    question = Question.of(Tags)
    assert (question.title, question.description) == ("Tags", "Which tags?")
    assert question.answer({"value": ["a"]}) == Tags(["a"])
    with pytest.raises(ValidationError):
        question.answer({"value": [1]})


def test_a_message_about_a_long_schema_is_one_sentence() -> None:
    """It is what the author reads in the run's error."""
    with pytest.raises(InvalidFlow) as refused:
        Question.of(asked(type[int])).check()
    assert re.fullmatch(r"[^\n]{40,250}\.", str(refused.value))
