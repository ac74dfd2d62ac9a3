"""Who has taken a prompt on: on its card, in lists and in its thread. Sentences are mrkdwn."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from signoff.bot.blockkit.blocks import (
    ERROR_TEXT,
    SECTION_TEXT,
    Block,
    button,
    context,
    input_block,
    mrkdwn,
    plain_text,
    section,
)
from signoff.bot.blockkit.markup import at, escape, lines, plain, span, utc
from signoff.bot.forms import ACTION
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.claims import Claim
from signoff.bot.surfaces.entered import typed, user
from signoff.bot.surfaces.wording import name_of, question_excerpt
from signoff.store.policy import Policy
from signoff.store.records.assignment import HandOver
from signoff.store.records.prompts import Prompt
from signoff.store.sql.column_types import storable

NOTE_TEXT = 300
"""How long a note may be."""

_TO = "to"
_NOTE_TO = "note"
_NAME = 80
_REASON = 300


_RULES = {
    "claim": "One of them can take it on, who alone is reminded then.",
    "round_robin": "It is assigned to one of them, in turn, who alone is reminded.",
    "least_loaded": "It is assigned to the one of them who has the fewest open prompts, who alone is reminded.",
}


def assignment_rules(policy: Policy) -> list[str]:
    """What a policy says of who has its prompts, and who may answer in whose place, as sentences."""
    told = [] if policy.assignment is None else [_RULES[policy.assignment]]
    return [*told, "They may let a colleague answer in their place."] if policy.may_delegate else told


def assignment_blocks(prompt: Prompt) -> list[Block]:
    """Who has an open prompt, since when, and what was said to it; none if nobody has it."""
    assignment = prompt.assignment
    if assignment.assignee is None or assignment.since is None:
        return []
    given = "" if assignment.by is None else f", from {name_of(assignment.by)}"
    has_it = mrkdwn(f"🙋 *{name_of(assignment.assignee)} has this* since {at(assignment.since)}{given}")
    return [context(has_it, *_noted(assignment.note))]


def _noted(note: str) -> list[Block]:
    """What was said to it. As plain text, since Slack would format it otherwise."""
    shown = plain(note, NOTE_TEXT)
    return [plain_text(f"“{shown}”")] if shown else []


def assignment_buttons(prompt: Prompt) -> list[Block]:
    """The buttons with which people take a prompt on, give it back, or hand it to somebody else."""
    shown, claim = [], str(Claim.of(prompt))
    if prompt.assignment.assignee is not None:
        shown.append(button("Release", action_ids.RELEASE, claim))
    elif prompt.policy.assignment is not None:
        shown.append(button("I'll take it", action_ids.CLAIM, claim))
    if prompt.policy.assignment is not None or prompt.policy.may_delegate:
        shown.append(button("Hand over…", action_ids.HAND_OVER, claim))
    return shown


def hand_over_modal(prompt: Prompt) -> Block:
    """The modal that asks who is to have the prompt, and what to tell them."""
    people = {"type": "users_select", "action_id": ACTION}
    note = {"type": "plain_text_input", "action_id": ACTION, "multiline": True, "max_length": NOTE_TEXT}
    hint = (
        "Whoever may answer has it then. Anybody else may answer in your place, and the two of you have one vote."
        if prompt.policy.may_delegate
        else "Only people who may answer can have it."
    )
    return {
        "type": "modal",
        "callback_id": action_ids.HAND_OVER_MODAL,
        "private_metadata": str(Claim.of(prompt)),
        "title": plain_text("Hand over"),
        "submit": plain_text("Hand over"),
        "close": plain_text("Close"),
        "blocks": [
            section(mrkdwn(question_excerpt(prompt, SECTION_TEXT).text)),
            input_block(_TO, "To", people, optional=False, hint=hint),
            input_block(_NOTE_TO, "Note", note, optional=True),
        ],
        # Responses keeps track of the open modals.
        "notify_on_close": True,
    }


def handed_over(state_values: Mapping[str, Any]) -> HandOver:
    """What somebody has entered into that modal. It may be anything, since it comes from outside."""
    note = storable(typed(state_values, _NOTE_TO))
    return HandOver(user(state_values, _TO), note[:NOTE_TEXT])


def hand_over_error(message: str) -> dict[str, Any]:
    """The response to a submission of that modal that cannot be."""
    return {"response_action": "errors", "errors": {_TO: lines(message, ERROR_TEXT)}}


def assigned_in_short(prompt: Prompt, now: datetime | None) -> str:
    """Who has a prompt, and for how long, for a row of a list; empty if nobody has it.

    Args:
        now: `None` to say since when instead, which does not change by itself.
    """
    assignment = prompt.assignment
    if assignment.assignee is None or assignment.since is None:
        return ""
    since = f"since {at(assignment.since)}" if now is None else f"for {span(now - assignment.since)}"
    return f"{name_of(assignment.assignee)} has it, {since}"


def assignee_as_text(prompt: Prompt) -> str:
    """Who has a prompt, since when, from whom and with which note, as unescaped text; empty if nobody has it."""
    assignment = prompt.assignment
    if assignment.assignee is None or assignment.since is None:
        return ""
    given = "" if assignment.by is None else f", from {assignment.by.name}"
    note = f": {assignment.note}" if assignment.note else ""
    return f"{assignment.assignee.name} since {utc(assignment.since)}{given}{note}"


def assignment_sentence(detail: Mapping[str, Any], everybody: str) -> str:
    """What became of an assignment, for the thread. It names people without mentioning them, unless all are asked.

    Args:
        detail: What the notice holds: the `event`, who did it in `by`, and what else the ledger says of it.
        everybody: Who may answer.
    """
    by = _named(detail["by"])
    match detail["event"]:
        case "claimed":
            return f"{by} takes this."
        case "assigned":
            return f"This is assigned to {escape(str(detail['to']), _NAME)}: {escape(str(detail['why']), _REASON)}."
        case "left_to_all":
            return f"Nobody is there to whom this could be assigned, so it waits for {everybody}."
        case "released" if "from" in detail:
            return f"Nobody has this any more. {escape(str(detail['reason']), _REASON)}"
        case "reassigned" | "delegated" as event:
            to = escape(str(detail["to"]), _NAME)
            whose = f" in {escape(str(detail['for']), _NAME)}'s place" if "for" in detail else ""
            may = f" {to} may answer{whose or f' in place of {by}'}." if event == "delegated" else ""
            return f"{by} has handed this to {to}.{may}"
        case _:
            return f"{by} has released this, so nobody has it now."


def assignment_note(detail: Mapping[str, Any]) -> list[Block]:
    """What was said to it, for the thread; none if nothing was."""
    noted = _noted(str(detail.get("note") or ""))
    return [context(*noted)] if noted else []


def _named(person: Mapping[str, str]) -> str:
    return escape(person["name"], _NAME)
