"""A card that Slack does not take until a person mends something: asked for rarely, and elsewhere in the meantime."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from signoff.bot.delivery import results
from signoff.bot.service import Service
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import Settled
from signoff.flows.names import now
from signoff.store import ledger
from signoff.store.outbox import cards
from signoff.store.places import Place, PlaceKind
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.testing import SIGNOFF, AppManifest, Emulator, Person, VisibleMessage
from tests.integration.bot.asking import FLOWS, approve, secret, shout
from tests.integration.bot.running_service import RunningService, settings_for
from tests.support.generous_limits import ACK_LIMIT_SECONDS
from tests.support.waiting import until

ANA = Actor("@ana", "ana", frozenset({"@ana"}))
DIRECT = "@signoff"
WHY = "Sent to you directly, because its channel is archived."

without_events = pytest.mark.parametrize("manifest", [replace(SIGNOFF, events=frozenset())], ids=["no events"])


@pytest.fixture
def manifest() -> AppManifest:
    """The app that is installed."""
    return SIGNOFF


@pytest.fixture
def slack(manifest: AppManifest) -> Iterator[Emulator]:
    """A workspace in which two channels are of no use."""
    with Emulator(manifest=manifest, ack_limit_seconds=ACK_LIMIT_SECONDS) as emulator:
        for name in ("old", "older"):
            emulator.client.add_channel(name)
            emulator.client.archive(name)
        yield emulator


def direct_card(service: RunningService, prompt: Prompt, name: str, *, open_: bool = True) -> VisibleMessage:
    """The only card of a prompt in somebody's direct messages, once it has buttons, or has none."""
    person = service.slack.person(name)
    person.wait_for_message(DIRECT, lambda seen: _shows(seen, prompt) and bool(seen.buttons) == open_)
    (card,) = (seen for seen in person.sees(DIRECT) if _shows(seen, prompt))
    return card


def _shows(seen: VisibleMessage, prompt: Prompt) -> bool:
    return bool((seen.metadata or {}).get("event_payload", {}).get("prompt_id") == prompt.id)


def refusals(service: RunningService) -> int:
    """How many calls Slack has refused because a channel is archived."""
    return sum(call["error"] == "is_archived" for call in service.slack.client.calls())


def redirected(service: RunningService, prompt: Prompt) -> list[str]:
    """The ids of those who were asked directly, once for each time: who they are may have become known one by one."""
    lines = ledger.lines(service.db, prompt.id)
    return sorted(each for line in lines if line.event == "card_redirected" for each in line.detail["to"])


def answer_at_the_desk(service: RunningService, prompt: Prompt) -> None:
    """Somebody answers where Slack is not needed."""
    assert isinstance(Desk(service.db).submit(prompt.id, ANA, {"approved": True}, via="cli"), Settled)
    service.over(prompt)


def has_direct_messages(service: RunningService, person: Person) -> bool:
    """Whether somebody has got a message from the app."""
    return any(each.get("user") == person.id for each in service.slack.client.get("workspace")["channels"]) and bool(
        person.sees(DIRECT)
    )


def test_the_approvers_are_asked_directly_and_are_told_why(service: RunningService) -> None:
    """Invariant 7 and 11: those who may answer get the card, nobody else does, and an answer counts as any other."""
    prompt = service.ask(approve, where="#old")
    cards_ = [direct_card(service, prompt, name) for name in ("ana", "ben")]
    assert all(WHY in card.full_text for card in cards_)
    assert not any("old" in card.full_text.split() or "#old" in card.full_text for card in cards_)
    service.until_nothing_is_under_way()
    assert redirected(service, prompt) == sorted(service.slack.person(name).id for name in ("ana", "ben"))
    assert not has_direct_messages(service, service.slack.person("mei"))
    service.slack.person("ben").press("Approve", message=cards_[1])
    assert service.over(prompt).result == "approved: True"
    settled = direct_card(service, prompt, "ana", open_=False)
    assert WHY not in settled.full_text
    service.until_all_is_said()
    # When it was opened, perhaps again when it was known who its approvers are, and when it was settled.
    assert refusals(service) <= 4


