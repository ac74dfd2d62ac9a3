"""Validates values against a prompt: with its pydantic model if it can be imported, otherwise with its JSON Schema."""

import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from signoff.flows.code.digest import digest
from signoff.flows.code.module_loading import find_model
from signoff.flows.errors import InvalidFlow
from signoff.flows.schema.choices import choice_errors, schema_without_choices
from signoff.flows.schema.json_schema import schema_of
from signoff.flows.schema.schema_validation import is_too_complex, schema_errors
from signoff.store.records.prompts import Prompt
from signoff.store.redaction import redacted
from signoff.store.sentences import fault_of

logger = logging.getLogger(__name__)

MAX_NESTING = 64
"""How deeply the values of an answer may be nested."""

SIMPLE_NESTING = 4
"""Down to this depth, no union takes long, however many models there are in it that contain it again."""


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
    if reason := _cannot_be_stored(values):
        return (FieldError((), reason),)
    try:
        return _checked(prompt, prompt.schema, values)
    except KeyboardInterrupt:
        raise
    # A model runs code of the flow's author: it may raise anything, a SystemExit too, and a person waits for the reply.
    except BaseException as error:
        logger.exception("The validation of an answer to %s raised an unexpected error", prompt.label)
        name = (prompt.model or "").partition("@")[0].rpartition(":")[2] or "the answer"
        message = f"The validation of {name} failed ({type(error).__name__}). The log of Signoff says why."
        return (FieldError((), message),)


def _checked(prompt: Prompt, schema: Mapping[str, Any], values: Mapping[str, Any]) -> Valid | tuple[FieldError, ...]:
    model = _model_of(prompt)
    if model is None:
        return _by_schema(schema, values)
    if _is_nested(values, SIMPLE_NESTING) and is_too_complex(schema, values):
        return (FieldError((), "This is nested too deeply to be checked."),)
    checked = _by_model(model, values)
    wrong = choice_errors(schema, checked.answer) if isinstance(checked, Valid) else ()
    return tuple(FieldError(*error) for error in wrong) or checked


def _cannot_be_stored(values: Mapping[str, Any]) -> str | None:
    # Before anything recurses into them.
    if _is_nested(values, MAX_NESTING):
        return f"This is nested too deeply: at most {MAX_NESTING} levels can be taken."
    try:
        json.dumps(dict(values), allow_nan=False)
    except ValueError:
        return f"A number cannot be stored: it is not finite, or has more than {sys.get_int_max_str_digits()} digits."
    return None


def _is_nested(value: Any, levels: int) -> bool:
    """Whether JSON is nested more deeply than `levels`."""
    found = [value]
    for _ in range(levels + 1):
        inside = [one.values() if isinstance(one, Mapping) else one for one in found if isinstance(one, Mapping | list)]
        found = list(chain.from_iterable(inside))
        if not found:
            return False
    return True


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
    # A default need not fit its type. Whether the answer reads back is checked below.
    answer = given.model_dump(mode="json", by_alias=True, warnings=False)
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
    return "This is required." if error["type"] == "missing" else redacted(fault_of(error))


def _by_schema(schema: Mapping[str, Any], values: Mapping[str, Any]) -> Valid | tuple[FieldError, ...]:
    errors = tuple(FieldError(*error) for error in schema_errors(schema, values))
    return errors or Valid(dict(values))
