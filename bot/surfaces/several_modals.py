"""Draws the modal in which a person approves several prompts at once, and what came of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from signoff.bot.blockkit.blocks import (
    LABEL_TEXT,
    MODAL_BLOCKS,
    OPTION_TEXT,
    SECTION_TEXT,
    VIEW_BYTES,
    Block,
    context,
    divider,
    input_block,
    mrkdwn,
    option,
    plain_text,
    section,
)
from signoff.bot.blockkit.markdown import for_modal
from signoff.bot.blockkit.markup import escape, plain
from signoff.bot.forms import ACTION, FormError
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.claims import Claim
from signoff.bot.surfaces.entered import ticked
from signoff.bot.surfaces.question import asked_by
from signoff.bot.surfaces.tally import in_short
from signoff.bot.surfaces.values import value_blocks
from signoff.bot.surfaces.wording import form_of, requested_by
from signoff.flows.approval.several import yes_to
from signoff.store.records.prompts import Prompt

MAX_SHOWN = 20
"""How many prompts are shown at once."""

_MAX_NAMED = 15
_TITLE = 200
_BLOCKS_AROUND = _MAX_NAMED + 5
_BYTES_AROUND = 50_000
_YES = "yes"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a person can tick.

    Attributes:
        shown: The prompts that are shown in full, and can be approved together.
        left_out: The questions that have to be answered by themselves, and why.
        more: How many others could be approved too, and are not shown for lack of room.
    """

    shown: Sequence[tuple[Prompt, Sequence[Block]]]
    left_out: Sequence[tuple[str, str]]
    more: int


def choice_among(prompts: Sequence[Prompt]) -> Choice:
    """What a person can tick among the prompts that wait for them. Only what is shown in full can be."""
    shown: list[tuple[Prompt, Sequence[Block]]] = []
    left_out: list[tuple[str, str]] = []
    more = 0
    blocks, size = _BLOCKS_AROUND, _BYTES_AROUND
    for prompt in prompts:
        drawn = drawn_in_full(prompt)
        if isinstance(drawn, str):
            left_out.append((asked_by(prompt).question, drawn))
            continue
        blocks, size = blocks + len(drawn), size + len(json.dumps(drawn))
        if more or len(shown) == MAX_SHOWN or blocks > MODAL_BLOCKS or size > VIEW_BYTES:
            more += 1
        else:
            shown.append((prompt, drawn))
    return Choice(shown, left_out, more)


def several_modal(choice: Choice, *, are_all: bool = True) -> Block:
    """The modal: each prompt with all that it says, and a box to tick. None is ticked.

    Args:
        are_all: Whether everything that waits was looked at.
    """
    blocks = [block for _, drawn in choice.shown for block in drawn]
    if not blocks:
        blocks.append(
            section(plain_text("None of the prompts that wait for you can be approved together with others."))
        )
    if choice.more or not are_all:
        number = f"{choice.more} more" if are_all else "More"
        blocks.append(
            context(plain_text(f"{number} can be approved together. Approve these first, then open it again."))
        )
    if choice.left_out:
        blocks.append(section(mrkdwn("*These have to be answered by themselves:*")))
        blocks += [
            context(mrkdwn(f"{escape(what, _TITLE)} – {escape(why, _TITLE)}."))
            for what, why in choice.left_out[:_MAX_NAMED]
        ]
        others = len(choice.left_out) - _MAX_NAMED
        blocks += [context(plain_text(f"and {others} more"))] if others > 0 else []
    modal = _modal("Approve several", blocks)
    if not choice.shown:
        return modal
    return modal | {"callback_id": action_ids.SEVERAL_MODAL, "submit": plain_text("Approve the ticked")}


def ticked_in(state_values: Mapping[str, Any]) -> list[Claim]:
    """The prompts that are ticked, in the order of the modal."""
    return [Claim.read(block_id) for block_id in state_values if ticked(state_values, block_id)]


def nothing_ticked(first: str) -> dict[str, Any]:
    """The response to a submission in which nothing is ticked.

    Args:
        first: The id of the first prompt.
    """
    return {"response_action": "errors", "errors": {first: "Tick what you approve. Nothing was decided."}}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a prompt that was ticked.

    Attributes:
        what: The prompt, as mrkdwn.
        told: What came of it, as mrkdwn.
    """

    what: str
    told: str
    is_approved: bool


def done_modal(outcomes: Sequence[Outcome], *, not_reached: int = 0) -> Block:
    """What came of each prompt that was ticked. What was not approved is named first.

    Args:
        not_reached: How many there was no time for.
    """
    lines = [f"{each.what}\n{each.told}" for each in sorted(outcomes, key=lambda each: each.is_approved)]
    approved, ticked = sum(each.is_approved for each in outcomes), len(outcomes) + not_reached
    intro = f"{approved} of {ticked} approved." if approved < ticked else f"{approved} approved."
    if not_reached:
        intro += f" There was no time for {not_reached} of them: open “Approve several…” again."
    title = "Approved" if approved else "Nothing was approved"
    return _modal(title, [section(mrkdwn(f"*{intro}*")), *(section(mrkdwn(line[:SECTION_TEXT])) for line in lines)])


def drawn_in_full(prompt: Prompt) -> Sequence[Block] | str:
    """All that a prompt says, and its box; or why it cannot be among several."""
    why_not = yes_to(prompt)
    if isinstance(why_not, str):
        return why_not
    asked = asked_by(prompt)
    try:
        form = form_of(prompt)
    except FormError:
        return "it cannot be shown in Slack"
    description = for_modal(asked.description, SECTION_TEXT)
    rows, omitted = value_blocks(form, prompt.initial_values, prompt.initial_values)
    if omitted or description.missing or len(asked.question) > _TITLE:
        return "it is too long to be shown in full beside others"
    facts = [escape(prompt.flow, 80), escape(prompt.run_name, 80), requested_by(prompt), escape(in_short(prompt))]
    box = {"type": "checkboxes", "action_id": ACTION, "options": [option(plain("Approve", OPTION_TEXT), _YES)]}
    return [
        input_block(str(Claim.of(prompt)), plain(asked.question, LABEL_TEXT), box, optional=True),
        *([section(mrkdwn(description.text))] if description.text else []),
        *rows,
        context(mrkdwn(" · ".join(filter(None, facts)))),
        divider(),
    ]


def _modal(title: str, blocks: list[Block]) -> Block:
    return {"type": "modal", "title": plain_text(title), "blocks": blocks, "close": plain_text("Close")}