def test_a_channel_that_is_archived_under_an_open_card_is_noticed(service: RunningService) -> None:
    """Nobody can press a button there any more."""
    prompt, _ = service.ask_in("#releases", approve)
    service.until_all_is_said()
    service.slack.client.archive("#releases")
    assert WHY in direct_card(service, prompt, "ana").full_text


def test_members_of_a_group_are_asked_directly(service: RunningService) -> None:
    """They may answer because they are in it."""
    prompt = service.ask(secret, where="#old", approvers=["@buyers"])
    direct_card(service, prompt, "chloe")
    service.slack.person("dmitri").press("Approve", message=direct_card(service, prompt, "dmitri"))
    assert service.over(prompt).result == "approved: True"


def test_two_cards_that_are_refused_make_one_message_for_each_approver(service: RunningService) -> None:
    """However many places there are."""
    prompt = service.ask(approve, where="#old")
    with service.db.write() as tx:
        cards.add(tx, prompt.id, [Place(PlaceKind.CHANNEL, "#older")], now=now())
    for name in ("ana", "ben"):
        direct_card(service, prompt, name)
    until(service.db, lambda: service.events(prompt).count("card_failed") == 2, what="both refusals")
    service.until_nothing_is_under_way()
    for name in ("ana", "ben"):
        direct_card(service, prompt, name)
    assert len(redirected(service, prompt)) == 2


def test_what_a_flow_says_pings_nobody_in_direct_messages(service: RunningService) -> None:
    """Invariant 8: the text is the same there as in a channel."""
    service.slack.client.archive("#releases")
    prompt = service.ask(shout, text="<!channel> <@U0MEITANA1> *now*")
    card = direct_card(service, prompt, "ana")
    assert "<!channel>" not in str(card.json)
    assert "<@U0MEITANA1>" not in str(card.json)


def test_without_approvers_nobody_is_written_to(service: RunningService) -> None:
    """Everybody in the channel may answer, and there is no such channel."""
    prompt = service.ask(secret, where="#old")
    service.until_noted(prompt, "card_failed")
    service.until_nothing_is_under_way()
    assert "card_redirected" not in service.events(prompt)
    assert not any(has_direct_messages(service, service.slack.person(name)) for name in ("ana", "ben", "mei"))


Mend = Callable[[Emulator], object]


