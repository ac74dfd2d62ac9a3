"""The parameters of a flow: validated by its annotations, recorded as JSON."""

import inspect
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, PydanticUserError, ValidationError, create_model
from pydantic.errors import PydanticInvalidForJsonSchema
from pydantic_core import ErrorDetails

from signoff.flows.errors import InvalidFlow, InvalidParameters


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

    def to_json(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments of a call as JSON values by name.

        Raises:
            InvalidParameters: If they do not fit the flow.
        """
        try:
            bound = self._signature.bind(*args, **kwargs)
        except TypeError as error:
            raise InvalidParameters(f"{self._name}: {error}. {self._usage}") from None
        dumped: dict[str, Any] = self._checked(bound.arguments).model_dump(mode="json", by_alias=True)
        return dumped

    def from_json(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments for the function, from JSON values by name.

        Raises:
            InvalidParameters: If they do not fit the flow.
        """
        checked = self._checked(values)
        fields = type(checked).model_fields
        return {str(field.alias): getattr(checked, attribute) for attribute, field in fields.items()}

    def _checked(self, values: Mapping[str, Any]) -> BaseModel:
        try:
            return self._model.model_validate(dict(values))
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {_message(each)}" for each in error.errors())
            raise InvalidParameters(f"Invalid parameters for {self._name}: {wrong}. {self._usage}") from None

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
            config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
            return create_model("Parameters", __config__=config, **fields)
        except PydanticUserError as error:
            raise InvalidFlow(f"The parameters of {self._name} cannot be validated: {error.message}") from error


def _message(error: ErrorDetails) -> str:
    return "there is no such parameter" if error["type"] == "extra_forbidden" else error["msg"]
