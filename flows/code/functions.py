"""Which functions can be decorated with `@flow` and `@task`."""

import inspect
from collections.abc import Callable
from typing import Any

from signoff.flows.errors import InvalidFlow


def check_function(function: Any, name: str | None, *, decorator: str) -> None:
    """Check that a run can call a function, and that another process can find it.

    Args:
        name: The name that the decorator was given.
        decorator: `flow` or `task`.

    Raises:
        InvalidFlow: If that is impossible. The message says what to do instead.
    """
    if isinstance(function, staticmethod | classmethod):
        raise InvalidFlow(f"{_called(function.__func__)} is a method: {_INSTEAD[decorator]}")
    is_function = inspect.isroutine(inspect.unwrap(function)) if decorator == "flow" else callable(function)
    if not is_function or isinstance(function, type):
        raise InvalidFlow(f"@{decorator} decorates functions, and {_called(function)} is not one.")
    if name is None and not hasattr(function, "__name__"):
        raise InvalidFlow(f"{function!r} has no name of its own. Give it one with {decorator}(name=…).")
    if _is_generator(function):
        raise InvalidFlow(
            f"{_called(function)} is a generator: its code would run while somebody reads its values, outside of the "
            f"{decorator}. Return a list instead."
        )
    if inspect.isfunction(function) and _is_in_class(function) and (decorator == "flow" or _binds(function)):
        raise InvalidFlow(f"{_called(function)} is a method: {_INSTEAD[decorator]}")


_INSTEAD = {
    "flow": "a worker finds flows by their name in a file. Define it outside of the class, and give it what it needs "
    "as parameters.",
    "task": "an object cannot be recognized after a restart. Define the task outside of the class, or below "
    "@staticmethod, and give it what it needs as parameters.",
}


def _called(function: Any) -> str:
    return getattr(function, "__qualname__", None) or repr(function)


def _is_generator(function: Callable[..., Any]) -> bool:
    # A decorator may have made a list of what a generator yields, so `__wrapped__` says nothing.
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def _is_in_class(function: Any) -> bool:
    """Whether a function was defined in the body of a class."""
    around = function.__qualname__.rpartition(".")[0]
    return bool(around) and not around.endswith("<locals>")


def _binds(function: Callable[..., Any]) -> bool:
    """Whether a function of a class takes the object or the class, by the names that these have by convention."""
    return next(iter(inspect.signature(function).parameters), None) in ("self", "cls")
