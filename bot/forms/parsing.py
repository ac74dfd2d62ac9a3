"""From a JSON Schema to the fields of a form, and the sections that hold those of nested models."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.blocks import LABEL_TEXT
from bot.forms.element import UNSET
from bot.forms.field import Field, field_of, label_of
from bot.forms.places import Path, value_at
from bot.forms.schema import Property, Schema, kind_of, unwrap
from bot.markup import plain

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


def parts_of(schema: Schema) -> Iterator[Field | Section]:
    """The fields and sections of an object's schema, each section before its fields.

    Raises:
        Undrawable: A field must not be asked for in Slack.
    """
    # A model that contains itself is a reference at the very top.
    yield from _parts((), (), unwrap(schema, schema).schema, schema, required=True, defaults=UNSET)


def _parts(
    path: Path, within: tuple[str, ...], schema: Schema, root: Schema, *, required: bool, defaults: object
) -> Iterator[Field | Section]:
    needed = set(schema.get("required", ()))
    for name, part in schema.get("properties", {}).items():
        place = (*path, name)
        wanted = unwrap(part, root).with_default(value_at(defaults, (name,)))
        is_needed = required and name in needed
        if len(place) > _DEEPEST or not _is_section(wanted):
            yield field_of(place, within, wanted, root, required=is_needed)
            continue
        label = label_of(name, wanted)
        hint = plain(str(wanted.annotations.get("description", "")), LABEL_TEXT)
        yield Section(place, label, hint or None, is_needed)
        inner = wanted.annotations.get("default", UNSET)
        yield from _parts(place, (*within, label), wanted.schema, root, required=is_needed, defaults=inner)


def _is_section(wanted: Property) -> bool:
    return kind_of(wanted.schema) == "object" and bool(wanted.schema.get("properties")) and not wanted.nullable
