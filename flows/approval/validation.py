"""Validates values against a prompt: with its pydantic model if it can be imported, otherwise with its JSON Schema."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from signoff.flows.code.digest import digest
from signoff.flows.code.module_loading import find_model
from signoff.flows.errors import InvalidFlow
from signoff.flows.schema.choices import choice_errors, schema_without_choices
from signoff.flows.schema.json_schema import schema_of
from signoff.flows.schema.schema_validation import schema_errors
from signoff.store.records.prompts import Prompt
from signoff.store.redaction import redacted

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error of a value.

    Attributes:
        path: Where the value is: field names and list indexes; empty for the model as a whole.
        message: What is wrong, for the person who entered it.
    """

    path: tuple[str | int, ...]
    message: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}: {self.message}" if self.path else self.message


@dataclass(frozen=True, slots=True)
class Valid:
    """Valid values as JSON, with the defaults of the model filled in."""

    answer: Mapping[str, Any]


def validate(prompt: Prompt, values: Mapping[str, Any]) -> Valid | tuple[FieldError, ...]:
    """Validate a submission against its prompt. Returns all errors of all fields at once."""
    if prompt.schema is None:
        unasked = tuple(FieldError((name,), "This was not asked for.") for name in values)
        return unasked or Valid({})
    try:
        json.dumps(dict(values), allow_nan=False)
    except ValueError as error:
        return (FieldError((), f"A number cannot be stored: {error}."),)
    model = _model_of(prompt)
    if model is None:
        return _by_schema(prompt.schema, values)
    checked = _by_model(model, values)
    wrong = choice_errors(prompt.schema, checked.answer) if isinstance(checked, Valid) else ()
    return tuple(FieldError(*error) for error in wrong) or checked


def _model_of(prompt: Prompt) -> type[BaseModel] | None:
    """The prompt's model, unless the model of that name asks for something else by now."""
    model = None if prompt.model is None else find_model(prompt.model)
    if model is None or _schema_hash(model) != digest(schema_without_choices(prompt.schema or {})):
        return None
    return model


@lru_cache(maxsize=1024)
def _schema_hash(model: type[BaseModel]) -> str | None:
    try:
        return digest(schema_of(model))
    except InvalidFlow:
        # By now it asks for something that a person cannot be asked for.
        return None


def _by_model(model: type[BaseModel], values: Mapping[str, Any]) -> Valid | tuple[FieldError, ...]:
    try:
        given = model.model_validate_json(json.dumps(dict(values)))
    except ValidationError as error:
        return tuple(FieldError(each["loc"], message_of(each)) for each in error.errors(include_url=False))
    except Exception as error:
        logger.exception("A validator of %s raised an unexpected error", model.__name__)
        message = f"The validation of {model.__name__} failed ({type(error).__name__}). The log of Signoff says why."
        return (FieldError((), message),)
    answer = given.model_dump(mode="json", by_alias=True)
    return Valid(answer if _reads_back(model, given, answer) else dict(values))


def _reads_back(model: type[BaseModel], given: BaseModel, answer: Mapping[str, Any]) -> bool:
    try:
        return model.model_validate_json(json.dumps(answer)) == given
    except (ValidationError, ValueError, TypeError):
        return False


def message_of(error: ErrorDetails) -> str:
    """What pydantic, or a model's own validator, found wrong, for the person who answers.

    A validator may repeat what a service told it, so what looks like a secret is removed.
    """
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, Exception) and str(cause):
        return redacted(str(cause))
    if error["type"] == "missing":
        return "This is required."
    return redacted(error["msg"])


def _by_schema(schema: Mapping[str, Any], values: Mapping[str, Any]) -> Valid | tuple[FieldError, ...]:
    errors = tuple(FieldError(*error) for error in schema_errors(schema, values))
    return errors or Valid(dict(values))
