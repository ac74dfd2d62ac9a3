"""The values of a prompt as rows of label and value, with changes marked, for cards and modals."""

import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from signoff.bot.blockkit.blocks import SECTION_FIELDS, Block, context, fields, mrkdwn, plain_text, section
from signoff.bot.blockkit.excerpts import MRKDWN, excerpt
from signoff.bot.blockkit.markup import bold, escape, excerpt_of, plain
from signoff.bot.forms import UNSET, Field, Form, Path
from signoff.bot.forms.elements.entry_list import EntryList, entries_of
from signoff.bot.forms.elements.text import as_json
from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.paths import value_at
from signoff.bot.forms.summary import summaries_of, summary_of
from signoff.bot.surfaces.omissions import NOTHING_OMITTED, Omitted

_MAX_ROWS = 20
_MAX_TEXT = 5000
_WIDE = 100
_MAX_VALUE = 1200
_MAX_PREVIOUS = 700
_MAX_MENTIONS = 30
_MAX_ENTRY = 500
_MAX_LABEL = 120
_NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """One value under its label.

    Attributes:
        name: The name of the top-level value that it belongs to.
        omitted: What is cut from it.
    """

    name: str
    label: str
    value: Block
    omitted: Omitted = NOTHING_OMITTED

    @property
    def is_wide(self) -> bool:
        """Whether the value is too long for half the width of a message."""
        text = self.value["text"]
        return (self.value["type"] == "plain_text" and "\n" in text) or _visible_length(text) > _WIDE

    @property
    def size(self) -> int:
        """How many characters it takes."""
        return len(self.label) + len(self.value["text"])


def value_blocks(
    form: Form,
    values: Mapping[str, Any],
    before: Mapping[str, Any],
    without: Container[str] = (),
) -> tuple[list[Block], Omitted]:
    """Draw `values` as rows, and mark what has changed since `before`.

    Args:
        without: The names of fields that get no row.

    Returns:
        As many rows as fit into a message, and what is left out. The last line counts the other rows.
    """
    shown: list[Row] = []
    every = [row for row in _rows(form, values, before) if row.name not in without]
    room = _MAX_TEXT
    for row in every[:_MAX_ROWS]:
        room -= row.size
        if room < 0 and shown:
            break
        shown.append(row)
    blocks = list(_laid_out(shown))
    left = len(every) - len(shown)
    if left:
        blocks.append(context(plain_text(f"and {left:,} more")))
    return blocks, sum((row.omitted for row in shown), Omitted(values=left))


def _laid_out(rows: list[Row]) -> Iterator[Block]:
    """Short values beside their labels in two columns, long ones below their labels."""
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


