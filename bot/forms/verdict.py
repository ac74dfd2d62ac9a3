"""The verdict of a form: the field whose choices become buttons on the card."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signoff.bot.blockkit.blocks import BUTTON_TEXT, Style
from signoff.bot.blockkit.markup import plain
from signoff.bot.forms.elements.choices import SingleChoice
from signoff.bot.forms.elements.element import Choice
from signoff.bot.forms.field import Field
from signoff.bot.forms.form import Form
from signoff.flows.schema import verdict as schema_verdict
from signoff.flows.schema.verdict import Stance

_STYLES: Mapping[Stance | None, Style | None] = {"approve": "primary", "reject": "danger", None: None}


@dataclass(frozen=True, slots=True)
class VerdictChoice:
    """One button: its value, its label, and its style."""

    value: Any
    label: str
    style: Style | None


@dataclass(frozen=True, slots=True)
class Verdict:
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


def verdict_of(form: Form, initial: Mapping[str, Any]) -> Verdict | None:
    """The verdict of `form`; `None` if it has none. `flows.schema.verdict` says which field it is."""
    found = schema_verdict.verdict_of(form.root, initial)
    field = None if found is None else form.field((found.name,))
    if found is None or field is None or not isinstance(field.element, SingleChoice):
        return None
    approval = found.is_bool and found.values[0].stance is not None
    labels = ("Approve", "Reject") if approval else map(_button, field.element.choices)
    choices = tuple(
        VerdictChoice(each.value, label, _STYLES[each.stance]) for each, label in zip(found.values, labels, strict=True)
    )
    return Verdict(field, choices, approval)


def _button(choice: Choice) -> str:
    """The label that the schema gives to the choice, or else its value in words."""
    return choice.label if choice.label != choice.value else _in_words(choice.value)


def _in_words(value: str) -> str:
    """A value as a button shows it: `needs_work` is "Needs work"."""
    words = plain(value.replace("_", " "), BUTTON_TEXT) or value
    return words[:1].upper() + words[1:]
