"""Lists of models. Each entry has a line in the form and is filled in in a modal of its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from signoff.bot.blockkit.blocks import (
    BUTTON_TEXT,
    SECTION_TEXT,
    Block,
    actions,
    button,
    context,
    mrkdwn,
    option,
    plain_text,
    section,
)
from signoff.bot.blockkit.excerpts import shorten
from signoff.bot.blockkit.markup import bold, sentences
from signoff.bot.forms.elements.element import Element
from signoff.bot.forms.elements.text import as_json
from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.parts import Schema

ENTRY_ACTION = "entry"
"""The `action_id` of an entry's menu. The block id says which entry it is."""

ADD_ACTION = "add"
"""The `action_id` of the button that adds an entry."""

EDIT = "edit"
REMOVE = "remove"

WRAPPED = "value"
"""The name of the field for an entry that is not an object."""


@dataclass(frozen=True, slots=True)
class EntryList(Element):
    """The entries of a list. There is no input for them; they are added, edited and removed with buttons.

    Attributes:
        items: The schema of an entry.
        is_wrapped: Whether an entry is a value other than the fields of one model.
        min_items: How many entries there must be.
        max_items: How many there may be; `None` for any number.
        noun: What one entry is called.
    """

    items: Schema
    is_wrapped: bool
    min_items: int
    max_items: int | None
    noun: str

    def draw(self, value: Any) -> Block | None:
        """Nothing, because there is no input."""

    def read(self, state: Mapping[str, Any]) -> Any:
        """Nothing, because there is no input."""
        return UNSET

    def show(self, value: Any) -> str:
        """The number of entries."""
        if not isinstance(value, list):
            return "" if value is UNSET or value is None else as_json(value)
        return f"{len(value)} {'entry' if len(value) == 1 else 'entries'}"

    def wrap(self, entry: Any) -> dict[str, Any]:
        """An entry as the values of its form."""
        if self.is_wrapped:
            return {} if entry is UNSET else {WRAPPED: entry}
        return dict(entry) if isinstance(entry, Mapping) else {}

    def unwrap(self, values: Mapping[str, Any]) -> Any:
        """The entry from the values of its form; `None` if it has no value."""
        return values.get(WRAPPED) if self.is_wrapped else dict(values)

    @property
    def rule(self) -> str:
        """How many entries there may be, as a sentence; empty if there may be any number."""
        match self.min_items, self.max_items:
            case 0, None:
                return ""
            case least, None:
                return f"At least {least}."
            case 0, most:
                return f"At most {most}."
            case least, most if least == most:
                return f"Exactly {most}."
            case least, most:
                return f"Between {least} and {most}."

    def has_room(self, entries: Sequence[Any]) -> bool:
        """Whether another entry may be added."""
        return self.max_items is None or len(entries) < self.max_items


def entries_of(value: Any) -> list[Any]:
    """The entries in `value`; none if it is not a list."""
    return value if isinstance(value, list) else []


def heading(label: str, hint: str | None, entry_list: EntryList, number: int) -> list[Block]:
    """The list's label and hint, and how many entries it may have."""
    text = " ".join(filter(None, [bold(label, SECTION_TEXT - 100), "" if number else "\nNone yet."]))
    notes = sentences(hint, entry_list.rule)
    return [section(mrkdwn(text)), *([context(plain_text(notes))] if notes else [])]


def entry(block_id: str, number: int, summary: str) -> Block:
    """One entry, with a menu to edit or remove it."""
    options = [option("Edit…", EDIT), option("Remove", REMOVE)]
    menu = {"type": "overflow", "action_id": ENTRY_ACTION, "options": options}
    text = f"{number + 1}.  {summary}"
    return {**section(mrkdwn(text), menu), "block_id": entry_block_id(block_id, number)}


def add_button(block_id: str, entry_list: EntryList) -> Block:
    """The button that adds an entry."""
    only = button(f"{shorten(f'Add {entry_list.noun}', BUTTON_TEXT - 1)}…", ADD_ACTION, "add")
    return {**actions([only]), "block_id": f"{block_id}~add"}


def entry_block_id(block_id: str, number: int) -> str:
    """The id of the block of one entry."""
    return f"{block_id}~{number}"