@pytest.mark.parametrize(
    ("where", "mend"),
    [
        ("#old", lambda slack: slack.client.unarchive("old")),
        ("#board", lambda slack: slack.client.invite("@signoff", "board")),
        ("#later", lambda slack: slack.client.add_channel("later")),
        ("#shipping", lambda slack: slack.client.rename("#releases", "#shipping")),
    ],
    ids=["unarchived", "invited", "created", "renamed"],
)
@pytest.mark.parametrize("is_default", [False, True], ids=["policy", "default"])
def test_a_card_follows_as_soon_as_somebody_has_mended_it(
    slack: Emulator, sqlite_url: str, where: str, mend: Mend, is_default: bool
) -> None:
    """Slack tells of it, so nobody has to wait for the next attempt."""
    slack.client.add_channel("board", is_private=True, members=["ana", "mei"])
    settings = settings_for(slack.api_url, sqlite_url, channel=where if is_default else None)
    with Service(settings, FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        prompt = service.ask(approve, where=None if is_default else where)
        direct_card(service, prompt, "ana")
        mend(slack)
        card = service.card(prompt, where)
        slack.person("ana").press("Approve", message=card)
        assert service.over(prompt).result == "approved: True"
        direct_card(service, prompt, "ana", open_=False)


@without_events
def test_settled_cards_in_an_archived_channel_are_left_alone(service: RunningService) -> None:
    """Each was tried once, and so was the report of its run. Nobody has to wait for anything."""
    asked = [service.ask(approve, where="#releases") for _ in range(5)]
    for prompt in asked:
        service.card(prompt)
    service.until_all_is_said()
    service.slack.client.archive("#releases")
    for prompt in asked:
        answer_at_the_desk(service, prompt)
    service.until_all_is_said()
    assert refusals(service) <= 2 * len(asked)
    assert service.slack.client.calls("conversations.open") == []


def test_the_card_of_a_settled_prompt_is_drawn_once_its_channel_is_back(service: RunningService) -> None:
    """Its buttons look as if it were open."""
    prompt, _ = service.ask_in("#releases", approve)
    service.until_all_is_said()
    service.slack.client.archive("#releases")
    direct_card(service, prompt, "ana")
    answer_at_the_desk(service, prompt)
    service.until_all_is_said()
    assert service.slack.person("mei").sees("#releases")[0].buttons
    service.slack.client.unarchive("#releases")
    service.card(prompt, open_=False)


def test_reminders_reach_each_approver_who_was_asked_directly(service: RunningService) -> None:
    """A reminder in the channel would remind nobody."""
    prompt = service.ask(approve, where="#old", reminder=3600)
    direct = [direct_card(service, prompt, name) for name in ("ana", "ben")]
    service.until_nothing_is_under_way()
    service.remind(prompt)
    for name, card in zip(("ana", "ben"), direct, strict=True):
        reminder = service.slack.person(name).wait_for_message(DIRECT, "Still waiting")
        assert reminder.thread_ts == card.ts


@without_events
def test_a_reminder_finds_out_that_a_channel_is_archived(service: RunningService) -> None:
    """If Slack does not tell, the next call does, and the reminder goes where the card goes."""
    prompt, _ = service.ask_in("#releases", approve, reminder=3600)
    service.until_all_is_said()
    service.slack.client.archive("#releases")
    service.remind(prompt)
    assert WHY in direct_card(service, prompt, "ana").full_text


def test_direct_messages_that_are_refused_lead_nowhere_else(service: RunningService) -> None:
    """There is no other place for them."""
    service.slack.client.inject_fault("chat.postMessage", error="is_archived")
    service.slack.client.inject_fault("chat.postMessage", error="messages_tab_disabled", times=1000)
    prompt = service.ask(approve)

    def refused_to() -> set[str]:
        lines = ledger.lines(service.db, prompt.id)
        return {line.detail["place"] for line in lines if line.event == "card_failed"}

    people = {service.slack.person(name).id for name in ("ana", "ben")}
    until(service.db, lambda: people < refused_to(), what="the refusals of direct messages")
    service.until_nothing_is_under_way()
    assert redirected(service, prompt) == sorted(people)
    assert refused_to() == people | {"#releases"}


def test_an_app_that_was_uninstalled_asks_rarely_and_goes_on_where_it_left_off(
    slack: Emulator, sqlite_url: str
) -> None:
    """Direct messages would be refused as well. The next bot tries at once."""
    settings = settings_for(slack.api_url, sqlite_url)
    with Service(settings, FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.client.uninstall()
        prompt = service.ask(approve)
        service.until_noted(prompt, "card_failed")
        service.until_nothing_is_under_way()
        assert "card_redirected" not in service.events(prompt)
        slack.client.install()
    with Service(settings, FLOWS, with_bot=True, grace=1.0) as started:
        RunningService(slack, started).card(prompt)


@pytest.mark.parametrize("reason", ["invalid_blocks", "msg_blocks_too_long"])
def test_a_card_that_slack_finds_invalid_is_tried_as_a_plain_one(service: RunningService, reason: str) -> None:
    """Invariant 12: it has no button that decides, because it does not show what would be decided."""
    service.slack.client.inject_fault("chat.postMessage", error=reason)
    prompt, card = service.ask_in("#releases", approve)
    assert card.buttons == ["Open…", "Show all"]
    ana = service.slack.person("ana")
    ana.press("Open…", message=card)
    ana.wait_for_modal("May it go out?")
    ana.submit({"Approved": True})
    assert service.over(prompt).result == "approved: True"


def test_a_card_that_is_invalid_however_plain_is_tried_rarely(service: RunningService) -> None:
    """It is a fault of Signoff's, and no other channel helps."""
    service.slack.client.inject_fault("chat.postMessage", error="invalid_blocks", times=1000)
    prompt = service.ask(approve)
    service.until_noted(prompt, "card_failed")
    # Once it is known who the approvers are, it is tried again.
    service.until_checked(prompt)
    service.until_nothing_is_under_way()
    # Each time in full and then plain.
    calls = service.slack.client.calls("chat.postMessage")
    assert len(calls) in (2, 4)
    assert {each["arguments"]["channel"] for each in calls} == {"#releases"}
    assert "card_redirected" not in service.events(prompt)
    assert results.FIRST_BACKOFF_BLOCKED.total_seconds() >= 60
