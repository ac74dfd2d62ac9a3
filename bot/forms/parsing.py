"""From a JSON Schema to the fields of a form, and the sections that hold those of nested models."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from signoff.bot.blockkit.blocks import LABEL_TEXT
from signoff.bot.blockkit.markup import plain
from signoff.bot.forms.elements.unions import Kind
from signoff.bot.forms.field import Field, field_of, label_of
from signoff.bot.forms.paths import Location, Path, value_at
from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.parts import Property, Schema, has_fields, unwrap

_DEEPEST = 5
"""Models within models are sections down to here; a schema that leads back to itself ends as JSON text."""


@dataclass(frozen=True, slots=True)
class Section:
    """A nested model, whose fields stand together under a heading.

    Attributes:
        required: Whether the model around it needs it from outside.
    """

    path: Path
    label: str
    hint: str | None
    required: bool


Part = Field | Section


def parts_of(schema: Schema, root: Schema, *, lists: bool) -> Iterator[Part]:
    """The fields and sections of an object's schema, a part of `root`, each section before its fields.

    Args:
        lists: Whether a list's entries may be asked for, each in a modal of its own.

    Raises:
        UnsupportedField: A field must not be asked for in Slack.
    """
    # A model that contains itself is a reference at the very top.
    yield from _parts(Location(), unwrap(schema, root).schema, root, required=True, defaults=UNSET, lists=lists)


def parts_of_kind(field: Field, number: int, kind: Kind, root: Schema, *, lists: bool) -> Iterator[Part]:
    """What asks for a value of `kind`, chosen in the field `one`: the fields of a model, or one for the value itself.

    Raises:
        UnsupportedField: A field must not be asked for in Slack.
    """
    if kind.only is not UNSET:
        return
    location = field.location.kind(number).under(field.label)
    default = UNSET if kind.fit(field.default) is None else field.default
    if not kind.is_model:
        wanted = Property(
            kind.wanted.schema, nullable=False, annotations={**kind.wanted.annotations, "title": kind.label}
        )
        yield field_of(location, _with_default(wanted, default), root, needed=True, required=True, lists=lists)
        return
    if len(_models(field)) > 1:
        hint = plain(str(kind.wanted.annotations.get("description", "")), LABEL_TEXT)
        yield Section(field.path, kind.label, hint or None, required=False)
    yield from _parts(
        location,
        kind.wanted.schema,
        root,
        required=True,
        defaults=default,
        lists=lists,
        without=frozenset(kind.constants),
    )


def _models(field: Field) -> list[Kind]:
    return [kind for kind in getattr(field.element, "kinds", ()) if kind.is_model]


def _parts(
    location: Location,
    schema: Schema,
    root: Schema,
    *,
    required: bool,
    defaults: Any,
    lists: bool,
    without: frozenset[str] = frozenset(),
) -> Iterator[Part]:
    needed = set(schema.get("required", ()))
    for name, part in schema.get("properties", {}).items():
        if name in without:
            continue
        place = location.at(name)
        wanted = _with_default(unwrap(part, root), value_at(defaults, (name,)))
        is_needed = required and name in needed
        if len(place.path) > _DEEPEST or not _is_section(wanted):
            yield field_of(place, wanted, root, needed=name in needed, required=required, lists=lists)
            continue
        label = label_of(name, wanted)
        hint = plain(str(wanted.annotations.get("description", "")), LABEL_TEXT)
        yield Section(place.path, label, hint or None, is_needed)
        inner = wanted.annotations.get("default", UNSET)
        yield from _parts(place.under(label), wanted.schema, root, required=is_needed, defaults=inner, lists=lists)


def _with_default(wanted: Property, default: Any) -> Property:
    """`wanted` with a default that the object around it gives; `UNSET` changes nothing."""
    if default is UNSET:
        return wanted
    return replace(wanted, annotations={**wanted.annotations, "default": default})


def _is_section(wanted: Property) -> bool:
    return has_fields(wanted.schema) and not wanted.nullable
