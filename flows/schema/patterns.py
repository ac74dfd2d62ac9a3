"""Regular expressions in schemas: matched in linear time, and refused if that is impossible.

They meet text that anybody may have typed. Python's `re` backtracks, and holds the interpreter's lock while it does: 35
characters can stop every thread of a process for hours. So all patterns are matched by the engine that pydantic uses by
default, Rust's `regex`, which needs time in proportion to the text (https://docs.rs/regex/latest/regex/#untrusted-input).
That also gives a pattern one meaning, whether or not the model can be imported. `\\p{L}` works; look-around and
backreferences do not.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from pydantic import BaseModel
from pydantic_core import SchemaError, SchemaValidator, core_schema

_BEFORE_DIGITS = "^(?!^[-+.]*$)"
"""How the pattern of a `Decimal` begins in pydantic before 2.14, the only look-ahead that it writes itself."""

_SIGNS_ONLY = "^[-+.]*$"

_ONE_SCHEMA = (
    *("additionalItems", "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not"),
    *("propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"),
)
_NAMED_SCHEMAS = ("$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties")
_LISTED_SCHEMAS = ("allOf", "anyOf", "items", "oneOf", "prefixItems")


class UnreadablePattern(ValueError):
    """A pattern that cannot be matched in linear time. The message quotes it, and says why."""


@lru_cache(maxsize=1024)
def matcher(pattern: str) -> Callable[[str], bool]:
    """A function that says whether `pattern` matches anywhere in a text.

    Raises:
        UnreadablePattern: If it cannot be matched in linear time, or is not a regular expression.
    """
    if pattern.startswith(_BEFORE_DIGITS):
        signs_only, digits = matcher(_SIGNS_ONLY), matcher("^" + pattern.removeprefix(_BEFORE_DIGITS))
        return lambda text: digits(text) and not signs_only(text)
    try:
        return SchemaValidator(core_schema.str_schema(pattern=pattern, strict=True)).isinstance_python
    except SchemaError as error:
        reason = str(error).splitlines()[-1].strip()
        reason = reason.removeprefix("error: ").removeprefix("SchemaError: ").rstrip(".")
        raise UnreadablePattern(f"the pattern {_quoted(pattern)} cannot be used ({reason})") from None


def check_patterns(schema: Mapping[str, Any]) -> None:
    """Check every pattern in a JSON Schema.

    Raises:
        UnreadablePattern: For the first one that cannot be matched in linear time.
    """
    parts = list(_schemas_in(schema))
    for part in parts:
        named = part.get("patternProperties")
        for pattern in [part.get("pattern"), *(named if isinstance(named, Mapping) else ())]:
            if isinstance(pattern, str):
                matcher(pattern)
    # Which properties are left over depends on all patterns of the schema, and only backtracking code decides that.
    if any("unevaluatedProperties" in part for part in parts) and any("patternProperties" in part for part in parts):
        raise UnreadablePattern("unevaluatedProperties cannot be used together with patternProperties")


@lru_cache(maxsize=128)
def check_engine(model: type[BaseModel]) -> None:
    """Check that pydantic matches the patterns of `model` in linear time as well.

    Raises:
        UnreadablePattern: If it uses Python's engine for one. The message names the model and the field.
    """
    for where, pattern in _python_patterns(model.__pydantic_core_schema__, model.__name__, "rust-regex"):
        raise UnreadablePattern(f"{where} matches the pattern {_quoted(pattern)} with Python's regular expressions")


def _schemas_in(schema: Any) -> Iterator[Mapping[str, Any]]:
    """`schema` and every schema within it. References are not followed: what they name is in `schema` too."""
    # A stack of its own, because a schema may be nested more deeply than Python's.
    left = [schema]
    while left:
        part = left.pop()
        if not isinstance(part, Mapping):
            continue
        yield part
        left += [part.get(word) for word in _ONE_SCHEMA]
        for word in _NAMED_SCHEMAS:
            left += named.values() if isinstance(named := part.get(word), Mapping) else ()
        for word in _LISTED_SCHEMAS:
            left += listed if isinstance(listed := part.get(word), list) else ()


def _python_patterns(part: Any, where: str, engine: str) -> Iterator[tuple[str, str]]:
    """The patterns in a core schema that pydantic would match with `re`, each with the field that has it."""
    if isinstance(part, list | tuple):
        for each in part:
            yield from _python_patterns(each, where, engine)
    if not isinstance(part, dict):
        return
    if part.get("type") == "model":
        where = part["cls"].__name__
    if isinstance(config := part.get("config"), dict):
        engine = config.get("regex_engine", "rust-regex")
    if part.get("type") == "str" and (pattern := _python_pattern(part, engine)) is not None:
        yield where, pattern
    for key, inner in part.items():
        named = inner.items() if key == "fields" and isinstance(inner, dict) else ()
        for name, field in named:
            yield from _python_patterns(field, f"{where}.{name}", engine)
        if not named and key not in ("metadata", "serialization", "default"):
            yield from _python_patterns(inner, where, engine)


def _python_pattern(text: Mapping[str, Any], engine: str) -> str | None:
    """The pattern in the core schema of a text, if it is for Python's engine. A compiled one always is."""
    pattern = text.get("pattern")
    if isinstance(pattern, re.Pattern):
        return str(pattern.pattern)
    return pattern if text.get("regex_engine", engine) == "python-re" else None


def _quoted(pattern: str) -> str:
    return repr(pattern if len(pattern) <= 100 else f"{pattern[:100]}…")
