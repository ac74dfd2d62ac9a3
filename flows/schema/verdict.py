"""The verdict of a prompt: the field that says yes or no, and whether a value of it approves or rejects."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from signoff.flows.schema.elements import is_checkbox
from signoff.flows.schema.parts import Property, Schema, kind_of, options_of, unwrap
from signoff.store.records.prompts import Prompt

Stance = Literal["approve", "reject"]

MAX_CHOICES = 5
"""How many values a verdict may have. A field with more is a question like any other."""

_MAX_LENGTH = 30
_APPROVING = frozenset({"accept", "accepted", "approval", "approve", "approved", "confirm", "ok", "publish", "yes"})
_REJECTING = frozenset({"block", "cancel", "decline", "declined", "deny", "denied", "no", "reject", "rejected", "stop"})


@dataclass(frozen=True, slots=True)
class VerdictValue:
    """A value of the verdict, as JSON.

    Attributes:
        stance: What it says to what is asked; `None` if it neither approves nor rejects.
    """

    value: Any
    stance: Stance | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The field whose value decides, by its name in the schema, and its values in the order of the schema."""

    name: str
    values: tuple[VerdictValue, ...]

    @property
    def is_bool(self) -> bool:
        """Whether it is answered with yes or no."""
        return isinstance(self.values[0].value, bool)

    def stance_of(self, answer: Mapping[str, Any]) -> Stance | None:
        """Whether an answer, as JSON, approves or rejects; `None` if it does neither."""
        given = answer.get(self.name)
        # `True == 1` in Python, and is another value in JSON.
        return next(
            (each.stance for each in self.values if each.value == given and type(each.value) is type(given)), None
        )


def verdict_of(schema: Schema | None, initial_values: Mapping[str, Any]) -> Verdict | None:
    """The verdict that a person is asked for, if there is one.

    It is the only required field without an initial value that is a `bool` or lists at most five short texts. If there
    are several such fields, it is the only `bool` among them; otherwise there is none.

    Args:
        schema: The JSON Schema of the answer; `None` if nothing is asked but to resume.
        initial_values: The values under decision, by field name.
    """
    root = schema or {}
    asked = unwrap(root, root).schema
    required = frozenset(asked.get("required", ()))
    found = [
        verdict
        for name, part in asked.get("properties", {}).items()
        if name in required and name not in initial_values and (verdict := _verdict(name, unwrap(part, root)))
    ]
    if len(found) > 1:
        found = [verdict for verdict in found if verdict.is_bool]
    return found[0] if len(found) == 1 else None


def stance(prompt: Prompt, answer: Mapping[str, Any]) -> Stance | None:
    """Whether an answer to a prompt approves or rejects what is asked; `None` if it does neither.

    Args:
        prompt: The prompt that is answered.
        answer: The values submitted, as JSON. A rejection without values is an outcome and not an answer.
    """
    verdict = verdict_of(prompt.schema, prompt.initial_values)
    return None if verdict is None else verdict.stance_of(answer)


def choice_of(prompt: Prompt, stance: Stance) -> Mapping[str, Any]:
    """The value of the verdict that says yes, or no, by the name of its field; empty if none does, or if several do."""
    verdict = verdict_of(prompt.schema, prompt.initial_values)
    if verdict is None:
        return {}
    if verdict.is_bool:
        return {verdict.name: stance == "approve"}
    values = [each.value for each in verdict.values if each.stance == stance]
    return {verdict.name: values[0]} if len(values) == 1 else {}


def is_no(prompt: Prompt, answer: Mapping[str, Any]) -> bool:
    """Whether an answer to a prompt rejects what is asked, or is the no to a yes-or-no question."""
    verdict = verdict_of(prompt.schema, prompt.initial_values)
    if verdict is None:
        return False
    return verdict.stance_of(answer) == "reject" or (verdict.is_bool and answer.get(verdict.name) is False)


def _verdict(name: str, field: Property) -> Verdict | None:
    if field.nullable:
        return None
    options = options_of(field.schema)
    if options:
        if _is_yes_or_no(options):
            return _bool(name)
        values = [value for value, _ in options]
        return _texts(name, values) if len(values) <= MAX_CHOICES and all(map(_is_short_text, values)) else None
    return _bool(name) if kind_of(field.schema) == "boolean" and not is_checkbox(field) else None


def _is_yes_or_no(options: tuple[tuple[Any, str | None], ...]) -> bool:
    """Whether true and false are listed, in this order, and not as something else than yes and no."""
    if len(options) != 2:
        return False
    (yes, yes_title), (no, no_title) = options
    return yes is True and no is False and yes_title in (None, "Yes") and no_title in (None, "No")


def _is_short_text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value.strip()) <= _MAX_LENGTH


def _bool(name: str) -> Verdict:
    # Only the name tells what a yes means: `approved` approves, `has_backup` is a fact.
    approves = not _APPROVING.isdisjoint(name.lower().split("_"))
    yes, no = VerdictValue(True, "approve" if approves else None), VerdictValue(False, "reject" if approves else None)
    return Verdict(name, (yes, no))


def _texts(name: str, values: list[str]) -> Verdict:
    return Verdict(name, tuple(VerdictValue(value, _stance_of_text(value)) for value in values))


def _stance_of_text(value: str) -> Stance | None:
    word = value.lower()
    return "approve" if word in _APPROVING else "reject" if word in _REJECTING else None
