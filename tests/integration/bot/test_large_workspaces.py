"""12,000 people and 6,000 channels, of which Slack lists 20 pages a minute: nobody waits for all of them."""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from signoff.bot.connection import listing
from signoff.bot.connection.listing import Listing
from signoff.bot.connection.lookups import Lookups
from signoff.bot.connection.profile import Profile
from signoff.bot.connection.web_client import web_client
from signoff.bot.emulator.protocol import SlackError
from signoff.bot.emulator.server import BOT_TOKEN
from signoff.bot.emulator.web_api.methods.call import Call
from signoff.bot.emulator.workspace.directory import BOT_USER_ID, Conversation, User
from signoff.bot.service import Service
from signoff.flows.approval.approvers import Unknowable
from signoff.testing import Emulator
from tests.integration.bot.asking import FLOWS, approve, secret
from tests.integration.bot.running_service import RunningService, settings_for
from tests.support.generous_limits import ACK_LIMIT_SECONDS

T = TypeVar("T")

TEAM = "T0SIGNOFF1"
PEOPLE, CHANNELS, PAGE = 12_000, 6_000, 200
LAST, LAST_ID = f"@person-{PEOPLE - 1}", f"U{PEOPLE - 1:09}"


class SlacksClock:
    """The clock by which Slack counts calls. A rest of the bot moves it, and takes no time."""

    def __init__(self) -> None:
        self.rested = 0.0

    def __call__(self) -> float:
        return time.time() + self.rested

    def rest(self, _: Listing[Any], seconds: float) -> None:
        """Rest."""
        self.rested += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SlacksClock:
    """The clock of the workspace."""
    clock = SlacksClock()
    monkeypatch.setattr(Listing, "_rest", lambda *given: clock.rest(*given))
    return clock


@functools.cache
def _people() -> dict[str, User]:
    people = (
        User(f"U{number:09}", f"person-{number}", f"Person {number}", email=f"person-{number}@example.com")
        for number in range(PEOPLE)
    )
    return {each.id: each for each in people}


@functools.cache
def _channels() -> dict[str, Conversation]:
    members = frozenset({LAST_ID, BOT_USER_ID})
    channels = (Conversation(f"C{number:09}", f"channel-{number}", members=members) for number in range(CHANNELS))
    return {each.id: each for each in channels}


def grow(slack: Emulator, people: int = PEOPLE, channels: int = CHANNELS) -> None:
    """Add that many people and channels to a workspace, to the end of Slack's lists."""
    directory = slack._workspace.directory
    directory.users |= dict([*_people().items()][-people:])
    directory.conversations |= dict([*_channels().items()][-channels:])


