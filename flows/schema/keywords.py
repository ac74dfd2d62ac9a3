"""Keywords of JSON Schema whose cost jsonschema lets a text, a list or a schema drive up, checked in linear time."""

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from fractions import Fraction
from typing import Any

from signoff.flows.schema.patterns import matcher

Keyword = Callable[[Any, Any, Any, Mapping[str, Any]], Iterator[Any]]
"""A keyword as jsonschema calls it: with the validator, the keyword's value, the value to check, and its schema."""


class TooComplex(Exception):
    """Checking a value against its schema would take too long."""


_references_left: ContextVar["Iterator[int]"] = ContextVar("references_left")


def limit_references(values: Mapping[str, Any]) -> None:
    """Limit how many references are followed to check these values, in proportion to how many they are.

    Where references branch, as in a union of models that contain that union again, their number doubles with each level
    of nesting. The levels are up to the person who enters the value.
    """
    _references_left.set(iter(range(5_000 + 30 * _size(values))))


def _size(value: Any) -> int:
    size, left = 0, [value]
    while left:
        one = left.pop()
        size += 1
        if isinstance(one, Mapping | list):
            left += one.values() if isinstance(one, Mapping) else one
    return size


def linear_keywords(standard: Mapping[str, Keyword]) -> dict[str, Keyword]:
    """Replacements for some of the keywords of a draft."""
    references = ("$ref", "$dynamicRef", "$recursiveRef")
    return {
        **{word: keyword for word, keyword in _LINEAR.items() if word in standard},
        **{word: _counted(standard[word]) for word in references if word in standard},
        **({"oneOf": _one_of(standard["oneOf"])} if "oneOf" in standard else {}),
    }


def _pattern(_validator: Any, wanted: Any, instance: Any, _schema: Mapping[str, Any]) -> Iterator[Any]:
    if isinstance(instance, str) and not matcher(wanted)(instance):
        yield _error(f"it does not match {wanted}")


def _pattern_properties(validator: Any, wanted: Any, instance: Any, _schema: Mapping[str, Any]) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    for pattern, inner in wanted.items():
        matches = matcher(pattern)
        for name, value in instance.items():
            if matches(name):
                yield from validator.descend(value, inner, path=name, schema_path=pattern)


def _additional_properties(validator: Any, wanted: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
    if not isinstance(instance, dict):
        return
    known = schema.get("properties", {})
    patterns = [matcher(pattern) for pattern in schema.get("patternProperties", ())]
    for name, value in instance.items():
        if name in known or any(matches(name) for matches in patterns):
            continue
        if wanted is False:
            yield _error("This was not asked for.", path=[name])
        else:
            yield from validator.descend(value, wanted, path=name)


def _unique_items(_validator: Any, wanted: Any, instance: Any, _schema: Mapping[str, Any]) -> Iterator[Any]:
    if wanted is True and isinstance(instance, list) and len(set(map(comparable, instance))) < len(instance):
        yield _error("the items are not unique")


def _multiple_of(_validator: Any, wanted: Any, instance: Any, _schema: Mapping[str, Any]) -> Iterator[Any]:
    is_number = isinstance(instance, int | float) and not isinstance(instance, bool)
    # Exact, and as people read the numbers: 0.3 is a multiple of 0.1.
    if is_number and (_exact(instance) / _exact(wanted)).denominator != 1:
        yield _error(f"it is not a multiple of {wanted}")


def _any_of(validator: Any, wanted: Any, instance: Any, _schema: Mapping[str, Any]) -> Iterator[Any]:
    # All members, even if one fits: that is how pydantic finds the best one, and so this takes as many steps.
    found = [list(validator.descend(instance, member, schema_path=place)) for place, member in enumerate(wanted)]
    if all(found):
        yield _error("it fits none of the allowed types", context=[error for errors in found for error in errors])


_LINEAR: Mapping[str, Keyword] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "anyOf": _any_of,
    "uniqueItems": _unique_items,
    "multipleOf": _multiple_of,
}


def _one_of(standard: Keyword) -> Keyword:
    def check(validator: Any, wanted: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
        match schema.get("discriminator"):
            # Only the member that is meant, as in pydantic: the others would be searched to all their depth.
            case {"propertyName": str(name), "mapping": dict(members)} if isinstance(instance, dict):
                tag = instance.get(name)
                if isinstance(tag, str) and tag in members:
                    yield from validator.descend(instance, {"$ref": members[tag]})
                    return
        yield from standard(validator, wanted, instance, schema)

    return check


def _counted(keyword: Keyword) -> Keyword:
    def check(validator: Any, wanted: Any, instance: Any, schema: Mapping[str, Any]) -> Iterator[Any]:
        if next(_references_left.get(), None) is None:
            raise TooComplex
        yield from keyword(validator, wanted, instance, schema)

    return check


def comparable(value: Any) -> Any:
    """A hashable stand-in for a JSON value. Two are equal if the values are equal as JSON: 1 is 1.0, and not true."""
    match value:
        case bool() | None | str():
            return (type(value), value)
        case list():
            return (list, tuple(map(comparable, value)))
        case dict():
            return (dict, frozenset((name, comparable(item)) for name, item in value.items()))
        case _:
            return value


def _exact(number: float) -> Fraction:
    return Fraction(number) if isinstance(number, int) else Fraction(repr(number))


def _error(message: str, **more: Any) -> Any:
    # Imported late: it is slow to load, and few answers need it.
    from jsonschema import ValidationError

    return ValidationError(message, **more)
