"""Hashes that are the same in every process."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import BuiltinFunctionType, FunctionType
from typing import Any

from pydantic import BaseModel, Secret, SecretBytes, SecretStr
from pydantic_core import to_jsonable_python

from signoff.flows.code.type_names import first_name


def digest(value: Any) -> str:
    """A hash of a schema or the like that is the same in every process."""
    return hash_of(text_of(StableForm(with_types=False).of(value)))


def text_of(stable: Any) -> str:
    """What `StableForm.of` returns, as JSON."""
    return json.dumps(stable, sort_keys=True, separators=(",", ":"), default=repr)


def hash_of(text: str) -> str:
    """A hash of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class StableForm:
    """Gives values a JSON form that is the same in every process.

    Args:
        with_types: Whether the form of an object says of which type it is. Earlier versions left that out.
        most: How many values are looked at; `None` for no limit. The others count by their types.

    Attributes:
        is_exact: Whether only equal values have the form. What has no JSON form, or is secret, counts by its type.
        has_types: Whether there was an object whose form says, or would say, of which type it is.
    """

    def __init__(self, *, with_types: bool = True, most: int | None = None) -> None:
        self._with_types = with_types
        self._left = most
        self.is_exact = True
        self.has_types = False

    def of(self, value: Any) -> Any:
        """The form of a value."""
        if value is None or isinstance(value, (str, int, float)):
            return value
        if self._left is not None and self._is_too_much(value):
            return self._by_type(value)
        match value:
            case Mapping():
                return {str(key): self.of(each) for key, each in value.items()}
            case list() | tuple():
                return [self.of(each) for each in value]
            case set() | frozenset():
                return sorted((self.of(each) for each in value), key=repr)
            case _:
                return self._of_object(value)

    def _of_object(self, value: Any) -> Any:
        match value:
            case BaseModel():
                return self._typed(value, {name: self.of(each) for name, each in value})
            case Iterator():
                # Reading a generator or a file here would leave nothing for the step.
                return self._by_type(value)
            case _ if is_dataclass(value) and not isinstance(value, type):
                return self._typed(value, {each.name: self.of(getattr(value, each.name)) for each in fields(value)})
            case Secret() | SecretStr() | SecretBytes():
                self.is_exact = False
                return to_jsonable_python(value)
            case type() | FunctionType() | BuiltinFunctionType() if self._with_types:
                return self._by_name(value)
            case _:
                # An object that pydantic cannot serialize counts by its type. Its `repr` may contain a memory address.
                return self._typed(value, to_jsonable_python(value, fallback=self._by_type))

    def _is_too_much(self, value: Any) -> bool:
        assert self._left is not None  # noqa: S101 - the caller has looked
        self._left -= 1 + (len(value) if isinstance(value, (Mapping, list, tuple, set, frozenset, bytes)) else 0)
        return self._left < 0

    def _typed(self, value: Any, form: Any) -> Any:
        self.has_types = True
        return {first_name(type(value)): form} if self._with_types else form

    def _by_name(self, value: Any) -> str:
        self.has_types = True
        name = first_name(value)
        self.is_exact = self.is_exact and "<" not in name
        return name

    def _by_type(self, value: Any) -> str:
        self.is_exact = False
        return first_name(type(value))
