"""Draws what happened to a prompt, as its ledger has it."""

from collections.abc import Mapping, Sequence

from signoff.bot.blockkit.blocks import SECTION_TEXT, Message, context, header, mrkdwn, plain_text, section
from signoff.bot.blockkit.excerpts import MRKDWN, shorten
from signoff.bot.blockkit.markup import at, escape, plain
from signoff.bot.surfaces.question import asked_by
from signoff.store.records.prompts import LedgerLine, Prompt

MAX_LINES = 60
"""How many lines are shown, the newest ones. `signoff history` shows all."""

_AT_ONCE = 12
_TITLE = 150
_NAME = 80
_REASON = 200

_WORDS: Mapping[str, str] = {
    "opened": "Asked",
    "card_posted": "Posted in Slack",
    "card_lost": "The message was deleted",
    "card_refused": "Slack did not take the message",
    "submitted": "Answered",
    "rejected": "Rejected",
    "claimed": "Taken on",
    "released": "Given back",
    "reassigned": "Handed over",
    "delegated": "Delegated",
    "away": "An approver went away",
    "back": "An approver is back",
    "voted": "Voted",
    "reminded": "Reminded",
    "overdue": "The deadline passed, and it stays open",
    "timed_out": "Timed out",
    "cancelled": "Cancelled",
    "refused": "Tried to answer, and may not",
    "unverified": "Tried to answer, and Slack did not say whether they may",
    "invalid": "Entered values that do not fit",
    "unconfirmed": "Did not type what confirms it",
    "too_late": "Answered too late",
    "asked_again": "Asked again after a retry",
    "reworded": "Asked in other words",
    "approver_missing": "An approver was not found",
    "approver_found": "An approver was found",
    "too_few_approvers": "Too few people can answer",
    "enough_approvers": "Enough people can answer again",
    "delivery_accepted": "The engine accepted the outcome",
    "delivery_refused": "The engine refused the outcome",
    "run_ended": "The run ended",
}


_GIVEN = ("reassigned", "delegated")
_WITH_REASON = ("rejected", "cancelled", "released")


def history_message(prompt: Prompt, ledger: Sequence[LedgerLine]) -> Message:
    """What happened to a prompt, oldest first: each event, when, and by whom. The values are on its card."""
    question = asked_by(prompt).question
    shown = [_line(each) for each in ledger[-MAX_LINES:]]
    blocks = [header(plain(f"History of {question}", _TITLE))]
    left = len(ledger) - len(shown)
    if left:
        blocks.append(context(plain_text(f"{left} earlier events are in `signoff history {prompt.id[:8]}`.")))
    parts = ("\n".join(shown[start : start + _AT_ONCE]) for start in range(0, len(shown), _AT_ONCE))
    blocks += [section(mrkdwn(shorten(part, SECTION_TEXT, MRKDWN))) for part in parts]
    blocks.append(context(plain_text(plain(f"{prompt.flow} · {prompt.run_name} · {prompt.id[:8]}", 300))))
    return Message(escape(f"History of {question}"), blocks)


def _line(line: LedgerLine) -> str:
    what = _WORDS.get(line.event) or line.event.replace("_", " ").capitalize()
    name = str(line.detail.get("name") or line.actor or "")
    claim = line.detail.get("claim")
    who = f" by {escape(f'{name} ({claim})' if claim else name, _NAME)}" if name else ""
    if to := line.detail.get("to") if line.event in _GIVEN else None:
        who += f" to {escape(str(to), _NAME)}"
    reason = line.detail.get("reason")
    why = f": {escape(str(reason), _REASON)}" if reason and line.event in _WITH_REASON else ""
    return f"• {at(line.at)}: {what}{who}{why}"
