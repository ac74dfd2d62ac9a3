"""Summarises values in one line."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
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
    """The values as one line of mrkdwn, such as `Ana · 3 · Vienna`. Values that exceed `limit` are left out."""
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
    for part in form.layout(values):
        if not isinstance(part, Field):
            continue
        value = part.value(values)
        if value is UNSET or value is None:
            continue
        if isinstance(part.element, EntryList):
            yield from _nested(form.of_entry(part.element), part.element, entries_of(value))
        elif isinstance(part.element, Union) and part.element.has_field(value):
            # The field of the value itself follows.
            continue
        elif part.element.text_type == "mrkdwn":
            yield from _cut(part.element.show(value), _MAX_MENTIONS)
        else:
            line = part.element.show(value)
            yield from _cut(escape(line, 6 * len(line)), _MAX_VALUE)
    for _, label, value in form.unnamed(values):
        line = f"{label}: {value if isinstance(value, str) else as_json(value)}"
        yield from _cut(escape(line, 6 * len(line)), _MAX_VALUE)


def _nested(inner: Form, listed: EntryList, entries: list[Any]) -> Iterator[Excerpt]:
    """The first entries of a list within an entry, and the number of the others."""
    found = [summary_of(inner, listed.wrap(each), _MAX_VALUE) for each in entries]
    first, others = found[:_MAX_NESTED], found[_MAX_NESTED:]
    if first:
        yield Excerpt(", ".join(each.text for each in first), sum(each.missing for each in first))
    if others:
        yield Excerpt(f"{len(others)} more", sum(len(each.text) + each.missing for each in others))


def _cut(mrkdwn: str, limit: int) -> Iterator[Excerpt]:
    if mrkdwn:
        shown = shorten(mrkdwn, limit, MRKDWN)
        yield Excerpt(shown, max(len(mrkdwn) - len(shown), 0))
