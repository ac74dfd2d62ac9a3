"""What a prompt asked before in other words, and how that ended. Nobody should take the old answer for the new one."""

from dataclasses import replace

from signoff.bot.blockkit.excerpts import MRKDWN, Excerpt, shorten
from signoff.bot.blockkit.markdown import as_line
from signoff.bot.blockkit.markup import bold, escape
from signoff.bot.forms import UNSET, FormError
from signoff.bot.forms.elements.text import as_json
from signoff.bot.surfaces.question import asked_by
from signoff.bot.surfaces.wording import fields_in_outcome, form_of, outcome_sentence
from signoff.store.records.prompts import Prompt

_QUESTION = 300
_DESCRIPTION = 600
_VALUES = 500
_NO_VALUE: tuple[object, ...] = (UNSET, None, "", [], {})


def asked_before(prompt: Prompt) -> Excerpt:
    """For a card: that it is asked again, and the earlier question and answer. mrkdwn; empty for a new question."""
    if prompt.earlier is None:
        return Excerpt("")
    old = earlier_prompt(prompt)
    if old is None:
        return Excerpt("🔁 *Asked again.* Something else was asked here before. What was answered then does not count.")
    asked = asked_by(old)
    told = [
        bold(asked.question, _QUESTION),
        escape(as_line(asked.description, _DESCRIPTION), _DESCRIPTION),
        _values(old, answered=False),
        "Nobody had answered." if old.outcome is None else outcome_sentence(old, form_of(old)),
        _values(old, answered=True),
    ]
    quoted = "\n".join(f"> {line}" for line in told if line)
    return Excerpt(
        f"🔁 *Asked again, in other words.* What was answered before does not count:\n{quoted}",
        max(len(asked.description) - _DESCRIPTION, 0),
    )


def asked_before_in_full(prompt: Prompt) -> str:
    """The same as plain text, with nothing left out."""
    old = earlier_prompt(prompt)
    if old is None:
        return ""
    ended = "Nobody had answered." if old.outcome is None else outcome_sentence(old, form_of(old))
    answer = [
        f"{name}: {value if isinstance(value, str) else as_json(value)}" for name, value in (old.answer or {}).items()
    ]
    return "\n".join(filter(None, [old.title, old.description, ended, *answer]))


def earlier_prompt(prompt: Prompt) -> Prompt | None:
    """What was asked before, as a prompt; `None` if nothing was, or if it may not be shown here."""
    if prompt.earlier is None or prompt.earlier.question is None:
        return None
    old = replace(prompt, **prompt.earlier.question, earlier=None, delivery=None, votes=())
    try:
        form_of(old)
    except FormError:
        # What cannot be drawn any more is still named.
        return replace(old, schema=None)
    return old


def _values(old: Prompt, *, answered: bool) -> str:
    """The values under decision, or those of the answer that its outcome does not state already, on one line."""
    form = form_of(old)
    values = (old.answer or {}) if answered else old.initial_values
    stated = fields_in_outcome(old, form) if answered else frozenset()
    shown = [
        f"{escape(field.full_label)}: {field.element.show(field.value(values))}"
        if field.element.text_type == "mrkdwn"
        else escape(f"{field.full_label}: {field.element.show(field.value(values))}")
        for field in form.fields
        if field.name not in stated and field.value(values) not in _NO_VALUE
    ]
    return shorten(" · ".join(shown), _VALUES, MRKDWN)
