"""Reads what `typed_json` has written."""

import operator
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime, time, timedelta, timezone, tzinfo
from functools import reduce
from types import NoneType
from typing import Any, Union
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from signoff.flows.code.type_names import find_type
from signoff.flows.durable.values.recorded_errors import error_from_tree
from signoff.flows.durable.values.typed_json import BASES, PLURALS, TAG, TEXTS


def from_tree(tree: Any) -> Any:
    """The value that `to_tree` has written.

    Raises:
        Exception: What importing a class, or making an instance of it, raises.
    """
    match tree:
        case list():
            return [from_tree(each) for each in tree]
        case dict() if TAG in tree:
            return _READERS[tree[TAG]](tree)
        case dict():
            return {key: from_tree(each) for key, each in tree.items()}
        case _:
            return tree


def _class_of(named: Any) -> Any:
    if named is None:
        return NoneType
    if isinstance(named, dict) and "union" in named:
        of = [_class_of(each) for each in named["union"]]
        # A generic class of the one is another class than that of the other.
        return reduce(operator.or_, of) if named["written"] == "|" else Union[tuple(of)]  # noqa: UP007
    if isinstance(named, dict):
        return _class_of(named["origin"])[tuple(_class_of(each) for each in named["of"])]
    return find_type(named)


def _model(tree: Mapping[str, Any]) -> Any:
    class_ = _class_of(tree["type"])
    if set(tree["fields"]) != set(class_.model_fields):
        raise ValueError(f"{class_.__name__} has other fields than when it was recorded")
    made = class_.__new__(class_)
    # As a copy of it would be made: its validators have accepted these values already.
    private = {name: each.get_default() for name, each in class_.__private_attributes__.items()}
    made.__setstate__(
        {
            "__dict__": {name: from_tree(each) for name, each in tree["fields"].items()},
            "__pydantic_extra__": from_tree(tree["extra"]),
            "__pydantic_fields_set__": set(tree["set"]),
            "__pydantic_private__": private or None,
        }
    )
    return made


def _dataclass(tree: Mapping[str, Any]) -> Any:
    class_ = _class_of(tree["type"])
    if set(tree["fields"]) != {each.name for each in fields(class_)}:
        raise ValueError(f"{class_.__name__} has other fields than when it was recorded")
    made = class_.__new__(class_)
    for name, each in tree["fields"].items():
        object.__setattr__(made, name, from_tree(each))
    return made


def _extended(tree: Mapping[str, Any]) -> Any:
    class_ = _class_of(tree["type"])
    base: Any = {"ordered": OrderedDict, "deque": deque}.get(tree["base"]) or {each.__name__: each for each in BASES}[
        tree["base"]
    ]
    content = tree["value"]
    made: Any
    if issubclass(base, dict):
        made = base.__new__(class_)
        base.__init__(made)
        for key, each in content:
            base.__setitem__(made, from_tree(key), from_tree(each))
        if "factory" in tree:
            made.default_factory = from_tree(tree["factory"])
    elif base in (list, set, deque, bytearray):
        made = base.__new__(class_)
        given = [from_tree(each) for each in content] if isinstance(content, list) else from_tree(content)
        base.__init__(made, given, *([tree["maxlen"]] if "maxlen" in tree else []))
    else:
        given = [from_tree(each) for each in content] if isinstance(content, list) else from_tree(content)
        made = base.__new__(class_, given)
    for name, each in tree["state"].items():
        made.__dict__[name] = from_tree(each)
    return made


def _object(tree: Mapping[str, Any]) -> Any:
    class_ = _class_of(tree["type"])
    made = class_.__new__(class_, *map(from_tree, tree["arguments"]))
    state = from_tree(tree["state"])
    if hasattr(made, "__setstate__"):
        made.__setstate__(state)
        return made
    plain, slots = state if isinstance(state, tuple) else (state, None)
    made.__dict__.update(plain or {})
    for name, each in (slots or {}).items():
        object.__setattr__(made, name, each)
    return made


def _zone(tree: Mapping[str, Any]) -> tzinfo:
    offset, name = timedelta(seconds=tree["seconds"]), tree["name"]
    plain = timezone(offset)
    return plain if plain.tzname(None) == name else timezone(offset, name)


def _moment(type_: Any) -> Callable[[Mapping[str, Any]], Any]:
    return lambda tree: type_.fromisoformat(tree["value"]).replace(tzinfo=from_tree(tree["zone"]), fold=tree["fold"])


_READERS: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    **{name: lambda tree, read=read: read(tree["value"]) for name, (_, _, read) in TEXTS.items()},  # type: ignore[misc]
    **{name: lambda tree, type_=type_: type_(map(from_tree, tree["items"])) for name, type_ in PLURALS.items()},  # type: ignore[misc]
    "dict": lambda tree: {from_tree(key): from_tree(each) for key, each in tree["items"]},
    "timedelta": lambda tree: timedelta(*tree["value"]),
    "datetime": _moment(datetime),
    "time": _moment(time),
    "zone": lambda tree: ZoneInfo(tree["key"]),
    "offset": _zone,
    "enum": lambda tree: _class_of(tree["type"])(from_tree(tree["value"])),
    "path": lambda tree: find_type(tree["type"])(tree["value"]),
    "name": lambda tree: _class_of(tree["value"]),
    "model": _model,
    "dataclass": _dataclass,
    "extended": _extended,
    "pydantic": lambda tree: TypeAdapter(_class_of(tree["type"])).validate_python(tree["value"]),
    "object": _object,
    "error": lambda tree: error_from_tree(tree, from_tree),
}
