"""Draws a prompt as a Slack message. A pure function: a card shows what the database says, and nothing else."""

from collections.abc import Mapping

from signoff.bot.blockkit.blocks import (
    HEADER_TEXT,
    MARKDOWN_TEXT,
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
from signoff.bot.blockkit.markdown import for_message
from signoff.bot.blockkit.markup import bold, escape, lines, link_to, plain
from signoff.bot.forms import Form
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.values import value_blocks
from signoff.bot.surfaces.wording import (
    deadline_of,
    delivery_line,
    fields_in_outcome,
    form_of,
    name_of,
    outcome_line,
    outcome_sentence,
    title_of,
    verdict_in,
    was_refused,
    who_may_answer,
)
from signoff.store.places import DEFAULT_CHANNEL, Place
from signoff.store.records.prompts import Prompt

METADATA_EVENT = "signoff_prompt"
"""The type of the metadata by which a card that was posted without being recorded is found."""


def card(
    prompt: Prompt, mentions: Mapping[str, str], place: Place = DEFAULT_CHANNEL, *, link: str | None = None
) -> Message:
    """The card of a prompt, open or settled.

    Args:
        mentions: Slack mentions (`<@U…>`) by the name that the policy uses (`@ana`). Approvers without one are shown
            by that name.
        place: Where the card goes. Its metadata names the place, so that two cards of one prompt can be told apart.
        link: Where a person can look at the run on its engine; `None` if nowhere.

    Raises:
        FormError: If the prompt's form cannot be shown in Slack.
    """
    form = form_of(prompt)
    above = _heading(prompt, link)
    below = _open(prompt, form, mentions) if prompt.is_open else _settled(prompt, form)
    return Message(
        text=_sentence(prompt, form),
        blocks=[*above, *_description(prompt, [*above, *below]), *below],
        metadata={"event_type": METADATA_EVENT, "event_payload": {"prompt_id": prompt.id, "place": str(place)}},
    )


def _heading(prompt: Prompt, link: str | None) -> list[Block]:
    title = title_of(prompt)
    fits = len(title) <= HEADER_TEXT
    asked = header(title) if fits else section(mrkdwn(bold(title, SECTION_TEXT)))
    of_run = [plain_text(plain(f"{prompt.flow} · {prompt.run_name}", 300))]
    if prompt.requester is not None:
        of_run.append(mrkdwn(f"requested by {name_of(prompt.requester)}"))
    if opens := link_to(link or "", f"Open in {prompt.engine}"):
        of_run.append(mrkdwn(opens))
    return [asked, context(*of_run)]


def _description(prompt: Prompt, others: list[Block]) -> list[Block]:
    """The description, shortened to the room that the other blocks leave."""
    text = for_message(prompt.description, min(MARKDOWN_TEXT, MESSAGE_TEXT - _length(others)))
    return [markdown(text)] if text else []


def _length(part: object) -> int:
    """An upper bound for the characters that Slack counts: it includes block types and ids."""
    if isinstance(part, dict):
        return sum(_length(value) for value in part.values())
    if isinstance(part, list):
        return sum(map(_length, part))
    return len(part) if isinstance(part, str) else 0


def _open(prompt: Prompt, form: Form, mentions: Mapping[str, str]) -> list[Block]:
    rules = " ".join(filter(None, [who_may_answer(prompt, mentions), deadline_of(prompt)]))
    return [
        *value_blocks(form, prompt.initial_values, prompt.initial_values),
        context(mrkdwn(rules)),
        buttons(_buttons(prompt, form)),
    ]


def _buttons(prompt: Prompt, form: Form) -> list[Block]:
    verdict = verdict_in(prompt, form)
    if verdict is not None:
        shown = [
            button(choice.label, action_ids.choose(position), prompt.id, choice.style)
            for position, choice in enumerate(verdict.choices)
        ]
        others = len(form.fields) > 1
    else:
        missing = form.is_missing_anything(prompt.initial_values)
        label = "Answer…" if missing else "Submit as shown" if form.fields else "Resume"
        shown = [button(label, action_ids.ANSWER, prompt.id, "primary")]
        others = bool(form.fields) and not missing
    if others:
        shown.append(button("Edit…", action_ids.EDIT, prompt.id))
    if verdict is None or not verdict.can_reject:
        shown.append(button("Reject…", action_ids.REJECT, prompt.id, "danger"))
    return shown


def _settled(prompt: Prompt, form: Form) -> list[Block]:
    values = prompt.initial_values if prompt.answer is None else prompt.answer
    blocks = [section(mrkdwn(outcome_line(prompt, form)))]
    if prompt.reason:
        blocks.append(fields([mrkdwn(bold("Reason")), plain_text(lines(prompt.reason, 1500) or "–")]))
    if told := delivery_line(prompt):
        blocks.append(section(mrkdwn(told)) if was_refused(prompt) else context(mrkdwn(told)))
    return [*blocks, *value_blocks(form, values, prompt.initial_values, without=fields_in_outcome(prompt, form))]


def _sentence(prompt: Prompt, form: Form) -> str:
    title = escape(title_of(prompt), 300)
    if not prompt.is_open:
        return " ".join(filter(None, [f"{title} – {outcome_sentence(prompt, form)}", delivery_line(prompt)]))
    asks = f"{escape(prompt.flow, 100)} ({escape(prompt.run_name, 100)}) is waiting for an answer."
    return " ".join(filter(None, [f"{title} – {asks}", who_may_answer(prompt, {}), deadline_of(prompt, spoken=True)]))
