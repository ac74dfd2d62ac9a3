"""Everything that a prompt says, in full: a modal with as many pages as it takes.

Cards and forms show the beginning of a long text. Nobody should have to decide by that alone.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
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
from signoff.bot.blockkit.markup import bold, clean, plain, utc
from signoff.bot.forms import UNSET, Field, Form
from signoff.bot.forms.elements.choices import MultiChoice, SingleChoice
from signoff.bot.forms.elements.entry_list import EntryList, entries_of
from signoff.bot.forms.elements.text import JsonText, as_json
from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.field import over_limit
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.earlier import asked_before_in_full
from signoff.bot.surfaces.tally import changed_values, proposals_of_own
from signoff.bot.surfaces.wording import approvers_left_out, form_of, outcome_line
from signoff.flows.approval.quorum import tally_of
from signoff.store.records.prompts import Prompt
from signoff.store.redaction import redacted

_PAGE_CHARACTERS = 12_000
"""How much a page shows: a few screens. A client may keep the place to which somebody has scrolled."""

_MAX_NUMBER = 100_000
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


@dataclass(frozen=True, slots=True)
class OpenPage:
    """What a modal's `private_metadata` says about the page that it shows. It is a claim.

    Attributes:
        number: The number of the page, from 0.
        of_form: Whether it was opened from a form, and shows what a person has filled in there.
    """

    number: int = 0
    of_form: bool = False

    def __str__(self) -> str:
        """The text that `read` reads."""
        return json.dumps([self.number, self.of_form])

    @classmethod
    def read(cls, claimed: object) -> "OpenPage":
        """Read a modal's claim. One that makes no sense becomes the first page."""
        try:
            match json.loads(str(claimed)):
                case [int() as number, bool() as of_form] if 0 <= number <= _MAX_NUMBER:
                    return cls(number, of_form)
        except (ValueError, RecursionError):
            pass
        return cls()

    def turned(self, action_id: str) -> "OpenPage":
        """The page that a press on this button asks for."""
        step = {action_ids.READ_BACK: -1, action_ids.READ_NEXT: 1}.get(action_id, 0)
        return replace(self, number=max(self.number + step, 0))


def full_text_modal(prompt: Prompt, values: Mapping[str, Any], page: OpenPage) -> Block:
    """A page of everything that a prompt says; the last page if there are fewer.

    Args:
        values: What a person has filled in so far, or the values that the card shows.
    """
    pages = _pages(list(_blocks(_passages(prompt, values))))
    page = replace(page, number=min(page.number, len(pages) - 1))
    above, below = (_navigation(prompt, page.number, len(pages), where) for where in ("above", "below"))
    return {
        "type": "modal",
        "callback_id": action_ids.READ_MODAL,
        "private_metadata": str(page),
        "title": plain_text("Full text"),
        "blocks": [*above, *pages[page.number], *below],
        "close": plain_text("Close"),
    }


def _navigation(prompt: Prompt, number: int, of: int, where: str) -> list[Block]:
    """The number of the page, and buttons to the others. The ids stay the same, so the focus stays on a button."""
    if of == 1:
        return []
    back = [button("Back", action_ids.READ_BACK, prompt.id)] if number else []
    ahead = [button("Next", action_ids.READ_NEXT, prompt.id)] if number < of - 1 else []
    turns = {**buttons([*back, *ahead]), "block_id": f"{action_ids.READ}:{where}"}
    return [context(plain_text(f"Page {number + 1} of {of}")), turns]


def _pages(blocks: Sequence[Block]) -> list[list[Block]]:
    pages: list[list[Block]] = [[]]
    characters = 0
    for block in blocks:
        more = len(block["text"]["text"])
        if pages[-1] and (characters + more > _PAGE_CHARACTERS or len(pages[-1]) >= MODAL_BLOCKS - _AROUND):
            pages.append([])
            characters = 0
        pages[-1].append(block)
        characters += more
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
    yield from _proposals(prompt, form)
    yield from _explanations(form, values)
    for each in prompt.comments:
        yield Passage(f"Comment by {each.actor.name_and_claim}, {utc(each.at)}", each.text)
    if told := asked_before_in_full(prompt):
        yield Passage("Asked before, in other words", told)
    if left_out := approvers_left_out(prompt):
        yield Passage("Who else may answer", left_out)


def _proposals(prompt: Prompt, form: Form) -> Iterator[Passage]:
    """What those who have voted propose in place of the values shown."""
    if not prompt.is_open or not prompt.votes:
        return
    for proposal in proposals_of_own(prompt, form, tally_of(prompt)):
        changed = changed_values(prompt, form, proposal.answer)
        for passage in _values(form, changed):
            yield replace(passage, label=f"{passage.label} (proposed by {proposal.votes[0].actor.name})")


def _values(form: Form, values: Mapping[str, Any], within: str = "") -> Iterator[Passage]:
    """Every value that a form has, and those that have no field."""
    for field in form.layout(values):
        if isinstance(field, Field) and field.value(values) not in (UNSET, None):
            yield from _value(form, field, field.value(values), f"{within}{field.full_label}")
    for _, label, value in form.unnamed(values):
        yield Passage(f"{within}{label}", value if isinstance(value, str) else as_json(value, indent=2))


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
