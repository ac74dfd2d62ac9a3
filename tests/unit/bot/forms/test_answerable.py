"""A question that is asked can be answered: the sample that it was tried with goes through the form and the desk."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AliasChoices, AliasPath, BaseModel, EmailStr, Field, HttpUrl, RootModel, create_model

from signoff.bot.forms import Form
from signoff.flows.approval.validation import Valid, validate
from signoff.flows.errors import InvalidFlow
from signoff.flows.schema.answerable import sample_answer
from signoff.flows.schema.json_schema import schema_of
from signoff.input import SlackUser
from tests.unit.bot.forms.asked import asked_for
from tests.unit.bot.forms.slack import filled_in
from tests.unit.bot.forms.test_round_trip import THOROUGH


class Shape(Enum):
    """Tuples, which are not read back from JSON."""

    SQUARE = (1, 1)
    WIDE = (2, 1)


class Node(BaseModel):
    """A model that requires itself."""

    next: "Node"


class Chain(BaseModel):
    """A model that may hold itself."""

    next: "Chain | None"
    others: list["Chain"] = []


GOOD: tuple[Any, ...] = (
    *(str, int, float, bool, Decimal, date, datetime, time, timedelta, UUID, Path, IPv4Address, EmailStr, HttpUrl),
    *(
        None,
        Any,
        SlackUser,
        Chain,
        int | date,
        Shape | int,
        Node | bool,
        Literal["a", "b"],
        Literal[1],
        Literal[None, 2],
    ),
    Annotated[int, Field(gt=2, lt=4)],
    Annotated[int, Field(ge=-9, le=-1, multiple_of=4)],
    Annotated[float, Field(gt=0, lt=1)],
    Annotated[str, Field(min_length=2, max_length=3)],
    Annotated[list[Literal["a", "b"]], Field(min_length=2)],
    Annotated[set[int], Field(min_length=3)],
    Annotated[dict[str, int], Field(min_length=2)],
    tuple[int, Literal["a"]],
)
BAD: tuple[Any, ...] = (
    *(Shape, type[int], Literal[Shape.WIDE], Node, Shape | Node),
    Annotated[int, Field(gt=2, lt=3)],
    Annotated[float, Field(ge=2, le=1)],
    Annotated[str, Field(min_length=3, max_length=2)],
    Annotated[list[Literal["a", "b"]], Field(min_length=3)],
)


def within(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Types made of others."""
    return st.one_of(
        inner.map(lambda each: list[each]),  # type: ignore[valid-type]
        inner.map(lambda each: Annotated[list[each], Field(min_length=1)]),  # type: ignore[valid-type]
        inner.map(lambda each: dict[str, each]),  # type: ignore[valid-type]
        inner.map(lambda each: each | None if each is not None else each),
        inner.map(lambda each: create_model("Inner", it=(each, ...), more=(int, 1))),
        inner.map(lambda each: RootModel[each]),  # type: ignore[valid-type]
    )


@st.composite
def asked_models(draw: st.DrawFn) -> type[BaseModel]:
    """Models of which some can be answered, and some cannot."""
    types = st.recursive(st.sampled_from(GOOD * 2 + BAD), within, max_leaves=3)
    fields: dict[str, Any] = {}
    for number in range(draw(st.integers(1, 4))):
        options: dict[str, Any] = draw(
            st.sampled_from(
                [
                    *[{}] * 6,
                    {"alias": f"the {number}"},
                    {"validation_alias": AliasChoices(f"a{number}", "b")},
                    {"validation_alias": AliasPath("others", number)},
                ]
            )
        )
        default: dict[str, Any] = draw(st.sampled_from([{}, {}, {"default": None}, {"default_factory": lambda: None}]))
        fields[f"field_{number}"] = (draw(types), Field(**options, **default))
    return create_model("Model", **fields)


@settings(THOROUGH, max_examples=80)
@given(asked_models())
def test_whatever_is_not_refused_can_be_answered(model: type[BaseModel]) -> None:
    """The form takes the sample, and the desk accepts what the form reads."""
    schema = schema_of(model)
    try:
        sample = sample_answer(model, schema)
    except InvalidFlow:
        return
    assert sample is not None
    with asked_for(model) as prompt:
        reading = filled_in(Form.of(schema), sample)
        checked = validate(prompt, reading.values)

    assert reading.errors == {}, (schema, sample)
    assert isinstance(checked, Valid), (checked, reading.values, schema)
