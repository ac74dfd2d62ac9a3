"""Draws notices, the messages in the thread of a card."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from signoff.bot.blockkit.blocks import SECTION_TEXT, Block, Message, mrkdwn, plain_text, section
from signoff.bot.blockkit.markup import bold, code, escape, lines, plain, span
from signoff.bot.forms.elements.text import as_json
from signoff.bot.surfaces.assignment import assignment_note, assignment_sentence
from signoff.bot.surfaces.comments import comment_notice
from signoff.bot.surfaces.deadline import deadline_in_short
from signoff.bot.surfaces.escalation import escalation_notice
from signoff.bot.surfaces.outcome_notice import outcome_notice
from signoff.bot.surfaces.question import asked_by
from signoff.bot.surfaces.stages import stage_notice
from signoff.bot.surfaces.tally import at_stage, in_short, vote_sentence
from signoff.bot.surfaces.timing import extended_notice, snooze_buttons
from signoff.bot.surfaces.wording import approvers_of, form_of, gist_of, run_line
from signoff.store.records.outbox import Notice, NoticeKind
from signoff.store.records.runs import RunState
from signoff.store.redaction import redacted
from signoff.store.rows import comment_from_json, votes

METADATA_EVENT = "signoff_notice"
"""The type of the metadata by which a notice that was posted without being recorded is found."""

_ENDINGS = {
    RunState.COMPLETED: ("✅", "completed"),
    RunState.FAILED: ("❌", "failed"),
    RunState.CRASHED: ("❌", "crashed"),
    RunState.CANCELLED: ("🚫", "was cancelled"),
    RunState.TIMED_OUT: ("⌛", "timed out"),
    RunState.NEEDS_ATTENTION: ("⚠️", "needs attention"),
}
_TO_LOOK_INTO = frozenset({RunState.FAILED, RunState.CRASHED, RunState.TIMED_OUT, RunState.NEEDS_ATTENTION})
_GIST = 200
_REASON_LENGTH = 300
_RESULT_LENGTH = 1500


def notice_message(notice: Notice, mentions: Mapping[str, str]) -> Message:
    """The message for a notice.

    Args:
        mentions: Slack mentions by the name that the policy uses. A reminder is meant to notify these people.
    """
    text, blocks = _DRAWN[notice.kind](notice, mentions)
    return Message(text, blocks, {"event_type": METADATA_EVENT, "event_payload": {"notice_id": str(notice.id)}})


def _reminder(notice: Notice, mentions: Mapping[str, str]) -> tuple[str, list[Block]]:
    prompt = notice.prompt
    age = span(notice.created_at - prompt.opened_at)
    asked = bold(asked_by(prompt).question, SECTION_TEXT // 2)
    gist = escape(gist_of(prompt, _GIST))
    about = f"\n{gist}" if gist else ""
    who = approvers_of(prompt, mentions, waiting=True) or "an answer"
    visible = f"⏰ {asked}{about}\nStill waiting for {who}. Open for {age}"
    whom = approvers_of(prompt, {}, waiting=True) or "an answer"
    spoken = f"{escape(asked_by(prompt).question, 300)} – still waiting for {whom}, open for {age}"
    if tally := escape(in_short(prompt)):
        visible, spoken = f"{visible}, {tally}", f"{spoken}, {tally}"
    if prompt.deadline is not None:
        visible += f", {deadline_in_short(prompt)}"
        spoken += f", {deadline_in_short(prompt, spoken=True)}"
    return f"{spoken}.", [section(mrkdwn(f"{visible}.")), snooze_buttons(prompt)]


def _run_ended(notice: Notice) -> tuple[str, list[Block]]:
    """How the run ended. `detail` holds `state`, `result` and `reason`.

    What the flow raised is not shown: its message may hold anything. `signoff show` has it, for those who operate it.
    """
    prompt, state = notice.prompt, RunState(notice.detail["state"])
    sign, ending = _ENDINGS[state]
    reason = plain(str(notice.detail.get("reason") or ""), _REASON_LENGTH).rstrip(".")
    sentence = f"The run {ending}: {escape(reason)}." if reason else f"The run {ending}."
    if state in _TO_LOOK_INTO:
        sentence += f" {code(f'signoff show {prompt.run_id[:8]}')} has the details."
    blocks = [section(mrkdwn(f"{sign} {sentence}"))]
    text = f"{escape(asked_by(prompt).question, 300)} – {sentence}"
    result = redacted(_as_text(notice.detail.get("result")))
    if result:
        blocks.append(section(plain_text(lines(result, _RESULT_LENGTH) or "–")))
        text += f" {escape(plain(result, 300))}"
    return text, [*blocks, run_line(prompt)]


def _asked_again(notice: Notice) -> tuple[str, list[Block]]:
    sentence = "The run asks this in other words now, in a message of its own. The answer here does not count for that."
    return f"{escape(asked_by(notice.prompt).question, 300)} – {sentence}", [section(mrkdwn(f"🔁 {sentence}"))]


def _voted(notice: Notice) -> tuple[str, list[Block]]:
    """A vote, with the tally as it was then. `detail` holds all `votes`, and the `actor` who cast this one."""
    prompt = at_stage(replace(notice.prompt, votes=votes(notice.detail["votes"])), notice.detail.get("stage", ""))
    vote = prompt.ballot.vote_of(str(notice.detail["actor"]))
    said = "" if vote is None else vote_sentence(prompt, form_of(prompt), vote)
    question = asked_by(prompt).question
    return f"{escape(question, 300)} – {said}", [section(mrkdwn(f"🗳️ {bold(question)} {said}"))]


def _assigned(notice: Notice, mentions: Mapping[str, str]) -> tuple[str, list[Block]]:
    prompt, question = notice.prompt, asked_by(notice.prompt).question
    said, spoken = (assignment_sentence(notice.detail, approvers_of(prompt, each)) for each in (mentions, {}))
    return f"{escape(question, 300)} – {spoken}", [
        section(mrkdwn(f"🙋 {bold(question)} {said}")),
        *assignment_note(notice.detail),
    ]


def _as_text(result: Any) -> str:
    if result is None or isinstance(result, str):
        return result or ""
    return as_json(result, indent=2 if isinstance(result, dict | list) else None)


_Draw = Callable[[Notice, Mapping[str, str]], tuple[str, list[Block]]]

_DRAWN: Mapping[NoticeKind, _Draw] = {
    NoticeKind.REMINDER: _reminder,
    NoticeKind.ESCALATED: escalation_notice,
    NoticeKind.EXTENDED: lambda notice, _: extended_notice(notice),
    NoticeKind.RUN_ENDED: lambda notice, _: _run_ended(notice),
    NoticeKind.ASKED_AGAIN: lambda notice, _: _asked_again(notice),
    NoticeKind.VOTED: lambda notice, _: _voted(notice),
    NoticeKind.ASSIGNED: _assigned,
    NoticeKind.COMMENT: lambda notice, _: comment_notice(
        notice.prompt, comment_from_json(notice.detail), is_reply=notice.is_reply
    ),
    NoticeKind.STAGE: stage_notice,
    NoticeKind.OUTCOME: lambda notice, _: outcome_notice(notice.prompt),
}
"""How each kind is drawn: its text and its blocks."""
