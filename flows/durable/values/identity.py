"""Whether a value has come back as it was: equal, and of the same types at any depth."""

from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, time, timezone, tzinfo
from enum import Enum
from typing import Any

from pydantic import BaseModel
from pydantic_core import TzInfo


def is_same(value: Any, back: Any) -> bool:
    """Whether two values are equal and of the same types. `(1, 2)` is not `[1, 2]`, and `True` is not `1`."""
    if type(value) is not type(back):
        return False
    if not _is_same_beside(value, back):
        return False
    match value:
        case list() | tuple() | deque():
            return len(value) == len(back) and all(map(is_same, value, back))
        case Mapping():
            return len(value) == len(back) and all(map(is_same, value.items(), back.items()))
        case set() | frozenset():
            return {(type(each), each) for each in value} == {(type(each), each) for each in back}
        case BaseModel():
            return is_same(dict(value), dict(back))
        case _ if is_dataclass(value):
            return all(is_same(getattr(value, each.name), getattr(back, each.name)) for each in fields(value))
        case BaseException():
            return is_same(value.args, back.args) and is_same(vars(value), vars(back))
        case datetime() | time():
            return _equals(value, back) and value.fold == back.fold and _is_same_zone(value.tzinfo, back.tzinfo)
        case _:
            return _equals(value, back) or (not _equals(value, value) and not _equals(back, back))


def _is_same_beside(value: Any, back: Any) -> bool:
    """Whether what an equality of its class leaves out is the same: attributes, a default, a limit."""
    if isinstance(value, (str, int, float, bytes, list, dict, set, tuple)) and hasattr(value, "__dict__"):
        if isinstance(value, Enum):
            return True
        if not is_same(vars(value), vars(back)):
            return False
    if isinstance(value, defaultdict):
        return value.default_factory is back.default_factory
    return not isinstance(value, deque) or value.maxlen == back.maxlen


def _is_same_zone(zone: tzinfo | None, back: tzinfo | None) -> bool:
    """Whether two zones have the same rules. All that have one offset for ever are alike."""
    if isinstance(zone, (timezone, TzInfo)) and isinstance(back, (timezone, TzInfo)):
        return zone.utcoffset(None) == back.utcoffset(None)
    return zone == back


def _equals(value: Any, back: Any) -> bool:
    try:
        return bool(value == back)
    except Exception:  # noqa: BLE001 - arrays cannot be turned into a bool
        return False
