"""Which schemas are asked for in more than one input: unions, models that may be left out, lists of models."""

import re
from collections.abc import Iterator, Mapping

from signoff.bot.blockkit.blocks import OPTION_TEXT
from signoff.bot.blockkit.markup import plain
from signoff.bot.forms.elements.element import Element
from signoff.bot.forms.elements.entry_list import EntryList
from signoff.bot.forms.elements.options import labelled
from signoff.bot.forms.elements.text import as_json
from signoff.bot.forms.elements.unions import Kind, Union
from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.parts import Property, Schema, has_fields, kind_of, options_of, target, unwrap

_MOST_KINDS = 100
_DEEPEST = 4
"""Unions within unions are taken apart down to here."""

_TYPE_WORDS = {
    "string": "Text",
    "integer": "Whole number",
    "number": "Number",
    "boolean": "Yes or no",
    "array": "List",
    "object": "Names and values",
}
_FORMAT_WORDS = {
    "date": "Date",
    "date-time": "Date and time",
    "time": "Time of day",
    "duration": "Duration",
    "slack-user": "Person",
    "slack-channel": "Channel",
}
_TYPE_NAMES = {
    "string": ("str", "constrained-str", "date", "datetime", "time", "timedelta", "uuid", "url"),
    "integer": ("int", "constrained-int"),
    "number": ("float", "constrained-float", "decimal"),
    "boolean": ("bool",),
    "array": ("list", "set", "tuple", "frozenset"),
    "object": ("dict",),
}
"""How pydantic calls the members of a union in an error's path."""

_FORMAT_NAMES = {"date": ("date",), "date-time": ("datetime",), "time": ("time",), "duration": ("timedelta",)}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def composite_for(wanted: Property, root: Schema, *, lists: bool) -> Element | None:
    """The element for a value that takes several inputs, if it is such a one.

    Args:
        lists: Whether a list's entries may be asked for, each in a modal of its own.
    """
    members = list(_members(wanted.schema, root))
    if len(members) > 1 or (wanted.nullable and members and has_fields(unwrap(members[0], root).schema)):
        return _kind_of_one(members, wanted, root)
    items = wanted.schema.get("items")
    if not lists or kind_of(wanted.schema) != "array" or not isinstance(items, Mapping):
        return None
    item = unwrap(items, root)
    plain_model = has_fields(item.schema) and not item.nullable
    if not plain_model and composite_for(item, root, lists=False) is None:
        return None
    title = _title(items, root) if plain_model else None
    least, most = wanted.schema.get("minItems"), wanted.schema.get("maxItems")
    return EntryList(items, not plain_model, least or 0, most, plain(title or "", OPTION_TEXT) or "entry")


def _kind_of_one(members: list[Schema], wanted: Property, root: Schema) -> Union | None:
    kinds = [_kind(member, root) for member in members]
    if wanted.nullable:
        kinds.append(Kind("None", Property({}, nullable=True, annotations={}), only=None))
    if len(kinds) > _MOST_KINDS:
        return None
    labels = labelled([(number, kind.label) for number, kind in enumerate(kinds)])
    return Union(
        tuple(
            Kind(choice.label, kind.wanted, kind.only, kind.constants, kind.names)
            for choice, kind in zip(labels, kinds, strict=True)
        )
    )


def _members(schema: Schema, root: Schema, depth: int = 0) -> Iterator[Schema]:
    """The schemas of which a value fits one; the only one itself where there is no choice."""
    members = schema.get("oneOf") or schema.get("anyOf")
    if options_of(schema) is not None or not isinstance(members, list) or depth > _DEEPEST:
        yield schema
        return
    for member in members:
        inner = unwrap(member, root) if isinstance(member, Mapping) else None
        if inner is not None and (inner.schema.get("oneOf") or inner.schema.get("anyOf")):
            yield from _members(inner.schema, root, depth + 1)
        elif inner is not None:
            yield member


def _kind(member: Schema, root: Schema) -> Kind:
    wanted = unwrap(member, root)
    title = _title(member, root)
    if not has_fields(wanted.schema):
        options = options_of(wanted.schema)
        only = options[0][0] if options and len(options) == 1 else UNSET
        word = _FORMAT_WORDS.get(wanted.schema.get("format", "")) or _TYPE_WORDS.get(kind_of(wanted.schema) or "")
        label = title or ((only if isinstance(only, str) else as_json(only)) if options and only is not UNSET else word)
        return Kind(label or "Anything", wanted, only, names=_names(wanted.schema))
    constants = {}
    for name, part in wanted.schema["properties"].items():
        inner = unwrap(part, root)
        options = options_of(inner.schema)
        if options and len(options) == 1 and not inner.nullable:
            constants[name] = options[0][0]
    tags = [value for value in constants.values() if isinstance(value, str)]
    name = _defined_name(member)
    label = title or (tags[0] if tags else "") or name or "Fill in"
    return Kind(label, wanted, constants=constants, names=tuple(filter(None, [*tags, name, title, *_tags(wanted)])))


def _names(schema: Schema) -> tuple[str, ...]:
    found = _FORMAT_NAMES.get(schema.get("format", "")) or _TYPE_NAMES.get(kind_of(schema) or "")
    return found if found and options_of(schema) is None else ("literal", "enum")


def _tags(wanted: Property) -> list[str]:
    """The tags of a kind that goes by several."""
    listed = [part.get("enum") for part in wanted.schema["properties"].values() if isinstance(part, Mapping)]
    return [value for values in listed if isinstance(values, list) for value in values if isinstance(value, str)]


def _title(member: Schema, root: Schema) -> str | None:
    """What a class, or a schema that says so itself, is called, in words."""
    name = _defined_name(member)
    title = (target(member["$ref"], root) if name else member).get("title")
    return _HUMP.sub(" ", str(title)) if title else None


def _defined_name(member: Schema) -> str:
    reference = member.get("$ref")
    return reference.rpartition("/")[2] if isinstance(reference, str) else ""