@pytest.fixture
def slack(clock: SlacksClock) -> Iterator[Emulator]:
    """A workspace with a clock of its own."""
    with Emulator(clock=clock, ack_limit_seconds=ACK_LIMIT_SECONDS) as emulator:
        yield emulator


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack sends no more than 200 entries at once, and the bot does not wait until it has to."""
    monkeypatch.setattr(listing, "PAGE", PAGE)
    monkeypatch.setattr(listing, "PAGES_AT_ONCE", 1000)


@pytest.fixture
def lookups(slack: Emulator) -> Iterator[Lookups]:
    """Nothing has been asked yet, in a large workspace."""
    grow(slack)
    found = Lookups(web_client(BOT_TOKEN, slack.api_url), TEAM)
    yield found
    found.stop()


def until_known(look: Callable[[], T | Unknowable]) -> T:
    """Ask until the answer is known."""
    end = time.monotonic() + 60
    while isinstance(found := look(), Unknowable):
        assert time.monotonic() < end, found.reason
        time.sleep(0.01)
    return found


def pages(slack: Emulator, method: str) -> tuple[list[str], int]:
    """The cursors of the pages that Slack sent, and the number of calls that it refused."""
    calls = slack.client.calls(method)
    return [call["arguments"].get("cursor", "") for call in calls if call["ok"]], sum(not call["ok"] for call in calls)


@pytest.mark.usefixtures("small_pages")
def test_no_page_is_read_twice_however_often_slack_refuses_one(
    slack: Emulator, lookups: Lookups, clock: SlacksClock
) -> None:
    """60 pages at 20 a minute take two minutes, and not more."""
    slack.client.inject_fault("users.list", per_minute=20)
    found = until_known(lambda: lookups.by_handle(LAST))
    assert isinstance(found, Profile)
    assert found.id == LAST_ID
    lookups.read_people(60)
    sent, refused = pages(slack, "users.list")
    assert len(sent) == len(set(sent)) > PEOPLE / PAGE
    assert refused <= 2
    assert clock.rested <= 1.1 * 60 * len(sent) / 20


def test_large_pages_keep_within_what_slack_allows(slack: Emulator, lookups: Lookups, clock: SlacksClock) -> None:
    """13 calls, so that nothing is refused."""
    slack.client.inject_fault("users.list", per_minute=20)
    assert until_known(lambda: lookups.by_handle(LAST))
    assert until_known(lambda: lookups.by_handle("@nobody", max_age=60)) is None
    sent, refused = pages(slack, "users.list")
    assert (len(sent), refused, clock.rested) == (13, 0, 0.0)


def test_a_very_long_list_is_read_slowly(
    slack: Emulator, lookups: Lookups, clock: SlacksClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the rate that Slack allows to all processes of an app together."""
    monkeypatch.setattr(listing, "PAGE", PAGE)
    slack.client.inject_fault("users.list", per_minute=20)
    assert until_known(lambda: lookups.by_handle(LAST))
    assert pages(slack, "users.list")[1] <= 1


