"""A card may go to a person, who is named in the place of a channel: each gets one card, and one alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import select

from signoff.bot.service import Service
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt
from signoff.store.tables import cards
from signoff.testing import Emulator, VisibleMessage
from tests.integration.bot.asking import FLOWS, approve, secret
from tests.integration.bot.running_service import RunningService, settings_for
from tests.integration.bot.test_forged_payloads import press
from tests.support.waiting import until

DIRECT = "@signoff"
MEI = "U0MEITANA1"

to_mei = pytest.mark.parametrize("where", [MEI, "@mei", "Mei@example.com"])


@contextmanager
def serving(slack: Emulator, database_url: str, **settings: Any) -> Iterator[RunningService]:
    """A bot with other settings than the usual ones."""
    with Service(settings_for(slack.api_url, database_url, **settings), FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        yield service


def cards_of(service: RunningService, prompt: Prompt) -> list[VisibleMessage]:
    """The cards that Mei finds in her direct messages."""
    seen = service.slack.person("mei").sees(DIRECT)
    return [each for each in seen if (each.metadata or {}).get("event_payload", {}).get("prompt_id") == prompt.id]


@to_mei
def test_a_card_for_a_person_is_theirs(service: RunningService, where: str) -> None:
    """It says that they may answer, and nobody else may."""
    prompt, card = service.ask_in(DIRECT, secret, where=where)
    assert "You may answer." in card.full_text
    assert card.channel.startswith("D")
    service.slack.person("mei").press("Approve", message=card)
    assert service.over(prompt).result == "approved: True"


@to_mei
def test_a_card_for_a_person_can_be_answered_before_it_is_recorded(service: RunningService, where: str) -> None:
    """It is theirs already, and nobody else's."""
    service.slack.client.inject_fault("chat.postMessage", hold="after")
    prompt = service.ask(secret, where=where)
    service.slack.client.wait_until_held()
    card = service.card(prompt, DIRECT)
    service.post(press(service, card, "signoff:choose:0", prompt.id))
    assert prompts.get(service.db, prompt.id).is_open
    service.slack.person("mei").press("Approve", message=card)
    service.over(prompt)
    service.slack.client.clear_faults()


@to_mei
@pytest.mark.parametrize("fault", [{"drop": True}, {"error": "fatal_error"}], ids=["posted", "not posted"])
def test_a_card_for_a_person_whose_answer_was_lost_is_found_again(
    service: RunningService, where: str, fault: dict[str, object]
) -> None:
    """Invariant 7: whether it is there or not, there is one in the end."""
    service.slack.client.inject_fault("chat.postMessage", **fault)
    prompt, card = service.ask_in(DIRECT, secret, where=where)
    service.until_all_is_said()
    assert service.events(prompt) == ["opened", "card_failed", "card_posted"]
    assert [each.ts for each in cards_of(service, prompt)] == [card.ts]
    service.slack.person("mei").press("Approve", message=card)
    assert service.over(prompt).result == "approved: True"


def test_the_next_bot_looks_where_the_last_one_may_have_posted(slack: Emulator, sqlite_url: str) -> None:
    """The handle is somebody else's by then. What is kept is the conversation."""
    with serving(slack, sqlite_url) as service:
        slack.client.inject_fault("chat.postMessage", drop=True)
        slack.client.inject_fault("conversations.history", error="internal_error", times=1000)
        prompt = service.ask(secret, where="@mei")
        service.until_noted(prompt, "card_failed")
        kept = until(service.db, lambda: _channel_of(service, prompt), what="the conversation")
    slack.client.change_person("mei", name="mei.tanaka")
    slack.client.add_person("zoe")
    slack.client.change_person("zoe", name="mei")
    slack.client.clear_faults()
    with serving(slack, sqlite_url) as service:
        mei = slack.person(MEI)
        (card,) = [seen for seen in mei.sees(DIRECT) if seen.buttons]
        service.until_all_is_said()
        assert card.channel == kept
        mei.press("Approve", message=card)
        assert service.over(prompt).result == "approved: True"
    zoe = next(each for each in slack.client.get("workspace")["people"] if each["real_name"] == "Zoe")
    assert slack.client.person(zoe["id"]).sees(DIRECT) == []


def _channel_of(service: RunningService, prompt: Prompt) -> str | None:
    with service.db.read() as reading:
        found: str | None = reading.execute(select(cards.c.channel).where(cards.c.prompt_id == prompt.id)).scalar()
    return found


def test_the_default_channel_may_be_a_person(slack: Emulator, sqlite_url: str) -> None:
    """The setting takes what a policy does."""
    with serving(slack, sqlite_url, channel="@mei") as service:
        _, card = service.ask_in(DIRECT, approve, where=None)
        assert card.channel.startswith("D")


def test_a_card_in_messages_of_a_group_whose_answer_was_lost_is_found_again(service: RunningService) -> None:
    """They are a conversation like any other, which the app has to be in."""
    group = service.slack.client.add_channel("mpdm-ana--mei-1", is_mpim=True, members=["ana", "mei", "signoff"])
    service.slack.client.inject_fault("chat.postMessage", drop=True)
    prompt, card = service.ask_in(group, secret, where=group)
    service.until_all_is_said()
    assert service.events(prompt) == ["opened", "card_failed", "card_posted"]
    service.slack.person("ana").press("Approve", message=card)
    assert service.over(prompt).result == "approved: True"


@pytest.mark.parametrize(
    ("where", "hint"),
    [
        ("@buyers", "@buyers is a user group, which has no messages. Name a channel or a person."),
        ("@dmitry", "@dmitry is nobody. No person or user group has this handle. Did you mean @dmitri?"),
        ("may@example.com", "may@example.com is nobody. Nobody in this workspace has this e-mail address."),
    ],
)
def test_what_is_no_person_is_refused_with_a_hint(service: RunningService, where: str, hint: str) -> None:
    """The ledger says what to write instead."""
    prompt = service.ask(approve, where=where)
    assert hint in service.until_noted(prompt, "card_failed")["error"]
