"""Elements for schemas that take more than one input: unions, optional models, and lists of models."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from signoff.bot.blockkit.blocks import OPTION_TEXT
from signoff.bot.blockkit.lookalikes import exact, told_apart
from signoff.bot.blockkit.markup import plain
from signoff.bot.forms.elements.element import Element
from signoff.bot.forms.elements.entry_list import EntryList
from signoff.bot.forms.elements.text import as_json
from signoff.bot.forms.elements.unions import Union, Variant
from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.parts import Property, Schema, has_fields, kind_of, options_of, target, unwrap

_MAX_VARIANTS = 100
_MAX_LABEL = 2000
_MAX_DEPTH = 4
"""Unions within unions are flattened down to this depth."""

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
"""The names that pydantic gives to the members of a union in an error's path."""

_FORMAT_NAMES = {"date": ("date",), "date-time": ("datetime",), "time": ("time",), "duration": ("timedelta",)}
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def composite_for(wanted: Property, root: Schema, *, lists: bool) -> Element | None:
    """The element for a value that takes several inputs; `None` if one input is enough.

    Args:
        lists: Whether a list may open a further modal for each of its entries.
    """
    members = list(_members(wanted.schema, root))
    if len(members) > 1 or (wanted.nullable and members and has_fields(unwrap(members[0], root).schema)):
        return _union(members, wanted, root)
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


def _union(members: list[Schema], wanted: Property, root: Schema) -> Union | None:
    variants = [_variant(member, root) for member in members]
    if wanted.nullable:
        variants.append(Variant("None", Property({}, nullable=True, annotations={}), only=None))
    if len(variants) > _MAX_VARIANTS:
        return None
    # Two classes of one title differ by name, and two lists by what is in them.
    marks = [next((name for name in each.names if name != each.label), exact(each.wanted.schema)) for each in variants]
    labels = told_apart([plain(each.label, _MAX_LABEL) for each in variants], marks, OPTION_TEXT)
    return Union(tuple(replace(variant, label=label) for label, variant in zip(labels, variants, strict=True)))


def _members(schema: Schema, root: Schema, depth: int = 0) -> Iterator[Schema]:
    """The members of a union; the schema itself if it is not a union."""
    members = schema.get("oneOf") or schema.get("anyOf")
    if options_of(schema) is not None or not isinstance(members, list) or depth > _MAX_DEPTH:
        yield schema
        return
    for member in members:
        inner = unwrap(member, root) if isinstance(member, Mapping) else None
        if inner is not None and (inner.schema.get("oneOf") or inner.schema.get("anyOf")):
            yield from _members(inner.schema, root, depth + 1)
        elif inner is not None:
            yield member


def _variant(member: Schema, root: Schema) -> Variant:
    wanted = unwrap(member, root)
    title = _title(member, root)
    if not has_fields(wanted.schema):
        options = options_of(wanted.schema)
        only = options[0][0] if options and len(options) == 1 else UNSET
        word = _FORMAT_WORDS.get(wanted.schema.get("format", "")) or _TYPE_WORDS.get(kind_of(wanted.schema) or "")
        label = title or ((only if isinstance(only, str) else as_json(only)) if options and only is not UNSET else word)
        return Variant(label or "Anything", wanted, only, names=_names(wanted.schema))
    constants = {}
    for name, part in wanted.schema["properties"].items():
        inner = unwrap(part, root)
        options = options_of(inner.schema)
        if options and len(options) == 1 and not inner.nullable:
            constants[name] = options[0][0]
    tags = [value for value in constants.values() if isinstance(value, str)]
    name = _defined_name(member)
    label = title or (tags[0] if tags else "") or name or "Fill in"
    return Variant(label, wanted, constants=constants, names=tuple(filter(None, [*tags, name, title, *_tags(wanted)])))


def _names(schema: Schema) -> tuple[str, ...]:
    found = _FORMAT_NAMES.get(schema.get("format", "")) or _TYPE_NAMES.get(kind_of(schema) or "")
    return found if found and options_of(schema) is None else ("literal", "enum")


def _tags(wanted: Property) -> list[str]:
    """The tags of a variant that has several."""
    listed = [part.get("enum") for part in wanted.schema["properties"].values() if isinstance(part, Mapping)]
    return [value for values in listed if isinstance(values, list) for value in values if isinstance(value, str)]


def _title(member: Schema, root: Schema) -> str | None:
    """The title of a class or a schema, in words."""
    name = _defined_name(member)
    title = (target(member["$ref"], root) if name else member).get("title")
    return _HUMP.sub(" ", str(title)) if title else None


def _defined_name(member: Schema) -> str:
    reference = member.get("$ref")
    return reference.rpartition("/")[2] if isinstance(reference, str) else ""
