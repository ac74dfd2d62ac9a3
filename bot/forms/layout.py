"""Draws a form as rows of blocks. A row is never split between two pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signoff.bot.blockkit.blocks import (
    LABEL_TEXT,
    SECTION_TEXT,
    Block,
    context,
    input_block,
    mrkdwn,
    plain_text,
    section,
)
from signoff.bot.blockkit.excerpts import shorten
from signoff.bot.blockkit.markup import bold, excerpt_of, plain, sentences
from signoff.bot.forms.elements import entry_list
from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.field import Field
from signoff.bot.forms.form import Form
from signoff.bot.forms.parsing import Section
from signoff.bot.forms.reading import ACTION, chosen_variant
from signoff.bot.forms.summary import summaries_of

_WITH_PLACEHOLDER = frozenset(
    {
        "plain_text_input",
        "number_input",
        "email_text_input",
        "url_text_input",
        "datepicker",
        "timepicker",
        "static_select",
        "external_select",
        "multi_static_select",
        "multi_external_select",
        "users_select",
        "multi_users_select",
        "conversations_select",
        "multi_conversations_select",
    }
)
_TYPED = frozenset({"plain_text_input", "number_input", "email_text_input", "url_text_input"})
"""Inputs that report changes only if they are told to."""

_MAX_ENTRY = 300
_MAX_UNEDITABLE = 1200


@dataclass(frozen=True, slots=True)
class Row:
    """Blocks that belong together: an input with the headings above it, or one entry of a list.

    Attributes:
        field: The field that they belong to.
        missing: How many characters of its texts are not shown.
    """

    field: Field
    blocks: tuple[Block, ...]
    missing: int = 0


_NOTHING: Mapping[str, Any] = {}


def blocks_of(form: Form, values: Mapping[str, Any], raw_input: Mapping[str, Any] = _NOTHING) -> list[Block]:
    """The blocks of all rows of a form."""
    return [block for row in rows_of(form, values, raw_input) for block in row.blocks]


def rows_of(form: Form, values: Mapping[str, Any], raw_input: Mapping[str, Any] = _NOTHING) -> list[Row]:
    """The rows of a form, filled in with `values` and defaults, under the headings of its models.

    A value that Slack's input would change has no input. A line says that it stays unchanged.
    """
    rows: list[Row] = []
    headings: list[Section] = []
    for part in form.layout(values, raw_input):
        headings = [each for each in headings if part.path[: len(each.path)] == each.path]
        if isinstance(part, Section):
            headings.append(part)
            continue
        above = [block for each in headings for block in _heading(each.label, each.hint)]
        missing = part.missing + sum(each.missing for each in headings)
        headings = []
        if isinstance(part.element, entry_list.EntryList):
            rows += _list(form, part, part.element, above, values, missing)
        elif (drawn := _input(part, values, raw_input)) is not None:
            rows.append(Row(part, (*above, drawn), missing))
        else:
            value = excerpt_of(part.element.show(part.value(values)), _MAX_UNEDITABLE)
            rows.append(Row(part, (*above, *_uneditable(part, value.text)), missing + value.missing))
    return rows


def _input(field: Field, values: Mapping[str, Any], raw_input: Mapping[str, Any]) -> Block | None:
    """The input of a field; `None` if Slack's input would change the value."""
    value = field.value(values)
    if isinstance(field.element, Union):
        element = field.element.draw_variant(chosen_variant(field, field.element, values, raw_input))
    else:
        element = field.element.draw(value)
    if element is None:
        return None
    typed = raw_input.get(field.block_id)
    if isinstance(typed, str) and element["type"] == "plain_text_input" and typed:
        element = {**element, "initial_value": typed[: element["max_length"]]}
        element.pop("min_length", None)
    if field.placeholder and element["type"] in _WITH_PLACEHOLDER:
        element["placeholder"] = plain_text(field.placeholder)
    if element["type"] in _TYPED:
        element["dispatch_action_config"] = {"trigger_actions_on": ["on_character_entered"]}
    block = input_block(
        field.block_id,
        field.label,
        {**element, "action_id": ACTION},
        optional=field.may_be_empty(value),
        hint=_hint(field, value),
    )
    # Slack does not report the inputs of a modal that is closed. To keep drafts, each change must be reported.
    return block if element["type"] == "file_input" else {**block, "dispatch_action": True}


def _uneditable(field: Field, value: str) -> list[Block]:
    """What a form says of a value that it cannot ask for, and the beginning of that value."""
    notice = f"{bold(field.label, SECTION_TEXT - 100)}\nSlack cannot show this value for editing. It stays unchanged."
    return [section(mrkdwn(notice)), *([section(plain_text(value))] if value.strip() else [])]


def _hint(field: Field, value: Any) -> str | None:
    """The field's hint, and the current value if Slack's input cannot show it."""
    held = "" if field.element.prefillable else plain(field.element.show(value), 300)
    return shorten(sentences(field.hint, f"Leave empty to keep {held}."), LABEL_TEXT) if held else field.hint


def _list(
    form: Form, field: Field, listed: entry_list.EntryList, above: list[Block], values: Mapping[str, Any], missing: int
) -> list[Row]:
    held = entry_list.entries_of(field.value(values))
    rows = [Row(field, (*above, *entry_list.heading(field.label, field.hint, listed, len(held))), missing)]
    for number, summary in enumerate(summaries_of(form, listed, held, _MAX_ENTRY)):
        rows.append(Row(field, (entry_list.entry(field.block_id, number, summary.text),), summary.missing))
    if listed.has_room(held):
        rows.append(Row(field, (entry_list.add_button(field.block_id, listed),)))
    return rows


def _heading(label: str, hint: str | None) -> list[Block]:
    blocks = [section(mrkdwn(bold(label, SECTION_TEXT)))]
    return [*blocks, context(plain_text(hint))] if hint else blocks
