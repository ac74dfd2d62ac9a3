"""The values of a prompt as rows of label and value, for cards and modals."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.blocks import FIELD_TEXT, SECTION_FIELDS, Block, context, fields, mrkdwn, plain_text, section
from bot.forms import UNSET, Form
from bot.forms.places import value_at
from bot.forms.text import as_json
from bot.markup import bold, lines

_MOST_ROWS = 20
_MOST_TEXT = 5000
_WIDE = 100
_LONGEST = 1200
_LABEL = 120
_NOTHING = "–"


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    value: Block

    @property
    def is_wide(self) -> bool:
        """Whether the value is too long for half the width of a message."""
        text = self.value["text"]
        return self.value["type"] == "plain_text" and (len(text) > _WIDE or "\n" in text)

    @property
    def size(self) -> int:
        return len(self.label) + len(self.value["text"])


def value_blocks(
    form: Form,
    values: Mapping[str, Any],
    before: Mapping[str, Any],
    without: Container[str] = (),
) -> list[Block]:
    """`values` in the order of the form, and what the form does not know after them.

    A value that differs from the one it had in `before` says what that was. A field left at a default that is
    empty has no row, nor has a field in `without`. What exceeds a message is counted in the last line.
    """
    rows: list[_Row] = []
    every = [row for name, row in _rows(form, values, before) if name not in without]
    room = _MOST_TEXT
    for row in every[:_MOST_ROWS]:
        room -= row.size
        if room < 0 and rows:
            break
        rows.append(row)
    blocks = list(_laid_out(rows))
    if left := len(every) - len(rows):
        blocks.append(context(plain_text(f"and {left} more")))
    return blocks


def _rows(form: Form, values: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[tuple[str, _Row]]:
    for one in form.fields:
        value, previous = one.value(values), value_at(before, one.path)
        if value is UNSET or (value == one.default and not value and previous is UNSET):
            continue
        shown = one.element.show(value)
        was = shown if previous is UNSET else one.element.show(previous)
        text = _marked(shown, was)
        as_markup = one.element.shown_as == "mrkdwn"
        yield one.name, _Row(_label(one.full_label), mrkdwn(text) if as_markup else plain_text(text))
    known = {one.name for one in form.fields}
    for name, value in values.items():
        if name not in known:
            shown = value if isinstance(value, str) else as_json(value)
            yield name, _Row(_label(name), plain_text(_marked(shown, shown)))


def _label(text: str) -> str:
    return bold(text, _LABEL) or _NOTHING


def _marked(shown: str, was: str) -> str:
    text = lines(shown, _LONGEST) or _NOTHING
    return text if shown == was else f"{text}  (was {lines(was, FIELD_TEXT - _LONGEST - 100) or 'empty'})"


def _laid_out(rows: list[_Row]) -> Iterator[Block]:
    """Short values beside their labels, in two columns; long ones below theirs."""
    cells: list[Block] = []
    for row in rows:
        if cells and (row.is_wide or len(cells) == SECTION_FIELDS):
            yield fields(cells)
            cells = []
        if row.is_wide:
            yield section(mrkdwn(row.label))
            yield section(row.value)
        else:
            cells += [mrkdwn(row.label), row.value]
    if cells:
        yield fields(cells)
