"""One field of a form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signoff.bot.blockkit.blocks import LABEL_TEXT, PLACEHOLDER_TEXT
from signoff.bot.blockkit.markup import plain, shorten
from signoff.bot.forms.composite import composite_for
from signoff.bot.forms.element_factory import element_for
from signoff.bot.forms.elements.choices import Checkbox, MultiChoice
from signoff.bot.forms.elements.element import Element
from signoff.bot.forms.elements.entry_list import EntryList
from signoff.bot.forms.elements.list_text import ListText, MapText
from signoff.bot.forms.elements.slack_selects import MultiChannelSelect, MultiUserSelect
from signoff.bot.forms.elements.text import JsonText, Text, as_json
from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.errors import UnsupportedField
from signoff.bot.forms.paths import Location, Path, value_at
from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.parts import Property, Schema

_LISTS = (MultiChoice, MultiUserSelect, MultiChannelSelect, ListText, EntryList)
_DEEPEST = 8
"""Unions and lists of models are taken apart down to here; what leads further is typed as JSON."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value that a person is asked for.

    Attributes:
        location: Where it stands.
        placeholder: An example, shown while the input is empty.
        needed: Whether the model that holds it cannot be without it: it has no default.
        required: Whether it is needed, and the models around it are.
        default: The value that the model takes by itself, where the schema names it.
        empty: What an input left empty means; `UNSET` where it means nothing and the input must be filled
            in, or where only the model knows (a `default_factory`).
    """

    location: Location
    label: str
    hint: str | None
    placeholder: str | None
    element: Element
    needed: bool
    required: bool
    default: Any
    empty: Any

    @property
    def path(self) -> Path:
        """Where the value stands: the names of the models around it and its own."""
        return self.location.path

    @property
    def block_id(self) -> str:
        """The id of the block that asks for it."""
        return self.location.block_id

    @property
    def name(self) -> str:
        """The name of the value at the top: the field's own, or that of the model around it."""
        return self.path[0]

    @property
    def full_label(self) -> str:
        """The label with those of the models around it."""
        return " › ".join([*self.location.within, self.label])

    def value(self, values: Mapping[str, Any]) -> Any:
        """Its value in `values`, else its default, else `UNSET`."""
        given = value_at(values, self.path)
        return self.default if given is UNSET else given

    def may_be_empty(self, value: Any) -> bool:
        """Whether the input may be left empty, where it stands filled in with `value`."""
        if self.empty is not UNSET or not (self.element.prefillable or value is UNSET):
            return True
        return not self.required and self.default is UNSET and value is UNSET


def label_of(name: str, wanted: Property) -> str:
    """The label of a property: its own title, else its name."""
    title = plain(str(wanted.annotations.get("title", "")), LABEL_TEXT)
    return title or plain(name.replace("_", " ").title(), LABEL_TEXT) or "Value"


def field_of(location: Location, wanted: Property, root: Schema, *, needed: bool, required: bool, lists: bool) -> Field:
    """The field for `wanted`, the property of `root` at `location`.

    Args:
        needed: Whether the model that holds it cannot be without it.
        required: Whether the models around it cannot be without it either.
        lists: Whether a list's entries may be asked for, each in a modal of its own.

    Raises:
        UnsupportedField: It is a secret.
    """
    path = location.path
    if wanted.schema.get("format") == "password" or wanted.schema.get("writeOnly"):
        raise UnsupportedField(
            f"The field {'.'.join(path)!r} is a secret, and Slack keeps what is typed: "
            "let the flow read the secret from where it is kept, and ask for its name instead."
        )
    notes = wanted.annotations
    element = element_for(wanted, root)
    if isinstance(element, JsonText) and location.depth <= _DEEPEST and wanted.schema.get("element") != "json":
        element = composite_for(wanted, root, lists=lists) or element
    hint = plain(str(notes.get("description") or wanted.schema.get("description") or ""), LABEL_TEXT)
    if element.format_hint:
        format_hint = element.format_hint
        hint = shorten(f"{hint} ({format_hint})" if hint else f"{format_hint[0].upper()}{format_hint[1:]}", LABEL_TEXT)
    return Field(
        location=location,
        label=label_of(path[-1], wanted),
        hint=hint or None,
        placeholder=_placeholder(wanted),
        element=element,
        needed=needed,
        required=needed and required,
        default=notes.get("default", UNSET),
        empty=_meaning_of_empty(wanted, element),
    )


def _meaning_of_empty(wanted: Property, element: Element) -> Any:
    if isinstance(element, Checkbox):
        return False
    if wanted.nullable:
        return UNSET if isinstance(element, Union) else None
    if isinstance(element, _LISTS) and not wanted.schema.get("minItems"):
        return []
    if isinstance(element, MapText) and not wanted.schema.get("minProperties"):
        return {}
    is_any_text = isinstance(element, Text) and wanted.schema.keys().isdisjoint(("format", "minLength", "pattern"))
    return "" if is_any_text and "default" in wanted.annotations else UNSET


def _placeholder(wanted: Property) -> str | None:
    examples = wanted.annotations.get("examples")
    if not isinstance(examples, list) or not examples:
        return None
    example = examples[0] if isinstance(examples[0], str) else as_json(examples[0])
    return plain(example, PLACEHOLDER_TEXT) or None
