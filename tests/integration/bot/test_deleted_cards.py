"""A card that somebody deletes in Slack comes back as long as its prompt is open."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from signoff.bot.delivery import card_check
from signoff.bot.emulator.workspace.directory import APP_ID, BOT_ID
from signoff.bot.interactions.deleted_cards import DeletedCards
from signoff.bot.interactions.events import Event
from signoff.bot.service import Service
from signoff.bot.settings import Mode
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import Settled
from signoff.store.database import Database
from signoff.store.outbox import cards
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.testing import SIGNOFF, AppManifest, Emulator, VisibleMessage
from tests.integration.bot.asking import FLOWS, approve
from tests.integration.bot.running_service import RunningService, settings_for
from tests.support.sql_capture import captured_sql
from tests.support.waiting import until

ANA = Actor("@ana", "ana", frozenset({"@ana"}))

both_transports = pytest.mark.parametrize("service", list(Mode), indirect=True, ids=str)
without_events = pytest.mark.parametrize("manifest", [replace(SIGNOFF, events=frozenset())], ids=["no events"])


@pytest.fixture
def manifest() -> AppManifest:
    """The app that is installed."""
    return SIGNOFF


@pytest.fixture
def slack(manifest: AppManifest) -> Iterator[Emulator]:
    """A workspace that does not wait for minutes before it sends an event again."""
    delays = (0.0, *[0.1] * 100)
    # For an event that comes while a card is being drawn, Slack has to wait this long in Socket Mode.
    with Emulator(manifest=manifest, ack_limit_seconds=8.0, event_retry_delays=delays) as emulator:
        yield emulator


def delete(service: RunningService, card: VisibleMessage) -> None:
    """Ana, who is an administrator of the workspace, deletes a card."""
    service.slack.person("ana").delete(card)


def reposted(service: RunningService, prompt: Prompt, card: VisibleMessage) -> VisibleMessage:
    """The only card of a prompt, as soon as it is another message than it was."""
    service.slack.person("mei").wait_for_message(
        card.channel, lambda seen: bool(seen.buttons) and seen.metadata == card.metadata and seen.ts != card.ts
    )
    return service.card(prompt)


def until_told(service: RunningService, card: VisibleMessage) -> None:
    """Returns as soon as the bot has acked that a card was deleted, with or without a tombstone."""
    number = 0
    while True:
        attempts = service.slack.client.events("message", at_least=number + 1)
        number = len(attempts)
        for each in attempts:
            event = each["event"]
            gone = event.get("deleted_ts") or (event.get("message", {}).get("hidden") and event["message"]["ts"])
            if gone == card.ts and each["error"] is None:
                return


def soon_sent_again(service: RunningService, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on Slack waits for an ack no longer than a second, for a test in which one does not come."""
    monkeypatch.setattr(service.slack._delivery, "_ack_limit", 1.0)


def cards_in_slack(service: RunningService) -> int:
    """How many cards there are."""
    seen = service.slack.person("mei").sees("#releases")
    return sum(1 for each in seen if (each.metadata or {}).get("event_type") == CARD["event_type"])


def answer_at_the_desk(service: RunningService, prompt: Prompt) -> None:
    """Somebody answers where Slack is not needed."""
    assert isinstance(Desk(service.db).submit(prompt.id, ANA, {"approved": True}, via="cli"), Settled)
    service.over(prompt)


@both_transports
def test_a_deleted_card_is_posted_again_at_once(service: RunningService) -> None:
    """Invariant 7: a run does not wait for an answer that nobody can give. The new card can be answered."""
    prompt, card = service.ask_in("#releases", approve)
    delete(service, card)
    again = reposted(service, prompt, card)
    expected = ["opened", "card_posted", "card_lost", "card_posted"]
    until(service.db, lambda: service.events(prompt) == expected, what="the ledger to tell of both cards")
    service.slack.person("ana").press("Approve", message=again)
    assert service.over(prompt).result == "approved: True"


@both_transports
def test_a_card_that_leaves_a_tombstone_is_posted_again(service: RunningService) -> None:
    """Where people replied, Slack keeps their thread, and says that the card changed."""
    prompt, card = service.ask_in("#releases", approve)
    service.slack.person("ben").say("Are the tests green?", in_="#releases", thread_ts=card.ts)
    delete(service, card)
    again = reposted(service, prompt, card)
    assert again.ts != card.ts


@both_transports
def test_the_card_of_a_settled_prompt_stays_deleted(service: RunningService) -> None:
    """Nobody has to answer it any more."""
    prompt, card = service.ask_in("#releases", approve)
    service.slack.person("ana").press("Approve", message=card)
    service.over(prompt)
    service.until_all_is_said()
    card = service.card(prompt, open_=False)
    delete(service, card)
    until_told(service, card)
    service.until_all_is_said()
    assert "card_lost" not in service.events(prompt)
    assert cards_in_slack(service) == 0