def _rows(form: Form, values: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[Row]:
    """A row for each value in the order of the form, then for values that have no field.

    A value that differs from `before` says what it was. A field that was left at an empty default has no row.
    """
    switched: list[Path] = []
    for field in form.layout(values):
        if not isinstance(field, Field):
            continue
        value, previous = field.value(values), value_at(before, field.path)
        if any(field.path[: len(path)] == path for path in switched):
            previous = UNSET  # the value of another variant cannot be compared with this one
        if value is UNSET or (value == field.default and not value and previous is UNSET):
            continue
        if isinstance(field.element, Union):
            is_other = previous is not UNSET and field.element.number_of(previous) != field.element.number_of(value)
            switched += [field.path] if is_other else []
            yield from _variant(form, field, field.element, value, before if is_other else None)
        elif isinstance(field.element, EntryList):
            yield from _entries(form, field, field.element, value, previous)
        else:
            yield _row(field, value, value if previous is UNSET else previous)
    for name, label, value in form.unnamed(values):
        yield _text_row(name, label, value if isinstance(value, str) else as_json(value))


def _row(field: Field, value: Any, previous: Any) -> Row:
    """The row of a value that one element shows."""
    element = field.element
    if element.text_type == "plain_text":
        return _text_row(field.name, field.full_label, element.show(value), element.show(previous))
    kept, left = _few(value)
    text = excerpt(element.show(kept), _MAX_VALUE, MRKDWN)
    shown = f"{text.text or _NOTHING}{f' and {left:,} more' if left else ''}"
    omitted = Omitted(text.missing, left)
    if element.show(value) != element.show(previous):
        kept, left = _few(previous)
        was = excerpt(element.show(kept), _MAX_PREVIOUS, MRKDWN)
        shown += f"  (was {was.text or 'empty'}{f' and {left:,} more' if left else ''})"
        omitted += Omitted(was.missing, left)
    return _labelled(field.name, field.full_label, mrkdwn(shown), omitted)


def _few(value: Any) -> tuple[Any, int]:
    """The first of many mentions, and how many others there are."""
    return (value[:_MAX_MENTIONS], len(value) - _MAX_MENTIONS) if _is_long(value) else (value, 0)


def _is_long(value: Any) -> bool:
    return isinstance(value, list) and len(value) > _MAX_MENTIONS


def _text_row(name: str, label: str, shown: str, was: str | None = None) -> Row:
    text = excerpt_of(shown, _MAX_VALUE)
    omitted, marked = Omitted(text.missing), text.text or _NOTHING
    if was is not None and was != shown:
        before = excerpt_of(was, _MAX_PREVIOUS)
        marked += f"  (was {before.text or 'empty'})"
        omitted += Omitted(before.missing)
    return _labelled(name, label, plain_text(marked), omitted)


def _variant(form: Form, field: Field, union: Union, value: Any, before: Mapping[str, Any] | None) -> Iterator[Row]:
    """The chosen variant, if the fields below do not show it. `before` holds values of another variant."""
    shown = union.show(value)
    if before is not None:
        name = field.path[0]
        was = summary_of(form.only(field), {name: before[name]} if name in before else {}, _MAX_ENTRY)
        text = f"{escape(shown, _MAX_LABEL) or _NOTHING}  (was {was.text})"
        yield _labelled(field.name, field.full_label, mrkdwn(text), Omitted(was.missing))
    elif union.tells(value):
        yield _text_row(field.name, field.full_label, shown)


def _entries(form: Form, field: Field, listed: EntryList, value: Any, previous: Any) -> Iterator[Row]:
    """A row for each entry, and one for each that was removed."""
    held = entries_of(value)
    was = held if previous is UNSET else entries_of(previous)
    if not held and not was:
        yield _text_row(field.name, field.full_label, listed.show(value))
        return
    summaries, summaries_before = (
        summaries_of(form, listed, held, _MAX_ENTRY),
        summaries_of(form, listed, was, _MAX_ENTRY),
    )
    matcher = SequenceMatcher(None, [_key(each) for each in was], [_key(each) for each in held], autojunk=False)
    for change, old, old_end, new, new_end in matcher.get_opcodes():
        for offset in range(max(old_end - old, new_end - new)):
            now = summaries[new + offset] if new + offset < new_end else None
            before = summaries_before[old + offset] if old + offset < old_end else None
            label = field.full_label if now is None else f"{field.full_label} {new + offset + 1}"
            if now is None:
                shown = f"{before.text if before else ''}  (removed)"
            elif change == "equal":
                shown, before = now.text, None
            else:
                shown = f"{now.text}  ({f'was {before.text}' if before else 'added'})"
            missing = sum(each.missing for each in (now, before) if each is not None)
            yield _labelled(field.name, label, mrkdwn(shown), Omitted(missing))


def _labelled(name: str, label: str, value: Block, omitted: Omitted) -> Row:
    shown = bold(label, _MAX_LABEL)
    cut = max(len(plain(label, len(label))) - _MAX_LABEL, 0)
    return Row(name, shown or _NOTHING, value, omitted + Omitted(cut))


def _key(entry: Any) -> str:
    return json.dumps(entry, sort_keys=True)


def _visible_length(text: str) -> int:
    """How long a text looks. The markup of a date or a mention is longer than what people see."""
    return 0 if text.startswith("<") else len(text)
