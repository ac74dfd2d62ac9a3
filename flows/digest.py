"""Hashes that are the same in every process."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from signoff.flows.type_names import first_name


def digest(value: Any) -> str:
    """A hash that is the same in every process: of arguments, of a schema."""
    text = json.dumps(_stable(value), sort_keys=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _stable(value: Any) -> Any:
    match value:
        case str() | int() | float() | bool() | None:
            return value
        case Mapping():
            return {str(key): _stable(each) for key, each in value.items()}
        case list() | tuple():
            return [_stable(each) for each in value]
        case set() | frozenset():
            return sorted((_stable(each) for each in value), key=repr)
        case BaseModel():
            return {name: _stable(each) for name, each in value}
        case Iterator():
            # To read a generator or a file here would take from the step what it was given.
            return first_name(type(value))
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {field.name: _stable(getattr(value, field.name)) for field in fields(value)}
        case _:
            # An object that pydantic cannot write is known by its type: its `repr` may hold an address.
            return to_jsonable_python(value, fallback=lambda each: first_name(type(each)))
