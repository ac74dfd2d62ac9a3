"""A form as blocks, in rows that stand on one page."""

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
from signoff.bot.blockkit.markup import bold, plain, sentences, shorten
from signoff.bot.forms.elements import entries
from signoff.bot.forms.elements.unions import KindOf
from signoff.bot.forms.field import Field
from signoff.bot.forms.form import Form
from signoff.bot.forms.parsing import Section
from signoff.bot.forms.reading import ACTION, chosen_kind
from signoff.bot.forms.summary import summary_of

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
"""The inputs that report a change only where they are asked to."""

_ENTRY_TEXT = 300


@dataclass(frozen=True, slots=True)
class Row:
    """Blocks that belong together: an input under its headings, or a line of a list.

    Attributes:
        field: The field that they ask for.
    """

    field: Field
    blocks: tuple[Block, ...]


_NOTHING: Mapping[str, Any] = {}


def blocks_of(form: Form, values: Mapping[str, Any], kept: Mapping[str, Any] = _NOTHING) -> list[Block]:
    """The blocks of every row of a form."""
    return [block for row in rows_of(form, values, kept) for block in row.blocks]


def rows_of(form: Form, values: Mapping[str, Any], kept: Mapping[str, Any] = _NOTHING) -> list[Row]:
    """The rows of a form, filled in with `values` and the defaults, under the headings of its models.

    A value that Slack's input cannot hold unchanged is not asked for: a line says that it is kept.
    """
    rows: list[Row] = []
    headings: list[Section] = []
    for part in form.sheet(values, kept):
        headings = [each for each in headings if part.path[: len(each.path)] == each.path]
        if isinstance(part, Section):
            headings.append(part)
            continue
        above = [block for each in headings for block in _heading(each.label, each.hint)]
        headings = []
        if isinstance(part.element, entries.ListOf):
            rows += _list(form, part, part.element, above, values)
        else:
            rows.append(Row(part, (*above, _input(part, values, kept))))
    return rows


def _input(one: Field, values: Mapping[str, Any], kept: Mapping[str, Any]) -> Block:
    value = one.value(values)
    if isinstance(one.element, KindOf):
        element = one.element.draw_kind(chosen_kind(one, one.element, values, kept))
    else:
        element = one.element.draw(value)
    if element is None:
        notice = f"{bold(one.label)}\nSlack cannot hold this value for editing. It is kept as it is."
        return section(mrkdwn(notice[:SECTION_TEXT]))
    typed = kept.get(one.block_id)
    if isinstance(typed, str) and element["type"] == "plain_text_input" and typed:
        element = {**element, "initial_value": typed[: element["max_length"]]}
        element.pop("min_length", None)
    if one.placeholder and element["type"] in _WITH_PLACEHOLDER:
        element["placeholder"] = plain_text(one.placeholder)
    if element["type"] in _TYPED:
        element["dispatch_action_config"] = {"trigger_actions_on": ["on_character_entered"]}
    block = input_block(
        one.block_id,
        one.label,
        {**element, "action_id": ACTION},
        optional=one.may_be_empty(value),
        hint=_hint(one, value),
    )
    # Slack reports nothing of what was typed when a modal is closed: it has to be told at once.
    return block if element["type"] == "file_input" else {**block, "dispatch_action": True}


def _hint(one: Field, value: Any) -> str | None:
    """The field's hint, and what stands in an input that Slack shows empty."""
    held = "" if one.element.fills else plain(one.element.show(value), 300)
    return shorten(sentences(one.hint, f"Leave it empty to keep {held}."), LABEL_TEXT) if held else one.hint


def _list(form: Form, one: Field, listed: entries.ListOf, above: list[Block], values: Mapping[str, Any]) -> list[Row]:
    held = entries.entries_of(one.value(values))
    entry = form.of_entry(listed)
    rows = [Row(one, (*above, *entries.heading(one.label, one.hint, listed, len(held))))]
    for number, value in enumerate(held):
        said = summary_of(entry, listed.wrap(value), _ENTRY_TEXT)
        rows.append(Row(one, (entries.entry(one.block_id, number, said),)))
    if listed.has_room(held):
        rows.append(Row(one, (entries.adding(one.block_id, listed),)))
    return rows


def _heading(label: str, hint: str | None) -> list[Block]:
    blocks = [section(mrkdwn(bold(label)))]
    return [*blocks, context(plain_text(hint))] if hint else blocks
