"""What is wrong with a policy, or a part of one, in a sentence for the author of a flow."""

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ValidationError

from signoff.store.sentences import fault_of, sentence

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)

_SHOULD_BE = "Input should be "


class InvalidPolicy(ValueError):
    """A policy or a rule was given something that it does not take. The message names each field."""


class ExplainsFaults(ModelMetaclass):
    """Makes one sentence of what is wrong with the arguments of a constructor, for the author of a flow.

    Validating what is stored, or what is part of a larger model, raises pydantic's own error, which has every place.
    """

    def __call__(cls, *args: Any, **arguments: Any) -> Any:  # noqa: N805 - it is a metaclass
        """Make one, or raise `InvalidPolicy`."""
        try:
            return super().__call__(*args, **arguments)
        except ValidationError as error:
            raise InvalidPolicy(sentence(f"The {cls.__name__.lower()} is invalid: {_in_words(cls, error)}")) from None


def _in_words(model: Any, error: ValidationError) -> str:
    """What is wrong with each argument, by its name."""
    faults: dict[str, list[str]] = {}
    for each in error.errors(include_url=False, include_input=False):
        # What follows the name of a field, or of one of a stage, says which of several types was tried.
        part = _part_of(model, each["loc"][0]) if len(each["loc"]) > 2 and isinstance(each["loc"][1], int) else None
        name = ".".join(map(str, each["loc"][: 1 if part is None else 3]))
        if each["type"] == "extra_forbidden":
            fields = (part or model).model_fields
            similar = get_close_matches(name.rpartition(".")[2], fields, n=1)
            fault = "there is no such field" + (f"; did you mean {similar[0]}?" if similar else "")
        else:
            fault = fault_of(each)
        said = faults.setdefault(name, [])
        # A field that takes one of several types has a fault for each of them.
        fault = fault.removeprefix(_SHOULD_BE) if said and said[0].startswith(_SHOULD_BE) else fault
        if fault not in said:
            said.append(fault)
    return "; ".join(": ".join(filter(None, [name, ", or ".join(said)])).rstrip(".") for name, said in faults.items())


def _part_of(model: Any, field: Any) -> Any:
    """The model of which a field has several, such as `Stage` for `stages`; `None` if its values are simple."""
    types = get_args(model.model_fields[field].annotation) if field in model.model_fields else ()
    return next((each for each in types if isinstance(each, type) and issubclass(each, BaseModel)), None)
