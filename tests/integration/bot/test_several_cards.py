"""A prompt that is shown in several places: posted once in each, and the same everywhere."""

from collections.abc import Sequence

import pytest

from signoff.flows.names import now
from signoff.store.outbox import cards, notices
from signoff.store.places import Place, PlaceKind
from signoff.store.records.outbox import NoticeKind
from signoff.store.records.prompts import Prompt
from signoff.testing import VisibleMessage
from tests.integration.bot.asking import approve
from tests.integration.bot.running_service import RunningService

DIRECT = "@signoff"


def show_also(service: RunningService, prompt: Prompt, places: Sequence[Place]) -> None:
    """Have the prompt shown in more places than its policy names."""
    with service.db.write() as tx:
        cards.add(tx, prompt.id, places, now=now())


def mei_in_person(service: RunningService) -> Place:
    return Place(PlaceKind.PERSON, service.slack.person("mei").id)


def everywhere(service: RunningService, prompt: Prompt, *, open_: bool) -> list[VisibleMessage]:
    """The prompt's card in each of the places, once all of them are open, or settled."""
    return [service.card(prompt, channel, open_=open_) for channel in ("#releases", "#orders", DIRECT)]


def shown_in_three_places(service: RunningService) -> Prompt:
    prompt, _ = service.ask_in("#releases", approve)
    show_also(service, prompt, [Place(PlaceKind.CHANNEL, "#orders"), mei_in_person(service)])
    return prompt


def test_an_answer_to_one_card_is_shown_on_all_of_them(service: RunningService) -> None:
    """Nobody is left with a button that no longer works."""
    prompt = shown_in_three_places(service)
    everywhere(service, prompt, open_=True)
    service.slack.person("ana").press("Approve", in_="#orders")
    settled = everywhere(service, prompt, open_=False)
    assert len({card.text for card in settled}) == 1
    assert service.over(prompt).result == "approved: True"
    service.until_all_is_said()
    assert service.events(prompt).count("card_posted") == 3


def test_only_a_deleted_card_is_posted_again(service: RunningService) -> None:
    """The others stay where they are."""
    prompt = shown_in_three_places(service)
    kept, deleted, direct = everywhere(service, prompt, open_=True)
    # Of a card that is not recorded, Slack would be asked to send the event again, which it does in a minute.
    service.until_all_is_said()
    service.slack.person("ana").delete(deleted)
    service.slack.person("mei").wait_for_message(
        "#orders", lambda seen: seen.ts != deleted.ts and "Approve" in seen.buttons
    )
    service.until_all_is_said()
    again = everywhere(service, prompt, open_=True)
    assert [card.ts for card in again][::2] == [kept.ts, direct.ts]


def test_one_place_that_fails_does_not_hold_up_the_others(service: RunningService) -> None:
    """Invariant 7: one channel never delays another."""
    prompt = service.ask(approve, where="#nowhere")
    service.until_noted(prompt, "card_failed")
    show_also(service, prompt, [Place(PlaceKind.CHANNEL, "#orders")])
    service.card(prompt, "#orders")
    service.slack.person("ana").press("Approve", in_="#orders")
    service.card(prompt, "#orders", open_=False)


@pytest.mark.parametrize("channel", ["#orders", DIRECT])
def test_a_lost_answer_of_slack_s_posts_no_second_card(service: RunningService, channel: str) -> None:
    """The card is found again by its metadata: the right one of several."""
    prompt, _ = service.ask_in("#releases", approve)
    service.slack.client.inject_fault("chat.postMessage", drop=True)
    place = mei_in_person(service) if channel == DIRECT else Place(PlaceKind.CHANNEL, channel)
    show_also(service, prompt, [place])
    service.card(prompt, channel)
    service.until_all_is_said()
    service.card(prompt, channel)


def test_two_cards_in_one_channel_are_told_apart(service: RunningService) -> None:
    """A second card in a thread of the same channel is posted, although the first one is found there."""
    prompt, first = service.ask_in("#releases", approve)
    service.slack.client.inject_fault("chat.postMessage", drop=True)
    show_also(service, prompt, [Place.thread(first.channel, first.ts)])
    mei = service.slack.person("mei")
    mei.wait_for_message("#releases", lambda seen: seen.thread_ts == first.ts and "Approve" in seen.buttons)
    service.until_all_is_said()
    assert len([seen for seen in mei.sees("#releases") if "Approve" in seen.buttons]) == 2


def test_a_person_gets_a_notice_in_their_direct_messages(service: RunningService) -> None:
    """It has a place of its own, and follows no card."""
    prompt = service.ask(approve, where="#nowhere")
    with service.db.write() as tx:
        notices.add(
            tx, prompt.id, kind=NoticeKind.REMINDER, detail={"number": 1}, now=now(), place=mei_in_person(service)
        )
    seen = service.slack.person("mei").wait_for_message(DIRECT, lambda seen: "still waiting" in seen.text)
    assert seen.thread_ts is None
