"""Values in a line."""

from collections.abc import Iterator, Mapping
from typing import Any

from signoff.bot.blockkit.markup import escape
from signoff.bot.forms.elements.entry_list import EntryList, entries_of
from signoff.bot.forms.elements.unions import Union
from signoff.bot.forms.field import Field
from signoff.bot.forms.form import Form
from signoff.bot.forms.unset import UNSET

_VALUE = 80
_MORE = " · …"


def summary_of(form: Form, values: Mapping[str, Any], limit: int) -> str:
    """What is filled in, as one line of mrkdwn: `Ana · 3 · Vienna`. Whole values are left out to fit `limit`."""
    text = ""
    for said in filter(None, _said(form, values)):
        longer = f"{text} · {said}" if text else said
        if len(longer) > limit - len(_MORE):
            return text + _MORE if text else escape(said, limit)
        text = longer
    return text or "–"


def _said(form: Form, values: Mapping[str, Any]) -> Iterator[str]:
    for part in form.layout(values):
        if not isinstance(part, Field):
            continue
        value = part.value(values)
        if value is UNSET or value is None:
            continue
        if isinstance(part.element, EntryList):
            inner = form.of_entry(part.element)
            entries = entries_of(value)
            yield ", ".join(summary_of(inner, part.element.wrap(each), _VALUE) for each in entries[:3])
            if entries[3:]:
                yield f"{len(entries) - 3} more"
        elif isinstance(part.element, Union) and part.element.has_field(value):
            # Said by the field for the value itself, which follows.
            continue
        elif part.element.text_type == "mrkdwn":
            yield part.element.show(value)
        else:
            yield escape(part.element.show(value), _VALUE)
