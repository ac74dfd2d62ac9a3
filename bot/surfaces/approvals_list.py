"""Draws the list of pending prompts that `/approvals` shows."""

from collections.abc import Sequence
from datetime import datetime

from signoff.bot.blockkit.blocks import Block, Message, button, context, divider, header, mrkdwn, plain_text, section
from signoff.bot.blockkit.markup import at, bold, escape, span
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.wording import title_of
from signoff.flows.schema.slack_ids import is_conversation_id
from signoff.store.records.prompts import Prompt

MAX_LISTED = 20
"""How many prompts one message lists."""


def approvals_list(prompts: Sequence[Prompt], now: datetime) -> Message:
    """The list of `prompts` in the given order. The last line counts those that did not fit."""
    if not prompts:
        return Message(
            "Nothing is waiting for an answer.", [section(plain_text("Nothing is waiting for an answer. 🎉"))]
        )
    text = (
        "1 prompt is waiting for an answer."
        if len(prompts) == 1
        else f"{len(prompts)} prompts are waiting for an answer."
    )
    blocks = [header(text.removesuffix("."))]
    for prompt in prompts[:MAX_LISTED]:
        blocks += [divider(), _entry(prompt, now)]
    if len(prompts) > MAX_LISTED:
        blocks.append(context(plain_text(f"and {len(prompts) - MAX_LISTED} more")))
    return Message(text, blocks)


def _entry(prompt: Prompt, now: datetime) -> Block:
    facts = [
        escape(prompt.flow, 80),
        escape(prompt.run_name, 80),
        f"open for {span(now - prompt.opened_at)}",
        f"times out {at(prompt.deadline)}" if prompt.deadline else "no deadline",
        _where(prompt.policy.channel),
    ]
    return section(
        mrkdwn(f"{bold(title_of(prompt), 150)}\n{' · '.join(filter(None, facts))}"),
        accessory=button("Open", action_ids.OPEN, prompt.id),
    )


def _where(channel: str | None) -> str:
    if channel is None:
        return ""
    return f"<#{channel}>" if is_conversation_id(channel) else escape(channel, 80)
