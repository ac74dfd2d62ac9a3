"""What the fields of a policy take: numbers and names of people, functions that find them, durations, reminders."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from signoff.store.working_hours import WorkingHours

MAX_WORD = 75
"""How long a text may be that has to be typed."""

DOUBLING = tuple(timedelta(minutes=15) * 2**number for number in range(16))
"""When reminders come that are `doubling`: each at twice the age of the one before, for most of a year."""


MAX_DURATION = timedelta(days=3650)
"""The longest duration in a policy. No calendar and no database has a moment much later than that."""


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        raise ValueError("give a duration greater than zero")
    if value > MAX_DURATION:
        raise ValueError(f"give at most {MAX_DURATION.days} days")
    return value


def several(value: Any) -> Any:
    """The value, unless it is a single one where a list is wanted.

    Raises:
        ValueError: If it is.
    """
    if isinstance(value, (str, int, float, timedelta)):
        raise ValueError(f"give a list, even of one: [{value!r}]")
    return value


def _confirmation(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and 0 < len(value) <= MAX_WORD and value.isprintable() and value == value.strip():
        return value
    raise ValueError(f"give True, or what has to be typed: one line of at most {MAX_WORD} characters, as in 'prod-db'")


def _several_or_function(value: Any) -> Any:
    return (value,) if callable(value) else several(value)


def _name_or_function(value: Any) -> Any:
    if inspect.iscoroutinefunction(value):
        raise ValueError(f"give a function that is not async in place of {value.__name__}")
    if callable(value) or (isinstance(value, str) and value):
        return value
    raise ValueError(f"{value!r} is neither a name nor a function that finds one")


def _reminders(value: Any) -> Any:
    if value == "doubling":
        return DOUBLING
    if isinstance(value, str):
        raise ValueError(f"give a list, even of one: [{value!r}], or 'doubling'")
    return several(value)


def _working_hours(value: str | None) -> str | None:
    if value is not None:
        WorkingHours.of(value)
    return value


Count = Annotated[int, Field(ge=1, strict=True)]
"""A number of people."""

Names = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], BeforeValidator(several)]
"""People, user groups and channels."""

FindApprovers = Callable[[Mapping[str, Any]], str | Iterable[str]]
"""A function of the flow's author that finds approvers. It is given the run's parameters by name, as the flow gets
them, and returns one name or several."""

Approvers = Annotated[
    tuple[Annotated[str | FindApprovers, PlainValidator(_name_or_function)], ...], BeforeValidator(_several_or_function)
]
"""The same, or functions that find them when the prompt opens."""

Duration = Annotated[timedelta, AfterValidator(_positive)]
"""A positive duration: a `timedelta`, a number of seconds, or ISO 8601 text such as `PT4H`."""

Confirmation = Annotated[bool | str, BeforeValidator(_confirmation)]
"""Whether a yes is confirmed, or the text that has to be typed for one."""

Reminders = Annotated[tuple[Duration, ...], BeforeValidator(_reminders)]
"""How old a prompt is at each reminder, or `doubling`."""

Hours = Annotated[str | None, AfterValidator(_working_hours)]
"""Working hours, as `store.working_hours` reads them."""
