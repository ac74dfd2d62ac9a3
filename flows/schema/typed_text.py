"""Values that are typed as text, such as the parameters of a run: as JSON, or as the text itself."""

import json
from collections.abc import Iterator
from typing import Any

from signoff.flows.schema.parts import Schema, unwrap

NOT_JSON = object()
"""Stands for text that is not JSON."""


def json_or_text(text: str, field: Schema, root: Schema) -> Any:
    """The JSON that a text is, or the text itself, where the field takes text or it is not JSON."""
    value = json_in(text)
    kinds = set(_kinds(field, root))
    if value is NOT_JSON or ("string" in kinds and _kind(value) not in kinds - {"string"}):
        return text
    return value


def _kinds(field: Schema, root: Schema) -> Iterator[str]:
    """Every JSON type that the field allows. There are none if its schema does not say."""
    wanted = unwrap(field, root)
    if wanted.nullable:
        yield "null"
    named = wanted.schema.get("type", ())
    yield from (named,) if isinstance(named, str) else named
    if "number" in named:
        yield "integer"
    listed = wanted.schema.get("enum", [wanted.schema["const"]] if "const" in wanted.schema else [])
    yield from map(_kind, listed)
    for word in ("anyOf", "oneOf"):
        for member in wanted.schema.get(word, ()):
            yield from _kinds(member, root)


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


def json_in(text: str) -> Any:
    """The JSON that a text is, or `NOT_JSON`."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return NOT_JSON


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
