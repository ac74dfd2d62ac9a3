"""Values as JSON that keeps their types, at any depth.

Plain JSON stands for itself. Anything else is an object with the key `$`, which says what it is:
`{"$": "datetime", "value": "2031-05-06T12:00:00", "zone": {"$": "zone", "key": "Europe/Berlin"}}`. Classes are named by
where they can be imported from; nothing else of them is run than their `__new__` and `__setstate__`.
"""

import base64
import copyreg
import math
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from types import BuiltinFunctionType, FunctionType, NoneType, UnionType
from typing import Any, Union, get_args, get_origin
from uuid import UUID
from zoneinfo import ZoneInfo

from pydantic import BaseModel, SecretBytes, SecretStr, TypeAdapter
from pydantic.types import Secret
from pydantic_core import TzInfo

from signoff.flows.code.type_names import find_type, type_name
from signoff.flows.durable.values.recorded_errors import error_as_tree
from signoff.store.redaction import HIDDEN, names_secret, redacted

TAG = "$"
"""The key of an object that stands for something else than a dict."""

TEXTS: dict[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "bytes": (bytes, lambda value: base64.b64encode(value).decode(), base64.b64decode),
    "bytearray": (
        bytearray,
        lambda value: base64.b64encode(value).decode(),
        lambda text: bytearray(base64.b64decode(text)),
    ),
    "date": (date, date.isoformat, date.fromisoformat),
    "decimal": (Decimal, str, Decimal),
    "uuid": (UUID, str, UUID),
    "complex": (complex, repr, complex),
    "int": (int, str, int),
    "float": (float, repr, float),
    "str": (str, str, str),
}
"""Types whose values are written as texts: how, and how they are read."""

PLURALS: dict[str, type] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
"""Built-in types with items."""

BASES: tuple[Any, ...] = (
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    bytearray,
    list,
    tuple,
    set,
    frozenset,
    OrderedDict,
    dict,
    deque,
)
"""Built-in types that other classes extend, the special ones first."""

_SECRETS = (SecretStr, SecretBytes, Secret)


class Unrecordable(ValueError):
    """A value cannot be written. The message says where, and why."""


def to_tree(value: Any, *, objects: bool = False) -> Any:
    """A value as JSON that keeps its types.

    Args:
        objects: Whether to write objects of any class, by what `pickle` would write of them.

    Raises:
        Unrecordable: If it contains something that cannot be written.
    """
    return _Writer(objects).write(value, "")


