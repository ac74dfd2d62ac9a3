"""What a flow asks for, be it a model, a plain type or nothing: its schema, and how an answer is parsed."""

import inspect
import json
import reprlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

from pydantic import BaseModel, PydanticUserError, RootModel, ValidationError, create_model
from pydantic_core import InitErrorDetails, PydanticCustomError

from signoff.flows.code.digest import digest
from signoff.flows.code.module_loading import model_reference
from signoff.flows.errors import InvalidFlow
from signoff.flows.names import humanize
from signoff.flows.schema.answerable import sample_answer
from signoff.flows.schema.choices import Choices, choice_errors, schema_with_choices
from signoff.flows.schema.json_schema import refuse_slow_patterns, schema_with_any_pattern
from signoff.flows.schema.parts import has_fields, unwrap
from signoff.flows.schema.prompt_model import PromptModel
from signoff.flows.schema.schema_validation import ValuePath

_NOT_TYPES = (
    *(str, bytes, int, float, dict, list, tuple, set, frozenset, BaseModel),
    *(FunctionType, BuiltinFunctionType, MethodType),
)
"""What people pass by mistake. Pydantic would read some of them as a type, with another meaning."""

_LONGEST_TITLE = 150
"""How long the header of a card can be."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question, independent of the run that asks it.

    Attributes:
        schema: The JSON Schema of the answer; `None` if the run only asks for permission to continue.
        initial_values: The initial values by field name.
        model: The model that validates an answer.
        wraps_scalar: Whether the model wraps a plain type in a field `value`, which the flow gets bare.
    """

    title: str
    description: str
    schema: Mapping[str, Any] | None
    initial_values: Mapping[str, Any]
    model: type[BaseModel] | None
    wraps_scalar: bool = False

    @classmethod
    def of(cls, wait_for_input: Any, description: str | None = None) -> "Question":
        """The question for the `wait_for_input` of a flow.

        Args:
            description: What to decide, as Markdown, in place of the model's own. A plain type has no title, so the
                first line becomes the question if it is short.

        Raises:
            InvalidFlow: If a person cannot be asked for it.
        """
        question = cls._of(wait_for_input)
        if description is None:
            return question
        if not isinstance(description, str):
            raise InvalidFlow(f"The description is {type(description).__name__}. Describe in a text what to decide.")
        if question.model is not None and not question.wraps_scalar:
            return replace(question, description=description)
        first, _, rest = description.strip().partition("\n")
        title = first.strip("#* \t")
        if not title or len(first) > _LONGEST_TITLE:
            return replace(question, description=description)
        return replace(question, title=title, description=rest.strip("\n"))

    @classmethod
    def _of(cls, wait_for_input: Any) -> "Question":
        if wait_for_input is None:
            return cls("Continue?", "", None, {}, None)
        if isinstance(wait_for_input, _NOT_TYPES):
            raise InvalidFlow(_not_a_type(wait_for_input))
        if isinstance(wait_for_input, type) and issubclass(wait_for_input, BaseModel):
            return _of_class(wait_for_input) if _is_bare(wait_for_input) else cls._of_model(wait_for_input)
        # Only questions for classes are cached: `int | str` equals `str | int`, but asks something else.
        return _of_class(wait_for_input) if isinstance(wait_for_input, type) else _plain(wait_for_input)

    @classmethod
    def _of_model(cls, model: type[BaseModel]) -> "Question":
        initial_values: Mapping[str, Any] = {}
        choices: Mapping[str, Choices] = {}
        description = None
        asked = model
        if issubclass(model, PromptModel):
            initial_values, description = model.prompt_initial, model.prompt_description
            asked, choices = model.prompt_model or model, model.prompt_choices
        schema = schema_with_choices(schema_with_any_pattern(asked), choices)
        return cls(_title(asked), description or _docstring(asked), schema, initial_values, asked)

    def check(self) -> None:
        """Check that there is an answer to this question, and that every answer can be matched in linear time.

        Raises:
            InvalidFlow: If no answer would be accepted, or if the model or its schema has a pattern that backtracks.
        """
        if self.model is not None:
            refuse_slow_patterns(self.model, self.schema or {})
            sample_answer(self.model, self.schema or {})

    @property
    def hash(self) -> str:
        """The hash by which a replay recognizes the question. Initial values are left out, since they may differ."""
        return digest([self.title, self.description, self.schema])

    @property
    def model_reference(self) -> str | None:
        """Where another process can import the model; `None` if it cannot."""
        return None if self.model is None or self.wraps_scalar else model_reference(self.model)

    def answer(self, values: Mapping[str, Any]) -> Any:
        """What the flow gets for an answer.

        Raises:
            pydantic.ValidationError: If the model does not accept it after all.
        """
        if self.model is None:
            return None
        answered = self.model.model_validate_json(json.dumps(dict(values)))
        if wrong := list(
            choice_errors(self.schema or {}, answered.model_dump(mode="json", by_alias=True, warnings=False))
        ):
            raise ValidationError.from_exception_data(self.model.__name__, [_choice_error(*each) for each in wrong])
        return answered.value if self.wraps_scalar else answered  # type: ignore[attr-defined]


def _not_a_type(given: Any) -> str:
    match given:
        case str():
            return (
                "wait_for_input takes a type, not a text. To ask a question, write "
                f"pause_flow_run(bool, description={reprlib.repr(given)})."
            )
        case BaseModel():
            name = type(given).__name__
            return (
                f"wait_for_input takes the model {name}, not an instance of it. To show values in the form, write "
                f"{name}.with_initial_data(…)."
            )
        case _:
            return f"wait_for_input takes a model or a type such as bool, not {reprlib.repr(given)}."


def _plain(annotation: Any) -> Question:
    model = _around(annotation)
    title, description = "Input needed", ""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        title, description = _title(annotation), _docstring(annotation)
    return Question(title, description, schema_with_any_pattern(model), {}, model, wraps_scalar=True)


def _is_bare(model: type[BaseModel]) -> bool:
    """Whether a model has no fields that a form could ask for, because its root is a list, say. An answer has names."""
    if not issubclass(model, RootModel):
        return False
    schema = schema_with_any_pattern(model)
    return not has_fields(unwrap(schema, schema).schema)


# Creating a model takes longer than everything else in a pause.
_of_class = lru_cache(maxsize=128)(_plain)


def _around(annotation: Any) -> type[BaseModel]:
    try:
        return create_model("Input", __base__=PromptModel, value=(annotation, ...))
    except (PydanticUserError, TypeError) as error:
        raise _unaskable(annotation, error) from error


def _choice_error(place: ValuePath, message: str) -> InitErrorDetails:
    # The message is passed as a value, not as the template: a choice may contain braces.
    return InitErrorDetails(
        type=PydanticCustomError("unchosen", "{message}", {"message": message}), loc=place, input=""
    )


def _unaskable(asked: Any, error: Exception) -> InvalidFlow:
    name = getattr(asked, "__name__", repr(asked))
    cause = str(error).splitlines()[0]
    return InvalidFlow(f"A person cannot be asked for {name}: {cause} Use types that have a JSON Schema.")


def _title(model: type[BaseModel]) -> str:
    return model.model_config.get("title") or humanize(model.__name__)


def _docstring(model: type[BaseModel]) -> str:
    return inspect.cleandoc(model.__dict__.get("__doc__") or "")
