"""What is said of a decision that its person may still undo."""

from signoff.bot.blockkit.blocks import Block, button
from signoff.bot.blockkit.blocks import actions as buttons
from signoff.bot.blockkit.markup import at, escape, utc
from signoff.bot.surfaces import action_ids
from signoff.store.records.prompts import Prompt

_NAME = 80


def takes_effect(prompt: Prompt, *, spoken: bool = False) -> str:
    """When a decision takes effect that can still be undone, and who can undo it, as a sentence; empty otherwise.

    Args:
        spoken: Whether to give the time in UTC, for notifications, in which Slack does not localise it.
    """
    if prompt.held is None:
        return ""
    when = utc(prompt.held.until) if spoken else at(prompt.held.until, seconds=True)
    return f"It takes effect {when}. Until then {escape(prompt.held.vote.actor.name, _NAME)} can undo it."


def undo_buttons(prompt: Prompt) -> list[Block]:
    """The button that undoes a decision that is held back; none if there is none."""
    return [] if prompt.held is None else [buttons([button("Undo", action_ids.UNDO, prompt.id)])]


def held_in_short(prompt: Prompt) -> str:
    """The same for a list, in a few words of mrkdwn; empty if nothing is held back."""
    return "" if prompt.held is None else f"decided by {escape(prompt.held.vote.actor.name, _NAME)}, can be undone"
