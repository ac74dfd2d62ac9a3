"""Draws what happened to a prompt, as its ledger has it."""

from collections.abc import Sequence

from signoff.bot.blockkit.blocks import SECTION_TEXT, Message, context, header, mrkdwn, plain_text, section
from signoff.bot.blockkit.excerpts import MRKDWN, shorten
from signoff.bot.blockkit.markup import at, escape, plain
from signoff.bot.surfaces.ledger_words import in_words
from signoff.bot.surfaces.question import asked_by
from signoff.store.records.ledger import LedgerLine
from signoff.store.records.prompts import Prompt

MAX_LINES = 60
"""How many lines are shown, the newest ones. `signoff history` shows all."""

_AT_ONCE = 12
_TITLE = 150
_NAME = 80
_REASON = 200


_GIVEN = ("assigned", "reassigned", "delegated")
_WITH_REASON = ("rejected", "cancelled", "released", "commented")


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
    what = in_words(line.event)
    name = str(line.detail.get("name") or line.actor or "")
    claim = line.detail.get("claim")
    who = f" by {escape(f'{name} ({claim})' if claim else name, _NAME)}" if name else ""
    if to := line.detail.get("to") if line.event in _GIVEN else None:
        who += f" to {escape(str(to), _NAME)}"
    reason = line.detail.get("text" if line.event == "commented" else "reason")
    why = f": {escape(str(reason), _REASON)}" if reason and line.event in _WITH_REASON else ""
    return f"• {at(line.at)}: {what}{who}{why}"
