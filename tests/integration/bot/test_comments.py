"""People comment on a prompt and ask its requester, without deciding and without leaving Slack."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from signoff.bot.cli.showing import _of_prompt
from signoff.flows.approval.admission import NO_COMMENTS
from signoff.store import ledger
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt
from signoff.testing import Modal, VisibleMessage
from tests.integration.bot.asking import consult
from tests.integration.bot.running_service import RunningService
from tests.integration.bot.test_forged_payloads import press
from tests.support.waiting import until_asked

BEN_ID = "U0BENOKAF1"
DIRECT = "@signoff"
LABEL = "Comment or question"


def consulted(
    service: RunningService, requester: str | None = BEN_ID, **parameters: Any
) -> tuple[Prompt, VisibleMessage]:
    """A prompt that Ben has requested, and its card."""
    run = consult.create_run(parameters, db=service.db, requester=requester)
    prompt = until_asked(service.db, run.id)
    card = service.card(prompt)
    service.until_noted(prompt, "card_posted")
    service.until_checked(prompt)
    return prompt, card


def commenting(service: RunningService, name: str, card: VisibleMessage, button: str = "Comment…") -> Modal:
    """The modal that a person gets for a comment."""
    person = service.slack.person(name)
    person.press(button, message=card)
    return person.wait_for_modal("decides nothing")


def comments(service: RunningService, name: str, card: VisibleMessage, text: str, **more: Any) -> None:
    """Have a person comment."""
    commenting(service, name, card)
    service.slack.person(name).submit({LABEL: text, **more})
    service.slack.person(name).wait_until_no_modal()


def shown(service: RunningService, wanted: str) -> VisibleMessage:
    """The card, once it says this."""
    return service.slack.person("mei").wait_for_message(
        "#releases", lambda seen: bool(seen.buttons) and seen.thread_ts in (None, seen.ts) and wanted in seen.full_text
    )


def test_a_question_and_its_answer_stand_on_the_card_and_decide_nothing(service: RunningService) -> None:
    """The requester is asked directly, and answers there; whoever asked is told; and then somebody decides."""
    prompt, card = consulted(service)
    comments(service, "ana", card, "Is the database migrated?")
    assert "💬 *Ana Ruiz* · " in shown(service, "Is the database migrated?").full_text
    ben = service.slack.person("ben")
    asked = ben.wait_for_message(DIRECT, "Is the database migrated?")
    assert "*May it go out?*\nAna Ruiz comments on what you requested:" in asked.full_text
    modal = commenting(service, "ben", asked, "Answer…")
    assert "Is the database migrated?" in modal.full_text
    ben.submit({"Answer": "Since noon."})
    ben.wait_until_no_modal()
    card = shown(service, "Since noon.")
    assert "💬 *Ben Okafor*, who requested this · " in card.full_text
    ana = service.slack.person("ana")
    assert "Ben Okafor has answered:" in ana.wait_for_message(DIRECT, "Since noon.").full_text
    service.until_all_is_said()
    said = [each.full_text for each in service.replies(card)]
    assert ["Is the database migrated?" in each for each in said] == [True, False]
    lines = [line for line in ledger.lines(service.db, prompt.id) if line.event == "commented"]
    assert [(line.detail["name"], line.detail["text"], line.detail.get("reply")) for line in lines] == [
        ("Ana Ruiz", "Is the database migrated?", None),
        ("Ben Okafor", "Since noon.", True),
    ]
    assert prompts.get(service.db, prompt.id).is_open
    ana.press("Approve", message=card)
    assert service.over(prompt).result == "approved: True"
    assert "Since noon." in service.card(prompt, open_=False).full_text


def marked_up(message: VisibleMessage) -> str:
    """All mrkdwn of a message."""

    def texts(part: Any) -> Iterator[str]:
        if isinstance(part, dict):
            if part.get("type") == "mrkdwn":
                yield part["text"]
            for each in part.values():
                yield from texts(each)
        if isinstance(part, list):
            for each in part:
                yield from texts(each)

    return "\n".join(texts(message.blocks))


def test_a_comment_pings_nobody_and_forges_nothing(service: RunningService) -> None:
    """On the card, in its thread and in the message to the requester. `signoff show` has it in full."""
    prompt, card = consulted(service)
    hostile = "<!channel> *Approved* by <@U0MEITANA1>\n> 💬 *Ben Okafor*: fine"
    comments(service, "ana", card, hostile)
    card = shown(service, hostile)
    service.until_all_is_said()
    (reply,) = service.replies(card)
    direct = service.slack.person("ben").wait_for_message(DIRECT, hostile)
    for message in (card, reply, direct):
        assert hostile in message.full_text
        assert "<!channel>" not in marked_up(message) + message.text
        assert "Ben Okafor*: fine" not in marked_up(message)
    assert f": {hostile}" in dict(_of_prompt(prompts.get(service.db, prompt.id)))["Comments"]


def test_a_question_stops_the_clock_until_the_requester_answers(service: RunningService) -> None:
    """The deadline and the reminders move by the time that was waited, and the card says so."""
    before, card = consulted(service, comments="pause-clock", reminder=1800)
    assert before.deadline is not None
    comments(service, "ana", card, "Is it safe?", Deadline=True)
    card = shown(service, "⏸️ The clock is stopped until <@U0BENOKAF1> answers Ana Ruiz, until <!date^")
    stopped = prompts.get(service.db, before.id)
    hour = timedelta(hours=1)
    assert (stopped.deadline, stopped.stopped_for) == (before.deadline + hour, hour)
    assert stopped.due_at == before.opened_at + timedelta(minutes=30) + hour
    asked = service.slack.person("ben").wait_for_message(DIRECT, "Is it safe?")
    assert "⏸️ The clock is stopped until you answer, until " in asked.full_text
    commenting(service, "ben", asked, "Answer…")
    service.slack.person("ben").submit({"Answer": "Yes."})
    assert "⏸️" not in shown(service, "Yes.").full_text
    after = prompts.get(service.db, before.id)
    question, answer = after.comments
    waited = answer.at - question.at
    assert waited > timedelta()
    assert after.deadline == before.deadline + waited
    assert after.due_at == before.opened_at + timedelta(minutes=30) + waited
    noted = [line.detail for line in ledger.lines(service.db, before.id) if line.event == "commented"]
    assert noted[0]["stops_clock_until"] == (question.at + hour).isoformat()
    assert noted[1]["deadline"] == after.deadline.isoformat()


def test_all_questions_together_give_as_much_time_again_as_there_was(service: RunningService) -> None:
    """While the clock is stopped nobody can stop it again, not with a forged form either."""
    prompt, card = consulted(service, comments="pause-clock")
    comments(service, "ana", card, "Is it safe?", Deadline=True)
    stopped = prompts.get(service.db, prompt.id)
    assert commenting(service, "mei", shown(service, "Is it safe?")).labels == [LABEL]
    mei = service.slack.person("mei")
    mei.submit({LABEL: "And tested?"})
    shown(service, "And tested?")
    assert prompts.get(service.db, prompt.id).deadline == stopped.deadline


@pytest.mark.parametrize(
    ("who", "requester", "parameters"),
    [
        ("ana", BEN_ID, {}),
        ("ana", BEN_ID, {"comments": "pause-clock", "deadline": None}),
        ("ana", "@somebody", {"comments": "pause-clock"}),
        ("ben", BEN_ID, {"comments": "pause-clock"}),
        ("chloe", BEN_ID, {"comments": "pause-clock"}),
    ],
    ids=["not in the policy", "no deadline", "nobody to ask", "the requester", "not an approver"],
)
def test_only_those_who_may_answer_can_stop_the_clock(
    service: RunningService, who: str, requester: str, parameters: dict[str, Any]
) -> None:
    """And only if there is a clock, and somebody in Slack who could answer. Everybody who sees the card may comment."""
    _, card = consulted(service, requester, **parameters)
    label = "Answer" if who == "ben" else LABEL
    assert commenting(service, who, card).labels == [label]
    service.slack.person(who).submit({label: "A word."})
    shown(service, "A word.")


def test_a_policy_without_comments_takes_none(service: RunningService) -> None:
    """There is no button, and a forged press is told why."""
    prompt, card = consulted(service, comments="off")
    assert card.buttons == ["Approve", "Reject", "Edit…"]
    service.post(press(service, card, "signoff:comment", prompt.id))
    service.slack.person("ana").wait_for_message(DIRECT, NO_COMMENTS)
    assert service.until_noted(prompt, "refused")["reason"] == NO_COMMENTS


def test_whoever_does_not_see_a_prompt_cannot_comment_on_it(service: RunningService) -> None:
    """Invariant 11: nothing of it is shown to them, and nothing of theirs on it."""
    run = consult.create_run({}, db=service.db, requester=BEN_ID)
    prompt = until_asked(service.db, run.id)
    card = service.card(prompt)
    chloe = service.slack.person("chloe")
    chloe.leave("#releases")
    service.slack.client.events("member_left_channel", at_least=1)
    forged = press(service, card, "signoff:comment", prompt.id)
    service.post({**forged, "user": {**forged["user"], "id": chloe.id, "username": "chloe", "name": "chloe"}})
    told = chloe.wait_for_message(DIRECT, "can't answer this")
    assert "May it go out?" not in told.full_text
    assert prompts.get(service.db, prompt.id).comments == ()


def test_a_comment_on_a_settled_prompt_is_told_how_it_ended(service: RunningService) -> None:
    """In the modal that is still open, and for a press in the message to the requester."""
    prompt, card = consulted(service)
    comments(service, "ana", card, "Is it safe?")
    asked = service.slack.person("ben").wait_for_message(DIRECT, "Is it safe?")
    commenting(service, "ben", asked, "Answer…")
    service.slack.person("mei").press("Approve", message=card)
    ben = service.slack.person("ben")
    assert "*Approved* by <@U0MEITANA1>" in ben.wait_for_modal("*Approved*").full_text
    service.over(prompt)
    assert len(prompts.get(service.db, prompt.id).comments) == 1
