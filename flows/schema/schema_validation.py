"""Validates values against a JSON Schema, for models that cannot be imported here, with messages for people."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from signoff.flows.schema.files import file_error
from signoff.flows.schema.formats import format_error
from signoff.flows.schema.keywords import TooComplex, limit_references, linear_keywords

if TYPE_CHECKING:
    from jsonschema import ValidationError

ValuePath = tuple[str | int, ...]

_MAX_CHOICES = 10
_MAX_LENGTH = 300
_TYPE_NAMES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "yes or no (true or false)",
    "array": "a list",
    "object": "a JSON object",
    "null": "nothing (null)",
}
_BOUNDS = {
    "minimum": "Enter {} or more.",
    "maximum": "Enter {} or less.",
    "exclusiveMinimum": "Enter more than {}.",
    "exclusiveMaximum": "Enter less than {}.",
    "multipleOf": "Enter a multiple of {}.",
    "minLength": "Enter at least {} character{s}.",
    "maxLength": "Enter at most {} character{s}.",
    "minItems": "Enter at least {} item{s}.",
    "maxItems": "Enter at most {} item{s}.",
    "minProperties": "Enter at least {} item{s}.",
    "maxProperties": "Enter at most {} item{s}.",
    "pattern": "Enter text that matches the pattern {}.",
    "uniqueItems": "Enter each item only once.",
}
_OF_THE_WHOLE = ("const", "enum", "type")


def schema_errors(schema: Mapping[str, Any], values: Mapping[str, Any]) -> list[tuple[ValuePath, str]]:
    """All errors of `values`: where each one is, and a message. Sorted by where they are."""
    try:
        found = _errors(schema, values)
    except (RecursionError, TooComplex):
        return [((), "This is nested too deeply to be checked.")]
    except Exception as error:  # noqa: BLE001 - a foreign schema can be wrong in any way
        return [((), f"The JSON Schema of this prompt is invalid: {str(error).splitlines()[0][:_MAX_LENGTH]}")]
    messages = dict.fromkeys(one for error in found for one in _messages(error))
    return sorted(messages, key=lambda one: [str(part) for part in one[0]])


def is_too_complex(schema: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether checking `values` takes so many steps that a model would hold up the whole process with it."""
    try:
        _errors(schema, values)
    except (RecursionError, TooComplex):
        return True
    except Exception:  # noqa: BLE001 - a schema that jsonschema cannot use says nothing of the model
        return False
    return False


def _errors(schema: Mapping[str, Any], values: Mapping[str, Any]) -> "list[ValidationError]":
    limit_references(values)
    return list(_validator(json.dumps(schema)).iter_errors(dict(values)))


def schema_fault(schema: Mapping[str, Any]) -> str | None:
    """Why a JSON Schema cannot be used, whatever the values are; `None` if it can."""
    return _fault(json.dumps(schema))


@lru_cache(maxsize=256)
def _fault(text: str) -> str | None:
    # Cached, because an engine reports the same pauses each time that it is polled.
    from jsonschema import FormatChecker
    from jsonschema.exceptions import SchemaError
    from jsonschema.validators import Draft202012Validator, validator_for

    schema = json.loads(text)
    try:
        # Without formats: `regex` would be read in Python's syntax. `check_patterns` knows which patterns can be used.
        validator_for(schema, default=Draft202012Validator).check_schema(schema, FormatChecker(formats=()))
    except RecursionError:
        return "it is nested too deeply"
    except SchemaError as error:
        place = "/".join(map(str, error.absolute_path))
        return f"{f'at {place}: ' if place else ''}{error.message[:_MAX_LENGTH]}"
    return None


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    """The validator for a JSON Schema. Cached, because creating one takes longer than using it."""
    return _validator_factory()(json.loads(schema))


@cache
def _validator_factory() -> Callable[[Mapping[str, Any]], Any]:
    """Creates validators that know Signoff's formats and keywords. They support any draft and never use the network."""
    # Imported late: it is slow to load, and few answers need it.
    from jsonschema import ValidationError
    from jsonschema.validators import Draft202012Validator, extend, validator_for
    from referencing import Registry

    def check_format(_validator: Any, _format: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
        if isinstance(instance, str) and (message := format_error(instance, schema)):
            yield ValidationError(message)

    def check_file(_validator: Any, _value: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
        if message := file_error(instance, schema):
            yield ValidationError(message)

    @cache
    def extended(draft: Any) -> Any:
        own = {"format": check_format, "filetypes": check_file, "maxBytes": check_file}
        return extend(draft, {**linear_keywords(draft.VALIDATORS), **own})

    def make(schema: Mapping[str, Any]) -> Any:
        return extended(validator_for(schema, default=Draft202012Validator))(schema, registry=Registry())

    return make


def _messages(error: "ValidationError") -> Iterator[tuple[ValuePath, str]]:
    place: ValuePath = tuple(error.absolute_path)
    wanted = error.validator_value
    match error.validator:
        case "anyOf" | "oneOf":
            yield from _messages_of_union(error, place)
        case "required":
            yield from ((((*place, name)), "This is required.") for name in wanted if name not in error.instance)
        case "type":
            yield place, f"Enter {_join_or([_TYPE_NAMES.get(kind, kind) for kind in _as_list(wanted)])}."
        case "const" | "enum":
            yield place, choose_one_of(_as_list(wanted))
        case keyword if keyword in _BOUNDS:
            yield place, _BOUNDS[keyword].format(wanted, s="" if wanted == 1 else "s")
        case _:
            yield place, error.message[:_MAX_LENGTH]


def _messages_of_union(error: "ValidationError", place: ValuePath) -> Iterator[tuple[ValuePath, str]]:
    """The errors of the one member of a union that was meant, if that is clear."""
    kinds: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        kinds.setdefault(inner.schema_path[0], []).append(inner)
    consts = [one.validator_value for inner in kinds.values() for one in inner if one.validator == "const"]
    nulls = sum(one.validator_value == "null" for inner in kinds.values() for one in inner if one.validator == "type")
    others = [inner for inner in kinds.values() if not _is_other_type(inner, place)]
    if len(others) == 1:
        yield from (messages for inner in others[0] for messages in _messages(inner))
    elif consts and len(consts) + nulls == len(kinds):
        yield place, choose_one_of(consts)
    elif wanted := [one.validator_value for inner in kinds.values() for one in inner if one.validator == "type"]:
        named = [_TYPE_NAMES.get(kind, kind) for kind in wanted if isinstance(kind, str) and kind != "null"]
        yield place, f"Enter {_join_or(list(dict.fromkeys(named)))}."
    else:
        yield place, "This value fits none of the allowed types."


def _is_other_type(errors: Sequence["ValidationError"], place: ValuePath) -> bool:
    """Whether the value cannot be meant for the member with these errors, by its type or its discriminator."""
    return any(
        one.validator == "const" or (one.validator in _OF_THE_WHOLE and tuple(one.absolute_path) == place)
        for one in errors
    )


def choose_one_of(values: Sequence[Any]) -> str:
    """The message for a value that is none of `values`."""
    named = [value if isinstance(value, str) else json.dumps(value) for value in values[:_MAX_CHOICES]]
    more = [f"… ({len(values)} in all)"] if len(values) > len(named) else []
    return f"Choose{' one of' if len(values) > 1 else ''}: {', '.join([*named, *more])[:_MAX_LENGTH]}."


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _join_or(names: Sequence[str]) -> str:
    return " or ".join(names) or "another value"


def warm_up() -> None:
    """Load the validator in advance. It takes most of a second, and otherwise the first person would wait for it."""
    schema_errors({"type": "object"}, {})
