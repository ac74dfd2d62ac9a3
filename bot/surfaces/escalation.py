"""Escalations, on the card and in its thread. Sentences are mrkdwn."""

from collections.abc import Mapping

from signoff.bot.blockkit.blocks import Block, mrkdwn, section
from signoff.bot.blockkit.markup import bold, escape, span, together
from signoff.bot.surfaces.deadline import deadline_in_short
from signoff.bot.surfaces.question import asked_by
from signoff.bot.surfaces.tally import in_short
from signoff.store.policy_parts import Escalation
from signoff.store.records.outbox import Notice
from signoff.store.records.prompts import Prompt

_NAME = 80


def escalated(prompt: Prompt, mentions: Mapping[str, str]) -> str:
    """To whom an open prompt was escalated, such as `Escalated to <@U1> after 4 h.`; empty if it was not."""
    return " ".join(f"{_sentence(each, mentions)}." for each in prompt.policy.escalations[: prompt.escalations])


def escalation_notice(notice: Notice, mentions: Mapping[str, str]) -> tuple[str, list[Block]]:
    """The message in the thread. `detail` holds the `number` of the escalation."""
    prompt = notice.prompt
    escalation = prompt.policy.escalations[int(notice.detail["number"]) - 1]
    question, rest = asked_by(prompt).question, ""
    if tally := escape(in_short(prompt)):
        rest = f", {tally}"
    visible = spoken = f", who may answer now{rest}"
    if prompt.deadline is not None:
        visible += f", {deadline_in_short(prompt)}"
        spoken += f", {deadline_in_short(prompt, spoken=True)}"
    told = f"{escape(question, 300)} – {_sentence(escalation, {})}{spoken}."
    return told, [section(mrkdwn(f"🔺 {bold(question)} {_sentence(escalation, mentions)}{visible}."))]


def _sentence(escalation: Escalation, mentions: Mapping[str, str]) -> str:
    whom = together([mentions.get(name) or escape(name, _NAME) for name in escalation.to])
    return f"Escalated to {whom} after {span(escalation.after)}"
