"""JSON Schema as pydantic writes it, reduced to what a form has to know.

References, `allOf` with one member and `anyOf` with null are unwrapped, so that a property is one plain
schema and a word on whether null is allowed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.files import FILE_FORMAT

Schema = Mapping[str, Any]

_WORDS_OF_THE_FIELD = ("title", "description", "examples", "default")
_DEEPEST_REFERENCE = 32


@dataclass(frozen=True, slots=True)
class Property:
    """One property of an object.

    Attributes:
        schema: Its plain schema: no reference and no null.
        nullable: Whether null is a value of it.
        annotations: `title`, `description`, `examples` and `default` as the property itself gives them.
    """

    schema: Schema
    nullable: bool
    annotations: Schema

    def with_default(self, default: Any) -> "Property":
        """This property with a default that the object around it gives; `UNSET` changes nothing."""
        return self if default is UNSET else replace(self, annotations={**self.annotations, "default": default})


def unwrap(schema: Schema | bool, root: Schema) -> Property:
    """Reduces `schema`, a part of `root`, to a plain one; `true` and `false` to one that says nothing."""
    if isinstance(schema, bool):
        return Property({}, nullable=False, annotations={})
    annotations: dict[str, Any] = {}
    nullable = False
    for _ in range(_DEEPEST_REFERENCE):
        for word in _WORDS_OF_THE_FIELD:
            if word in schema:
                annotations.setdefault(word, schema[word])
        inner, null = _inner(schema, root)
        nullable = nullable or null
        if inner is None:
            break
        schema = inner
    return Property(schema, nullable or _holds_null(schema), annotations)


def _inner(schema: Schema, root: Schema) -> tuple[Schema | None, bool]:
    """What `schema` wraps, if it only wraps, and whether the wrapping allows null."""
    if "$ref" in schema:
        aim = target(schema["$ref"], root)
        own = {key: value for key, value in schema.items() if key != "$ref" and key not in _WORDS_OF_THE_FIELD}
        # A definition is titled with its class's name, which is no label for a field.
        return {
            **{key: value for key, value in aim.items() if key not in ("title", "default")},
            **own,
        }, False
    for word in ("allOf", "anyOf", "oneOf"):
        members = [member for member in schema.get(word) or () if isinstance(member, Mapping)]
        if not members:
            continue
        others = [member for member in members if member.get("type") != "null"]
        own = {key: value for key, value in schema.items() if key != word and key not in _WORDS_OF_THE_FIELD}
        if len(others) == 1 and (word != "allOf" or len(members) == 1):
            return {**own, **others[0]}, len(others) < len(members)
        if word != "allOf" and others and len(others) < len(members):
            return {**own, word: others}, True
    return None, False


def target(reference: Any, root: Schema) -> Schema:
    """The schema that a reference within `root` names; anything, `{}`, where it names none."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        return {}
    found: Any = root
    for part in filter(None, reference[1:].split("/")):
        name = part.replace("~1", "/").replace("~0", "~")
        found = found.get(name, {}) if isinstance(found, Mapping) else {}
    return found if isinstance(found, Mapping) else {}


def _holds_null(schema: Schema) -> bool:
    kinds = schema.get("type")
    return (isinstance(kinds, list) and "null" in kinds) or None in schema.get("enum", ())


def kind_of(schema: Schema) -> str | None:
    """The one JSON type that `schema` allows beside null; `None` when it allows several or says nothing."""
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
