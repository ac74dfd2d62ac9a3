"""Lists of models: their entries one below the other, each filled in in a modal of its own."""

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
from signoff.bot.blockkit.markup import bold, sentences, shorten
from signoff.bot.forms.elements.element import Element
from signoff.bot.forms.elements.text import as_json
from signoff.bot.forms.unset import UNSET
from signoff.flows.schema.parts import Schema

ENTRY_ACTION = "entry"
"""The `action_id` of what can be done with an entry; the block id says which entry it is."""

ADD_ACTION = "add"
"""The `action_id` of the button that adds an entry."""

EDIT = "edit"
REMOVE = "remove"

WRAPPED = "value"
"""The name under which an entry that is no object is asked for."""


@dataclass(frozen=True, slots=True)
class EntryList(Element):
    """The entries of a list. They stand in no input: adding, editing and removing are acts of their own.

    Attributes:
        items: The schema of an entry.
        is_wrapped: Whether an entry is a value by itself and not the fields of one model.
        least: How many entries there must be.
        most: How many there may be; `None` for any number.
        noun: What one entry is called.
    """

    items: Schema
    is_wrapped: bool
    least: int
    most: int | None
    noun: str

    def draw(self, value: Any) -> Block | None:
        """Nothing: there is no input."""

    def read(self, state: Mapping[str, Any]) -> Any:
        """Nothing stands in an input."""
        return UNSET

    def show(self, value: Any) -> str:
        """How many there are."""
        if not isinstance(value, list):
            return "" if value is UNSET or value is None else as_json(value)
        return f"{len(value)} {'entry' if len(value) == 1 else 'entries'}"

    def wrap(self, entry: Any) -> dict[str, Any]:
        """An entry as the values of its form."""
        if self.is_wrapped:
            return {} if entry is UNSET else {WRAPPED: entry}
        return dict(entry) if isinstance(entry, Mapping) else {}

    def unwrap(self, values: Mapping[str, Any]) -> Any:
        """The entry that its form's values make; `None` where there is none."""
        return values.get(WRAPPED) if self.is_wrapped else dict(values)

    @property
    def rule(self) -> str:
        """How many entries there may be, as a sentence; empty where any number will do."""
        match self.least, self.most:
            case 0, None:
                return ""
            case least, None:
                return f"At least {least}."
            case 0, most:
                return f"At most {most}."
            case least, most if least == most:
                return f"Exactly {most}."
            case least, most:
                return f"From {least} to {most}."

    def has_room(self, entries: Sequence[Any]) -> bool:
        """Whether one more may be added."""
        return self.most is None or len(entries) < self.most


def entries_of(value: Any) -> list[Any]:
    """The entries that `value` holds; none where it is no list."""
    return value if isinstance(value, list) else []


def heading(label: str, hint: str | None, listed: EntryList, number: int) -> list[Block]:
    """What the list is, and how many entries it may have."""
    text = " ".join(filter(None, [bold(label, SECTION_TEXT - 100), "" if number else "\nNone yet."]))
    told = sentences(hint, listed.rule)
    return [section(mrkdwn(text)), *([context(plain_text(told))] if told else [])]


def entry(block_id: str, number: int, summary: str) -> Block:
    """One entry, to be edited or removed."""
    options = [option("Edit…", EDIT), option("Remove", REMOVE)]
    menu = {"type": "overflow", "action_id": ENTRY_ACTION, "options": options}
    text = f"{number + 1}.  {summary}"
    return {**section(mrkdwn(text), menu), "block_id": entry_block_id(block_id, number)}


def adding(block_id: str, listed: EntryList) -> Block:
    """The button that adds an entry."""
    only = button(f"{shorten(f'Add {listed.noun}', BUTTON_TEXT - 1)}…", ADD_ACTION, "add")
    return {**actions([only]), "block_id": f"{block_id}~add"}


def entry_block_id(block_id: str, number: int) -> str:
    """The id of the block of one entry."""
    return f"{block_id}~{number}"
