"""Values that are given on the command line: as text, as JSON, or as the path of a file."""

import json
import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from signoff.bot.cli.failures import CommandFailed, WrongUsage
from signoff.bot.forms.element_factory import element_for
from signoff.bot.forms.elements.element import UnreadableInput
from signoff.bot.forms.elements.files import Content, FileInput
from signoff.flows.schema.parts import Schema, unwrap
from signoff.store.records.prompts import Prompt

_NOT_JSON = object()


def parameters(given: Sequence[str], schema: Schema) -> dict[str, Any]:
    """The parameters of a run from `name=value`, for a flow whose parameters have this JSON Schema.

    Raises:
        WrongUsage: If one has no name.
    """
    known: Mapping[str, Schema] = schema.get("properties", {})
    return {name: _json_or_text(text, known.get(name, {}), schema) for name, text in _pairs(given, "-p")}


def submission(prompt: Prompt, sets: Sequence[str], values: str | None) -> dict[str, Any]:
    """The values that `--values` and `--set` submit. If a field is set twice, the last one counts.

    Raises:
        WrongUsage: If they cannot be read.
        CommandFailed: If one names a field that the prompt does not have, or a file that cannot be used.
    """
    given = _object(values)
    for name, text in _pairs(sets, "--set"):
        given[name] = _value(text, _field(prompt, name), prompt.schema or {})
    _refuse_unknown(prompt, given)
    return given


def _pairs(given: Sequence[str], option: str) -> Iterator[tuple[str, str]]:
    for each in given:
        name, equals, text = each.partition("=")
        if not equals or not name.strip():
            raise WrongUsage(f"{option} requires name=value, not {each!r}.")
        yield name.strip(), text


def _object(text: str | None) -> dict[str, Any]:
    value = {} if text is None else _json(text)
    if not isinstance(value, dict):
        raise WrongUsage('--values requires a JSON object, such as \'{"size": "large"}\'.')
    return value


def _value(text: str, field: Schema, root: Schema) -> Any:
    """The value that a text means for a field: the file at `@path`, JSON, or the text itself."""
    if text.startswith("@"):
        element = element_for(unwrap(field, root), root)
        if isinstance(element, FileInput):
            return _file(Path(text.removeprefix("@")), element)
    return _json_or_text(text, field, root)


def _json_or_text(text: str, field: Schema, root: Schema) -> Any:
    """The JSON that a text is, or the text itself, where the field takes text or it is not JSON."""
    value = _json(text)
    kinds = set(_kinds(field, root))
    if value is _NOT_JSON or ("string" in kinds and _kind(value) not in kinds - {"string"}):
        return text
    return value


def _file(path: Path, element: FileInput) -> Any:
    """A file as the value that an upload in Slack becomes."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CommandFailed(f"Cannot read {path}: {error.strerror}.") from None
    content = Content(path.name, mimetypes.guess_type(path.name)[0] or "application/octet-stream", data)
    try:
        return element.filled([content])
    except UnreadableInput as error:
        raise CommandFailed(str(error)) from None


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


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return _NOT_JSON


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
    known = f"Its fields are {', '.join(fields)}." if fields else "It has no fields."
    unknown = [name for name in given if name not in fields]
    if unknown:
        raise CommandFailed(*(f"{name}: {prompt.title} has no such field. {known}" for name in unknown))
