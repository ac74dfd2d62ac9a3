"""Draws the list of pending prompts that `/approvals` shows."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from math import ceil

from signoff.bot.blockkit.blocks import (
    HEADER_TEXT,
    Block,
    Message,
    button,
    context,
    header,
    mrkdwn,
    plain_text,
    section,
)
from signoff.bot.blockkit.blocks import actions as buttons
from signoff.bot.blockkit.markup import at, bold, escape, plain, span, unescaped
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.assignment import assigned_in_short
from signoff.bot.surfaces.claims import Claim
from signoff.bot.surfaces.deadline import deadline_in_short
from signoff.bot.surfaces.grace import held_in_short
from signoff.bot.surfaces.listings import Listing
from signoff.bot.surfaces.question import asked_by
from signoff.bot.surfaces.tally import in_short
from signoff.bot.surfaces.wording import gist_of
from signoff.flows.approval.several import yes_to
from signoff.flows.schema.slack_ids import is_conversation_id
from signoff.store.records.prompts import Prompt

MAX_LISTED = 15
"""How many prompts one message lists. More with long texts would be too long for one."""

WAITING = Listing()
"""What waits for a person's answer."""

_LOOKED_AT = 100
_TITLE = 200
_GIST = 120


def approvals_list(
    prompts: Sequence[Prompt],
    now: datetime,
    listing: Listing = WAITING,
    *,
    page: int = 1,
    are_all: bool = True,
) -> Message:
    """A page of the list of `prompts`, in the given order. Buttons at its end show the others.

    Args:
        listing: Which list it is.
        page: The number of the page, from 1.
        are_all: Whether no others are waiting.
    """
    if not prompts and not are_all:
        text = "Not all of the prompts that are waiting could be looked at in time."
        further = button("Look further", action_ids.LIST_NEXT, listing.button(1))
        return Message(text, [section(plain_text(text)), buttons([further])])
    text = listing.count(len(prompts), are_all=are_all)
    if not prompts:
        return Message(text, [section(mrkdwn(f"{text} 🎉")), *_hint(listing)])
    pages = ceil(len(prompts) / MAX_LISTED)
    page = max(1, min(page, pages))
    blocks = [header(plain(unescaped(text), HEADER_TEXT).removesuffix("."))]
    for prompt in prompts[(page - 1) * MAX_LISTED : page * MAX_LISTED]:
        blocks += entry(prompt, now)
    if pages > 1 or not are_all:
        others = []
        if page > 1:
            others.append(button("Back", action_ids.LIST_BACK, listing.button(page - 1)))
        # If it is not known how many there are, looking for more takes longer than an ack may.
        if page < pages or not are_all:
            others.append(button("Next", action_ids.LIST_NEXT, listing.button(page + 1)))
        blocks += [context(plain_text(f"Page {page} of {pages}{'' if are_all else ' or more'}")), buttons(others)]
    return Message(text, [*blocks, *together(prompts, listing), *_hint(listing)])


def together(prompts: Sequence[Prompt], listing: Listing) -> list[Block]:
    """The button that approves several at once, if two of those that wait for this person need nothing but a yes."""
    if listing.name not in ("list", "mine"):
        return []
    safe = (each for each in prompts[:_LOOKED_AT] if not isinstance(yes_to(each), str))
    if len(list(islice(safe, 2))) < 2:
        return []
    return [buttons([button("Approve several…", action_ids.SEVERAL, "several")])]


def _hint(listing: Listing) -> list[Block]:
    """Where the other prompts are, for somebody who looks for one of them."""
    if listing.name != "list":
        return []
    return [context(mrkdwn("`/approvals all` lists every prompt that you may see, `/approvals help` the rest."))]


def entry(prompt: Prompt, now: datetime | None) -> list[Block]:
    """The question and what it is about, then when and where, and last what `/approvals show` takes.

    Args:
        now: `None` for an entry that has no ages and so does not change by itself.
    """
    facts = [
        f"asked {at(prompt.opened_at)}" if now is None else f"open for {span(now - prompt.opened_at)}",
        deadline_in_short(prompt) or "no deadline",
        escape(in_short(prompt)),
        held_in_short(prompt),
        assigned_in_short(prompt, now),
        _where(prompt.policy.channel),
        escape(prompt.flow, 80),
        escape(prompt.run_name, 80),
        prompt.id[:8],
    ]
    asked = [bold(asked_by(prompt).question, _TITLE), escape(gist_of(prompt, _GIST), 2 * _GIST)]
    return [
        section(
            mrkdwn("\n".join(filter(None, asked))),
            accessory=button("Open", action_ids.OPEN, str(Claim.of(prompt))),
        ),
        context(mrkdwn(" · ".join(filter(None, facts)))),
    ]


def _where(channel: str | None) -> str:
    if channel is None:
        return ""
    return f"<#{channel}>" if is_conversation_id(channel) else escape(channel, 80)
