"""Choices that are known only when the run asks. They are part of the schema, so that every process enforces them.

The schema of the field lists them as `enum`, or as `oneOf` if they have labels, which any JSON Schema validator
understands. What they replaced is kept beside them: without the choices, the schema has to equal that of the model, by
which the model is recognized.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import to_jsonable_python

from signoff.flows.schema.json_schema import schema_with_any_pattern
from signoff.flows.schema.keywords import comparable
from signoff.flows.schema.parts import Schema, is_null, kind_of, options_of, unwrap
from signoff.flows.schema.schema_validation import ValuePath, choose_one_of
from signoff.store.sentences import fault_of, sentence

GIVEN = "given_choices"
"""The keyword of a schema that was given choices. Its value is the part that they replaced."""

OfferedChoices = Sequence[Any] | Mapping[Any, str]
"""The values, or a mapping from values to labels."""

Choices = tuple[tuple[Any, str | None], ...]
"""Values as JSON, each with its label or `None`."""

_REPLACED = ("$ref", "anyOf", "oneOf", "allOf", "enum", "const")


def validate_choices(model: type[BaseModel], name: str, given: OfferedChoices) -> Choices:
    """The choices for a field.

    Raises:
        ValueError: If there are none, if one does not fit the field, or if the field cannot have choices.
    """
    where = f"{model.__name__}.{name}"
    labels = dict(given) if isinstance(given, Mapping) else dict.fromkeys(given)
    if not labels:
        raise ValueError(f"{where} was given no choices. Ask only if there are some.")
    values = to_jsonable_python(list(labels))
    schema = schema_with_any_pattern(model)
    part = unwrap(schema["properties"][property_name(model, name)], schema).schema
    is_list = kind_of(part) == "array"
    if kind_of(part) in ("object", "boolean") or "prefixItems" in part:
        raise ValueError(f"{where} cannot have choices. Use a field of a single value, or a list or set of them.")
    field: TypeAdapter[Any] = TypeAdapter(model.model_fields[name].rebuild_annotation())
    for value in values:
        if reason := _misfit(field, value, in_list=is_list):
            raise ValueError(sentence(f"The choice {value!r} does not fit {where}: {reason}"))
    return tuple(zip(values, labels.values(), strict=True))


def _misfit(field: TypeAdapter[Any], value: Any, *, in_list: bool) -> str | None:
    try:
        field.validate_json(json.dumps([value] if in_list else value))
    except ValidationError as error:
        # The length of the list is not the fault of a single value.
        about = [fault_of(each) for each in error.errors() if each["loc"] or not in_list]
        return about[0] if about else None
    return None


def property_name(model: type[BaseModel], name: str) -> str:
    """The name of a field in the schema: its alias, if it has one."""
    alias = model.model_fields[name].validation_alias
    return alias if isinstance(alias, str) else name


def schema_with_choices(schema: Schema, choices: Mapping[str, Choices]) -> dict[str, Any]:
    """`schema` with choices for some of its properties."""
    properties = {
        name: _with_choices(part, choices[name]) if name in choices else part for name, part in _fields(schema)
    }
    return {**schema, "properties": properties} if choices else dict(schema)


def schema_without_choices(schema: Schema) -> dict[str, Any]:
    """`schema` as it was without choices."""
    properties = {name: _without_choices(part) for name, part in _fields(schema)}
    return {**schema, "properties": properties} if properties else dict(schema)


def choice_errors(schema: Schema, values: Mapping[str, Any]) -> Iterator[tuple[ValuePath, str]]:
    """The values that are not among the choices in `schema`: where they are, and a message."""
    for name, part in _fields(schema):
        offered = _offered(part)
        if offered is None or name not in values:
            continue
        value = values[name]
        many = isinstance(value, list)
        known = set(map(comparable, offered))
        for position, one in enumerate(value if many else [value]):
            if one is not None and comparable(one) not in known:
                yield (name, position) if many else (name,), choose_one_of(offered)


def _fields(schema: Schema) -> Iterable[tuple[str, Any]]:
    properties: Mapping[str, Any] = schema.get("properties", {})
    return properties.items()


def _with_choices(part: Schema, choices: Choices) -> dict[str, Any]:
    place = _location(part)
    if place is not None:
        word, inner = place
        return (
            {**part, word: _with_choices(inner, choices)} if word == "items" else {**part, word: _each(inner, choices)}
        )
    kept = {key: value for key, value in part.items() if key not in _REPLACED}
    replaced = {key: value for key, value in part.items() if key in _REPLACED}
    nullable = any(map(is_null, part.get("anyOf", ())))
    return {**kept, **_as_schema(choices, nullable=nullable), GIVEN: replaced}


def _location(part: Schema) -> tuple[str, Any] | None:
    """Where in `part` the chosen values are described, and how; `None` if `part` itself describes them."""
    if part.get("type") == "array":
        return "items", part.get("items", {})
    members = part.get("anyOf", ())
    return ("anyOf", members) if [is_null(member) for member in members].count(False) == 1 else None


def _each(members: Sequence[Schema], choices: Choices) -> list[Any]:
    return [member if is_null(member) else _with_choices(member, choices) for member in members]


def _as_schema(choices: Choices, *, nullable: bool) -> dict[str, Any]:
    if all(label is None for _, label in choices):
        return {"enum": [value for value, _ in choices] + [None] * nullable}
    members = [{"const": value} | ({"title": label} if label else {}) for value, label in choices]
    return {"oneOf": [*members, *[{"type": "null"}] * nullable]}


def _without_choices(part: Any) -> Any:
    if not isinstance(part, Mapping):
        return part
    if GIVEN in part:
        return {key: value for key, value in part.items() if key not in ("enum", "oneOf", GIVEN)} | part[GIVEN]
    place = _location(part)
    if place is None:
        return part
    word, inner = place
    return {
        **part,
        word: _without_choices(inner) if word == "items" else [_without_choices(member) for member in inner],
    }


def _offered(part: Any) -> list[Any] | None:
    """The choices in `part`; `None` if it has none."""
    if not isinstance(part, Mapping):
        return None
    if GIVEN in part:
        members = [member for member in part.get("oneOf", ()) if not is_null(member)]
        return [value for value, _ in options_of({**part, "oneOf": members}) or ()]
    place = _location(part)
    if place is None:
        return None
    word, inner = place
    found = [_offered(inner)] if word == "items" else [_offered(member) for member in inner]
    return next((offered for offered in found if offered is not None), None)
