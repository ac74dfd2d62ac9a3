"""Whether values fit a JSON Schema whose model cannot be imported here, and what people are told where they do not."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from signoff.flows.schema.files import file_error
from signoff.flows.schema.formats import format_error

if TYPE_CHECKING:
    from jsonschema import ValidationError

Place = tuple[str | int, ...]

_MOST_CHOICES = 10
_LONGEST = 300
_KINDS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "yes or no (true or false)",
    "array": "a list",
    "object": "a JSON object",
    "null": "nothing (null)",
}
_BOUNDS = {
    "minimum": "Give {} or more.",
    "maximum": "Give {} or less.",
    "exclusiveMinimum": "Give more than {}.",
    "exclusiveMaximum": "Give less than {}.",
    "multipleOf": "Give a multiple of {}.",
    "minLength": "Give at least {} characters.",
    "maxLength": "Give at most {} characters.",
    "minItems": "Give at least {} of them.",
    "maxItems": "Give at most {} of them.",
    "minProperties": "Give at least {} of them.",
    "maxProperties": "Give at most {} of them.",
    "pattern": "Give a text that matches the pattern {}.",
    "uniqueItems": "Give each of them once only.",
}
_OF_THE_WHOLE = ("const", "enum", "type")


def schema_errors(schema: Mapping[str, Any], values: Mapping[str, Any]) -> list[tuple[Place, str]]:
    """Where `values` do not fit `schema`, and what is wrong there; every error, ordered by place."""
    try:
        found = list(_validator(json.dumps(schema)).iter_errors(dict(values)))
    except Exception as error:  # noqa: BLE001 - a schema from elsewhere can be wrong in any way
        return [((), f"The JSON Schema of this prompt cannot be used: {str(error).splitlines()[0][:_LONGEST]}")]
    told = dict.fromkeys(one for error in found for one in _told(error))
    return sorted(told, key=lambda one: [str(part) for part in one[0]])


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    """The validator for a JSON Schema; to make one takes longer than to use it."""
    return _maker()(json.loads(schema))


@cache
def _maker() -> Callable[[Mapping[str, Any]], Any]:
    """Makes a validator with this project's formats and words, for any draft; it asks the network for nothing."""
    # Imported late: it takes a while to load, and few answers need it.
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
        return extend(draft, {"format": check_format, "filetypes": check_file, "maxBytes": check_file})

    def make(schema: Mapping[str, Any]) -> Any:
        return extended(validator_for(schema, default=Draft202012Validator))(schema, registry=Registry())

    return make


def _told(error: "ValidationError") -> Iterator[tuple[Place, str]]:
    place: Place = tuple(error.absolute_path)
    wanted = error.validator_value
    match error.validator:
        case "anyOf" | "oneOf":
            yield from _told_of_kinds(error, place)
        case "required":
            yield from ((((*place, name)), "This is required.") for name in wanted if name not in error.instance)
        case "additionalProperties" if wanted is False:
            known = error.schema.get("properties", {})
            yield from (((*place, name), "This was not asked for.") for name in error.instance if name not in known)
        case "type":
            yield place, f"Give {_either([_KINDS.get(kind, kind) for kind in _listed(wanted)])}."
        case "const" | "enum":
            yield place, choose_one_of(_listed(wanted))
        case keyword if keyword in _BOUNDS:
            yield place, _BOUNDS[keyword].format(wanted)
        case _:
            yield place, error.message[:_LONGEST]


def _told_of_kinds(error: "ValidationError", place: Place) -> Iterator[tuple[Place, str]]:
    """The errors of the one kind that was meant, where that can be told."""
    kinds: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        kinds.setdefault(inner.schema_path[0], []).append(inner)
    consts = [one.validator_value for inner in kinds.values() for one in inner if one.validator == "const"]
    nulls = sum(one.validator_value == "null" for inner in kinds.values() for one in inner if one.validator == "type")
    others = [inner for inner in kinds.values() if not _is_of_another_kind(inner, place)]
    if len(others) == 1:
        yield from (told for inner in others[0] for told in _told(inner))
    elif consts and len(consts) + nulls == len(kinds):
        yield place, choose_one_of(consts)
    elif wanted := [one.validator_value for inner in kinds.values() for one in inner if one.validator == "type"]:
        named = [_KINDS.get(kind, kind) for kind in wanted if isinstance(kind, str) and kind != "null"]
        yield place, f"Give {_either(list(dict.fromkeys(named)))}."
    else:
        yield place, "This is none of the kinds of values that are possible here."


def _is_of_another_kind(errors: Sequence["ValidationError"], place: Place) -> bool:
    """Whether the value is not meant to be of the kind with these errors: its type differs, or its discriminator."""
    return any(
        one.validator == "const" or (one.validator in _OF_THE_WHOLE and tuple(one.absolute_path) == place)
        for one in errors
    )


def choose_one_of(values: Sequence[Any]) -> str:
    """What to tell who gave none of `values`."""
    named = [value if isinstance(value, str) else json.dumps(value) for value in values[:_MOST_CHOICES]]
    more = [f"… ({len(values)} in all)"] if len(values) > len(named) else []
    return f"Choose {'among' if len(values) > 1 else 'this'}: {', '.join([*named, *more])[:_LONGEST]}."


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def _either(names: Sequence[str]) -> str:
    return " or ".join(names) or "another value"


def warm_up() -> None:
    """Load the validator, which takes most of a second, before somebody waits for it."""
    schema_errors({"type": "object"}, {})
