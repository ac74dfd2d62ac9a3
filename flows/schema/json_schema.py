"""The JSON Schema of what a person is asked, with everything that a form has to know. Rejects what cannot be asked.

It is pydantic's own schema with one more keyword: `zone` of a date-time or time, which is `required` or `none`.
"""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import BaseModel, PydanticUserError, Secret, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from signoff.flows.errors import InvalidFlow
from signoff.flows.schema.elements import ELEMENT, possible_elements
from signoff.flows.schema.parts import fields_in
from signoff.flows.schema.patterns import UnreadablePattern, check_engine, check_patterns
from signoff.store.sentences import sentence

ZONE = "zone"
"""The keyword that says whether a date-time or time has a zone: `required` or `none`; without it, either is allowed."""


def schema_of(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of `model` for a prompt.

    Raises:
        InvalidFlow: As from `schema_with_any_pattern` and `refuse_slow_patterns`.
    """
    schema = schema_with_any_pattern(model)
    refuse_slow_patterns(model, schema)
    return schema


def schema_with_any_pattern(model: type[BaseModel]) -> dict[str, Any]:
    """The schema of `model`, which may have patterns that people must not be asked to match.

    Raises:
        InvalidFlow: If a field is a secret, has a type without a JSON Schema, or requests an element that does not suit
            it. The message names the field and what to use instead.
    """
    try:
        schema = model.model_json_schema(schema_generator=_ForPeople)
    except PydanticUserError as error:
        raise _without_schema(model, error) from error
    check_fields(schema, model.__name__)
    return schema


def check_fields(schema: Mapping[str, Any], name: str) -> None:
    """Check that people can be asked for every field of a schema.

    Args:
        name: What the message calls the whole.

    Raises:
        InvalidFlow: If a field is a secret, or requests an element that does not suit it.
    """
    for path, part in fields_in(schema, schema):
        field = ".".join([name, *path])
        _refuse_secret(field, part)
        _check_element(field, part, schema)


class _ForPeople(GenerateJsonSchema):
    """Adds what pydantic's generator leaves out: whether a time has a zone, how bytes are encoded, what is a secret."""

    def json_or_python_schema(self, schema: core_schema.JsonOrPythonSchema) -> JsonSchemaValue:
        # Only that of `SecretStr` and `SecretBytes` says so itself.
        is_secret = _TO_SECRET is not None and _constructor_code(schema) is _TO_SECRET
        return super().json_or_python_schema(schema) | ({"writeOnly": True} if is_secret else {})

    def bytes_schema(self, schema: core_schema.BytesSchema) -> JsonSchemaValue:
        # `Base64Bytes` overrides the format of the bytes inside, which may be base64 as well.
        encoding = {"contentEncoding": "base64"} if self._config.ser_json_bytes == "base64" else {}
        return super().bytes_schema(schema) | encoding

    def datetime_schema(self, schema: core_schema.DatetimeSchema) -> JsonSchemaValue:
        return super().datetime_schema(schema) | _zone(schema)

    def time_schema(self, schema: core_schema.TimeSchema) -> JsonSchemaValue:
        return super().time_schema(schema) | _zone(schema)


def _constructor_code(schema: Any) -> Any:
    """The code of the function that makes a value of what was read from JSON."""
    function = schema.get("json_schema", {}).get("function")
    return getattr(function["function"], "__code__", None) if isinstance(function, dict) else None


_TO_SECRET = _constructor_code(TypeAdapter(Secret[int]).core_schema)
"""How any `Secret[…]`, and any subclass of one, is made. Nothing else in a core schema tells them from other types."""


def _zone(schema: core_schema.DatetimeSchema | core_schema.TimeSchema) -> dict[str, str]:
    match schema.get("tz_constraint"):
        case None:
            return {}
        case "naive":
            return {ZONE: "none"}
        case _:
            return {ZONE: "required"}


def _refuse_secret(field: str, part: Mapping[str, Any]) -> None:
    if part.get("writeOnly") is True or part.get("format") == "password":
        raise InvalidFlow(
            f"{field} is a secret, and whatever is typed into Slack stays there. Ask for the name of the "
            "secret (a str) instead, and let the flow read the secret from where it is stored."
        )


def refuse_slow_patterns(model: type[BaseModel], schema: Mapping[str, Any]) -> None:
    """Check the patterns of a model and its schema.

    Raises:
        InvalidFlow: If one cannot be matched in linear time. The message names the field and what to use instead.
    """
    try:
        check_engine(model)
        check_patterns(schema)
    except UnreadablePattern as error:
        raise InvalidFlow(
            f"{sentence(f'A person cannot be asked for {model.__name__}: {error}')} A text that somebody types could "
            "keep it busy for hours. Write the pattern as a str without look-around and backreferences, leave out "
            "regex_engine='python-re', and check in a validator what a pattern cannot say."
        ) from None


def _check_element(field: str, part: Mapping[str, Any], root: Mapping[str, Any]) -> None:
    if ELEMENT not in part:
        return
    wanted, possible = part[ELEMENT], possible_elements(part, root)
    if wanted not in possible:
        offer = f"use {' or '.join(map(repr, possible))}" if possible else "leave it out"
        raise InvalidFlow(f"{field} cannot be asked for with the element {wanted!r}: {offer}.")


def _without_schema(model: type[BaseModel], error: PydanticUserError) -> InvalidFlow:
    path, annotation = _culprit(model)
    name = getattr(annotation, "__name__", None) or repr(annotation)
    of_type = f" ({name})" if path else ""
    return InvalidFlow(
        f"A person cannot be asked for {_named(model, path)}{of_type}, because its type has no JSON Schema. Use a type "
        "that has one, such as str, an Enum or a model, or remove the field. "
        f"{str(error).splitlines()[0]}"
    )


def _culprit(model: type[BaseModel]) -> tuple[tuple[str, ...], Any]:
    """The field without a schema, and its type; the model itself if that cannot be determined."""
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
