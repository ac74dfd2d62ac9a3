"""What `@flow` and `@task` can decorate, and what they refuse with what to do instead."""

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from signoff import Flow, InvalidFlow, Task, flow, task


def numbers() -> Iterator[int]:
    """A generator."""
    yield 1


async def numbers_async() -> AsyncIterator[int]:
    """An async generator."""
    yield 1


def plain(number: int) -> int:
    """A function."""
    return number


class Deployer:
    """A class with methods of every kind."""

    def deploy(self, where: str) -> str:
        """A method."""
        return where

    async def deploy_async(self, where: str) -> str:
        """An async method."""
        return where

    @classmethod
    def made(cls, where: str) -> str:
        """A class method."""
        return where

    @staticmethod
    def free(where: str) -> str:
        """A static method."""
        return where


BOTH = pytest.mark.parametrize("decorate", [flow, task, flow(name="named"), task(name="named")])
METHODS: dict[str, Any] = {
    "a method": Deployer.__dict__["deploy"],
    "an async method": Deployer.__dict__["deploy_async"],
    "a class method": Deployer.__dict__["made"],
    "a function below @classmethod": Deployer.__dict__["made"].__func__,
    "a static method": Deployer.__dict__["free"],
}


@BOTH
@pytest.mark.parametrize("function", [numbers, numbers_async])
def test_a_generator_is_refused(decorate: Callable[[Any], Any], function: Any) -> None:
    """Its code would run while somebody reads its values: outside of the run, without a journal."""
    with pytest.raises(InvalidFlow, match=f"^{function.__name__} is a generator: .* Return a list instead.$"):
        decorate(function)


@BOTH
@pytest.mark.parametrize("kind", METHODS)
def test_a_method_is_refused(decorate: Callable[[Any], Any], kind: str) -> None:
    """Its object would be another one after a restart, and no worker would find a flow in a class."""
    with pytest.raises(InvalidFlow, match=r"^Deployer\.\w+ is a method: .* Define (it|the task) outside of the class"):
        decorate(METHODS[kind])


def test_a_flow_in_a_class_is_refused_even_if_it_takes_no_object() -> None:
    """A worker looks for flows in a file, and not in its classes."""
    with pytest.raises(InvalidFlow, match=r"Deployer\.free is a method"):
        flow(Deployer.free)


def test_a_task_below_staticmethod_is_a_task() -> None:
    """It takes no object, so nothing of it can change."""

    class Tools:
        @staticmethod
        @task
        def double(number: int) -> int:
            return 2 * number

    assert Tools.double(2) == Tools().double(2) == 4


def test_a_method_of_an_object_can_be_made_a_flow_and_a_task() -> None:
    """It is a function: its object is bound already."""
    assert isinstance(flow(Deployer().deploy), Flow)
    assert isinstance(task(Deployer().deploy), Task)
    assert task(Deployer().deploy)("here") == "here"


@BOTH
@pytest.mark.parametrize("what", [Deployer, 7, "a text"])
def test_what_is_no_function_is_refused(decorate: Callable[[Any], Any], what: Any) -> None:
    """A class would give an object, and anything else cannot be called."""
    with pytest.raises(InvalidFlow, match=r"^@(flow|task) decorates functions, and .* is not one\.$"):
        decorate(what)


def test_a_partial_can_be_a_task_with_a_name() -> None:
    """It has none of its own, and a step is found by it. A flow needs code, of which it has a fingerprint."""
    one = functools.partial(plain, 1)
    with pytest.raises(InvalidFlow, match=r"has no name of its own\. Give it one with task\(name=…\)"):
        task(one)
    assert task(name="one")(one)() == 1
    with pytest.raises(InvalidFlow, match="decorates functions"):
        flow(name="one")(one)


def test_a_cached_function_can_be_a_flow() -> None:
    """It has the code of the function around which it is."""
    assert flow(functools.lru_cache(plain)).name == "plain"


@pytest.mark.parametrize("decorate", [flow, task])
@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"retries": -1}, "retries=-1 is not a number of retries"),
        ({"retries": 1.5}, "retries=1.5 is not a number of retries"),
        ({"retry_delay_seconds": -1}, "retry_delay_seconds=-1 is not a number of seconds"),
        ({"retry_delay_seconds": [1, float("nan")]}, r"retry_delay_seconds=\[1, nan\] is not a number of seconds"),
        ({"timeout_seconds": 0}, "timeout_seconds=0 is not a number of seconds above zero"),
        ({"timeout_seconds": "10"}, "timeout_seconds='10' is not a number of seconds above zero"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(decorate: Any, options: dict[str, Any], told: str) -> None:
    """Where they stand, and not in the middle of a run."""
    with pytest.raises(InvalidFlow, match=f"^plain: {told}"):
        decorate(**options)(plain)
