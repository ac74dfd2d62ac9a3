"""The verdict of a form: the field whose choices become buttons on the card."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from signoff.bot.blockkit.blocks import BUTTON_TEXT, Style
from signoff.bot.blockkit.excerpts import shorten
from signoff.bot.blockkit.lookalikes import exact, told_apart
from signoff.bot.blockkit.markup import plain
from signoff.bot.forms.elements.choices import SingleChoice
from signoff.bot.forms.elements.element import Choice
from signoff.bot.forms.field import Field
from signoff.bot.forms.form import Form
from signoff.flows.schema import verdict as schema_verdict
from signoff.flows.schema.verdict import Stance

OTHER_BUTTONS = ("Edit…", "Reject…", "Show all")
"""The other buttons on a card, beside those of its verdict."""

BARE = "value"
"""The name of the only field of a plain type. It says nothing to people."""

_MAX_SUBJECT = 60
_STYLES: Mapping[Stance | None, Style | None] = {"approve": "primary", "reject": "danger", None: None}


@dataclass(frozen=True, slots=True)
class VerdictChoice:
    """One button: its value, its label, and its style."""

    value: Any
    label: str
    style: Style | None


@dataclass(frozen=True, slots=True)
class VerdictButtons:
    """The field that is answered with one press.

    Attributes:
        approval: Whether it is a yes-or-no question that approves or rejects.
    """

    field: Field
    choices: tuple[VerdictChoice, ...]
    approval: bool

    @property
    def can_reject(self) -> bool:
        """Whether one of the choices already says no."""
        return any(choice.style == "danger" or choice.value is False for choice in self.choices)


def verdict_buttons(form: Form, initial: Mapping[str, Any]) -> VerdictButtons | None:
    """The verdict of `form`; `None` if it has none. `flows.schema.verdict` says which field it is."""
    found = schema_verdict.verdict_of(form.root, initial)
    field = None if found is None else form.field((found.name,))
    if found is None or field is None or not isinstance(field.element, SingleChoice):
        return None
    approval = found.is_bool and found.values[0].stance is not None
    labels = ("Approve", "Reject") if approval else _labels(form, field, field.element.choices)
    choices = tuple(
        VerdictChoice(each.value, label, _STYLES[each.stance]) for each, label in zip(found.values, labels, strict=True)
    )
    return VerdictButtons(field, choices, approval)


def _labels(form: Form, field: Field, choices: Sequence[Choice]) -> tuple[str, ...]:
    """The labels that the schema gives to the choices, or else their values in words. A yes says to what."""
    is_bare = len(form.fields) == 1 and (field.name, field.label) == (BARE, BARE.title())
    subject = f"{shorten(field.label, _MAX_SUBJECT)}: " if isinstance(choices[0].value, bool) and not is_bare else ""
    labels = [f"{subject}{_button(choice)}" for choice in choices]
    return told_apart(labels, [exact(choice.value) for choice in choices], BUTTON_TEXT, OTHER_BUTTONS)


def _button(choice: Choice) -> str:
    is_value = choice.label in (choice.value, exact(choice.value))
    return _in_words(choice.value) if is_value else choice.label


def _in_words(value: str) -> str:
    """A value as a button shows it: `needs_work` is "Needs work"."""
    words = plain(value.replace("_", " "), BUTTON_TEXT) or value
    return words[:1].upper() + words[1:]
