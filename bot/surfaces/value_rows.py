"""The values of a prompt as rows of label and value, with what has changed in them marked."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from signoff.bot.blockkit.blocks import FIELD_TEXT, Block, mrkdwn, plain_text
from signoff.bot.blockkit.markup import bold, escape, lines
from signoff.bot.forms import UNSET, Field, Form, Path
from signoff.bot.forms.elements.entries import ListOf, entries_of
from signoff.bot.forms.elements.text import as_json
from signoff.bot.forms.elements.unions import KindOf
from signoff.bot.forms.paths import value_at
from signoff.bot.forms.summary import summary_of

_WIDE = 100
_LONGEST = 1200
_ENTRY = 500
_LABEL = 120
_NOTHING = "–"


@dataclass(frozen=True, slots=True)
class Row:
    """One value under its label.

    Attributes:
        name: The name of the value at the top that it belongs to.
    """

    name: str
    label: str
    value: Block

    @property
    def is_wide(self) -> bool:
        """Whether the value is too long for half the width of a message."""
        text = self.value["text"]
        return (self.value["type"] == "plain_text" and "\n" in text) or _seen(text) > _WIDE

    @property
    def size(self) -> int:
        """How many characters it takes."""
        return len(self.label) + len(self.value["text"])


def rows(form: Form, values: Mapping[str, Any], before: Mapping[str, Any]) -> Iterator[Row]:
    """`values` in the order of the form, and what the form does not know after them.

    A value that differs from the one it had in `before` says what that was. A field left at a default that is empty
    has no row.
    """
    switched: list[Path] = []
    for one in form.sheet(values):
        if not isinstance(one, Field):
            continue
        value, previous = one.value(values), value_at(before, one.path)
        if any(one.path[: len(path)] == path for path in switched):
            previous = UNSET  # another kind's value says nothing of this one's
        if value is UNSET or (value == one.default and not value and previous is UNSET):
            continue
        if isinstance(one.element, KindOf):
            is_other = previous is not UNSET and one.element.number_of(previous) != one.element.number_of(value)
            switched += [one.path] if is_other else []
            yield from _kind(form, one, one.element, value, before if is_other else None)
        elif isinstance(one.element, ListOf):
            yield from _entries(form, one, one.element, value, previous)
        else:
            shown = one.element.show(value)
            yield _row(one, shown, shown if previous is UNSET else one.element.show(previous))
    known = {one.name for one in form.fields}
    for name, value in values.items():
        if name not in known:
            shown = value if isinstance(value, str) else as_json(value)
            yield Row(name, _label(name), plain_text(_marked(shown, shown)))


def _row(one: Field, shown: str, was: str) -> Row:
    text = _marked(shown, was)
    as_markup = one.element.shown_as == "mrkdwn"
    return Row(one.name, _label(one.full_label), mrkdwn(text) if as_markup else plain_text(text))


def _kind(form: Form, one: Field, kinds: KindOf, value: Any, before: Mapping[str, Any] | None) -> Iterator[Row]:
    """Which kind it is, where that has to be said; `before` holds a value of another one."""
    shown = kinds.show(value)
    if before is not None:
        was = summary_of(form.only(one), before, _ENTRY)
        yield Row(one.name, _label(one.full_label), mrkdwn(f"{escape(shown, _LABEL) or _NOTHING}  (was {was})"))
    elif kinds.tells(value):
        yield _row(one, shown, shown)


def _entries(form: Form, one: Field, listed: ListOf, value: Any, previous: Any) -> Iterator[Row]:
    """A row for each entry, and for each that is gone."""
    held = entries_of(value)
    was = held if previous is UNSET else entries_of(previous)
    entry = form.of_entry(listed)
    said = [summary_of(entry, listed.wrap(each), _ENTRY) for each in held]
    said_before = [summary_of(entry, listed.wrap(each), _ENTRY) for each in was]
    if not held and not was:
        yield _row(one, listed.show(value), listed.show(value))
    matcher = SequenceMatcher(None, [_key(each) for each in was], [_key(each) for each in held], autojunk=False)
    for change, old, old_end, new, new_end in matcher.get_opcodes():
        for offset in range(max(old_end - old, new_end - new)):
            label = _label(f"{one.full_label} {new + offset + 1}" if new + offset < new_end else one.full_label)
            if new + offset >= new_end:
                yield Row(one.name, label, mrkdwn(f"{said_before[old + offset]}  (removed)"))
            elif change == "equal":
                yield Row(one.name, label, mrkdwn(said[new + offset]))
            elif old + offset < old_end:
                yield Row(one.name, label, mrkdwn(f"{said[new + offset]}  (was {said_before[old + offset]})"))
            else:
                yield Row(one.name, label, mrkdwn(f"{said[new + offset]}  (added)"))


def _key(entry: Any) -> str:
    return json.dumps(entry, sort_keys=True)


def _label(text: str) -> str:
    return bold(text, _LABEL) or _NOTHING


def _marked(shown: str, was: str) -> str:
    text = lines(shown, _LONGEST) or _NOTHING
    return text if shown == was else f"{text}  (was {lines(was, FIELD_TEXT - _LONGEST - 100) or 'empty'})"


def _seen(text: str) -> int:
    """How long a text looks: a moment or a mention is written longer than it reads."""
    return 0 if text.startswith("<") else len(text)