class _Writer:
    """Writes one value.

    Args:
        hidden: Gets the places of secrets, which are hidden; `None` to write texts as they are.
    """

    def __init__(self, objects: bool, hidden: list[str] | None = None) -> None:
        self._objects = objects
        self._hidden = hidden
        self._around: list[int] = []

    def write(self, value: Any, path: str) -> Any:
        """A value as JSON; `path` says where it is: `[0].when`."""
        if self._hidden is not None and type(value) in (str, bytes):
            value = self._without_secrets(value, path)
        if value is None or type(value) in (bool, str, int) or (type(value) is float and math.isfinite(value)):
            return value
        with self._within(value, path):
            return self._container(value, path) or self._leaf(value, path) or self._instance(value, path)

    @contextmanager
    def _within(self, value: Any, path: str) -> Iterator[None]:
        if id(value) in self._around:
            raise Unrecordable(f"{path or 'it'} contains itself")
        if len(self._around) > 100:
            raise Unrecordable(f"{path[:100]}… is nested more than 100 levels deep")
        self._around.append(id(value))
        yield
        self._around.pop()

    def _container(self, value: Any, path: str) -> Any:
        kind = type(value)
        if kind is list and value:
            return self._items(value, path)
        if isinstance(value, dict) and self._hidden is not None:
            hidden = {
                key: self._without_secrets(each, _at(path, key), name=key)
                for key, each in value.items()
                if isinstance(each, (str, bytes)) and names_secret(_text_of(key))
            }
            value = {**value, **hidden} if kind is dict else value
        if kind is dict and value and all(type(key) is str for key in value) and TAG not in value:
            return {key: self.write(each, _at(path, key)) for key, each in value.items()}
        if kind is dict:
            return {TAG: "dict", "items": self._pairs(value, path)}
        if kind in PLURALS.values():
            return {TAG: kind.__name__, "items": self._items(value, path)}
        return None

    def _without_secrets(self, value: str | bytes, path: str, *, name: object = "") -> str | bytes:
        """A text without secrets; hidden as a whole if its name says so."""
        text = value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")
        shown = HIDDEN if names_secret(_text_of(name)) and text else redacted(text)
        if shown == text or self._hidden is None:
            return value
        self._hidden.append(path.lstrip("."))
        return shown if isinstance(value, str) else shown.encode("utf-8", "surrogateescape")

    def _items(self, values: Iterable[Any], path: str) -> list[Any]:
        if self._hidden is not None and isinstance(values, (list, tuple)) and 2 <= len(values) <= 3:
            # A header: its name, perhaps once more in lower case, and its value.
            *names, value = values
            if all(isinstance(each, (str, bytes)) for each in values) and names_secret(_text_of(names[0])):
                values = [*names, self._without_secrets(value, f"{path}.{_text_of(names[0])}", name=names[0])]
        return [self.write(each, f"{path}[{number}]") for number, each in enumerate(values)]

    def _pairs(self, values: Mapping[Any, Any], path: str) -> list[Any]:
        return [
            [self.write(key, f"a key of {path or 'it'}"), self.write(each, _at(path, key))]
            for key, each in values.items()
        ]

    def _leaf(self, value: Any, path: str) -> Any:
        """A value without parts, of a type that the standard library has."""
        kind = type(value)
        for name, (type_, text_of, _) in TEXTS.items():
            if kind is type_:
                return {TAG: name, "value": text_of(value)}
        match value:
            case timedelta() if kind is timedelta:
                return {TAG: "timedelta", "value": [value.days, value.seconds, value.microseconds]}
            case datetime() | time() if kind in (datetime, time):
                text = value.replace(tzinfo=None).isoformat()
                zone = None if value.tzinfo is None else self._zone(value.tzinfo, path)
                return {TAG: kind.__name__, "value": text, "zone": zone, "fold": value.fold}
            case tzinfo() if kind in (timezone, TzInfo, ZoneInfo):
                return self._zone(value, path)
            case Enum():
                return {
                    TAG: "enum",
                    "type": self._class(kind, path),
                    "value": self.write(value.value, f"{path}.value"),
                }
            case PurePath():
                return {TAG: "path", "type": type_name(kind), "value": str(value)}
            case type() | FunctionType() | BuiltinFunctionType():
                return {TAG: "name", "value": self._class(value, path)}
            case _:
                return None

    def _zone(self, zone: tzinfo, path: str) -> Any:
        if isinstance(zone, ZoneInfo) and zone.key is not None:
            return {TAG: "zone", "key": zone.key}
        if isinstance(zone, (timezone, TzInfo)) and (offset := zone.utcoffset(None)) is not None:
            return {TAG: "offset", "seconds": offset.total_seconds(), "name": zone.tzname(None)}
        raise Unrecordable(f"the time zone of {path or 'it'} is of the class {_named(type(zone))}, which has no name")

    def _instance(self, value: Any, path: str) -> Any:
        """An object of a class: a model, a dataclass, an error, or a class that extends a built-in one."""
        kind = type(value)
        if isinstance(value, _SECRETS):
            raise Unrecordable(f"{path or 'it'} is a secret, and secrets are not recorded")
        named = self._class(kind, path)
        if isinstance(value, BaseModel):
            return {
                TAG: "model",
                "type": named,
                "fields": {
                    name: self.write(value.__dict__[name], _at(path, name))
                    for name in kind.model_fields
                    if name in value.__dict__
                },
                "extra": self.write(value.__pydantic_extra__, path),
                "set": sorted(value.__pydantic_fields_set__),
            }
        if isinstance(value, BaseException):
            return error_as_tree(value, lambda each: self.write(each, f"{path}.args"), _written_attribute)
        base = next((each for each in BASES if isinstance(value, each)), None)
        if base is not None:
            return self._extended(value, base, named, path)
        if is_dataclass(value):
            return {
                TAG: "dataclass",
                "type": named,
                "fields": {
                    each.name: self.write(getattr(value, each.name), _at(path, each.name)) for each in fields(value)
                },
            }
        return self._by_pydantic(value, named, path) or self._reduced(value, named, path)

    def _extended(self, value: Any, base: type, named: str, path: str) -> Any:
        """An object of a class that extends a built-in one, such as a `defaultdict` or a named tuple."""
        if issubclass(base, dict):
            content: Any = self._pairs(value, path)
        elif issubclass(base, (list, tuple, set, frozenset, deque)):
            content = self._items(value, path)
        else:
            content = self.write(base(value), path)  # type: ignore[call-arg]
        state = {name: self.write(each, _at(path, name)) for name, each in getattr(value, "__dict__", {}).items()}
        more: dict[str, Any] = {}
        if isinstance(value, defaultdict):
            more["factory"] = self.write(value.default_factory, f"the default factory of {path or 'it'}")
        if isinstance(value, deque):
            more["maxlen"] = value.maxlen
        base_name = "ordered" if base is OrderedDict else base.__name__
        return {TAG: "extended", "type": named, "base": base_name, "value": content, "state": state, **more}

    def _by_pydantic(self, value: Any, named: str, path: str) -> Any:
        """A value of a type that pydantic knows, such as an IP address."""
        try:
            adapter = TypeAdapter(type(value))
            written = adapter.dump_python(value, mode="json", warnings="error")
            back = adapter.validate_python(written)
        except Exception:  # noqa: BLE001 - it may run the class's own code
            return None
        is_same = type(back) is type(value) and back == value
        return {TAG: "pydantic", "type": named, "value": written} if is_same else None

    def _reduced(self, value: Any, named: str, path: str) -> Any:
        if not self._objects:
            raise Unrecordable(
                f"{path or 'it'} is of the class {_named(type(value))}, which is neither a model nor a dataclass"
            )
        try:
            made, arguments, *rest = value.__reduce_ex__(2)
        except Exception as error:  # noqa: BLE001 - it runs the class's own code
            raise Unrecordable(f"{path or 'it'} cannot be copied: {error}") from None
        state, others = (rest[0] if rest else None), [each for each in rest[1:] if each is not None]
        if made is not copyreg.__newobj__ or others:  # type: ignore[attr-defined]
            raise Unrecordable(
                f"{path or 'it'} is of the class {_named(type(value))}, which has a way of its own to be copied"
            )
        return {
            TAG: "object",
            "type": named,
            "arguments": self._items(arguments[1:], path),
            "state": self.write(state, path),
        }

    def _class(self, type_: Any, path: str) -> Any:
        """The name of a class, and its parameters if it is generic."""
        generic = getattr(type_, "__pydantic_generic_metadata__", None) or {"origin": None}
        origin, of = generic["origin"], generic.get("args", ())
        if origin is None:
            origin, of = get_origin(type_), get_args(type_)
        if origin in (Union, UnionType):
            return {
                "union": [self._class(each, path) for each in of],
                "written": "|" if origin is UnionType else "Union",
            }
        if origin is not None:
            return {"origin": self._class(origin, path), "of": [self._class(each, path) for each in of]}
        if type_ is NoneType:
            return None
        name = type_name(type_)
        try:
            found = find_type(name)
        except (ImportError, AttributeError, ValueError):
            found = None
        if found is not type_ and not (found is not None and type_name(found) == name):
            raise Unrecordable(f"{path or 'it'} is of the class {_named(type_)}, which cannot be imported by that name")
        return name


def _written_attribute(name: str, value: Any) -> tuple[Any, list[str]]:
    """An attribute of an error, and the places of the secrets that were hidden in it."""
    hidden: list[str] = []
    writer = _Writer(objects=True, hidden=hidden)
    # As a dict, so that the name of the attribute counts.
    return writer.write({name: value}, "")[name], hidden


def _text_of(name: object) -> str:
    return name.decode("latin-1") if isinstance(name, bytes) else str(name)


def _at(path: str, key: Any) -> str:
    return f"{path}.{key}" if isinstance(key, str) and key.isidentifier() else f"{path}[{key!r}]"


def _named(type_: Any) -> str:
    return str(getattr(type_, "__qualname__", type_))
