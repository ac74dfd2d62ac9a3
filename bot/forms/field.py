"""One field of a form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signoff.bot.blockkit.blocks import LABEL_TEXT, OPTION_TEXT, PLACEHOLDER_TEXT
from signoff.bot.blockkit.excerpts import shorten
from signoff.bot.blockkit.markup import plain
from signoff.bot.forms.composite import composite_for
from signoff.bot.forms.element_factory import element_for
from signoff.bot.forms.elements.choices import Checkbox, MultiChoice, SingleChoice
from signoff.bot.forms.elements.element import Element
from signoff.bot.forms.elements.entry_list import EntryList
from signoff.bot.forms.elements.list_text import ListText, MapText
from signoff.bot.forms.elements.slack_selects import MultiChannelSelect, MultiUserSelect
from signoff.bot.forms.elements.text import JsonText, Text, as_json
from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.errors import UnsupportedField
from signoff.bot.forms.paths import Location, Path, value_at
from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.parts import Property, Schema, is_null, kind_of

_LISTS = (MultiChoice, MultiUserSelect, MultiChannelSelect, ListText, EntryList)
_MAX_DEPTH = 8
"""Unions and lists of models get elements of their own down to this depth. Anything deeper is typed as JSON."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value that a person is asked for.

    Attributes:
        location: Where it is in the form.
        placeholder: An example that is shown while the input is empty.
        needed: Whether its model needs it, because it has no default.
        required: Whether the answer needs it, because the models that contain it are needed too.
        default: The default in the schema; `UNSET` if there is none.
        empty: The value of an empty input. `UNSET` if the input must be filled in, or if only the model knows the
            value (a `default_factory`).
        full_text: The title and the description as they are in the schema, in one line each.
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
    full_text: tuple[str, str] = ("", "")

    @property
    def path(self) -> Path:
        """The names of the models that contain the field, and its own name."""
        return self.location.path

    @property
    def block_id(self) -> str:
        """The id of the block that asks for the value."""
        return self.location.block_id

    @property
    def name(self) -> str:
        """The name of the top-level value that contains the field, or is it."""
        return self.path[0]

    @property
    def missing(self) -> int:
        """How many characters of its label, its hint and its options have no room in a form."""
        choices = self.element.choices if isinstance(self.element, SingleChoice | MultiChoice) else ()
        options = sum(len(choice.full) - OPTION_TEXT for choice in choices if choice.full)
        return options + over_limit(*self.full_text)

    @property
    def full_label(self) -> str:
        """The label, preceded by those of the models that contain the field."""
        return " › ".join([*self.location.within, self.label])

    def value(self, values: Mapping[str, Any]) -> Any:
        """Its value in `values`, or else its default, or else `UNSET`."""
        given = value_at(values, self.path)
        return self.default if given is UNSET else given

    def may_be_empty(self, value: Any) -> bool:
        """Whether the input may be submitted empty if it was drawn with `value`."""
        if self.empty is not UNSET or not (self.element.prefillable or value is UNSET):
            return True
        return not self.required and self.default is UNSET and value is UNSET


def over_limit(*texts: str) -> int:
    """How many characters these texts have that a label or a hint cannot show."""
    return sum(max(len(text) - LABEL_TEXT, 0) for text in texts)


def one_line(annotations: Schema, word: str) -> str:
    """An annotation of a schema, such as its title, in full on one line."""
    text = str(annotations.get(word) or "")
    return plain(text, len(text))


def label_of(name: str, wanted: Property) -> str:
    """The label of a property: its title, or else its name in words."""
    title = plain(str(wanted.annotations.get("title", "")), LABEL_TEXT)
    return title or plain(name.replace("_", " ").title(), LABEL_TEXT) or "Value"


def field_of(
    location: Location,
    wanted: Property,
    root: Schema,
    *,
    needed: bool,
    required: bool,
    lists: bool,
    label: str | None = None,
) -> Field:
    """The field for `wanted`, the property of `root` at `location`.

    Args:
        needed: Whether its model needs it.
        required: Whether the answer needs the models that contain it.
        lists: Whether a list may open a further modal for each of its entries.
        label: Its label, if another field of its model looks alike with its own.

    Raises:
        UnsupportedField: If it is a secret.
    """
    path = location.path
    if wanted.schema.get("format") == "password" or wanted.schema.get("writeOnly"):
        raise UnsupportedField(
            f"The field {'.'.join(path)!r} is a secret, and Slack stores what people type. "
            "Let the flow read the secret from where it is kept, and ask for its name instead."
        )
    notes = wanted.annotations
    element = element_for(wanted, root)
    if isinstance(element, JsonText) and location.depth <= _MAX_DEPTH and wanted.schema.get("element") != "json":
        element = composite_for(wanted, root, lists=lists) or element
    hint = plain(str(notes.get("description") or wanted.schema.get("description") or ""), LABEL_TEXT)
    if element.format_hint:
        format_hint = element.format_hint
        hint = shorten(f"{hint} ({format_hint})" if hint else f"{format_hint[0].upper()}{format_hint[1:]}", LABEL_TEXT)
    return Field(
        location=location,
        label=label or label_of(path[-1], wanted),
        hint=hint or None,
        placeholder=_placeholder(wanted),
        element=element,
        needed=needed,
        required=needed and required,
        default=_default(wanted),
        empty=_meaning_of_empty(wanted, element),
        full_text=(one_line(notes, "title"), one_line(notes, "description") or one_line(wanted.schema, "description")),
    )


def _default(wanted: Property) -> Any:
    default = wanted.annotations.get("default", UNSET)
    # `tags: list[str] = None`: the model does not check its default, and would refuse it as an answer.
    is_invalid = default is None and not wanted.nullable and kind_of(wanted.schema) not in (None, "null")
    return UNSET if is_invalid else default


def _meaning_of_empty(wanted: Property, element: Element) -> Any:
    if isinstance(element, Checkbox):
        return False
    # `note: Any = None`: null is one of the values that it takes, although its schema does not say so.
    is_any = wanted.schema.keys() <= wanted.annotations.keys()
    if wanted.nullable or is_null(wanted.schema) or (is_any and wanted.annotations.get("default", UNSET) is None):
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
