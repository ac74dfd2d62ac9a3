"""The values of a prompt as rows of label and value, with changes marked, for cards and modals."""

import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from signoff.bot.blockkit.blocks import FIELD_TEXT, SECTION_FIELDS, Block, context, fields, mrkdwn, plain_text, section
from signoff.bot.blockkit.markup import bold, escape, lines
from signoff.bot.forms import UNSET, Field, Form, Path
from signoff.bot.forms.elements.entry_list import EntryList, entries_of
from signoff.bot.forms.elements.text import as_json
from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.paths import value_at
from signoff.bot.forms.summary import summary_of

_MAX_ROWS = 20
_MAX_TEXT = 5000
_WIDE = 100
_MAX_VALUE = 1200
_MAX_ENTRY = 500
_MAX_LABEL = 120
_NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """One value under its label.

    Attributes:
        name: The name of the top-level value that it belongs to.
    """

    name: str
    label: str
    value: Block

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
) -> list[Block]:
    """Draw `values` as rows, and mark what has changed since `before`.

    Args:
        without: The names of fields that get no row.

    Returns:
        As many rows as fit into a message. The last line counts the others.
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
    if left := len(every) - len(shown):
        blocks.append(context(plain_text(f"and {left} more")))
    return blocks


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
    """A row for each value in the order of the form, then for values that the form does not know.

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
            shown = field.element.show(value)
            yield _row(field, shown, shown if previous is UNSET else field.element.show(previous))
    known = {field.name for field in form.fields}
    for name, value in values.items():
        if name not in known:
            shown = value if isinstance(value, str) else as_json(value)
            yield Row(name, _label(name), plain_text(_marked(shown, shown)))


def _row(field: Field, shown: str, was: str) -> Row:
    text = _marked(shown, was)
    as_markup = field.element.text_type == "mrkdwn"
    return Row(field.name, _label(field.full_label), mrkdwn(text) if as_markup else plain_text(text))


def _variant(form: Form, field: Field, union: Union, value: Any, before: Mapping[str, Any] | None) -> Iterator[Row]:
    """The chosen variant, if the fields below do not show it. `before` holds values of another variant."""
    shown = union.show(value)
    if before is not None:
        was = summary_of(form.only(field), before, _MAX_ENTRY)
        yield Row(field.name, _label(field.full_label), mrkdwn(f"{escape(shown, _MAX_LABEL) or _NOTHING}  (was {was})"))
    elif union.tells(value):
        yield _row(field, shown, shown)


def _entries(form: Form, field: Field, listed: EntryList, value: Any, previous: Any) -> Iterator[Row]:
    """A row for each entry, and one for each that was removed."""
    held = entries_of(value)
    was = held if previous is UNSET else entries_of(previous)
    entry = form.of_entry(listed)
    summaries = [summary_of(entry, listed.wrap(each), _MAX_ENTRY) for each in held]
    summaries_before = [summary_of(entry, listed.wrap(each), _MAX_ENTRY) for each in was]
    if not held and not was:
        yield _row(field, listed.show(value), listed.show(value))
    matcher = SequenceMatcher(None, [_key(each) for each in was], [_key(each) for each in held], autojunk=False)
    for change, old, old_end, new, new_end in matcher.get_opcodes():
        for offset in range(max(old_end - old, new_end - new)):
            label = _label(f"{field.full_label} {new + offset + 1}" if new + offset < new_end else field.full_label)
            if new + offset >= new_end:
                yield Row(field.name, label, mrkdwn(f"{summaries_before[old + offset]}  (removed)"))
            elif change == "equal":
                yield Row(field.name, label, mrkdwn(summaries[new + offset]))
            elif old + offset < old_end:
                yield Row(
                    field.name, label, mrkdwn(f"{summaries[new + offset]}  (was {summaries_before[old + offset]})")
                )
            else:
                yield Row(field.name, label, mrkdwn(f"{summaries[new + offset]}  (added)"))


def _key(entry: Any) -> str:
    return json.dumps(entry, sort_keys=True)


def _label(text: str) -> str:
    return bold(text, _MAX_LABEL) or _NOTHING


def _marked(shown: str, was: str) -> str:
    text = lines(shown, _MAX_VALUE) or _NOTHING
    return text if shown == was else f"{text}  (was {lines(was, FIELD_TEXT - _MAX_VALUE - 100) or 'empty'})"


def _visible_length(text: str) -> int:
    """How long a text looks. The markup of a date or a mention is longer than what people see."""
    return 0 if text.startswith("<") else len(text)
