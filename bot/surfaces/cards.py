"""Draws a prompt as a Slack message. A pure function: a card shows what the database says, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from signoff.bot.blockkit.blocks import (
    HEADER_TEXT,
    MARKDOWN_TEXT,
    MESSAGE_BLOCKS,
    MESSAGE_TEXT,
    SECTION_TEXT,
    Block,
    Message,
    button,
    context,
    fields,
    header,
    markdown,
    mrkdwn,
    plain_text,
    section,
)
from signoff.bot.blockkit.blocks import actions as buttons
from signoff.bot.blockkit.excerpts import MRKDWN, Excerpt, shorten
from signoff.bot.blockkit.markdown import for_message
from signoff.bot.blockkit.markup import bold, escape, escaped, excerpt_of, lines, sentences, unescaped
from signoff.bot.forms import Form, VerdictButtons
from signoff.bot.forms.verdict import BARE
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.assignment import assignment_blocks, assignment_buttons
from signoff.bot.surfaces.claims import Claim
from signoff.bot.surfaces.comments import clock_line, comment_blocks
from signoff.bot.surfaces.confirmation import deciding_button, word_rule
from signoff.bot.surfaces.deadline import deadline_of
from signoff.bot.surfaces.earlier import asked_before
from signoff.bot.surfaces.escalation import escalated
from signoff.bot.surfaces.grace import undo_buttons
from signoff.bot.surfaces.omissions import Omitted, omission_notice
from signoff.bot.surfaces.question import asked_by
from signoff.bot.surfaces.rulings import ruling_line
from signoff.bot.surfaces.stages import stage_blocks
from signoff.bot.surfaces.tally import rules, tally_blocks, votes_at_the_end
from signoff.bot.surfaces.timing import more_time_button
from signoff.bot.surfaces.values import value_blocks
from signoff.bot.surfaces.wording import (
    approver_faults,
    approvers_left_out,
    delivery_line,
    fields_in_outcome,
    form_of,
    gist_of,
    name_of,
    outcome_line,
    outcome_sentence,
    question_excerpt,
    redirected,
    requested_by,
    run_line,
    verdict_in,
    was_refused,
    who_may_answer,
    words_left_out,
)
from signoff.store.places import DEFAULT_CHANNEL, Place
from signoff.store.records.prompts import Prompt

_NOTICE = 300
"""Room for the line that says what is left out."""

_OTHER_BLOCKS = 12
"""Room for everything besides values and votes: question, description, rules, faults, buttons and so on."""

_REASON = 1500
_LABEL = 300
_HINT = 600
_GIST = 200

METADATA_EVENT = "signoff_prompt"
"""The type of the metadata by which a card that was posted without being recorded is found."""


def card(
    prompt: Prompt,
    mentions: Mapping[str, str],
    place: Place = DEFAULT_CHANNEL,
    *,
    link: str | None = None,
    is_direct: bool = False,
    refused_elsewhere: str | None = None,
) -> Message:
    """The card of a prompt, open or settled.

    Args:
        mentions: Slack mentions (`<@U…>`) by the name that the policy uses (`@ana`). Approvers without one are shown
            by that name.
        place: Where the card goes. Its metadata names the place, so that two cards of one prompt can be told apart.
        link: Where a person can look at the run on its engine; `None` if nowhere.
        is_direct: Whether it is in the direct messages with a person.
        refused_elsewhere: Why it is there and not in its channel, by Slack's name for the error; `None` if it was meant
            to be there.

    Raises:
        FormError: If the prompt's form cannot be shown in Slack.
    """
    form, prompt = form_of(prompt), prompt.decided
    text, shown = asked_by(prompt), question_excerpt(prompt, SECTION_TEXT)
    fits = len(text.question) <= HEADER_TEXT
    heading = header(text.question) if fits else section(mrkdwn(shown.text))
    body = _open(prompt, form, mentions, is_direct=is_direct) if prompt.is_open else _settled(prompt, form)
    why_here = [context(plain_text(redirected(refused_elsewhere)))] if refused_elsewhere and prompt.is_open else []
    others = [heading, *why_here, *body.above, *body.below, run_line(prompt, link)]
    description = for_message(text.description, min(MARKDOWN_TEXT, MESSAGE_TEXT - _NOTICE - _length(others)))
    omitted = body.omitted + Omitted((0 if fits else shown.missing) + description.missing)
    return Message(
        text=_sentence(prompt, form, is_direct=is_direct),
        blocks=[
            heading,
            *why_here,
            *([markdown(description.text)] if description.text else []),
            *body.above,
            *omission_notice(omitted, prompt.id),
            *body.below,
            run_line(prompt, link),
        ],
        metadata=_metadata(prompt, place),
    )


def plain_card(prompt: Prompt, place: Place = DEFAULT_CHANNEL) -> Message:
    """A card for a Slack that does not take the usual one: it says what it is about, and all else is one press away.

    It has no buttons that decide, because it does not show what would be decided.
    """
    prompt = prompt.decided
    sentence = lines(unescaped(_sentence(prompt, form_of(prompt), is_direct=False)), SECTION_TEXT)
    shown = [button("Open…", action_ids.EDIT, str(Claim.of(prompt)), "primary")] if prompt.is_open else []
    return Message(
        text=escape(sentence),
        blocks=[section(plain_text(sentence)), buttons([*shown, button("Show all", action_ids.READ, prompt.id)])],
        metadata=_metadata(prompt, place),
    )


def _metadata(prompt: Prompt, place: Place) -> Mapping[str, Any]:
    return {"event_type": METADATA_EVENT, "event_payload": {"prompt_id": prompt.id, "place": str(place)}}


@dataclass(frozen=True, slots=True)
class _Body:
    """What a card shows besides the question and its description.

    Attributes:
        below: What comes after the line that says what is left out: the buttons.
    """

    above: list[Block]
    below: list[Block]
    omitted: Omitted


def _length(part: object) -> int:
    """An upper bound for the characters that Slack counts: it includes block types and ids."""
    if isinstance(part, dict):
        return sum(_length(value) for value in part.values())
    if isinstance(part, list):
        return sum(map(_length, part))
    return len(part) if isinstance(part, str) else 0


def _open(prompt: Prompt, form: Form, mentions: Mapping[str, str], *, is_direct: bool) -> _Body:
    values, omitted = value_blocks(form, prompt.initial_values, prompt.initial_values)
    verdict = verdict_in(prompt, form)
    asked = Excerpt("") if verdict is None else _asked(verdict)
    said, unsaid = comment_blocks(prompt)
    tallied, left = tally_blocks(prompt, form, room=MESSAGE_BLOCKS - len(values) - len(said) - _OTHER_BLOCKS)
    may_answer = who_may_answer(prompt, mentions, is_direct=is_direct)
    told = (
        requested_by(prompt),
        escalated(prompt, mentions),
        may_answer,
        rules(prompt, mentions),
        word_rule(prompt),
        deadline_of(prompt),
    )
    faults = [context(mrkdwn(fault))] if (fault := approver_faults(prompt)) else []
    ruled = [context(mrkdwn(line))] if (line := ruling_line(prompt)) else []
    before = asked_before(prompt)
    return _Body(
        above=[
            *([section(mrkdwn(before.text))] if before.text else []),
            *values,
            context(mrkdwn(" ".join(filter(None, told)))),
            *stage_blocks(prompt, mentions),
            *assignment_blocks(prompt),
            *faults,
            *ruled,
            *tallied,
            *said,
            *([context(mrkdwn(clock_line(prompt)))] if clock_line(prompt) else []),
            *([section(mrkdwn(asked.text))] if asked.text else []),
        ],
        below=[buttons(_buttons(prompt, form, verdict, all_shown=not omitted))],
        omitted=omitted + left + unsaid + Omitted(asked.missing + before.missing + len(approvers_left_out(prompt))),
    )


def _asked(verdict: VerdictButtons) -> Excerpt:
    """What the buttons answer, if they do not say so themselves: the label and the description of their field."""
    field = verdict.field
    says_so = any(isinstance(choice.value, bool) for choice in verdict.choices)
    label = "" if says_so or field.name == BARE else bold(field.label, _LABEL)
    hint = field.full_text[1]
    shown = shorten(escaped(hint), _HINT, MRKDWN)
    missing = 0 if unescaped(shown) == hint else max(len(hint) - len(unescaped(shown)) + 1, 1)
    return Excerpt("\n".join(filter(None, [label, shown])), missing)


def _buttons(prompt: Prompt, form: Form, verdict: VerdictButtons | None, *, all_shown: bool) -> list[Block]:
    claim = str(Claim.of(prompt))
    if verdict is not None:
        shown = [
            deciding_button(prompt, choice.label, action_ids.choose(position), choice.style)
            for position, choice in enumerate(verdict.choices)
        ]
        others = len(form.fields) > 1
    else:
        missing = form.is_missing_anything(prompt.initial_values)
        submit = "Submit as shown" if all_shown else "Submit unchanged"
        opens = missing or bool(form.fields and prompt.policy.word)
        label = submit if form.fields else "Resume"
        if opens:
            shown = [button("Answer…", action_ids.ANSWER, claim, "primary")]
        else:
            shown = [deciding_button(prompt, label, action_ids.ANSWER, "primary")]
        others = bool(form.fields) and not opens
    if others:
        shown.append(button("Edit…", action_ids.EDIT, claim))
    if verdict is None or not verdict.can_reject:
        shown.append(button("Reject…", action_ids.REJECT, claim, "danger"))
    if prompt.policy.comments != "off":
        shown.append(button("Comment…", action_ids.COMMENT, prompt.id))
    return [*shown, *assignment_buttons(prompt), *more_time_button(prompt)]


def _settled(prompt: Prompt, form: Form) -> _Body:
    values = prompt.initial_values if prompt.answer is None else prompt.answer
    blocks = [section(mrkdwn(outcome_line(prompt, form)))]
    reason = excerpt_of(prompt.reason or "", _REASON)
    if prompt.reason:
        blocks.append(fields([mrkdwn(bold("Reason")), plain_text(reason.text or "–")]))
    if told := delivery_line(prompt):
        blocks.append(section(mrkdwn(told)) if was_refused(prompt) else context(mrkdwn(told)))
    rows, omitted = value_blocks(form, values, prompt.original_values, without=fields_in_outcome(prompt, form))
    rows += [*stage_blocks(prompt, {}), *votes_at_the_end(prompt, form)]
    said, unsaid = comment_blocks(prompt)
    rows += said
    if prompt.requester is not None:
        rows.append(context(mrkdwn(f"Requested by {name_of(prompt.requester)}.")))
    return _Body(
        [*blocks, *rows], undo_buttons(prompt), omitted + unsaid + Omitted(reason.missing + words_left_out(prompt))
    )


def _sentence(prompt: Prompt, form: Form, *, is_direct: bool) -> str:
    """The question first: people read the beginning of a notification, and decide by it whether to look."""
    title = escape(asked_by(prompt).question, 300)
    if not prompt.is_open:
        return " ".join(filter(None, [f"{title} – {outcome_sentence(prompt, form)}", delivery_line(prompt)]))
    gist = escape(gist_of(prompt, _GIST))
    title = title if prompt.earlier is None else f"Asked again: {title}"
    asks = f"{title} – {gist}" if gist else title
    told = (who_may_answer(prompt, {}, is_direct=is_direct), rules(prompt, {}), deadline_of(prompt, spoken=True))
    said = sentences(asks, " ".join(filter(None, told)))
    return f"{said} ({escape(prompt.flow, 100)} · {escape(prompt.run_name, 100)})"
