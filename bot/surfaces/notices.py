"""Draws notices, the messages in the thread of a card."""

from collections.abc import Mapping
from typing import Any

from signoff.bot.blockkit.blocks import Block, Message, mrkdwn, plain_text, section
from signoff.bot.blockkit.markup import at, bold, escape, lines, plain, span, utc
from signoff.bot.forms.elements.text import as_json
from signoff.bot.surfaces.wording import approvers_of, title_of
from signoff.store.records.outbox import Notice
from signoff.store.records.runs import RunState

METADATA_EVENT = "signoff_notice"
"""The type of the metadata by which the messenger finds a notice that was posted without being recorded."""

_ENDINGS = {
    RunState.COMPLETED: ("✅", "completed"),
    RunState.FAILED: ("❌", "failed"),
    RunState.CRASHED: ("❌", "crashed"),
    RunState.CANCELLED: ("🚫", "was cancelled"),
    RunState.TIMED_OUT: ("⌛", "timed out"),
    RunState.NEEDS_ATTENTION: ("⚠️", "needs attention"),
}
_RESULT_LENGTH = 1500


def notice_message(notice: Notice, mentions: Mapping[str, str]) -> Message:
    """The message for a notice: a `reminder`, or the end of the run (`run_ended`).

    Args:
        mentions: Slack mentions by the name that the policy uses. A reminder is meant to notify these people.
    """
    text, blocks = _reminder(notice, mentions) if notice.kind == "reminder" else _run_ended(notice)
    return Message(text, blocks, {"event_type": METADATA_EVENT, "event_payload": {"notice_id": str(notice.id)}})


def _reminder(notice: Notice, mentions: Mapping[str, str]) -> tuple[str, list[Block]]:
    prompt = notice.prompt
    age = span(notice.created_at - prompt.opened_at)
    visible = f"⏰ Still waiting for {approvers_of(prompt, mentions) or 'an answer'}. Open for {age}"
    whom = approvers_of(prompt, {}) or "an answer"
    spoken = f"{escape(title_of(prompt), 300)} – still waiting for {whom}, open for {age}"
    if prompt.deadline is not None:
        visible += f", times out {at(prompt.deadline)}"
        spoken += f", times out {utc(prompt.deadline)}"
    return f"{spoken}.", [section(mrkdwn(f"{visible}."))]


def _run_ended(notice: Notice) -> tuple[str, list[Block]]:
    """How the run ended. `detail` holds `state`, `run_name`, `result` and `error`."""
    name = str(notice.detail.get("run_name") or notice.prompt.run_name)
    sign, ending = _ENDINGS[RunState(notice.detail["state"])]
    text = f"{escape(name, 100)} {ending}."
    blocks = [section(mrkdwn(f"{sign} {bold(name, 100)} {ending}."))]
    outcome = str(notice.detail.get("error") or "") or _as_text(notice.detail.get("result"))
    if outcome:
        blocks.append(section(plain_text(lines(outcome, _RESULT_LENGTH) or "–")))
        text += f" {escape(plain(outcome, 300))}"
    return text, blocks


def _as_text(result: Any) -> str:
    if result is None or isinstance(result, str):
        return result or ""
    return as_json(result, indent=2 if isinstance(result, dict | list) else None)
