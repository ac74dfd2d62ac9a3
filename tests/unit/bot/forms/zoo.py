"""Fields of all types for hypothesis: annotations, and values that a model accepts."""

import enum
import functools
import operator
import string
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Literal

from hypothesis import strategies as st
from pydantic import BaseModel, EmailStr, Field, create_model
from pydantic.fields import FieldInfo

TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60)
# Drawn as one text, since a regular expression draws each character by itself, and that takes a quarter of all time.
NAMES = st.builds(
    operator.add,
    st.sampled_from(string.ascii_lowercase),
    st.text(string.ascii_lowercase + string.digits + "_", max_size=20),
).filter(lambda name: not name.startswith("model_") and not hasattr(BaseModel, name))
CHOICES = st.lists(st.one_of(TEXTS, st.integers(-5, 5)), min_size=1, max_size=30, unique_by=lambda value: str(value))


@dataclass(frozen=True)
class Kind:
    """A type of field: its annotation, its constraints, and the values that it accepts."""

    annotation: Any
    values: st.SearchStrategy[Any]
    constraints: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """A model and one instance of it."""

    model: type[BaseModel]
    instance: BaseModel

    @property
    def values(self) -> dict[str, Any]:
        """The instance as JSON values."""
        return self.instance.model_dump(mode="json")


@st.composite
def texts(draw: st.DrawFn) -> Kind:
    """Strings with and without lengths."""
    longest = draw(st.sampled_from([None, 5, 150, 400, 5000]))
    shortest = draw(st.sampled_from([0, 1, 4]))
    values = st.text(st.characters(codec="utf-8"), min_size=max(1, shortest), max_size=min(longest or 50, 50))
    limits: dict[str, Any] = {"min_length": shortest} | ({} if longest is None else {"max_length": longest})
    return Kind(str, values, limits)


@st.composite
def integers(draw: st.DrawFn) -> Kind:
    """Integers with inclusive and exclusive bounds."""
    least, most = sorted(draw(st.tuples(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6))))
    limits = draw(st.sampled_from([{}, {"ge": least}, {"gt": least - 1, "le": most}, {"lt": most + 1}]))
    return Kind(int, st.integers(least, most), limits)


@st.composite
def floats(draw: st.DrawFn) -> Kind:
    """Floats of every size, with and without bounds."""
    bounded = draw(st.booleans())
    values = st.floats(-1000, 1000) if bounded else st.floats(allow_nan=False, allow_infinity=False)
    return Kind(float, values, {"ge": -1000, "le": 1000} if bounded else {})


@st.composite
def choices(draw: st.DrawFn) -> Kind:
    """Literals and enums, from one option to thirty."""
    listed = draw(CHOICES)
    if draw(st.booleans()):
        members = enum.Enum("Members", {f"m{position}": value for position, value in enumerate(listed)})  # type: ignore[misc]
        return Kind(members, st.sampled_from(list(members)))
    return Kind(Literal[tuple(listed)], st.sampled_from(listed))


@st.composite
def lists_of_choices(draw: st.DrawFn) -> Kind:
    """Lists of literals."""
    listed = draw(CHOICES)
    values = st.lists(st.sampled_from(listed), unique_by=lambda value: str(value))
    return Kind(list[Literal[tuple(listed)]], values.map(lambda some: sorted(some, key=listed.index)))  # type: ignore[misc]


DAYS = st.builds(Kind, st.just(date), st.just(st.dates()))
MOMENTS = st.builds(
    Kind,
    st.just(datetime),
    # Slack's picker has seconds at best, and holds timestamps of ten digits.
    st.just(st.integers(10**9, 10**10 - 1).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))),
)
BOOLS = st.builds(Kind, st.just(bool), st.just(st.booleans()))
TIMES = st.builds(Kind, st.just(time), st.just(st.times().map(lambda moment: moment.replace(microsecond=0, second=0))))
DURATIONS = st.builds(Kind, st.just(timedelta), st.just(st.timedeltas()))
DECIMALS = st.builds(
    Kind,
    st.just(Decimal),
    st.just(st.decimals(-1000, 1000, allow_nan=False, places=3)),
    st.sampled_from([{}, {"ge": -1000}, {"ge": -1000, "le": 1000}]),
)
ADDRESSES = st.builds(Kind, st.just(EmailStr), st.just(st.sampled_from(["ana@example.com", "b.o+x@mail.example.org"])))
IDS = st.builds(Kind, st.just(uuid.UUID), st.just(st.uuids()))
LINES = st.sampled_from(
    [
        Kind(list[str], st.lists(st.text(st.characters(codec="utf-8"), max_size=9), max_size=5)),
        Kind(list[int], st.lists(st.integers(), max_size=5)),
        Kind(list[float], st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=5)),
        Kind(list[bool], st.lists(st.booleans(), max_size=5)),
        Kind(set[date], st.sets(st.dates(), max_size=5)),
        Kind(dict[str, str], st.dictionaries(TEXTS, st.text(st.characters(codec="utf-8"), max_size=9), max_size=4)),
        Kind(dict[str, int], st.dictionaries(st.text(st.characters(codec="utf-8")), st.integers(), max_size=4)),
    ]
)
JSON = st.builds(
    Kind,
    st.just(dict[str, int | list[str]]),
    st.just(st.dictionaries(TEXTS, st.one_of(st.integers(-9, 9), st.lists(TEXTS, max_size=2)), min_size=1, max_size=3)),
)
KINDS = st.one_of(
    texts(),
    integers(),
    floats(),
    choices(),
    lists_of_choices(),
    DAYS,
    MOMENTS,
    BOOLS,
    TIMES,
    DURATIONS,
    DECIMALS,
    ADDRESSES,
    IDS,
    LINES,
    JSON,
)


