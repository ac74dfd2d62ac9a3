"""Summarises values in one line."""

from collections.abc import Iterator, Mapping
from typing import Any

from signoff.bot.blockkit.markup import escape
from signoff.bot.forms.elements.entry_list import EntryList, entries_of
from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.field import Field
from signoff.bot.forms.form import Form
from signoff.bot.forms.unset import UNSET

_MAX_VALUE = 80
_MORE = " · …"


def summary_of(form: Form, values: Mapping[str, Any], limit: int) -> str:
    """The values as one line of mrkdwn, such as `Ana · 3 · Vienna`. Values that exceed `limit` are left out."""
    text = ""
    for value in filter(None, _shown(form, values)):
        longer = f"{text} · {value}" if text else value
        if len(longer) > limit - len(_MORE):
            return text + _MORE if text else escape(value, limit)
        text = longer
    return text or "–"


def _shown(form: Form, values: Mapping[str, Any]) -> Iterator[str]:
    for part in form.layout(values):
        if not isinstance(part, Field):
            continue
        value = part.value(values)
        if value is UNSET or value is None:
            continue
        if isinstance(part.element, EntryList):
            inner = form.of_entry(part.element)
            entries = entries_of(value)
            yield ", ".join(summary_of(inner, part.element.wrap(each), _MAX_VALUE) for each in entries[:3])
            if entries[3:]:
                yield f"{len(entries) - 3} more"
        elif isinstance(part.element, Union) and part.element.has_field(value):
            # The field of the value itself follows.
            continue
        elif part.element.text_type == "mrkdwn":
            yield part.element.show(value)
        else:
            yield escape(part.element.show(value), _MAX_VALUE)
