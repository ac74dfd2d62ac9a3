"""Errors as JSON: what a task has raised is raised again in a replay, as an error of the same class.

An error is made again without its constructor, which may ask for more than `args` holds: `class Declined(Exception)`
with a code, or `httpx.HTTPStatusError` with a request. Its arguments, attributes and notes are written one by one.
"""

import json
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from signoff.flows.code.type_names import find_type, type_name

Write = Callable[[Any], Any]
WriteAttribute = Callable[[str, Any], tuple[Any, list[str]]]
Read = Callable[[Any], Any]

MAX_ATTRIBUTE = 1_000_000
"""How many characters of JSON an attribute may take."""

_MEMBERS = (types.MemberDescriptorType, types.GetSetDescriptorType)


def error_as_tree(error: BaseException, write: Write, write_attribute: WriteAttribute) -> dict[str, Any]:
    """An error as JSON, for `typed_json`.

    Args:
        write: Writes a value; raises `ValueError` if that cannot be written.
        write_attribute: The same for a value with a name. Returns also the places of secrets that it has hidden.
    """
    lost: dict[str, str] = {}
    tree: dict[str, Any] = {"$": "error", "type": type_name(type(error)), "lost": lost}
    if isinstance(error, ValidationError):
        tree |= {"title": error.title, "errors": [_details(each, write) for each in error.errors()]}
    try:
        tree["args"] = [write(each) for each in error.args]
    except ValueError as why:
        lost["args"] = str(why)
    tree["attributes"] = {}
    for name, value in _attributes(error):
        try:
            written, hidden = write_attribute(name, value)
        except ValueError as why:
            lost[name] = str(why)
            continue
        if len(json.dumps(written)) > MAX_ATTRIBUTE:
            lost[name] = "it is too large"
            continue
        tree["attributes"][name] = written
        lost |= dict.fromkeys(hidden, "a secret")
    return tree


def error_from_tree(tree: Mapping[str, Any], read: Read) -> BaseException:
    """The error that `error_as_tree` has written. Raises what importing or making it raises.

    Args:
        read: Reads what `write` has written.
    """
    class_ = find_type(tree["type"])
    arguments = tuple(read(each) for each in tree.get("args", ()))
    made: BaseException
    if "errors" in tree:
        made = ValidationError.from_exception_data(tree["title"], [_line(each, read) for each in tree["errors"]])
    else:
        # The class's own constructor, and a `__new__` of its own, may want other arguments.
        built_in = next(each for each in class_.__mro__ if each.__module__ == "builtins")
        made = built_in.__new__(class_, *arguments)
    made.args = arguments
    for name, each in tree["attributes"].items():
        value = read(each)
        if any(isinstance(vars(base).get(name), _MEMBERS) for base in class_.__mro__):
            setattr(made, name, value)
        else:
            made.__dict__[name] = value
    return made


def _attributes(error: BaseException) -> Iterator[tuple[str, Any]]:
    """The attributes of an error: its own, and those that built-in errors keep elsewhere, such as `errno`."""
    yield from vars(error).items()
    for base in type(error).__mro__:
        for name, member in vars(base).items():
            is_special = name.startswith("__") or name == "args"
            if isinstance(member, _MEMBERS) and not is_special and _is_set(error, name):
                yield name, getattr(error, name)


def _is_set(error: BaseException, name: str) -> bool:
    """Whether a member has a value, which a new error would not have by itself, and can be set."""
    try:
        value = getattr(error, name)
        if value is not None:
            setattr(error, name, value)
    except (AttributeError, TypeError):
        return False
    return value is not None


def _details(error: Any, write: Write) -> dict[str, Any]:
    """One line of a `ValidationError`."""
    try:
        given, context = write(error["input"]), write(error.get("ctx", {}))
    except ValueError:
        given, context = repr(error["input"]), {}
    return {"type": error["type"], "loc": list(error["loc"]), "msg": error["msg"], "input": given, "ctx": context}


def _line(written: Mapping[str, Any], read: Read) -> InitErrorDetails:
    given, context, kind = read(written["input"]), read(written["ctx"]), written["type"]
    line = InitErrorDetails(type=kind, loc=tuple(written["loc"]), input=given)
    if context:
        line["ctx"] = context
    try:
        ValidationError.from_exception_data("", [line])
    except (KeyError, TypeError, ValueError):
        # A type of the model's own. If its message contains braces, it may read otherwise, and is not raised then.
        custom = PydanticCustomError(kind, written["msg"], context or None)
        line = InitErrorDetails(type=custom, loc=tuple(written["loc"]), input=given)
    return line
