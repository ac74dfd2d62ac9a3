"""Replies and emoji decide nothing, whoever posts them; the person is told so, and gets the buttons."""

import pytest

from signoff.bot.interactions.nudges import looks_like_an_answer
from signoff.store.prompts import prompts
from signoff.testing import Person, VisibleMessage
from tests.integration.bot.asking import approve, shirt
from tests.integration.bot.running_service import RunningService

DECIDES_NOTHING = "decides nothing about “May it go out?”"


def nudged(person: Person, channel: str = "#releases") -> list[VisibleMessage]:
    """What only this person was told in a thread."""
    return [each for each in person.sees(channel) if each.is_ephemeral and "decides nothing" in each.text]


def test_a_reply_decides_nothing_and_brings_the_buttons(service: RunningService) -> None:
    """In the thread, to the one who wrote it alone, and once for each prompt. A press on them counts."""
    prompt, card = service.ask_in("#releases", approve)
    ana, ben = service.slack.person("ana"), service.slack.person("ben")
    ana.say("LGTM, thanks!", in_="#releases", thread_ts=card.ts)
    told = ana.wait_for_message("#releases", f"Your reply {DECIDES_NOTHING}. To answer, press a button:")
    assert told.is_ephemeral
    assert told.thread_ts == card.ts
    assert prompts.get(service.db, prompt.id).is_open
    # What comes after it in the same queue of the app is told last, so a second one would be here by then.
    ana.say("approved", in_="#releases", thread_ts=card.ts)
    ben.say("yes", in_="#releases", thread_ts=card.ts)
    ben.wait_for_message("#releases", DECIDES_NOTHING)
    assert len(nudged(ana)) == 1
    assert "settled" not in str(service.events(prompt))
    ana.press("Approve", message=told)
    assert service.over(prompt).result == "approved: True"


def test_an_emoji_decides_nothing_either(service: RunningService) -> None:
    """Whoever may not answer is told that, too."""
    prompt, card = service.ask_in("#releases", approve)
    ana, mei = service.slack.person("ana"), service.slack.person("mei")
    ana.react(card, "white_check_mark")
    assert "Approve" in ana.wait_for_message("#releases", f"Your emoji {DECIDES_NOTHING}").buttons
    mei.react(card, "thumbsup")
    told = mei.wait_for_message("#releases", f"Your emoji {DECIDES_NOTHING}, and you may not answer it.")
    assert told.buttons == []
    assert service.events(prompt).count("refused") == 0
    assert prompts.get(service.db, prompt.id).is_open


@pytest.mark.parametrize(
    "posted_as", [{"bot_id": "B0OTHERAPP"}, {"app_id": "A0OTHERAPP"}, {"bot_profile": {"id": "B1"}}]
)
def test_what_an_app_posts_in_a_person_s_name_decides_nothing(
    service: RunningService, posted_as: dict[str, object]
) -> None:
    """Nor is that person told anything: they have written nothing."""
    prompt, card = service.ask_in("#releases", approve)
    ana, ben = service.slack.person("ana"), service.slack.person("ben")
    reply = {"type": "message", "channel": card.channel, "user": ana.id, "text": "approve", "ts": "1.1"}
    assert service.post_event({**reply, "thread_ts": card.ts, **posted_as}).status_code == 200
    ben.say("approve", in_="#releases", thread_ts=card.ts)
    ben.wait_for_message("#releases", DECIDES_NOTHING)
    assert nudged(ana) == []
    assert prompts.get(service.db, prompt.id).is_open
    assert set(service.events(prompt)) <= {"opened", "card_posted", "approver_found"}


def test_talk_and_settled_prompts_get_no_reply(service: RunningService) -> None:
    """Nor does what is said beside a card, or below another message."""
    prompt, card = service.ask_in("#releases", approve)
    ana, mei = service.slack.person("ana"), service.slack.person("mei")
    beside = ana.say("ok", in_="#releases")
    ana.say("ok", in_="#releases", thread_ts=beside.ts)
    ana.say("Is the canary out?", in_="#releases", thread_ts=card.ts)
    ana.press("Approve", message=card)
    service.over(prompt)
    ana.say("lgtm", in_="#releases", thread_ts=card.ts)
    _, other = service.ask_in("#orders", shirt)
    mei.say("ok", in_="#orders", thread_ts=other.ts)
    mei.wait_for_message("#orders", "decides nothing about “Which one?”")
    assert nudged(ana) == []


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        *(
            (text, True)
            for text in ("lgtm", "LGTM!", "Approved 🎉", ":white_check_mark:", "✅", "+1", "ship it", "No.")
        ),
        *((text, True) for text in ("looks good to me", "OK", "rejected, see the log")),
        *(
            (text, False)
            for text in ("", "nobody knows", "ok?", "yesterday it failed", "I will look", f"ok {'so ' * 40}")
        ),
    ],
)
def test_a_short_yes_or_no_looks_like_an_answer(text: str, is_one: bool) -> None:
    """Questions and talk do not."""
    assert looks_like_an_answer(text) is is_one
