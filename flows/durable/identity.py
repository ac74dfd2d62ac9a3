"""Whether a value has come back as it was: equal, and of the same types at any depth."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel


def is_same(value: Any, back: Any) -> bool:
    """Whether two values are equal and of the same types. `(1, 2)` is not `[1, 2]`, and `True` is not `1`."""
    if type(value) is not type(back):
        return False
    match value:
        case list() | tuple():
            return len(value) == len(back) and all(map(is_same, value, back))
        case Mapping():
            return len(value) == len(back) and all(map(is_same, value.items(), back.items()))
        case set() | frozenset():
            return {(type(each), each) for each in value} == {(type(each), each) for each in back}
        case BaseModel():
            return is_same(dict(value), dict(back))
        case _ if is_dataclass(value):
            return all(is_same(getattr(value, each.name), getattr(back, each.name)) for each in fields(value))
        case _:
            return _equals(value, back) or (not _equals(value, value) and not _equals(back, back))


def _equals(value: Any, back: Any) -> bool:
    try:
        return bool(value == back)
    except Exception:  # noqa: BLE001 - arrays cannot be turned into a bool
        return False
