"""What a person cannot, or must not, be asked for is refused where the flow asks, by the field's name."""

from collections.abc import Callable
from datetime import datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any, Literal

import pytest
from pydantic import AwareDatetime, BaseModel, Field, NaiveDatetime, SecretBytes, SecretStr, create_model

from signoff.flows.durable.question import Question
from signoff.flows.errors import InvalidFlow
from signoff.flows.schema.json_schema import schema_of
from signoff.input import AwareTime


class Socket:
    """A type that pydantic does not know."""


class Key(BaseModel):
    """A model with a secret within."""

    secret: SecretStr | None = None


class Keys(BaseModel):
    """A secret far down."""

    by_name: dict[str, list[Key]]


class Hook(BaseModel):
    """A model with something that has no schema."""

    call: Callable[[], None]


class Node(BaseModel):
    """A model that holds itself, and a secret."""

    inner: "list[Node]" = []
    token: SecretBytes = SecretBytes(b"")


@pytest.mark.parametrize(
    ("annotation", "name"),
    [
        (SecretStr, "Asked.it"),
        (list[SecretStr], "Asked.it"),
        (Keys, "Asked.it.by_name.secret"),
        (Node, "Asked.it.token"),
        (Key | None, "Asked.it.secret"),
    ],
)
def test_a_secret_is_refused_with_its_name(annotation: Any, name: str) -> None:
    """Invariant 9: however deeply it is nested; the message says what to do instead."""
    with pytest.raises(InvalidFlow) as refused:
        Question.of(create_model("Asked", it=(annotation, ...)))
    assert str(refused.value).startswith(f"{name} is a secret")
    assert "Ask for the name of the secret (a str) instead" in str(refused.value)


def test_a_field_is_a_secret_when_its_schema_says_so() -> None:
    """`writeOnly` and `format: password` are words of JSON Schema for it."""
    for field in (Field(json_schema_extra={"writeOnly": True}), Field(json_schema_extra={"format": "password"})):
        with pytest.raises(InvalidFlow, match=r"Asked\.it is a secret"):
            Question.of(create_model("Asked", it=(str, field)))


@pytest.mark.parametrize(
    ("annotation", "name"),
    [
        (Callable[[], None], "Asked.it (Callable)"),
        (list[Hook], "Asked.it.call (Callable)"),
        (Hook | None, "Asked.it.call (Callable)"),
    ],
)
def test_a_type_without_a_schema_is_refused_with_its_name(annotation: Any, name: str) -> None:
    """The error names the field, and what to use instead."""
    with pytest.raises(InvalidFlow) as refused:
        Question.of(create_model("Asked", it=(annotation, ...)))
    assert str(refused.value).startswith(f"A person cannot be asked for {name}")
    assert "Use a type" in str(refused.value)


def test_plain_types_are_refused_alike() -> None:
    """A bare secret, a bare function and a class that pydantic does not know."""
    for annotation in (SecretStr, Callable[[], None], Socket):
        with pytest.raises(InvalidFlow):
            Question.of(annotation)


def test_the_schema_says_whether_a_time_has_a_zone() -> None:
    """pydantic's own schema does not, and the form has to know."""
    asked = create_model(
        "Asked", either=datetime, naive=NaiveDatetime, aware=AwareDatetime | None, clock=time, zoned=AwareTime
    )
    fields = schema_of(asked)["properties"]
    assert "zone" not in fields["either"]
    assert "zone" not in fields["clock"]
    assert fields["naive"]["zone"] == "none"
    assert fields["aware"]["anyOf"][0]["zone"] == "required"
    assert fields["zoned"] == {"format": "time", "title": "Zoned", "type": "string", "zone": "required"}


def asked_with(annotation: Any, element: str) -> type[BaseModel]:
    """A model whose field names an element."""
    return create_model("Asked", it=(annotation, Field(json_schema_extra={"element": element})))


class Size(Enum):
    """Two sizes."""

    S = "s"
    L = "l"


@pytest.mark.parametrize(
    ("annotation", "element", "instead"),
    [
        (str, "radio", "use 'text' or 'multiline'"),
        (int, "multiline", "leave it out"),
        (Decimal, "checkbox", ""),
        (Literal["a", "b"], "checkboxes", "use 'radio' or 'select'"),
        (Size | None, "multiline", "use 'radio' or 'select'"),
        (Literal[tuple(range(11))], "radio", "use 'select'"),
        (list[Size], "radio", "use 'checkboxes' or 'select'"),
        (list[str], "select", "use 'lines' or 'json'"),
        (dict[str, int], "lines", "use 'pairs' or 'json'"),
        (bool, "select", "use 'radio' or 'checkbox'"),
        (bool, "slider", "use 'radio' or 'checkbox'"),
    ],
)
def test_an_element_that_cannot_ask_for_the_field_is_refused(annotation: Any, element: str, instead: str) -> None:
    """The message names the field, the element, and those that can."""
    with pytest.raises(InvalidFlow) as refused:
        Question.of(asked_with(annotation, element))
    assert str(refused.value).startswith(f"Asked.it cannot be asked for with the element {element!r}: ")
    assert instead in str(refused.value)
