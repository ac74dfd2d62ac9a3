"""The JSON Schema of what a person is asked, with all that a form has to know, and the refusal of what cannot be asked.

It is pydantic's own schema and these words beside it: `zone` of a date-time or a time, `required` or `none`.
"""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, PydanticUserError, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from signoff.flows.errors import InvalidFlow
from signoff.flows.schema.elements import ELEMENT, possible_elements
from signoff.flows.schema.parts import fields_in

ZONE = "zone"
"""The word that says whether a date-time or a time has a zone: `required`, `none`, or left out for either."""


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The schema by which `model` is asked for.

    Raises:
        InvalidFlow: If a field holds a secret, is of a type without a JSON Schema, or names an element that cannot
            ask for it. The message names the field, and what to use instead.
    """
    try:
        schema = model.model_json_schema(schema_generator=_ForPeople)
    except PydanticUserError as error:
        raise _without_schema(model, error) from error
    for path, part in fields_in(schema, schema):
        _refuse_secret(model, path, part)
        _check_element(model, path, part, schema)
    return schema


class _ForPeople(GenerateJsonSchema):
    """pydantic's generator, which does not say by itself whether a time has a zone, or how bytes are encoded."""

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        # `Base64Bytes` puts its own format over that of the bytes within, which may be encoded too.
        encoding = {"contentEncoding": "base64"} if self._config.ser_json_bytes == "base64" else {}
        return super().bytes_schema(schema) | encoding

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        return super().datetime_schema(schema) | _zone(schema)

    def time_schema(self, schema: core_schema.TimeSchema) -> JsonSchemaValue:
        return super().time_schema(schema) | _zone(schema)


def _zone(schema: core_schema.DatetimeSchema | core_schema.TimeSchema) -> dict[str, str]:
    match schema.get("tz_constraint"):
        case None:
            return {}
        case "naive":
            return {ZONE: "none"}
        case _:
            return {ZONE: "required"}


def _refuse_secret(model: type[BaseModel], path: tuple[str, ...], part: Mapping[str, Any]) -> None:
    if part.get("writeOnly") is True or part.get("format") == "password":
        raise InvalidFlow(
            f"{_named(model, path)} is a secret, and what is typed into Slack stays there: let the flow read the "
            "secret from where it is kept, and ask for its name (a str) instead."
        )


def _check_element(
    model: type[BaseModel], path: tuple[str, ...], part: Mapping[str, Any], root: Mapping[str, Any]
) -> None:
    if ELEMENT not in part:
        return
    wanted, possible = part[ELEMENT], possible_elements(part, root)
    if wanted not in possible:
        offer = f"use {' or '.join(map(repr, possible))}" if possible else "leave it out"
        raise InvalidFlow(f"{_named(model, path)} cannot be asked for with the element {wanted!r}: {offer}.")


def _without_schema(model: type[BaseModel], error: PydanticUserError) -> InvalidFlow:
    path, annotation = _culprit(model)
    name = getattr(annotation, "__name__", None) or repr(annotation)
    of_type = f" ({name})" if path else ""
    return InvalidFlow(
        f"A person cannot be asked for {_named(model, path)}{of_type}, whose type has no JSON Schema: use a type "
        "that has one, such as str, an Enum or a model, or leave the field out. "
        f"{str(error).splitlines()[0]}"
    )


def _culprit(model: type[BaseModel]) -> tuple[tuple[str, ...], Any]:
    """The field that has no schema, and its type; the model itself where none can be told."""
    for name, field in model.model_fields.items():
        try:
            TypeAdapter(field.rebuild_annotation()).json_schema()
        except PydanticUserError:
            for inner in (field.annotation, *get_args(field.annotation)):
                if isinstance(inner, type) and issubclass(inner, BaseModel) and inner is not model:
                    path, annotation = _culprit(inner)
                    return (name, *path), annotation
            return (name,), field.annotation
    return (), model


def _named(model: type[BaseModel], path: tuple[str, ...]) -> str:
    return ".".join([model.__name__, *path])
