"""The parameters of a flow: validated by its annotations, recorded as JSON."""

import inspect
import json
from collections.abc import Callable, Mapping
from datetime import datetime, time
from functools import cached_property
from pathlib import Path
from typing import Any, get_type_hints

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PydanticUserError,
    Secret,
    SecretBytes,
    SecretStr,
    ValidationError,
    create_model,
)
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic_core import ErrorDetails, PydanticSerializationError

from signoff.flows.durable.values.identity import is_same
from signoff.flows.errors import InvalidFlow, InvalidParameters
from signoff.flows.schema.json_schema import schema_of
from signoff.store.redaction import redacted
from signoff.store.sentences import fault_of, sentence

_CONFIG = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
_MAX_SHOWN = 60


class Parameters:
    """The parameters of a flow function.

    Raises:
        InvalidFlow: If it takes `*args` or `**kwargs`. A run records its parameters by name.
    """

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self._function = function
        self._name = name
        self._signature = inspect.signature(function)
        for parameter in self._signature.parameters.values():
            if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
                raise InvalidFlow(f"The flow {name} takes {parameter}. Name each parameter instead.")

    @property
    def required(self) -> frozenset[str]:
        """The names of the parameters without a default."""
        parameters = self._signature.parameters.values()
        return frozenset(each.name for each in parameters if each.default is each.empty)

    @property
    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema of the parameters by name; empty if one of them has a type without a schema."""
        try:
            return self._model.model_json_schema(by_alias=True)
        except PydanticInvalidForJsonSchema:
            return {}

    @cached_property
    def form_schema(self) -> dict[str, Any]:
        """The JSON Schema with which a person is asked for the parameters.

        Raises:
            InvalidFlow: If one of them cannot be asked for: it is a secret, for instance.
        """
        return schema_of(self._model)

    def to_json(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a call as JSON values by name.

        Raises:
            InvalidParameters: If they do not fit the flow, or if the flow would get something else than was given.
        """
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise InvalidParameters(f"{self._name}: {error}. {self._usage}") from None
        given = self._checked(bound.arguments)
        self._refuse_secrets(given)
        try:
            dumped: dict[str, Any] = given.model_dump(mode="json", by_alias=True)
            json.dumps(dumped, allow_nan=False)
        except (PydanticSerializationError, ValueError, TypeError) as error:
            reason = str(error).splitlines()[0]
            raise InvalidParameters(
                sentence(f"The parameters of {self._name} cannot be written as JSON: {reason}")
            ) from None
        self._check_unchanged(given, self._checked(dumped, "Recorded as JSON, the parameters would no longer fit {}"))
        return dumped

    def recordable(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """What to record for the parameters of a new run: JSON values by name, or what can be written as such.

        Raises:
            InvalidParameters: As from `to_json`.
        """
        given = dict(values)
        self.from_json(given)
        try:
            is_json = is_same(given, json.loads(json.dumps(given, allow_nan=False)))
        except (TypeError, ValueError, RecursionError):
            is_json = False
        if is_json:
            return given
        in_json = self.to_json((), given)
        return {name: in_json[name] for name in given}

    def from_json(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments for the function, from JSON values by name.

        Raises:
            InvalidParameters: If they do not fit the flow.
        """
        checked = self._checked(values)
        fields = type(checked).model_fields
        return {str(field.alias): getattr(checked, attribute) for attribute, field in fields.items()}

    def faults(self, values: Mapping[str, Any]) -> list[tuple[tuple[str | int, ...], str]]:
        """What is wrong with JSON values by name: where each fault is, and a message for the person who gave them."""
        try:
            self._model.model_validate(dict(values))
        except ValidationError as error:
            return [
                (each["loc"], "This is required." if each["type"] == "missing" else _message(each))
                for each in error.errors(include_url=False)
            ]
        return []

    def _checked(self, values: Mapping[str, Any], said: str = "Invalid parameters for {}") -> BaseModel:
        try:
            return self._model.model_validate(dict(values))
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {_message(each)}" for each in error.errors())
            raise InvalidParameters(f"{sentence(f'{said.format(self._name)}: {wrong}')} {self._usage}") from None

    def _refuse_secrets(self, given: BaseModel) -> None:
        for attribute, field in type(given).model_fields.items():
            if isinstance(getattr(given, attribute), Secret | SecretStr | SecretBytes):
                raise InvalidParameters(
                    f"The parameter {field.alias} of {self._name} is a secret, and parameters are recorded. Give the "
                    "name of the secret instead, and let the flow read it."
                )

    def _check_unchanged(self, given: BaseModel, back: BaseModel) -> None:
        """Check that a run gets the values that were given, which it reads from JSON."""
        for attribute, field in type(given).model_fields.items():
            value, read = getattr(given, attribute), getattr(back, attribute)
            if is_same(value, read) or (_is_alike(value, read) and not self._is_vague(attribute)):
                continue
            raise InvalidParameters(
                f"{self._name} would not get the parameter {field.alias} as it was given, because parameters are "
                f"recorded as JSON: {_short(value)} would be {_short(read)}. {_advice(str(field.alias), value, read)}"
            )

    def _is_vague(self, attribute: str) -> bool:
        """Whether an annotation leaves open, anywhere within it, what a value is: `Any`, `list`, `dict[str, Any]`."""
        schema: Any = self._model.__pydantic_core_schema__
        while "fields" not in schema:
            schema = schema["schema"]
        return _has_any(schema["fields"][attribute])

    @property
    def _usage(self) -> str:
        return f"Its signature is {self._name}{self._signature}."

    @cached_property
    def _model(self) -> type[BaseModel]:
        try:
            hints = get_type_hints(self._function, include_extras=True)
        except (NameError, TypeError):
            hints = {}
        fields: dict[str, Any] = {}
        for number, (name, parameter) in enumerate(self._signature.parameters.items()):
            default = ... if parameter.default is parameter.empty else parameter.default
            # A pydantic field may not be called `schema` or `_private`, so the name goes into the alias.
            fields[f"parameter_{number}"] = (hints.get(name, Any), Field(default, alias=name))
        try:
            return create_model("Parameters", __config__=_CONFIG, **fields)
        except PydanticUserError as error:
            raise InvalidFlow(f"The parameters of {self._name} cannot be validated: {error.message}") from error


def _message(error: ErrorDetails) -> str:
    return "there is no such parameter" if error["type"] == "extra_forbidden" else fault_of(error).rstrip(".")


def _has_any(schema: Any) -> bool:
    match schema:
        case {"type": "any"}:
            return True
        case {"type": "list" | "set" | "frozenset", **rest} if "items_schema" not in rest:
            return True
        case {"type": "dict", **rest} if "values_schema" not in rest:
            return True
        case dict():
            return any(_has_any(inner) for key, inner in schema.items() if key not in ("metadata", "serialization"))
        case list() | tuple():
            return any(map(_has_any, schema))
        case _:
            return False


def _is_alike(value: Any, back: Any) -> bool:
    """Whether two values are the same except for the kind of their lists: a tuple may be given as a `Sequence[int]`."""
    return is_same(_with_lists(value), _with_lists(back))


def _with_lists(value: Any) -> Any:
    match value:
        case list() | tuple():
            return [_with_lists(each) for each in value]
        case Mapping():
            return {key: _with_lists(each) for key, each in value.items()}
        case BaseModel():
            return (type(value), _with_lists(dict(value)))
        case _:
            return value


def _short(value: Any) -> str:
    shown = redacted(repr(value))
    return shown if len(shown) <= _MAX_SHOWN else f"{shown[:_MAX_SHOWN]}…"


def _advice(name: str, value: Any, back: Any) -> str:
    if isinstance(value, datetime | time) and isinstance(back, datetime | time):
        return "JSON has no time zones: give it in UTC, and the name of the zone as a parameter of its own."
    if type(value) is type(back):
        return "Give it in a form that JSON has."
    wanted = "Path" if isinstance(value, Path) else type(value).__name__
    return f"Annotate it with its type, as in `{name}: {wanted}`."