@both_transports
def test_a_retry_after_a_lost_ack_makes_no_second_card(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work was done; that Slack says it again changes nothing."""
    prompt, card = service.ask_in("#releases", approve)
    service.until_all_is_said()
    service.slack.client.lose_acks("message_deleted")
    soon_sent_again(service, monkeypatch)
    delete(service, card)
    # The second is acked, or asked to come again if the new card is just being posted.
    first, second, *_ = service.slack.client.events("message_deleted", at_least=2)
    assert (first["error"], first["retry_attempt"], second["retry_attempt"]) == ("operation_timeout", 0, 1)
    reposted(service, prompt, card)
    service.until_all_is_said()
    assert service.events(prompt).count("card_lost") == 1
    assert cards_in_slack(service) == 1


def test_the_same_event_twice_makes_one_card(service: RunningService) -> None:
    """Slack may repeat an event long after it was acked."""
    prompt, card = service.ask_in("#releases", approve)
    delete(service, card)
    reposted(service, prompt, card)
    # Until the new card is recorded, the bot asks Slack to send the event again.
    service.until_all_is_said()
    heard, *_ = service.slack.client.events("message_deleted", at_least=1)
    assert service.post_event(heard["event"]).status_code == 200
    service.until_all_is_said()
    assert service.events(prompt).count("card_lost") == 1
    assert cards_in_slack(service) == 1


@both_transports
def test_a_card_deleted_before_it_is_recorded_is_posted_again(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Slack's answer to the post is under way, nobody knows which message it is: the event has to wait."""
    service.slack.client.inject_fault("chat.postMessage", hold="after")
    prompt = service.ask(approve)
    service.slack.client.wait_until_held()
    card = service.card(prompt)
    soon_sent_again(service, monkeypatch)
    delete(service, card)
    service.slack.client.events("message_deleted", at_least=1)
    service.slack.client.clear_faults()
    reposted(service, prompt, card)


CARD = {"event_type": "signoff_prompt", "event_payload": {"prompt_id": "p"}}


def test_a_card_that_is_recorded_while_its_deletion_is_handled_is_posted_again(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever of the two reads comes first, the card is found, or Slack is asked to send the event again."""
    service.slack.client.inject_fault("chat.postMessage", hold="after")
    prompt = service.ask(approve)
    service.slack.client.wait_until_held()
    card = service.card(prompt)
    recorded = threading.Event()
    is_any_being_posted, lost = cards.is_any_being_posted, cards.lost

    def record() -> None:
        if not recorded.is_set():
            recorded.set()
            service.slack.client.clear_faults()
            until(service.db, lambda: not is_any_being_posted(service.db), what="the card to be recorded")

    def looked(db: Database) -> bool:
        found = is_any_being_posted(db)
        record()
        return found

    def looked_up(db: Database, **given: Any) -> bool:
        found = lost(db, **given)
        record()
        return found

    monkeypatch.setattr(cards, "is_any_being_posted", looked)
    monkeypatch.setattr(cards, "lost", looked_up)
    delete(service, card)
    reposted(service, prompt, card)


@pytest.mark.parametrize(
    ("previous", "is_looked_up"),
    [
        ({"user": "U0BENOKAF1"}, False),
        ({"user": "USLACKBOT", "subtype": "tombstone"}, False),
        ({"bot_id": "B0OTHERBOT", "app_id": "A0OTHERAPP"}, False),
        ({"bot_id": "B0OTHERBOT", "bot_profile": {"app_id": "A0OTHERAPP"}}, False),
        ({"bot_id": BOT_ID, "app_id": APP_ID, "metadata": CARD | {"event_type": "signoff_notice"}}, False),
        ({"bot_id": BOT_ID, "app_id": APP_ID, "metadata": CARD}, True),
        ({"bot_id": BOT_ID, "app_id": APP_ID}, True),
        ({"bot_id": BOT_ID, "bot_profile": {"app_id": APP_ID}}, True),
        ({"bot_id": BOT_ID}, True),
        (None, True),
    ],
)
def test_only_messages_of_the_app_are_looked_up(
    sqlite_url: str, previous: dict[str, Any] | None, is_looked_up: bool
) -> None:
    """Channels are full of messages that people delete. Slack does not always say whose a message was."""
    db = Database(sqlite_url)
    seen = captured_sql(db)
    fields = {"type": "message", "subtype": "message_deleted", "channel": "C0RELEASE1", "deleted_ts": "1.0"}
    DeletedCards(db).handle(Event("message", "message_deleted", APP_ID, fields | {"previous_message": previous}))
    db.close()
    assert any("cards" in statement for statement in seen) == is_looked_up


@pytest.mark.parametrize("subtype", ["", "message_changed", "channel_join"])
def test_a_message_that_was_not_deleted_costs_no_query(sqlite_url: str, subtype: str) -> None:
    """The app gets an event for each card that it posts or updates."""
    db = Database(sqlite_url)
    seen = captured_sql(db)
    card = {"type": "message", "ts": "1.0", "bot_id": BOT_ID, "app_id": APP_ID}
    fields = card | {"subtype": subtype, "channel": "C0RELEASE1", "message": card, "previous_message": card}
    DeletedCards(db).handle(Event("message", subtype, APP_ID, fields))
    db.close()
    assert seen == []


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bot looks for cards all the time, and not every few minutes."""
    monkeypatch.setattr(card_check, "ROUND_INTERVAL", 0.05)
    monkeypatch.setattr(card_check, "PAUSE", 0.01)
    monkeypatch.setattr(card_check, "RETRY_INTERVAL", 0.01)


@without_events
@pytest.mark.usefixtures("often")
def test_a_missed_deletion_is_found_without_any_change(service: RunningService) -> None:
    """Invariant 7: nobody has to wait for the deadline, even if Slack tells of nothing and is away for a moment."""
    service.slack.client.inject_fault("chat.getPermalink", error="ratelimited", retry_after=0)
    service.slack.client.inject_fault("chat.getPermalink", drop=True)
    prompt, card = service.ask_in("#releases", approve)
    service.until_all_is_said()
    delete(service, card)
    again = reposted(service, prompt, card)
    service.slack.person("ana").press("Approve", message=again)
    assert service.over(prompt).result == "approved: True"


@pytest.mark.usefixtures("often")
def test_a_deletion_in_a_channel_that_the_app_is_not_in_is_found(service: RunningService) -> None:
    """Slack tells of no messages there, and lets the app post all the same."""
    prompt = service.ask(approve, where="#general")
    card = service.card(prompt, "#general")
    service.until_all_is_said()
    delete(service, card)
    service.slack.person("mei").wait_for_message(
        "#general", lambda seen: bool(seen.buttons) and seen.metadata == card.metadata and seen.ts != card.ts
    )


@without_events
def test_a_deletion_while_nobody_listened_is_found(
    slack: Emulator, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack gives up sending an event after six minutes. The next bot looks for the cards of open prompts."""
    settings = settings_for(slack.api_url, sqlite_url)
    with Service(settings, FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        prompt, card = service.ask_in("#releases", approve)
        service.until_all_is_said()
    slack.person("ana").delete(card)
    monkeypatch.setattr(card_check, "ROUND_INTERVAL", 0.05)
    with Service(settings, FLOWS, with_bot=True, grace=1.0) as started:
        assert reposted(RunningService(slack, started), prompt, card).ts != card.ts


@pytest.mark.usefixtures("often")
def test_cards_that_are_there_are_left_alone(service: RunningService) -> None:
    """Only those of open prompts are looked for, and no message is changed for it."""
    answered, answered_card = service.ask_in("#releases", approve)
    answer_at_the_desk(service, answered)
    prompt, card = service.ask_in("#releases", approve)
    service.until_all_is_said()
    looked = len(service.slack.client.calls("chat.getPermalink"))

    def rounds() -> list[Any] | None:
        asked = [call["arguments"]["message_ts"] for call in service.slack.client.calls("chat.getPermalink")[looked:]]
        return asked if asked.count(card.ts) >= 3 else None

    asked = until(service.db, rounds, what="three rounds")
    assert set(asked[1:]) == {card.ts}
    assert service.events(prompt) == ["opened", "card_posted"]
    assert service.card(answered, open_=False).ts == answered_card.ts


@without_events
def test_a_missed_deletion_is_found_with_the_next_change(service: RunningService) -> None:
    """Invariant 7: a reminder brings the card back, and follows it."""
    prompt, card = service.ask_in("#releases", approve, reminder=3600)
    delete(service, card)
    service.remind(prompt)
    again = service.card(prompt)
    assert again.ts != card.ts
    reminder = service.slack.person("ana").wait_for_message("#releases", "Still waiting")
    assert reminder.thread_ts == again.ts
    assert service.events(prompt)[:4] == ["opened", "card_posted", "reminded", "card_lost"]


@without_events
def test_a_missed_deletion_is_found_when_the_prompt_is_opened_from_the_list(service: RunningService) -> None:
    """Whoever opens it from `/approvals` brings the card back."""
    prompt, card = service.ask_in("#releases", approve)
    delete(service, card)
    ana = service.slack.person("ana")
    ana.command("/approvals")
    ana.press("Open", in_="#general")
    ana.wait_for_modal("May it go out?")
    assert service.card(prompt).ts != card.ts


@without_events
def test_a_missed_deletion_of_a_settled_prompt_s_card_changes_nothing(service: RunningService) -> None:
    """Nobody needs it any more."""
    prompt, card = service.ask_in("#releases", approve)
    delete(service, card)
    answer_at_the_desk(service, prompt)
    service.until_all_is_said()
    assert cards_in_slack(service) == 0
