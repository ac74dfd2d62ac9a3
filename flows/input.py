"""The models a person is asked to fill in, as in Prefect."""

import json
from collections.abc import Mapping
from copy import copy
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python


class BaseRunInput(BaseModel):
    """What every input has in common: no field that was not asked for is taken."""

    model_config = ConfigDict(extra="forbid")

    prompt_description: ClassVar[str | None] = None
    """What `with_initial_data` says is asked."""

    prompt_initial: ClassVar[Mapping[str, Any]] = {}
    """The values under decision, as JSON by field name."""

    prompt_model: ClassVar[type[BaseModel] | None] = None
    """The class that was given initial data; `None` for one that was not."""

    @classmethod
    def with_initial_data(cls, description: str | None = None, **values: Any) -> type[Self]:
        """This input with values to start from, and a text that says what is asked.

        The fields keep their titles, descriptions and bounds.

        Args:
            description: What is asked, as Markdown.
            values: Initial values by field name.

        Raises:
            ValueError: If a name is no field of the input, or a value does not fit its field.
        """
        fields: dict[str, Any] = {}
        for name, value in values.items():
            fields[name] = (cls._field(name).annotation, _with_default(cls, name, value))
        initial = to_jsonable_python(values)
        try:
            json.dumps(initial, allow_nan=False)
        except ValueError as error:
            raise ValueError(f"The initial data of {cls.__name__} cannot be shown: {error}.") from None
        made: type[Self] = create_model(cls.__name__, __base__=cls, __module__=cls.__module__, **fields)
        made.__doc__ = cls.__doc__
        made.prompt_description = description
        made.prompt_initial = {**cls.prompt_initial, **initial}
        made.prompt_model = cls.prompt_model or cls
        return made

    @classmethod
    def _field(cls, name: str) -> FieldInfo:
        field = cls.model_fields.get(name)
        if field is None:
            known = ", ".join(cls.model_fields) or "none"
            raise ValueError(f"{cls.__name__} has no field {name!r} to give initial data; its fields: {known}.")
        return field


class RunInput(BaseRunInput):
    """A model that a run can ask a person for.

    Example:
        ```python
        class ShirtOrder(RunInput):
            size: Literal["small", "medium", "large"]
            color: Literal["red", "green"]

        order = pause_flow_run(wait_for_input=ShirtOrder)
        ```
    """


def _with_default(model: type[BaseRunInput], name: str, value: Any) -> FieldInfo:
    field = model._field(name)
    try:
        checked: TypeAdapter[Any] = TypeAdapter(field.rebuild_annotation())
        checked.validate_python(value)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise ValueError(f"{value!r} does not fit {model.__name__}.{name}: {reason}.") from None
    changed = copy(field)
    changed.default = value
    changed.default_factory = None
    return changed