def test_whoever_is_on_a_page_that_was_read_is_known_at_once(
    slack: Emulator, lookups: Lookups, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest may take minutes."""
    is_resting, go_on = threading.Event(), threading.Event()

    def rest(_: Listing[Any], _seconds: float) -> None:
        is_resting.set()
        go_on.wait(60)

    monkeypatch.setattr(Listing, "_rest", rest)
    slack.client.inject_fault("users.list", per_minute=1)
    try:
        found = lookups.by_handle("@ana")
        assert isinstance(found, Profile)
        assert is_resting.wait(60)
        assert isinstance(lookups.by_handle(LAST), Unknowable)
        assert isinstance(lookups.by_handle("@ana"), Profile)
    finally:
        slack.client.clear_faults()
        go_on.set()
    assert isinstance(until_known(lambda: lookups.by_handle(LAST)), Profile)


def test_reading_begins_again_only_if_slack_does_not_know_the_cursor_any_more(
    slack: Emulator, lookups: Lookups, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise nobody on a later page would ever be found."""
    monkeypatch.setattr(listing, "PAGE", 5000)
    monkeypatch.setattr(Call, "page", _page(fails_once_at="next:200"))
    assert until_known(lambda: lookups.by_handle(LAST))
    lookups.read_people(60)
    cursors = [call["arguments"].get("cursor", "") for call in slack.client.calls("users.list")]
    assert cursors[:4] == ["", "next:200", "", "next:200"]


def _page(*, fails_once_at: str, error: str = "invalid_cursor", of: str = "limit") -> Callable[..., Any]:
    page = Call.page
    failed: list[bool] = []

    def once(call: Call, items: Any, default_limit: int, max_limit: int = 1000) -> Any:
        if of in call.arguments and call.arguments.text("cursor") == fails_once_at and not failed:
            failed.append(True)
            raise SlackError(error)
        return page(call, items, default_limit, 5000)

    return once


def test_a_workspace_with_too_many_people_is_not_kept_in_memory(
    slack: Emulator, lookups: Lookups, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is not kept is unknown, and not nobody."""
    monkeypatch.setattr(listing, "MAX_ENTRIES", 500)
    assert isinstance(until_known(lambda: lookups.by_handle("@ana")), Profile)
    lookups.read_people(60)
    assert len(lookups.people()) == 500
    answer = lookups.by_handle(LAST)
    assert isinstance(answer, Unknowable)
    assert "Write an id" in answer.reason


def test_a_channel_is_found_by_its_name_although_slack_refuses_pages(
    slack: Emulator, lookups: Lookups, small_pages: None
) -> None:
    """No page of channels is read twice, and one that was renamed is found by its new name."""
    slack.client.inject_fault("conversations.list", per_minute=20)
    name, channel = f"#channel-{CHANNELS - 1}", f"C{CHANNELS - 1:09}"
    assert until_known(lambda: lookups.channel_id(name)) == channel
    sent, refused = pages(slack, "conversations.list")
    assert len(sent) == len(set(sent)) > CHANNELS / PAGE
    assert refused <= 2


@pytest.fixture
def service(slack: Emulator, sqlite_url: str) -> Iterator[RunningService]:
    """A bot in a workspace that needs several pages, and no more: the emulator shows all people to each person."""
    grow(slack, 1500, 1500)
    with Service(settings_for(slack.api_url, sqlite_url), FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        yield service


def test_a_card_is_posted_at_once_and_mentions_follow(service: RunningService, monkeypatch: pytest.MonkeyPatch) -> None:
    """Slack refuses the second page at first. The card has the handle, and gets the mention when it is known."""
    go_on = threading.Event()
    monkeypatch.setattr(Listing, "_rest", lambda *_: go_on.wait(60))
    slack = service.slack
    slack.client.inject_fault("users.list", per_minute=1)
    try:
        prompt, card = service.ask_in("#orders", secret, where="#orders", approvers=[LAST])
        assert f"{LAST} may answer." in card.full_text
    finally:
        slack.client.clear_faults()
        go_on.set()
    person = slack.person("mei")
    person.wait_for_message("#orders", lambda seen: f"<@{LAST_ID}> may answer." in seen.full_text)
    assert service.card(prompt, "#orders").ts == card.ts


def test_a_search_for_a_lost_card_goes_on_where_slack_has_refused_a_page(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy channel has many pages since the card was posted."""
    slack = service.slack
    monkeypatch.setattr(Call, "page", _page(fails_once_at="next:200", error="ratelimited", of="channel"))
    slack.client.inject_fault("chat.postMessage", drop=True)
    slack.client.inject_fault("conversations.history", hold="before", times=1000)
    prompt = service.ask(approve)
    slack.client.wait_until_held()
    ana = slack.person("ana")
    for number in range(201):
        ana.say(f"Message {number}", in_="#releases")
    slack.client.clear_faults()
    service.until_noted(prompt, "card_posted")
    cursors = [call["arguments"].get("cursor", "") for call in slack.client.calls("conversations.history")]
    assert cursors[-2:] == ["next:200", "next:200"]
    assert len([seen for seen in ana.sees("#releases") if seen.buttons]) == 1


@pytest.mark.usefixtures("small_pages")
def test_a_lost_card_is_found_in_one_of_many_channels(service: RunningService, clock: SlacksClock) -> None:
    """Its channel is known by its name alone, and Slack lists few pages of channels a minute."""
    slack, where = service.slack, f"channel-{CHANNELS - 1}"
    slack.client.inject_fault("conversations.list", per_minute=3)
    slack.client.inject_fault("chat.postMessage", drop=True)
    prompt = service.ask(approve, where=f"#{where}")
    service.until_noted(prompt, "card_posted")
    cards = [seen for seen in slack.person(LAST_ID).sees(f"#{where}") if seen.buttons]
    assert len(cards) == 1
    sent, refused = pages(slack, "conversations.list")
    assert len(sent) == len(set(sent)) > 1500 / PAGE
    assert refused
