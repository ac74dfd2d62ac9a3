"""Refuses, where the flow asks, what nobody could answer: a form of which no submission would be accepted.

A sample answer is made from the JSON Schema, as the form is, and tried with the model. None of the author's code runs
for that: it may be slow, or have effects. Whatever it decides counts as accepted. So does a value that fails only by a
pattern, a bound or the like, since a better sample might fit. What remains is what no other value can mend.
"""

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, SchemaError, SchemaValidator, core_schema

from signoff.flows.errors import InvalidFlow
from signoff.flows.schema.parts import Schema
from signoff.flows.schema.sample import NoValue, Path, Place, Sampler, TooLarge
from signoff.store.sentences import fault_of

_MAX_TRIES = 1_000
_OPAQUE = ("function-before", "function-wrap", "function-plain")
_BESIDE_CODE = {"function-after": "schema", "json-or-python": "json_schema", "call": "arguments_schema"}
"""The schemas in a core schema that count without its code, by its type."""

_CODE = ("computed_fields", "default_factory", "default_factory_takes_data", "metadata", "post_init", "serialization")
_VALUES = ("cls", "config", "default")
_PYTHON_ONLY = ("callable_type", "is_instance_of", "is_subclass_of", "needs_python_object")
_OPTIONS = ("enum", "literal_error")
_NAMES = ("missing", "extra_forbidden")
_TAGS = ("union_tag_invalid", "union_tag_not_found")


def sample_answer(model: type[BaseModel], schema: Schema) -> Any:
    """An answer to `schema` that `model` accepts, as JSON; `None` if there may be one that is hard to find.

    Args:
        schema: The schema of the model, perhaps with choices.

    Raises:
        InvalidFlow: If there is certainly no answer. The message names the field, and says what to do.
    """
    try:
        return _find(model, schema)
    except NoValue as error:
        raise _refusal(model, error.path, error.reason) from None
    except TooLarge:
        return None


def no_value(schema: Schema) -> str | None:
    """Why no JSON value fits a schema; `None` if one does, or if that cannot be told."""
    try:
        Sampler(schema, {}).make()
    except NoValue as error:
        where = ".".join(map(str, error.path))
        return f"{where}: {error.reason}" if where else error.reason
    except TooLarge:
        pass
    return None


def _find(model: type[BaseModel], schema: Schema) -> Any:
    validator = _validator(model)
    chosen: dict[Place, int] = {}
    for _ in range(_MAX_TRIES):
        sampler = Sampler(schema, chosen)
        sample = sampler.make()
        try:
            validator.validate_json(json.dumps(sample))
        except ValidationError as error:
            faults = error.errors(include_url=False)
        except Exception:  # noqa: BLE001 - a class may do anything when it is created
            return None
        else:
            return sample
        # A union reports the errors of all its members. If one might accept another value, the field can be answered.
        vague = {each["loc"][:1] for each in faults if not _is_final(each, sampler, sample)}
        faults = [each for each in faults if each["loc"][:1] not in vague]
        if not faults:
            return None
        for fault in faults:
            if not _choose_next(chosen, sampler, _path_in(sample, fault["loc"])):
                raise _refusal(model, fault["loc"], _reason(fault))
    return None


def _is_final(error: ErrorDetails, sampler: Sampler, sample: Any) -> bool:
    kind = error["type"]
    if kind in _NAMES:
        # The form has an input for each property that the schema lists, and for no other one.
        return _path_in(sample, error["loc"][:-1]) in sampler.described
    return kind in (*_PYTHON_ONLY, *_OPTIONS, *_TAGS) or kind.endswith("_type")


def _path_in(sample: Any, location: Sequence[str | int]) -> Path:
    """The path of an error's location, which also names the members of unions."""
    path: list[str | int] = []
    for step in location:
        inside = sample if isinstance(sample, dict) else dict(enumerate(sample)) if isinstance(sample, list) else {}
        if step in inside:
            path.append(step)
            sample = inside[step]
    return tuple(path)


def _choose_next(chosen: dict[Place, int], sampler: Sampler, path: Path) -> bool:
    """Choose the next alternative for what is at `path`, or around it. Returns whether there is one."""
    around = [place for place in sampler.offered if place[0] == path[: len(place[0])]]
    for place in sorted(around, key=lambda place: (len(place[0]), place[1]), reverse=True):
        number, count = sampler.offered[place]
        if number + 1 < count:
            inner = [other for other in chosen if other[0][: len(place[0])] == place[0] and other > place]
            for other in inner:
                del chosen[other]
            chosen[place] = number + 1
            return True
    return False


class _Sample:
    """Stands for every model and dataclass."""

    __slots__ = ("__dict__", "__pydantic_extra__", "__pydantic_fields_set__", "__pydantic_private__")


@lru_cache(maxsize=128)
def _validator(model: type[BaseModel]) -> SchemaValidator:
    """A validator for a model that runs none of its code, and takes no other names than those of its schema."""
    try:
        return SchemaValidator(_without_code(model.__pydantic_core_schema__))
    except SchemaError:
        # Something in it depends on what was left out. Then nothing is certain.
        return SchemaValidator(core_schema.any_schema())


def _without_code(part: Any) -> Any:
    if isinstance(part, list | tuple):
        return type(part)(map(_without_code, part))
    if not isinstance(part, dict):
        return part
    if not isinstance(part.get("type"), str):
        return {key: _without_code(inner) for key, inner in part.items()}
    made = _replaced(part)
    return {**made, "ref": part["ref"]} if "ref" in part else made


def _replaced(part: dict[str, Any]) -> dict[str, Any]:
    """What a core schema accepts without its code."""
    kind = part["type"]
    if _is_opaque(part):
        return dict(core_schema.any_schema())
    if kind in _BESIDE_CODE:
        inner: dict[str, Any] = _without_code(part[_BESIDE_CODE[kind]])
        return inner
    made = {key: inner if key in _VALUES else _without_code(inner) for key, inner in part.items() if key not in _CODE}
    if kind == "default" and "default_factory" in part:
        made["default"] = None
    if kind in ("model", "dataclass"):
        # For a class of its own, pydantic takes the validator that the class has, with all of its code.
        made["cls"] = _Sample
    if kind in ("model-fields", "typed-dict", "dataclass-args"):
        made["extra_behavior"] = "forbid"
    return made


def _is_opaque(part: Mapping[str, Any]) -> bool:
    """Whether code of the author's decides what a value is made of."""
    match part["type"]:
        case "enum":
            return "missing" in part
        case "model":
            return bool(part.get("custom_init"))
        case "tagged-union":
            return callable(part["discriminator"])
        case kind:
            return kind in _OPAQUE


def _reason(error: ErrorDetails) -> str:
    match error["type"]:
        case kind if kind in _PYTHON_ONLY:
            return "its values are Python objects, which nobody can type. Ask for a name instead"
        case kind if kind in _OPTIONS:
            return "none of its options is read back from JSON. Use texts or numbers as values, not tuples or objects"
        case kind if kind in _NAMES:
            return "its model reads it under another name than the form has. Give it a plain alias, or none"
        case _:
            return f"its JSON Schema allows other values than its type ({fault_of(error).rstrip('.')})"


def _refusal(model: type[BaseModel], path: Sequence[str | int], reason: str) -> InvalidFlow:
    field = ".".join([model.__name__, *(each for each in path if isinstance(each, str))])
    return InvalidFlow(f"A person cannot be asked for {field}, because no answer would be accepted: {reason}.")
