"""Parses a JSON Schema into the fields of a form, and the sections that hold the fields of nested models."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from signoff.bot.blockkit.blocks import LABEL_TEXT
from signoff.bot.blockkit.lookalikes import told_apart
from signoff.bot.blockkit.markup import plain
from signoff.bot.forms.elements.unions import Variant
from signoff.bot.forms.field import Field, field_of, label_of, one_line, over_limit
from signoff.bot.forms.paths import Location, Path, value_at
from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.parts import Property, Schema, has_fields, unwrap

_MAX_DEPTH = 5
"""Nested models are sections down to this depth. Deeper ones, and recursive schemas, are asked for as JSON."""


@dataclass(frozen=True, slots=True)
class Section:
    """A nested model, whose fields are shown together under a heading.

    Attributes:
        required: Whether the answer must have this model.
        full_text: The title and the description as they are in the schema, in one line each.
    """

    path: Path
    label: str
    hint: str | None
    required: bool
    full_text: tuple[str, str] = ("", "")

    @property
    def missing(self) -> int:
        """How many characters of its label and its hint have no room in a form."""
        return over_limit(*self.full_text)


Part = Field | Section


def parts_of(schema: Schema, root: Schema, *, lists: bool) -> Iterator[Part]:
    """The fields and sections of an object's schema, which is a part of `root`. Each section precedes its fields.

    Args:
        lists: Whether a list may open a further modal for each of its entries.

    Raises:
        UnsupportedField: If a field must not be asked for in Slack.
    """
    # The schema of a recursive model is a reference at the top level.
    yield from _parts(Location(), unwrap(schema, root).schema, root, required=True, defaults=UNSET, lists=lists)


def parts_of_variant(field: Field, number: int, variant: Variant, root: Schema, *, lists: bool) -> Iterator[Part]:
    """The parts for a chosen variant of a union: the fields of a model, or one field for the value itself.

    Raises:
        UnsupportedField: If a field must not be asked for in Slack.
    """
    if variant.only is not UNSET:
        return
    location = field.location.variant(number).under(field.label)
    default = UNSET if variant.fit(field.default) is None else field.default
    if not variant.is_model:
        wanted = Property(
            variant.wanted.schema, nullable=False, annotations={**variant.wanted.annotations, "title": variant.label}
        )
        yield field_of(location, _with_default(wanted, default), root, needed=True, required=True, lists=lists)
        return
    if len(_models(field)) > 1:
        hint = one_line(variant.wanted.annotations, "description")
        yield Section(field.path, variant.label, plain(hint, LABEL_TEXT) or None, False, ("", hint))
    yield from _parts(
        location,
        variant.wanted.schema,
        root,
        required=True,
        defaults=default,
        lists=lists,
        without=frozenset(variant.constants),
    )


def _models(field: Field) -> list[Variant]:
    return [variant for variant in getattr(field.element, "variants", ()) if variant.is_model]


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
    properties = {
        name: _with_default(unwrap(part, root), value_at(defaults, (name,)))
        for name, part in schema.get("properties", {}).items()
        if name not in without
    }
    names = list(properties)
    labels = told_apart([label_of(name, properties[name]) for name in names], names, LABEL_TEXT)
    for (name, wanted), label in zip(properties.items(), labels, strict=True):
        child = location.at(name)
        is_needed = required and name in needed
        if len(child.path) > _MAX_DEPTH or not _is_section(wanted):
            yield field_of(child, wanted, root, needed=name in needed, required=required, lists=lists, label=label)
            continue
        title, description = one_line(wanted.annotations, "title"), one_line(wanted.annotations, "description")
        yield Section(child.path, label, plain(description, LABEL_TEXT) or None, is_needed, (title, description))
        inner = wanted.annotations.get("default", UNSET)
        yield from _parts(child.under(label), wanted.schema, root, required=is_needed, defaults=inner, lists=lists)


def _with_default(wanted: Property, default: Any) -> Property:
    """`wanted` with the default that its parent object gives; `UNSET` changes nothing."""
    if default is UNSET:
        return wanted
    return replace(wanted, annotations={**wanted.annotations, "default": default})


def _is_section(wanted: Property) -> bool:
    return has_fields(wanted.schema) and not wanted.nullable
