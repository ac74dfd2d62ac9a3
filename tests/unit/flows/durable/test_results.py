"""Futures within values."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from signoff import task
from signoff.flows.durable.results import has_futures, resolve_futures


@dataclass(frozen=True, slots=True)
class Box:
    content: Any


class Model(BaseModel, extra="allow"):
    content: Any


@task
def double(number: int) -> int:
    return 2 * number


def test_values_without_futures_stay_the_same_objects() -> None:
    """Nothing is copied for nothing, and what contains itself is no trap."""
    circle: list[Any] = []
    circle.append(circle)
    given = {"box": Box([Model(content=(1, {2}))]), "circle": circle}
    assert not has_futures(given)
    assert resolve_futures(given) is given


def test_what_contains_a_future_is_copied() -> None:
    """The caller's own objects keep the future, in frozen dataclasses and extra fields of models too."""
    future = double.submit(2)
    given = Box(Model(content=1, more=[future]))
    assert has_futures(given)
    assert resolve_futures(given) == Box(Model(content=1, more=[4]))
    assert given.content.more == [future]
