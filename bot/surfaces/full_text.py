"""Everything that a prompt says, in full: a modal with as many pages as it takes.

Cards and forms show the beginning of a long text. Nobody should have to decide by that alone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from signoff.bot.blockkit.blocks import (
    HEADER_TEXT,
    MODAL_BLOCKS,
    SECTION_TEXT,
    Block,
    button,
    context,
    mrkdwn,
    plain_text,
    section,
)
from signoff.bot.blockkit.blocks import actions as buttons
from signoff.bot.blockkit.excerpts import MRKDWN, PLAIN, pieces
from signoff.bot.blockkit.markup import bold, clean, plain
from signoff.bot.forms import UNSET, Field, Form
from signoff.bot.forms.elements.choices import MultiChoice, SingleChoice
from signoff.bot.forms.elements.entry_list import EntryList, entries_of
from signoff.bot.forms.elements.text import JsonText, as_json
from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.field import over_limit
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.wording import form_of, outcome_line
from signoff.store.records.prompts import Prompt
from signoff.store.redaction import redacted

_PAGE_CHARACTERS = 30_000
_PAGE_BYTES = 150_000
_LABEL_PIECE = 500
_AROUND = 4
"""Room for the page number and the buttons."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A text of a prompt.

    Attributes:
        label: What it is; empty for the description.
        is_markup: Whether the text is mrkdwn, such as mentions of people.
    """

    label: str
    text: str
    is_markup: bool = False


def full_text_modal(prompt: Prompt, values: Mapping[str, Any], number: int, *, of_form: bool) -> Block:
    """A page of everything that a prompt says; the last page if there are fewer.

    Args:
        values: What a person has filled in so far, or the values that the card shows.
        number: The page, from 0.
        of_form: Whether it was opened from a form, so that the next page shows the same values.
    """
    pages = _pages(list(_blocks(_passages(prompt, values))))
    number = min(number, len(pages) - 1)
    return {
        "type": "modal",
        "callback_id": action_ids.READ_MODAL,
        "private_metadata": json.dumps([prompt.id, of_form]),
        "title": plain_text("Everything it says"),
        "blocks": [*pages[number], *_navigation(prompt, number, len(pages))],
        "close": plain_text("Close"),
    }


def is_of_form(private_metadata: object) -> bool:
    """Whether a modal that claims this shows what a person has filled in."""
    try:
        match json.loads(str(private_metadata)):
            case [str(), bool() as of_form]:
                return of_form
    except (ValueError, RecursionError):
        pass
    return False


def _navigation(prompt: Prompt, number: int, of: int) -> list[Block]:
    if of == 1:
        return []
    turns = [("Back", number - 1), ("Next", number + 1)]
    shown = [button(label, action_ids.read_page(page), prompt.id) for label, page in turns if 0 <= page < of]
    return [context(plain_text(f"Page {number + 1} of {of}")), buttons(shown)]


def _pages(blocks: Sequence[Block]) -> list[list[Block]]:
    pages: list[list[Block]] = [[]]
    characters = size = 0
    for block in blocks:
        more, larger = len(block["text"]["text"]), len(json.dumps(block))
        is_full = characters + more > _PAGE_CHARACTERS or size + larger > _PAGE_BYTES
        if pages[-1] and (is_full or len(pages[-1]) >= MODAL_BLOCKS - _AROUND):
            pages.append([])
            characters = size = 0
        pages[-1].append(block)
        characters, size = characters + more, size + larger
    return pages


def _blocks(passages: Iterator[Passage]) -> Iterator[Block]:
    for passage in passages:
        text = passage.text if passage.is_markup else clean(passage.text)
        parts = [piece.strip("\n") for piece in pieces(text, SECTION_TEXT, MRKDWN if passage.is_markup else PLAIN)]
        label = plain(passage.label, len(passage.label))
        # Escaped, a character can become five.
        yield from (section(mrkdwn(bold(each, SECTION_TEXT))) for each in pieces(label, _LABEL_PIECE) if each.strip())
        yield from (section((mrkdwn if passage.is_markup else plain_text)(part)) for part in parts if part.strip())


def _passages(prompt: Prompt, values: Mapping[str, Any]) -> Iterator[Passage]:
    form = form_of(prompt)
    yield Passage(prompt.title if len(prompt.title) <= HEADER_TEXT else "", "")
    yield Passage("", prompt.title if len(prompt.title) > HEADER_TEXT else "")
    yield Passage("", prompt.description)
    if not prompt.is_open:
        yield Passage("Outcome", outcome_line(prompt, form), is_markup=True)
        yield Passage("Reason", prompt.reason or "")
        yield Passage(f"Said by {prompt.engine}", redacted(prompt.delivery.words) if prompt.delivery else "")
    shown = list(_values(form, values))
    yield from shown
    yield from (
        Passage(f"{before.label} (before)", before.text, before.is_markup)
        for before in _values(form, prompt.initial_values)
        if before not in shown
    )
    yield from _explanations(form, values)


def _values(form: Form, values: Mapping[str, Any], within: str = "") -> Iterator[Passage]:
    """Every value that a form has, and those that the form does not know."""
    for field in form.layout(values):
        if isinstance(field, Field) and field.value(values) not in (UNSET, None):
            yield from _value(form, field, field.value(values), f"{within}{field.full_label}")
    known = {field.name for field in form.fields}
    for name, value in values.items():
        if name not in known and not within:
            yield Passage(name, value if isinstance(value, str) else as_json(value, indent=2))


def _value(form: Form, field: Field, value: Any, label: str) -> Iterator[Passage]:
    element = field.element
    if isinstance(element, EntryList) and entries_of(value):
        for number, entry in enumerate(entries_of(value), 1):
            yield from _values(form.of_entry(element), element.wrap(entry), f"{label} {number} › ")
    elif isinstance(element, Union):
        if element.tells(value):
            yield Passage(label, element.show(value))
    elif isinstance(element, JsonText) and isinstance(value, dict | list):
        yield Passage(label, as_json(value, indent=2))
    else:
        yield Passage(label, element.show(value) or "–", is_markup=element.text_type == "mrkdwn")


def _explanations(form: Form, values: Mapping[str, Any]) -> Iterator[Passage]:
    """Titles, descriptions and options that have no room in a form."""
    for part in form.layout(values):
        if over_limit(*part.full_text):
            title, description = part.full_text
            yield Passage(f"About {part.label}", "\n".join(filter(None, [title, description])))
        if not isinstance(part, Field):
            continue
        element = part.element
        if isinstance(element, SingleChoice | MultiChoice) and any(choice.full for choice in element.choices):
            options = [f"• {choice.full or choice.label}" for choice in element.choices]
            yield Passage(f"Options of {part.label}", "\n".join(options))
        if isinstance(element, EntryList):
            yield from _explanations(form.of_entry(element), {})
