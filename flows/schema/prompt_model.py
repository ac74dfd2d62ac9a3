"""Models for prompts: with initial values, and with choices that are known only when the run asks."""

import json
from collections.abc import Mapping
from copy import copy
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from signoff.flows.schema.choices import (
    Choices,
    OfferedChoices,
    choice_errors,
    property_name,
    schema_with_choices,
    validate_choices,
)
from signoff.flows.schema.json_schema import schema_with_any_pattern
from signoff.store.runs.messages import FlowRunInput
from signoff.store.sentences import faults_of, sentence


class PromptModel(BaseModel):
    """The base of models for prompts. Unknown fields are rejected."""

    # Bytes come from an uploaded file, whose content need not be text.
    model_config = ConfigDict(extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")

    prompt_description: ClassVar[str | None] = None
    """The description from `with_initial_data`."""

    prompt_initial: ClassVar[Mapping[str, Any]] = {}
    """The initial values from `with_initial_data`, as JSON by field name."""

    prompt_choices: ClassVar[Mapping[str, Choices]] = {}
    """The choices from `with_choices`, by the name of the field in the schema."""

    prompt_model: ClassVar[type[BaseModel] | None] = None
    """The class that was given initial data or choices; `None` if this is that class itself."""

    @classmethod
    def with_initial_data(cls, description: str | None = None, **values: Any) -> type[Self]:
        """This input with initial values and a description.

        The fields keep their titles, descriptions and bounds.

        Args:
            description: What to decide, as Markdown.
            values: Initial values by field name.

        Raises:
            ValueError: If the input has no such field, or a value does not fit its field.
        """
        fields: dict[str, Any] = {}
        for name, value in values.items():
            fields[name] = (cls._field(name, "initial data").annotation, _with_default(cls, name, value))
        initial = to_jsonable_python(values, bytes_mode="base64")
        try:
            json.dumps(initial, allow_nan=False)
        except ValueError as error:
            raise ValueError(
                sentence(f"The initial data of {cls.__name__} cannot be written as JSON: {error}")
            ) from None
        made = cls._made(fields)
        made.prompt_description = description
        made.prompt_initial = {**cls.prompt_initial, **initial}
        made._check_initial()
        return made

    @classmethod
    def with_choices(cls, **choices: OfferedChoices) -> type[Self]:
        """This input with choices that are known only when the run asks, such as the columns of a data set.

        They apply wherever the prompt is answered, in addition to the model's validators, which do not know them.

        Args:
            choices: The values to choose from by field name, or a mapping from values to labels. The field takes one of
                them, or is a list or set of them.

        Raises:
            ValueError: If the input has no such field, or if a choice or an initial value does not fit.
        """
        asked = cls.prompt_model or cls
        found = {}
        for name, given in choices.items():
            cls._field(name, "choices")
            found[property_name(asked, name)] = validate_choices(asked, name, given)
        made = cls._made({})
        made.prompt_choices = {**cls.prompt_choices, **found}
        made._check_initial()
        return made

    def note_origin(self, origin: FlowRunInput) -> None:
        """Learn where this instance came from: who answered, or sent it. A plain model does not remember it."""

    @classmethod
    def _made(cls, fields: dict[str, Any]) -> type[Self]:
        made: type[Self] = create_model(cls.__name__, __base__=cls, __module__=cls.__module__, **fields)
        made.__doc__ = cls.__doc__
        made.prompt_model = cls.prompt_model or cls
        return made

    @classmethod
    def _check_initial(cls) -> None:
        if not cls.prompt_choices:
            return
        schema = schema_with_choices(schema_with_any_pattern(cls.prompt_model or cls), cls.prompt_choices)
        for place, message in choice_errors(schema, cls.prompt_initial):
            raise ValueError(f"The initial value of {cls.__name__}.{place[0]} is not one of the choices. {message}")

    @classmethod
    def _field(cls, name: str, to_give: str) -> FieldInfo:
        field = cls.model_fields.get(name)
        if field is None:
            known = ", ".join(cls.model_fields) or "none"
            raise ValueError(f"{cls.__name__} has no field {name!r} for {to_give}. Its fields are: {known}.")
        return field


def _with_default(model: type[PromptModel], name: str, value: Any) -> FieldInfo:
    field = model.model_fields[name]
    try:
        checked: TypeAdapter[Any] = TypeAdapter(field.rebuild_annotation())
        checked.validate_python(value)
    except ValidationError as error:
        raise ValueError(sentence(f"{value!r} does not fit {model.__name__}.{name}: {faults_of(error)}")) from None
    changed = copy(field)
    changed.default = value
    changed.default_factory = None
    return changed