SCALARS = st.sampled_from(
    [
        Kind(int, st.integers(-9, 9)),
        Kind(bool, st.booleans()),
        Kind(str, st.text(st.characters(codec="utf-8"), min_size=1, max_size=9)),
        Kind(list[int], st.lists(st.integers(-9, 9), min_size=1, max_size=3)),
    ]
)


@st.composite
def tagged(draw: st.DrawFn, deepest: int) -> Kind:
    """A discriminated union of models."""
    cases = draw(st.lists(models(deepest - 1), min_size=2, max_size=3))
    members, values = [], []
    for number, case in enumerate(cases):
        tag: tuple[Any, Any] = (Literal[f"tag {number}"], f"tag {number}" if number else ...)
        member = create_model(f"Member{number}", __base__=case.model, tag=tag)
        members.append(member)
        values.append(member.model_validate({**case.instance.model_dump(), "tag": f"tag {number}"}))
    union = functools.reduce(operator.or_, members)
    return Kind(union, st.sampled_from(values), {"discriminator": "tag"})


@st.composite
def unions(draw: st.DrawFn, deepest: int) -> Kind:
    """A union of a model and plain types."""
    case = draw(models(deepest - 1))
    scalars = draw(st.lists(SCALARS, min_size=1, max_size=3, unique_by=lambda kind: str(kind.annotation)))
    union = functools.reduce(operator.or_, [case.model, *(kind.annotation for kind in scalars)])
    return Kind(union, st.one_of(st.just(case.instance), *(kind.values for kind in scalars)))


@st.composite
def lists_of_models(draw: st.DrawFn, deepest: int) -> Kind:
    """Lists of models, and of unions with models."""
    case = draw(models(deepest - 1))
    entries = st.lists(st.just(case.instance), max_size=3)
    if draw(st.booleans()):
        return Kind(list[case.model], entries)  # type: ignore[name-defined]
    return Kind(list[case.model | None], st.lists(st.none() | st.just(case.instance), min_size=1, max_size=3))  # type: ignore[name-defined]


def composites(deepest: int) -> st.SearchStrategy[Kind]:
    """Types that take several inputs."""
    optional = models(deepest - 1).map(lambda case: Kind(case.model, st.just(case.instance)))
    return st.one_of(tagged(deepest), unions(deepest), lists_of_models(deepest), optional)


@st.composite
def models(draw: st.DrawFn, deepest: int = 2) -> Case:
    """A model with up to six fields: optional ones, ones with defaults, nested models, unions, and lists of those."""
    definitions: dict[str, tuple[Any, FieldInfo]] = {}
    instance: dict[str, Any] = {}
    for name in draw(st.lists(NAMES, min_size=1, max_size=6, unique=True)):
        chance = draw(st.integers(0, 9)) if deepest else 9
        if chance == 0:
            inner = draw(models(deepest - 1))
            default: Any = Field() if draw(st.booleans()) else Field(default=inner.instance)
            definitions[name] = (inner.model, default)
            instance[name] = inner.instance
            continue
        kind = draw(composites(deepest) if chance == 1 else KINDS)
        optional = draw(st.booleans())
        values = st.none() | kind.values.filter(lambda value: value not in ([], {}, set())) if optional else kind.values
        notes: dict[str, Any] = draw(
            st.fixed_dictionaries(
                {}, optional={"title": TEXTS, "description": TEXTS, "examples": st.lists(TEXTS, max_size=2)}
            )
        )
        if draw(st.booleans()):
            notes["default"] = draw(values)
        annotation = kind.annotation | None if optional else kind.annotation
        definitions[name] = (annotation, Field(**kind.constraints, **notes))
        instance[name] = draw(values)
    model = create_model("Model", **definitions)  # type: ignore[call-overload]
    return Case(model, model.model_validate(instance))


def cases() -> st.SearchStrategy[Case]:
    """A model, and an instance of it."""
    return models()
