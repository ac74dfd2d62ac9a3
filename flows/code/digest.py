"""Hashes that are the same in every process."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from pydantic import BaseModel, Secret, SecretBytes, SecretStr
from pydantic_core import to_jsonable_python

from signoff.flows.code.type_names import first_name


def digest(value: Any) -> str:
    """A hash of arguments, a schema or the like that is the same in every process."""
    return digest_and_exactness(value)[0]


def digest_and_exactness(value: Any) -> tuple[str, bool]:
    """The same, and whether only equal values have it. What has no JSON form, or is secret, counts by its type."""
    inexact: list[Any] = []
    text = json.dumps(_stable(value, inexact), sort_keys=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(), not inexact


def _stable(value: Any, inexact: list[Any]) -> Any:
    match value:
        case str() | int() | float() | bool() | None:
            return value
        case Mapping():
            return {str(key): _stable(each, inexact) for key, each in value.items()}
        case list() | tuple():
            return [_stable(each, inexact) for each in value]
        case set() | frozenset():
            return sorted((_stable(each, inexact) for each in value), key=repr)
        case BaseModel():
            return {name: _stable(each, inexact) for name, each in value}
        case Iterator():
            # Reading a generator or a file here would leave nothing for the step.
            return _by_type(value, inexact)
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {field.name: _stable(getattr(value, field.name), inexact) for field in fields(value)}
        case Secret() | SecretStr() | SecretBytes():
            inexact.append(value)
            return to_jsonable_python(value)
        case _:
            # An object that pydantic cannot serialize counts by its type. Its `repr` may contain a memory address.
            return to_jsonable_python(value, fallback=lambda each: _by_type(each, inexact))


def _by_type(value: Any, inexact: list[Any]) -> str:
    inexact.append(value)
    return first_name(type(value))
