"""Draws what somebody is told who has answered with a reply or an emoji: that it decides nothing, and the buttons."""

from collections.abc import Mapping

from signoff.bot.blockkit.blocks import MESSAGE_BLOCKS, Message, mrkdwn, section
from signoff.bot.blockkit.markup import escape
from signoff.bot.forms import FormError
from signoff.bot.surfaces.cards import card, plain_card
from signoff.bot.surfaces.question import asked_by
from signoff.store.records.prompts import Prompt


def nudge(prompt: Prompt, mentions: Mapping[str, str], what: str, *, may_answer: bool) -> Message:
    """A message for one person, with the card if they may answer.

    Args:
        what: What they have done: `reply`, `emoji`.
    """
    question = escape(asked_by(prompt).question, 200)
    if not may_answer:
        text = f"Your {what} decides nothing about “{question}”, and you may not answer it."
        return Message(text, [section(mrkdwn(text))])
    text = f"Your {what} decides nothing about “{question}”. To answer, press a button:"
    try:
        shown = card(prompt, mentions)
    except FormError:
        shown = plain_card(prompt)
    blocks = shown.blocks if len(shown.blocks) < MESSAGE_BLOCKS else plain_card(prompt).blocks
    return Message(text, [section(mrkdwn(text)), *blocks])
