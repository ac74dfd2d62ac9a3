"""Values that are given on the command line, as JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from signoff.bot.cli.failures import CommandFailed, WrongUsage
from signoff.bot.cli.file_arguments import uploaded
from signoff.flows.schema.parts import Schema, unwrap
from signoff.store.records import Prompt

_UNREADABLE = object()


def parameters(given: Sequence[str]) -> dict[str, Any]:
    """The parameters of a run from `name=value`, where a value that is not JSON is a text.

    Raises:
        WrongUsage: If one has no name.
    """
    values = {}
    for name, text in _pairs(given, "-p"):
        value = _parsed(text)
        values[name] = text if value is _UNREADABLE else value
    return values


def submission(prompt: Prompt, sets: Sequence[str], values: str | None) -> dict[str, Any]:
    """What `--values` and `--set` submit; of a field that is given twice, the last.

    Raises:
        WrongUsage: If they cannot be read.
        CommandFailed: If one names a field that the prompt does not have, or a file that cannot be taken.
    """
    given = _object(values)
    for name, text in _pairs(sets, "--set"):
        given[name] = _typed(text, _field(prompt, name), prompt.schema or {})
    _refuse_unknown(prompt, given)
    return given


def _pairs(given: Sequence[str], option: str) -> Iterator[tuple[str, str]]:
    for each in given:
        name, equals, text = each.partition("=")
        if not equals or not name.strip():
            raise WrongUsage(f"{option} takes name=value, not {each!r}.")
        yield name.strip(), text


def _object(text: str | None) -> dict[str, Any]:
    value = {} if text is None else _parsed(text)
    if not isinstance(value, dict):
        raise WrongUsage('--values takes a JSON object, such as \'{"size": "large"}\'.')
    return value


def _typed(text: str, field: Schema, root: Schema) -> Any:
    """The text as the field's schema wants it: JSON, unless only a text will do; of `@path` the file."""
    file = uploaded(text, field, root)
    if file is not None:
        return file
    value = _parsed(text)
    kinds = set(_kinds(field, root))
    if value is _UNREADABLE or ("string" in kinds and _kind(value) not in kinds - {"string"}):
        return text
    return value


def _kinds(field: Schema, root: Schema) -> Iterator[str]:
    """Every JSON type that the field allows; none where it does not say."""
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


def _parsed(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return _UNREADABLE


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _field(prompt: Prompt, name: str) -> Schema:
    fields: Mapping[str, Schema] = (prompt.schema or {}).get("properties", {})
    return fields.get(name, {})


def _refuse_unknown(prompt: Prompt, given: Mapping[str, Any]) -> None:
    schema = prompt.schema or {}
    if prompt.schema is not None and schema.get("additionalProperties", False):
        return
    fields = schema.get("properties", {})
    known = f"Its fields are {', '.join(fields)}." if fields else "It asks for no values."
    unknown = [name for name in given if name not in fields]
    if unknown:
        raise CommandFailed(*(f"{name}: {prompt.title} has no such field. {known}" for name in unknown))
