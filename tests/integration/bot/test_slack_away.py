"""If Slack is down, slow, rate-limited or wrong, cards are late, but no decision is."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from signoff.bot.service import Service
from signoff.bot.settings import Mode
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import Settled
from signoff.store.outbox import cards
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.testing import SIGNOFF, Emulator
from tests.integration.bot.asking import FLOWS, approve
from tests.integration.bot.running_service import RunningService, settings_for
from tests.support.generous_limits import ACK_LIMIT_SECONDS
from tests.support.ports import reserved_port
from tests.support.waiting import until, until_asked, until_over

ANA = Actor("@ana", "ana", frozenset({"@ana"}))
YES = {"approved": True}


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a workspace that is started later."""
    with reserved_port() as port:
        yield port


def answered_at_the_desk(service: RunningService, prompt: Prompt) -> None:
    """Answer on the command line, without Slack."""
    assert isinstance(Desk(service.db).submit(prompt.id, ANA, YES, via="cli"), Settled)
    assert service.over(prompt).result == "approved: True"


def refusals(slack: Emulator, error: str) -> int:
    """How many calls Slack has refused with this error."""
    return sum(call["error"] == error for call in slack.client.calls("chat.postMessage"))


def posted(slack: Emulator) -> int:
    """The number of cards in Slack."""
    person = slack.person("mei")
    return sum(1 for seen in person.sees("#releases") if (seen.metadata or {}).get("event_type") == "signoff_prompt")


@pytest.mark.parametrize("where", ["#nowhere", "C0NOWHERE1", "#old"])
def test_a_channel_that_cannot_be_posted_in_delays_the_card_only(service: RunningService, where: str) -> None:
    """Invariant 7: the ledger says why, once, and the prompt can be answered all the same."""
    if where == "#old":
        service.slack.client.add_channel("old")
        service.slack.client.post("archive", channel="old")
    prompt = service.ask(approve, where=where)
    detail = service.until_noted(prompt, "card_failed")
    assert detail["error"] == ("is_archived" if where == "#old" else "channel_not_found")
    cards.redraw(service.db, prompt.id, now=service.db.now())
    until(service.db, lambda: refusals(service.slack, detail["error"]) >= 2, what="a second refusal")
    service.until_nothing_is_under_way()
    assert service.events(prompt).count("card_failed") == 1
    answered_at_the_desk(service, prompt)


def test_a_channel_that_is_created_later_gets_its_card(service: RunningService) -> None:
    """Nobody has to do anything for that."""
    prompt = service.ask(approve, where="#later")
    service.until_noted(prompt, "card_failed")
    service.slack.client.add_channel("later")
    service.card(prompt, "#later")


def test_the_ledger_says_if_there_is_no_channel(service: RunningService) -> None:
    """It names the setting."""
    prompt = service.ask(approve, where=None)
    assert "SIGNOFF_CHANNEL" in service.until_noted(prompt, "card_failed")["error"]
    answered_at_the_desk(service, prompt)


def test_a_rate_limit_is_respected(service: RunningService) -> None:
    """The next attempt is made after the time that Slack asks for."""
    service.slack.client.inject_fault("chat.postMessage", error="ratelimited", retry_after=1)
    service.ask_in("#releases", approve)
    refused, taken = service.slack.client.calls("chat.postMessage")
    assert (refused["error"], taken["error"]) == ("ratelimited", None)
    assert taken["at"] - refused["at"] >= 1
    assert posted(service.slack) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"error": "service_unavailable", "status": 503},
        {"drop": True},
        {"error": "fatal_error"},
    ],
    ids=["unavailable", "lost answer", "fatal"],
)
def test_a_failed_post_ends_in_one_card(service: RunningService, fault: dict[str, object]) -> None:
    """Invariant 7: before it is posted again, the bot finds out whether it was posted."""
    service.slack.client.inject_fault("chat.postMessage", **fault)
    prompt, _ = service.ask_in("#releases", approve)
    service.until_all_is_said()
    assert posted(service.slack) == 1
    assert service.events(prompt) == ["opened", "card_failed", "card_posted"]


