"""JSON Schema as pydantic writes it, read by its parts.

References, `allOf` with one member and `anyOf` with null are unwrapped, so that a property is one plain schema and
a flag that says whether null is allowed.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from signoff.flows.schema.files import FILE_FORMAT

Schema = Mapping[str, Any]

_ANNOTATIONS = ("title", "description", "examples", "default")
_MAX_REFERENCES = 32
_WITHIN = ("anyOf", "oneOf", "allOf", "prefixItems")


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an object.

    Attributes:
        schema: Its plain schema, without references and without null.
        nullable: Whether null is one of its values.
        annotations: `title`, `description`, `examples` and `default` as the property itself gives them.
    """

    schema: Schema
    nullable: bool
    annotations: Schema


def unwrap(schema: Any, root: Schema) -> Property:
    """Reduce `schema`, a part of `root`, to a plain one; `true`, `false` and what is not a schema to an empty one."""
    annotations: dict[str, Any] = {}
    nullable = False
    if not isinstance(schema, Mapping):
        return Property({}, nullable, annotations)
    for _ in range(_MAX_REFERENCES):
        for word in _ANNOTATIONS:
            if word in schema:
                annotations.setdefault(word, schema[word])
        inner, null = _inner(schema, root)
        nullable = nullable or null
        if inner is None:
            break
        schema = inner
    return Property(schema, nullable or _lists_null(schema), annotations)


def _inner(schema: Schema, root: Schema) -> tuple[Schema | None, bool]:
    """The schema that `schema` is only a wrapper of, if it is one, and whether the wrapper allows null."""
    if "$ref" in schema:
        aim = target(schema["$ref"], root)
        # A definition is titled with its class's name, which is not a label for a field.
        inherited = {key: value for key, value in aim.items() if key not in ("title", "default")}
        return {**inherited, **_without(schema, "$ref")}, False
    for word in ("allOf", "anyOf", "oneOf"):
        members = [member for member in schema.get(word) or () if isinstance(member, Mapping)]
        if not members:
            continue
        others = [member for member in members if not is_null(member)]
        if len(others) == 1 and (word != "allOf" or len(members) == 1):
            return {**_without(schema, word), **others[0]}, len(others) < len(members)
        if word != "allOf" and others and len(others) < len(members):
            return {**_without(schema, word), word: others}, True
    return None, False


def _without(schema: Schema, word: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != word and key not in _ANNOTATIONS}


def target(reference: Any, root: Schema) -> Schema:
    """The schema that a reference within `root` names; `{}`, which allows anything, where it names none."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return {}
    found: Any = root
    for part in filter(None, reference[1:].split("/")):
        name = part.replace("~1", "/").replace("~0", "~")
        found = found.get(name, {}) if isinstance(found, Mapping) else {}
    return found if isinstance(found, Mapping) else {}


def is_null(part: Any) -> bool:
    """Whether null is the only value of `part`."""
    return isinstance(part, Mapping) and (part.get("type") == "null" or ("const" in part and part["const"] is None))


def _lists_null(schema: Schema) -> bool:
    kinds = schema.get("type")
    return (isinstance(kinds, list) and "null" in kinds) or None in schema.get("enum", ())


def kind_of(schema: Schema) -> str | None:
    """The one JSON type that `schema` allows beside null; `None` when it allows several or does not say."""
    kinds = schema.get("type")
    if isinstance(kinds, str):
        return kinds
    others = [kind for kind in kinds or () if kind != "null"]
    return others[0] if len(others) == 1 else None


def has_fields(schema: Schema) -> bool:
    """Whether a value of `schema` is a model, which is asked for field by field; a file is not."""
    return kind_of(schema) == "object" and bool(schema.get("properties")) and schema.get("format") != FILE_FORMAT


def options_of(schema: Schema) -> tuple[tuple[Any, str | None], ...] | None:
    """The values that `schema` lists, each with its title where it has one; `None` when it lists none.

    They are listed by `enum`, by `const`, or by an `anyOf` of titled `const`s; null is left out.
    """
    if "const" in schema:
        # Its title is the property's, not the value's.
        return () if schema["const"] is None else ((schema["const"], None),)
    if "enum" in schema:
        return tuple((value, None) for value in schema["enum"] if value is not None)
    members = schema.get("oneOf") or schema.get("anyOf")
    if members and all(isinstance(member, Mapping) and "const" in member for member in members):
        return tuple(
            (member["const"], str(member["title"]) if "title" in member else None)
            for member in members
            if member["const"] is not None
        )
    return None


def fields_in(part: Any, root: Schema, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Every schema within `part`, with the names of the fields that lead to it; a recursive one once."""
    yield from _parts(part, root, path, frozenset())


def _parts(
    part: Any, root: Schema, path: tuple[str, ...], above: frozenset[str]
) -> Iterator[tuple[tuple[str, ...], Schema]]:
    if not isinstance(part, Mapping):
        return
    yield path, part
    name = part.get("$ref")
    if isinstance(name, str) and name not in above:
        yield from _parts(target(name, root), root, path, above | {name})
    for field, inner in part.get("properties", {}).items():
        yield from _parts(inner, root, (*path, field), above)
    for word in ("items", "additionalProperties"):
        yield from _parts(part.get(word), root, path, above)
    for word in _WITHIN:
        for member in part.get(word, ()):
            yield from _parts(member, root, path, above)
