"""Summarises values in one line."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from signoff.bot.blockkit.excerpts import MRKDWN, Excerpt, shorten
from signoff.bot.blockkit.lookalikes import exact, look_of
from signoff.bot.blockkit.markup import escape
from signoff.bot.forms.elements.entry_list import EntryList, entries_of
from signoff.bot.forms.elements.text import as_json
from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.field import Field
from signoff.bot.forms.form import Form
from signoff.bot.forms.unset import UNSET

_MAX_LABEL = 60
_MAX_VALUE = 80
_MAX_MENTIONS = 300
_MAX_NESTED = 3
_MORE = " · …"


def summaries_of(form: Form, listed: EntryList, value: Any, limit: int) -> list[Excerpt]:
    """The entries of a list, each as one line of mrkdwn. Entries that look alike and differ show their JSON, too."""
    entries = entries_of(value)
    found = [summary_of(form.of_entry(listed), listed.wrap(each), limit) for each in entries]
    different: defaultdict[str, set[str]] = defaultdict(set)
    for summary, entry in zip(found, entries, strict=True):
        different[look_of(summary.text)].add(exact(entry))
    return [
        Excerpt(f"{summary.text}  {escape(exact(entry), limit)}", summary.missing)
        if len(different[look_of(summary.text)]) > 1
        else summary
        for summary, entry in zip(found, entries, strict=True)
    ]


def summary_of(form: Form, values: Mapping[str, Any], limit: int) -> Excerpt:
    """The values as one line of mrkdwn, such as `Name: Ana · Guests: 3`. Values that exceed `limit` are left out."""
    text, missing, is_full = "", 0, False
    for value in _shown(form, values):
        longer = f"{text} · {value.text}" if text else value.text
        missing += value.missing
        is_full = is_full or len(longer) > limit - len(_MORE)
        if is_full and text:
            missing += len(value.text)
        else:
            text = shorten(longer, limit - len(_MORE), MRKDWN)
    return Excerpt(f"{text}{_MORE if is_full else ''}" or "–", missing)


def _shown(form: Form, values: Mapping[str, Any]) -> Iterator[Excerpt]:
    """The values, each with its label, except for what all labels have in common. So a single field has none."""
    fields = [part for part in form.layout(values) if isinstance(part, Field)]
    # The fields of a union's value follow, and need not be introduced by its variant unless that says more.
    fields = [each for each in fields if not _is_followed(each, values)]
    unnamed = list(form.unnamed(values))
    labels = [(*each.location.within, each.label) for each in fields]
    shared = 0 if unnamed else len([*takewhile(lambda same: len(set(same)) == 1, zip(*labels, strict=False))])
    for field, label in zip(fields, labels, strict=True):
        value = field.value(values)
        if value is not UNSET and value is not None:
            shown = list(_value(form, field, value))
            named = list(_label(" › ".join(label[shared:]))) if shown else []
            yield from _joined([*named, *shown])
    for _, name, value in unnamed:
        line = f"{name}: {value if isinstance(value, str) else as_json(value)}"
        yield from _cut(escape(line, 6 * len(line)), _MAX_VALUE)


def _is_followed(field: Field, values: Mapping[str, Any]) -> bool:
    return isinstance(field.element, Union) and not field.element.tells(field.value(values))


def _label(text: str) -> Iterator[Excerpt]:
    for cut in _cut(escape(text, 6 * len(text)), _MAX_LABEL):
        yield Excerpt(f"{cut.text}: ", cut.missing)


def _joined(parts: list[Excerpt]) -> Iterator[Excerpt]:
    if parts:
        yield Excerpt("".join(part.text for part in parts), sum(part.missing for part in parts))


def _value(form: Form, field: Field, value: Any) -> Iterator[Excerpt]:
    if isinstance(field.element, EntryList):
        yield from _nested(form.of_entry(field.element), field.element, entries_of(value))
    elif field.element.text_type == "mrkdwn":
        yield from _cut(field.element.show(value), _MAX_MENTIONS)
    else:
        line = field.element.show(value)
        yield from _cut(escape(line, 6 * len(line)), _MAX_VALUE)


def _nested(inner: Form, listed: EntryList, entries: list[Any]) -> Iterator[Excerpt]:
    """The first entries of a list within an entry, and the number of the others."""
    found = [summary_of(inner, listed.wrap(each), _MAX_VALUE) for each in entries]
    first, others = found[:_MAX_NESTED], found[_MAX_NESTED:]
    if first:
        has_labels = any(" · " in each.text for each in first)
        shown = ", ".join(f"({each.text})" if has_labels else each.text for each in first)
        more = f" and {len(others)} more" if others else ""
        left_out = sum(len(each.text) + each.missing for each in others)
        yield Excerpt(f"{shown}{more}", sum(each.missing for each in first) + left_out)


def _cut(mrkdwn: str, limit: int) -> Iterator[Excerpt]:
    if mrkdwn:
        shown = shorten(mrkdwn, limit, MRKDWN)
        yield Excerpt(shown, max(len(mrkdwn) - len(shown), 0))
