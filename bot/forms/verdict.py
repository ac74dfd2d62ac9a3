"""Press, then ask only for what is missing: the field of a form whose values become buttons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signoff.bot.blockkit.blocks import BUTTON_TEXT, Style
from signoff.bot.blockkit.markup import plain
from signoff.bot.forms.elements.choices import YES_OR_NO, SingleChoice
from signoff.bot.forms.elements.element import Choice, Element
from signoff.bot.forms.field import Field
from signoff.bot.forms.form import Form

_MOST_BUTTONS = 5
_SHORT = 30
_YES = frozenset({"accept", "accepted", "approval", "approve", "approved", "confirm", "ok", "publish", "yes"})
_NO = frozenset({"block", "cancel", "decline", "declined", "deny", "denied", "no", "reject", "rejected", "stop"})


@dataclass(frozen=True, slots=True)
class VerdictChoice:
    """One button: the value it stands for, its label, and how it looks."""

    value: Any
    label: str
    style: Style | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The field that is decided by a press.

    Attributes:
        approval: Whether it is a yes or no that approves or rejects what is asked.
    """

    field: Field
    choices: tuple[VerdictChoice, ...]
    approval: bool

    @property
    def can_reject(self) -> bool:
        """Whether one of the choices already says no."""
        return any(choice.style == "danger" or choice.value is False for choice in self.choices)


def verdict_of(form: Form, initial: Mapping[str, Any]) -> Verdict | None:
    """The verdict of `form`, if it has one.

    It is the only required field without an initial value that is a `bool` or lists at most five short texts.
    Among several such fields the only `bool` is it; otherwise there is none.
    """
    wanted = [
        field
        for field in form.fields
        if field.required and len(field.path) == 1 and field.name not in initial and _is_short(field.element)
    ]
    if len(wanted) > 1:
        wanted = [field for field in wanted if _is_bool(field.element)]
    return _verdict(wanted[0]) if len(wanted) == 1 else None


def _verdict(field: Field) -> Verdict:
    assert isinstance(field.element, SingleChoice)  # noqa: S101 - what `_is_short` has found
    if not _is_bool(field.element):
        choices = tuple(
            VerdictChoice(choice.value, _button(choice), _style(choice.value)) for choice in field.element.choices
        )
        return Verdict(field, choices, approval=False)
    approval = not _YES.isdisjoint(field.name.lower().split("_"))
    yes, no = ("Approve", "Reject") if approval else ("Yes", "No")
    return Verdict(
        field,
        (
            VerdictChoice(True, yes, "primary" if approval else None),
            VerdictChoice(False, no, "danger" if approval else None),
        ),
        approval,
    )


def _is_bool(element: Element) -> bool:
    return isinstance(element, SingleChoice) and element.choices == YES_OR_NO and not element.nullable


def _is_short(element: Element) -> bool:
    if _is_bool(element):
        return True
    if not isinstance(element, SingleChoice) or element.nullable or len(element.choices) > _MOST_BUTTONS:
        return False
    return all(isinstance(choice.value, str) and 0 < len(choice.value.strip()) <= _SHORT for choice in element.choices)


def _button(choice: Choice) -> str:
    """The label that the schema gives the choice, else its value in words."""
    return choice.label if choice.label != choice.value else humanized(choice.value)


def humanized(value: str) -> str:
    """A value as a button says it: `needs_work` is "Needs work"."""
    words = plain(value.replace("_", " "), BUTTON_TEXT) or value
    return words[:1].upper() + words[1:]


def _style(value: str) -> Style | None:
    word = value.lower()
    return "primary" if word in _YES else "danger" if word in _NO else None