def test_a_card_in_doubt_is_posted_again_if_the_app_may_not_look_for_it(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The scopes for that are optional. Each of the two cards can be answered."""
    manifest = replace(SIGNOFF, scopes=SIGNOFF.scopes - SIGNOFF.optional_scopes)
    with (
        Emulator(manifest=manifest, ack_limit_seconds=ACK_LIMIT_SECONDS) as slack,
        Service(settings_for(slack.api_url, sqlite_url), FLOWS, with_bot=True, grace=1.0) as started,
    ):
        service = RunningService(slack, started)
        slack.deliver_to(service.request_url)
        slack.client.inject_fault("chat.postMessage", drop=True)
        prompt = service.ask(approve)
        service.until_noted(prompt, "card_posted")
        assert posted(slack) == 2
        assert "A message may be in C0RELEASE1 twice, because the app may not look for it: missing_scope" in caplog.text
        ana = slack.person("ana")
        ana.press("Approve", message=next(seen for seen in ana.sees("#releases") if seen.buttons))
        assert service.over(prompt).result == "approved: True"


def test_a_card_in_doubt_stays_in_doubt_while_slack_cannot_be_asked(service: RunningService) -> None:
    """A refused search does not mean that the card is missing."""
    service.slack.client.inject_fault("chat.postMessage", drop=True)
    service.slack.client.inject_fault("conversations.history", error="ratelimited", retry_after=0, times=2)
    service.ask_in("#releases", approve)
    service.until_all_is_said()
    assert posted(service.slack) == 1
    assert [call["error"] for call in service.slack.client.calls("conversations.history")] == [
        *["ratelimited"] * 2,
        None,
    ]


def test_a_card_that_was_settled_before_it_was_found_again_shows_the_outcome(service: RunningService) -> None:
    """The lost card is updated, even if responses to updates are lost too."""
    service.slack.client.inject_fault("chat.postMessage", drop=True)
    service.slack.client.inject_fault("chat.update", drop=True, times=2)
    prompt, card = service.ask_in("#releases", approve)
    service.slack.person("ana").press("Approve", message=card)
    service.over(prompt)
    service.until_all_is_said()
    assert posted(service.slack) == 1
    assert "Approved" in service.card(prompt, open_=False).full_text


def test_a_response_that_is_not_json_does_not_stop_the_dispatcher(service: RunningService) -> None:
    """An error page of a proxy delays one card."""
    service.slack.client.inject_fault("chat.postMessage", error="<html>", status=200)
    service.ask_in("#releases", approve)
    assert posted(service.slack) == 1


@pytest.mark.parametrize("mode", list(Mode), ids=str)
def test_an_outage_of_slack_at_the_start_delays_cards_only(
    sqlite_url: str, mode: Mode, caplog: pytest.LogCaptureFixture, port: int
) -> None:
    """Invariant 7: runs start and are answered, and the cards follow when Slack is back."""
    settings = settings_for(f"http://127.0.0.1:{port}/api/", sqlite_url, mode)
    with Service(settings, FLOWS, with_bot=True, grace=1.0) as started:
        first, second = (approve.create_run(db=started.db) for _ in range(2))
        answered, waiting = until_asked(started.db, first.id), until_asked(started.db, second.id)
        assert isinstance(Desk(started.db).submit(answered.id, ANA, YES, via="cli"), Settled)
        assert until_over(started.db, first.id).result == "approved: True"
        with Emulator(port, ack_limit_seconds=ACK_LIMIT_SECONDS) as slack:
            service = RunningService(slack, started)
            service.card(answered, open_=False)
            service.card(waiting)
            if mode is Mode.HTTP:
                slack.deliver_to(service.request_url)
            else:
                until_connected(slack)
            slack.person("ana").press("Approve", message=service.card(waiting))
            assert service.over(waiting).result == "approved: True"
            service.until_all_is_said()
            assert posted(slack) == 2
    assert "Traceback" not in caplog.text


def test_a_socket_that_slack_closes_is_reopened(slack: Emulator, sqlite_url: str) -> None:
    """Slack closes each one after a few hours."""
    with Service(settings_for(slack.api_url, sqlite_url, Mode.SOCKET), FLOWS, with_bot=True, grace=1.0) as started:
        service = RunningService(slack, started)
        prompt, card = service.ask_in("#releases", approve)
        slack.client.post("disconnect")
        until_connected(slack)
        slack.person("ana").press("Approve", message=card)
        assert service.over(prompt).result == "approved: True"


def until_connected(slack: Emulator) -> None:
    """Wait until the app has a Socket Mode connection."""
    slack.person("ana").wait_until(lambda: slack.client.get("workspace")["connected"], what="the app")
