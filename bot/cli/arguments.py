"""Values that are given on the command line: as text, as JSON, or as the path of a file."""

import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from signoff.bot.cli.failures import CommandFailed, WrongUsage
from signoff.bot.forms.element_factory import element_for
from signoff.bot.forms.elements.element import UnreadableInput
from signoff.bot.forms.elements.files import Content, FileInput
from signoff.flows.schema.parts import Schema, unwrap
from signoff.flows.schema.typed_text import json_in, json_or_text
from signoff.store.records.prompts import Prompt


def parameters(given: Sequence[str], schema: Schema) -> dict[str, Any]:
    """The parameters of a run from `name=value`, for a flow whose parameters have this JSON Schema.

    Raises:
        WrongUsage: If one has no name.
    """
    known: Mapping[str, Schema] = schema.get("properties", {})
    return {name: json_or_text(text, known.get(name, {}), schema) for name, text in _pairs(given, "-p")}


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
    value = {} if text is None else json_in(text)
    if not isinstance(value, dict):
        raise WrongUsage('--values requires a JSON object, such as \'{"size": "large"}\'.')
    return value


def _value(text: str, field: Schema, root: Schema) -> Any:
    """The value that a text means for a field: the file at `@path`, JSON, or the text itself."""
    if text.startswith("@"):
        element = element_for(unwrap(field, root), root)
        if isinstance(element, FileInput):
            return _file(Path(text.removeprefix("@")), element)
    return json_or_text(text, field, root)


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
