"""How a person confirms a decision: in Slack's dialog, or with a word that they type into the form."""

from collections.abc import Mapping
from typing import Any

from signoff.bot.blockkit.blocks import (
    BUTTON_TEXT,
    CONFIRM_BUTTON,
    CONFIRM_TEXT,
    CONFIRM_TITLE,
    LABEL_TEXT,
    Block,
    Style,
    button,
    confirmation_dialog,
    input_block,
)
from signoff.bot.blockkit.excerpts import shorten
from signoff.bot.blockkit.markup import code, plain
from signoff.bot.forms import ACTION, Form
from signoff.bot.surfaces.claims import Claim
from signoff.bot.surfaces.entered import typed
from signoff.bot.surfaces.question import asked_by
from signoff.bot.surfaces.wording import verdict_in
from signoff.store.records.prompts import Prompt

WORD_BLOCK = "confirmation"
"""The id of the block in which the word is typed. Those of a form's fields begin with a slash."""


def deciding_button(prompt: Prompt, label: str, action_id: str, style: Style | None = None) -> Block:
    """A button that decides, or that opens the form if the policy wants a word typed first."""
    if prompt.policy.word:
        opens = label if label.endswith("…") else f"{shorten(label, BUTTON_TEXT - 1)}…"
        return button(opens, action_id, str(Claim.of(prompt)), style)
    dialog = _dialog(prompt, label, style) if prompt.policy.confirm else None
    return button(label, action_id, str(Claim.of(prompt)), style, confirm=dialog)


def word_rule(prompt: Prompt) -> str:
    """What has to be typed, as a sentence in mrkdwn; empty if nothing has to be."""
    word = prompt.policy.word
    return f"To confirm a yes, type {code(word)} in the form." if word else ""


def word_input(prompt: Prompt, form: Form) -> list[Block]:
    """The input in which the word is typed; none if the policy has no word."""
    if prompt.policy_fault is not None or not (word := prompt.policy.word):
        return []
    # Slack knows only of inputs that are required of everybody, so where a no is possible the desk alone checks.
    verdict = verdict_in(prompt, form)
    may_say_no = verdict is not None and verdict.can_reject
    element = {"type": "plain_text_input", "action_id": ACTION}
    label = plain(f"Type {word} to confirm", LABEL_TEXT)
    hint = "Not needed for a no." if may_say_no else None
    return [input_block(WORD_BLOCK, label, element, optional=may_say_no, hint=hint)]


def word_in(state_values: Mapping[str, Any]) -> str:
    """What was typed there; empty if nothing was."""
    return typed(state_values, WORD_BLOCK)


def _dialog(prompt: Prompt, label: str, style: Style | None) -> Block:
    title = plain(f"{shorten(label, CONFIRM_TITLE - 1)}?", CONFIRM_TITLE)
    question = plain(asked_by(prompt).question, CONFIRM_TEXT) or "–"
    return confirmation_dialog(title, question, shorten(label, CONFIRM_BUTTON), "Cancel", style)
