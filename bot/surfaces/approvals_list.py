"""`/approvals`: the prompts that are pending."""

from collections.abc import Sequence
from datetime import datetime

from signoff.bot.blockkit.blocks import Block, Message, button, context, divider, header, mrkdwn, plain_text, section
from signoff.bot.blockkit.markup import at, bold, escape, span
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.wording import title_of
from signoff.flows.approval.policy import Policy
from signoff.store.records import Prompt

MOST = 20
"""How many prompts one message lists."""


def listing(prompts: Sequence[Prompt], now: datetime) -> Message:
    """The list of `prompts`, in the order given; what exceeds a message is counted in its last line."""
    if not prompts:
        return Message("Nothing waits for an answer.", [section(plain_text("Nothing waits for an answer. 🎉"))])
    text = "1 prompt waits for an answer." if len(prompts) == 1 else f"{len(prompts)} prompts wait for an answer."
    blocks = [header(text.removesuffix("."))]
    for prompt in prompts[:MOST]:
        blocks += [divider(), _entry(prompt, now)]
    if len(prompts) > MOST:
        blocks.append(context(plain_text(f"and {len(prompts) - MOST} more")))
    return Message(text, blocks)


def _entry(prompt: Prompt, now: datetime) -> Block:
    facts = [
        escape(prompt.flow, 80),
        escape(prompt.run_name, 80),
        f"open for {span(now - prompt.opened_at)}",
        f"times out {at(prompt.deadline)}" if prompt.deadline else "no deadline",
        _where(Policy.model_validate(prompt.policy).channel),
    ]
    return section(
        mrkdwn(f"{bold(title_of(prompt), 150)}\n{' · '.join(filter(None, facts))}"),
        accessory=button("Open", action_ids.OPEN, prompt.id),
    )


def _where(channel: str | None) -> str:
    if channel is None:
        return ""
    is_id = channel[:1] in "CGD" and channel.isalnum() and channel.isupper()
    return f"<#{channel}>" if is_id else escape(channel, 80)
