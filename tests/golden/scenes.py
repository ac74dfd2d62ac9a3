"""Cards and modals as they are meant to look, one JSON file each beside this module.

After a change that is meant, `uv run python -m tests.golden.scenes` writes the files anew: read the difference.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from signoff import Policy
from signoff.bot.blockkit.blocks import Message
from signoff.bot.forms.draft import Draft
from signoff.bot.forms.editor_state import EditorState
from signoff.bot.surfaces.approvals_list import approvals_list
from signoff.bot.surfaces.cards import card
from signoff.bot.surfaces.modals import answer_modal, reject_modal, settled_modal
from signoff.bot.surfaces.notices import notice_message
from signoff.bot.surfaces.wording import form_of
from signoff.flows.approval.validation import FieldError
from signoff.store.places import Place
from signoff.store.records.outbox import Notice, NoticeKind
from signoff.store.records.prompts import Earlier, Outcome
from tests.support.models import Approval, DataSet, ShirtOrder, Triage
from tests.support.prompts import MENTIONS, OPENED, prompt_for, settled

FOLDER = Path(__file__).parent
DESCRIPTION = """\
Ships the **new** checkout, see [notes](https://example.com/notes?a=1&b=2).

- faster `pay()`
- fixes _three_ bugs

| service | version |
|---------|---------|
| api     | 1.4     |

Not for <!channel>.
"""

APPROVAL = prompt_for(
    Approval,
    {"version": "1.4.0", "at": "2026-05-01T18:00:00Z"},
    description=DESCRIPTION,
    deadline=OPENED + timedelta(hours=4),
)
APPROVED = prompt_for(
    Approval,
    dict(APPROVAL.initial_values),
    **settled(answer={"approved": True, "version": "1.4.1", "at": None, "reason": "With the *fix*"}),
)
SHIRT = prompt_for(ShirtOrder, {"size": "large"}, title="Which shirt?", flow="order")
ASKED_AGAIN = prompt_for(
    ShirtOrder,
    {"size": "small"},
    title="Which shirt for Ben?",
    flow="order",
    earlier=Earlier(
        "0",
        {
            "title": "Which shirt for Ana?",
            "description": "She is *tall*, <!channel>.",
            "schema": SHIRT.schema,
            "initial_values": {"size": "large"},
            "reason": None,
            **settled(answer={"size": "large", "color": "red"}),
        },
    ),
)
DATA = prompt_for(DataSet, {"rows": 50}, title="Make the data set", flow="dataset", description=DESCRIPTION)


def _notice(kind: NoticeKind, detail: dict[str, Any]) -> Notice:
    return Notice(
        1, APPROVAL, kind, detail, OPENED + timedelta(hours=1, minutes=30), 0, Place.thread("C1", "1.2"), True, "worker"
    )


SCENES: dict[str, Callable[[], Message | dict[str, Any]]] = {
    "card_approval": lambda: card(APPROVAL, MENTIONS),
    "card_choice": lambda: card(SHIRT, MENTIONS),
    "card_asked_again": lambda: card(ASKED_AGAIN, MENTIONS),
    "card_answer": lambda: card(DATA, MENTIONS),
    "card_resume": lambda: card(prompt_for(None, stored_policy=Policy()), {}),
    "card_approved": lambda: card(APPROVED, MENTIONS),
    "card_rejected": lambda: card(
        prompt_for(ShirtOrder, {"size": "large"}, **settled(Outcome.REJECTED, reason="No red ones left")), {}
    ),
    "card_timed_out": lambda: card(prompt_for(Triage, **settled(Outcome.TIMED_OUT, None)), {}),
    "modal_answer": lambda: answer_modal(DATA, EditorState(form_of(DATA), Draft(DATA.initial_values))),
    "modal_answer_refused": lambda: answer_modal(
        SHIRT,
        EditorState(form_of(SHIRT), Draft({"size": "small", "color": "red"})),
        [FieldError((), "There are no small red shirts.")],
    ),
    "modal_reject": lambda: reject_modal(APPROVAL),
    "modal_settled": lambda: settled_modal(APPROVED),
    "notice_reminder": lambda: notice_message(_notice(NoticeKind.REMINDER, {}), MENTIONS),
    "notice_asked_again": lambda: notice_message(_notice(NoticeKind.ASKED_AGAIN, {}), MENTIONS),
    "notice_completed": lambda: notice_message(
        _notice(NoticeKind.RUN_ENDED, {"state": "Completed", "run_name": "bold-lemur", "result": "1.4.1"}), MENTIONS
    ),
    "listing": lambda: approvals_list([APPROVAL, SHIRT], OPENED + timedelta(hours=5)),
}


def drawn(name: str) -> str:
    """The JSON of a scene, as in its file."""
    scene = SCENES[name]()
    shown = {"text": scene.text, "blocks": list(scene.blocks)} if isinstance(scene, Message) else scene
    return json.dumps(shown, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name in SCENES:
        (FOLDER / f"{name}.json").write_text(drawn(name), encoding="utf-8")
