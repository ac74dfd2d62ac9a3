"""Messages in a card's thread: reminders, and how the run ended."""

from datetime import timedelta
from typing import Any

import pytest

from signoff import Policy
from signoff.bot.blockkit.blocks import Message
from signoff.bot.surfaces.notices import notice_message
from signoff.store.places import Place
from signoff.store.records.outbox import Notice, NoticeKind
from signoff.store.records.runs import RunState
from tests.support.models import Approval
from tests.support.prompts import MENTIONS, OPENED, prompt_for
from tests.unit.bot.surfaces.test_cards import check, texts


def message_of(kind: NoticeKind, detail: dict[str, Any], **changes: Any) -> Message:
    """The message of a notice four hours after its prompt was opened."""
    prompt = prompt_for(Approval, **changes)
    place = Place.thread("C1", "1.2")
    notice = Notice(7, prompt, kind, detail, OPENED + timedelta(hours=4), 0, place, True, "worker")
    message = notice_message(notice, MENTIONS)
    check(message)
    return message


def test_a_reminder_mentions_the_approvers() -> None:
    """A reminder says whose answer is missing, for how long, and until when."""
    message = message_of(NoticeKind.REMINDER, {}, deadline=OPENED + timedelta(hours=8))

    assert "Still waiting for <@U0ANA> or @ben. Open for 4 h, times out <!date^" in texts(message)
    assert message.text.endswith("still waiting for @ana or @ben, open for 4 h, times out May 1, 2026, 20:00 UTC.")


def test_a_reminder_without_approvers_and_deadline_is_short() -> None:
    """If the policy names nobody, it is a reminder about the answer."""
    message = message_of(NoticeKind.REMINDER, {}, stored_policy=Policy())

    told, *snooze = texts(message).rsplit("\n", 2)
    assert told == "⏰ *Release 1.4 to production?*\nStill waiting for an answer. Open for 4 h."
    assert snooze == ["Remind me in an hour", "Remind me tomorrow"]


@pytest.mark.parametrize("state", [state for state in RunState if state.is_final])
def test_every_end_of_a_run_is_reported(state: RunState) -> None:
    """Whatever state a run ends in, a message in the thread says so: the question first, the run's name last."""
    message = message_of(NoticeKind.RUN_ENDED, {"state": state.value, "result": None, "reason": None})

    assert message.text.startswith("Release 1.4 to production? – The run ")
    assert texts(message).endswith("release · bold-lemur")


def test_a_result_is_shown_as_plain_text() -> None:
    """A run's result is JSON in plain text, which cannot mention anybody."""
    message = message_of(NoticeKind.RUN_ENDED, {"state": "Completed", "result": {"sent": "<!channel>"}, "reason": None})

    assert message.blocks[1]["text"] == {"type": "plain_text", "text": '{\n  "sent": "<!channel>"\n}'}
    assert "<!" not in message.text


def test_a_failure_is_reported_by_its_class() -> None:
    """What was raised may hold anything, so the message says where its details are."""
    detail = {"state": "Failed", "result": None, "reason": "ValueError", "error": "ValueError: token=abc"}
    message = message_of(NoticeKind.RUN_ENDED, detail)

    assert "❌ The run failed: ValueError. `signoff show r1` has the details." in texts(message)
    assert "abc" not in texts(message) + message.text


def test_a_persons_reason_is_reported_as_it_was_written() -> None:
    """Why a run was cancelled is said in the words of whoever did it."""
    message = message_of(NoticeKind.RUN_ENDED, {"state": "Cancelled", "result": None, "reason": "Not today, token=abc"})

    assert "🚫 The run was cancelled: Not today, token=abc." in texts(message).replace("\u200b", "")


def test_a_notice_can_be_found_again() -> None:
    """The metadata holds the notice's id."""
    assert message_of(NoticeKind.REMINDER, {}).metadata == {
        "event_type": "signoff_notice",
        "event_payload": {"notice_id": "7"},
    }
