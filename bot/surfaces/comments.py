"""Draws what people say about a prompt without deciding: on its card, in the modal that asks for it, in messages."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from signoff.bot.blockkit.blocks import (
    ERROR_TEXT,
    HEADER_TEXT,
    SECTION_TEXT,
    Block,
    button,
    context,
    header,
    input_block,
    mrkdwn,
    option,
    plain_text,
    section,
)
from signoff.bot.blockkit.blocks import actions as buttons
from signoff.bot.blockkit.markup import at, bold, escape, excerpt_of, lines, span, utc
from signoff.bot.forms import ACTION
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.entered import ticked, typed
from signoff.bot.surfaces.omissions import Omitted
from signoff.bot.surfaces.question import asked_by
from signoff.bot.surfaces.wording import name_and_claim_of, name_of, question_excerpt
from signoff.flows.approval.comments import MAX_TEXT
from signoff.store.records.prompts import Comment, Prompt

_TEXT, _CLOCK = "comment", "clock"
_STOP = "stop"
_SHOWN = 3
_LINE = 400
_EXCERPT = 500


def comment_blocks(prompt: Prompt) -> tuple[list[Block], Omitted]:
    """The last few comments, each with who said it and when; none if nobody has said anything.

    What they say is no markup: the delimiters of mrkdwn have no escape.
    """
    blocks, missing = [], sum(len(each.text) for each in prompt.comments[:-_SHOWN])
    for each in prompt.comments[-_SHOWN:]:
        shown = excerpt_of(each.text, _EXCERPT)
        missing += shown.missing
        blocks += [context(mrkdwn(f"{_author(each)} · {at(each.at)}")), section(plain_text(shown.text or "–"))]
    return blocks, Omitted(missing)


def clock_line(prompt: Prompt) -> str:
    """Until when the clock is stopped, as a sentence; empty if it is not, or if the requester has answered."""
    stopped = _stopping(prompt)
    if stopped is None or stopped.stops_until is None or not prompt.is_open:
        return ""
    requester = "the requester" if prompt.requester is None else name_of(prompt.requester)
    asks = name_and_claim_of(stopped.actor)
    return f"⏸️ The clock is stopped until {requester} answers {asks}, until {at(stopped.stops_until)} at most."


def comment_modal(prompt: Prompt, *, may_stop: timedelta, is_requester: bool) -> Block:
    """The modal that asks for a comment.

    Args:
        may_stop: For how long this person may stop the clock until the requester has answered; zero if they may not.
        is_requester: Whether it is the requester, whose comment is an answer.
    """
    title = asked_by(prompt).question
    heading = (
        header(title) if len(title) <= HEADER_TEXT else section(mrkdwn(question_excerpt(prompt, SECTION_TEXT).text))
    )
    element = {"type": "plain_text_input", "action_id": ACTION, "multiline": True, "max_length": MAX_TEXT}
    who = "Whoever asked is told." if is_requester else "The requester is told, if Slack knows who that is."
    blocks = [
        heading,
        *comment_blocks(prompt)[0],
        input_block(_TEXT, "Answer" if is_requester else "Comment or question", element, optional=False),
    ]
    if may_stop:
        stop = option(f"Stop the clock until the requester answers, for {span(may_stop)} at most", _STOP)
        box = {"type": "checkboxes", "action_id": ACTION, "options": [stop]}
        blocks.append(input_block(_CLOCK, "Deadline", box, optional=True))
    blocks.append(context(plain_text(f"It stands on the card and decides nothing. {who}")))
    return {
        "type": "modal",
        "title": plain_text("Answer" if is_requester else "Comment"),
        "blocks": blocks,
        "callback_id": action_ids.COMMENT_MODAL,
        "private_metadata": prompt.id,
        "submit": plain_text("Send"),
        "close": plain_text("Close"),
        # Responses keeps track of the open modals.
        "notify_on_close": True,
    }


def comment_in(state_values: Mapping[str, Any]) -> tuple[str, bool]:
    """What was typed into the modal, and whether the clock is to be stopped."""
    return typed(state_values, _TEXT), _STOP in ticked(state_values, _CLOCK)


def comment_error(message: str) -> dict[str, Any]:
    """The response to a comment that cannot be taken."""
    return {"response_action": "errors", "errors": {_TEXT: lines(message, ERROR_TEXT)}}


def comment_notice(prompt: Prompt, comment: Comment, *, is_reply: bool) -> tuple[str, list[Block]]:
    """The message about a comment: a line in the thread of the card, or one with a button for the person it is for."""
    question = asked_by(prompt).question
    text = f"{escape(question, 300)} – {name_and_claim_of(comment.actor)}: {escape(comment.text, _LINE)}"
    said = section(plain_text(lines(comment.text, SECTION_TEXT) or "–"))
    if is_reply:
        return text, [context(mrkdwn(f"{_author(comment)} · {escape(question, 300)}")), said]
    blocks = [
        section(mrkdwn(f"💬 {bold(question)}\n{name_and_claim_of(comment.actor)} {_what(comment)}:")),
        said,
    ]
    if comment.stops_until is not None:
        until = at(comment.stops_until)
        blocks.append(context(mrkdwn(f"⏸️ The clock is stopped until you answer, until {until} at most.")))
        text += f" (the clock is stopped until {utc(comment.stops_until)} at most)"
    if not prompt.is_open:
        return text, blocks
    label, action_id = ("Open…", action_ids.OPEN) if comment.is_reply else ("Answer…", action_ids.COMMENT)
    return text, [*blocks, buttons([button(label, action_id, prompt.id)])]


def _what(comment: Comment) -> str:
    return "has answered" if comment.is_reply else "comments on what you requested"


def _author(comment: Comment) -> str:
    """Who said it, without a mention: a comment pings nobody."""
    answer = ", who requested this" if comment.is_reply else ""
    return f"💬 *{name_and_claim_of(comment.actor)}*{answer}"


def _stopping(prompt: Prompt) -> Comment | None:
    """The question for which the clock is stopped; `None` if the requester has answered, or if its stage has passed."""
    for each in reversed(prompt.comments):
        if each.is_reply:
            return None
        if each.stops_until is not None:
            return each if prompt.stop_ends(each) == each.stops_until else None
    return None


def comments_as_text(prompt: Prompt) -> str:
    """Every comment in full, as plain text, a paragraph for each."""
    return "\n".join(f"{each.actor.name_and_claim}, {utc(each.at)}: {each.text}" for each in prompt.comments)
