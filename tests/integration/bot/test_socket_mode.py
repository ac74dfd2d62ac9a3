"""Socket Mode in bad weather: a connection that no longer works is noticed, and another one takes its place."""

import logging
from collections.abc import Iterator
from http import HTTPStatus
from urllib.error import HTTPError
from urllib.parse import quote

import pytest

from signoff.bot.connection import socket_mode
from signoff.bot.connection.web_client import opener_for, webhook
from signoff.bot.emulator.delivery.socket_mode import Connection
from signoff.bot.service import Service
from signoff.bot.settings import Mode
from signoff.testing import Emulator
from tests.integration.bot.asking import FLOWS, approve
from tests.integration.bot.running_service import RunningService, settings_for
from tests.support.company_proxy import HOST, NAME, PASSWORD, CompanyProxy, company_proxy
from tests.support.lossy_link import Link, linked
from tests.support.waiting import until


@pytest.fixture
def link(slack: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Link]:
    """What is between the bot's websockets and Slack."""
    assert slack.client.get("workspace")
    with linked(slack.url) as link:
        monkeypatch.setattr(slack, "url", link.url)
        yield link


@pytest.fixture
def service(slack: Emulator, sqlite_url: str, link: Link) -> Iterator[RunningService]:
    """A bot that uses Socket Mode."""
    with Service(settings_for(slack.api_url, sqlite_url, Mode.SOCKET), FLOWS, with_bot=True, grace=1.0) as started:
        yield RunningService(slack, started)


def connections(service: RunningService) -> list[Connection]:
    """The app's connections, as Slack sees them."""
    return service.slack._socket_mode._connections


def until_replaced(service: RunningService, lost: list[Connection]) -> None:
    """Wait until the app has another connection than these."""
    until(service.db, lambda: any(each not in lost for each in connections(service)), what="another connection")


def until_gone(service: RunningService, lost: list[Connection]) -> None:
    """Wait until Slack has noticed that the app has left these."""
    until(service.db, lambda: not any(each in lost for each in connections(service)), what="Slack to notice")


def is_answered(service: RunningService) -> None:
    """A press arrives and is answered."""
    prompt, card = service.ask_in("#releases", approve)
    service.slack.person("ana").press("Approve", message=card)
    assert service.over(prompt).result == "approved: True"


def test_a_connection_that_was_reset_is_replaced_at_once(service: RunningService, link: Link) -> None:
    """The reset itself is noticed, before any ping is missed."""
    lost = list(connections(service))
    link.reset()
    until_replaced(service, lost)
    until_gone(service, lost)
    is_answered(service)


def test_a_connection_that_fell_silent_is_replaced_within_ten_seconds() -> None:
    """Looked at every other second, and opened in less than one."""
    assert socket_mode.PING_EVERY + socket_mode.SILENT_AFTER <= 8


def test_nothing_is_lost_with_a_connection_that_fell_silent(
    service: RunningService, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No reset, no close, no pong: another connection is opened, and brings what Slack sends again."""
    monkeypatch.setattr(socket_mode, "SILENT_AFTER", 1.0)
    monkeypatch.setattr(socket_mode, "PING_EVERY", 0.3)
    prompt, card = service.ask_in("#releases", approve)
    service.until_all_is_said()
    lost = list(connections(service))
    silent = link.go_silent()
    service.slack.event_retry_delays = [0.0, *[0.1] * 100]
    service.slack.person("ana").delete(card)
    until_replaced(service, lost)
    for pair in silent:
        pair.reset()
    until(service.db, lambda: "card_lost" in service.events(prompt), what="the deletion to be heard")
    until_gone(service, lost)
    is_answered(service)


def test_a_connection_that_is_only_slow_stays_open_beside_the_other(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack's answers to pings can take longer than five seconds. What an old connection brings counts all the same."""
    slow = list(connections(service))
    with monkeypatch.context() as patched:
        patched.setattr(socket_mode, "SILENT_AFTER", -1.0)
        until_replaced(service, slow)
    for _ in range(2):
        is_answered(service)
    assert all(each in connections(service) for each in slow)
    assert len(connections(service)) <= socket_mode.MAX_CONNECTIONS


def test_another_connection_is_open_before_slack_closes_one(service: RunningService) -> None:
    """Slack warns some seconds before, and goes on sending until then."""
    leaving = list(connections(service))
    service.slack.client.post("disconnect", reason="warning")
    until_replaced(service, leaving)
    for _ in range(2):
        is_answered(service)
    assert all(each in connections(service) for each in leaving)
    for each in leaving:
        service.slack._server.run(each.websocket.close())
    until_gone(service, leaving)
    is_answered(service)


def test_it_is_said_what_to_do_if_socket_mode_is_turned_off(
    service: RunningService, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the bot is back when it is turned on."""
    monkeypatch.setattr(socket_mode, "RETRY_REFUSED_AFTER", 0.5)
    lost = list(connections(service))
    service.slack.client.post("disconnect", reason="link_disabled")
    until_replaced(service, lost)
    assert "Socket Mode is turned off for the app. Turn it on under Socket Mode" in caplog.text
    is_answered(service)


def test_slack_is_asked_less_often_while_it_closes_each_connection_at_once(
    service: RunningService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would limit how often the app may connect."""
    monkeypatch.setattr(socket_mode, "FIRST_RETRY_AFTER", 0.1)
    client = service.slack.client

    def closed() -> list[float]:
        client.post("disconnect")
        return [call["at"] for call in client.calls("apps.connections.open")]

    times = until(service.db, lambda: found if len(found := closed()) >= 5 else None, what="five connections")
    assert times[4] - times[3] > 0.3
    until(service.db, lambda: bool(connections(service)), what="the bot to be back")
    is_answered(service)


def test_a_bot_behind_a_company_proxy_hears_presses_on_this_machine(
    slack: Emulator, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy of the environment leads elsewhere: to the demo, for instance, there is none."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    with Service(settings_for(slack.api_url, sqlite_url, Mode.SOCKET), FLOWS, with_bot=True, grace=1.0) as started:
        is_answered(RunningService(slack, started))


@pytest.fixture
def through_proxy(slack: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[CompanyProxy]:
    """A workspace that only the proxy can reach."""
    assert slack.client.get("workspace")
    with company_proxy() as proxy:
        monkeypatch.setattr(slack, "url", slack.url.replace("127.0.0.1", HOST))
        monkeypatch.setenv("HTTP_PROXY", f"http://{NAME}:{quote(PASSWORD, safe='')}@{proxy.address}")
        for name in ("HTTPS_PROXY", "NO_PROXY", "no_proxy", "http_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield proxy


def test_everything_goes_through_a_proxy_with_a_password(
    slack: Emulator, sqlite_url: str, through_proxy: CompanyProxy, caplog: pytest.LogCaptureFixture
) -> None:
    """Calls, websockets, answers to a `response_url` and downloads; and no log line has the password."""
    caplog.set_level(logging.DEBUG)
    api_url = f"{slack.url}/api/"
    with Service(settings_for(api_url, sqlite_url, Mode.SOCKET), FLOWS, with_bot=True, grace=1.0) as started:
        is_answered(RunningService(slack, started))
    with pytest.raises(HTTPError, match="404"):
        opener_for(f"{slack.url}/files/none/none").open(f"{slack.url}/files/none/none")
    assert webhook(f"{slack.url}/respond/none").send(text="Hello").status_code == HTTPStatus.NOT_FOUND
    passed = "\n".join(through_proxy.passed)
    for expected in (f"CONNECT {HOST}:", "/api/auth.test", "/api/chat.postMessage", "/respond/none", "/files/none"):
        assert expected in passed
    assert PASSWORD not in caplog.text
    assert quote(PASSWORD, safe="") not in caplog.text


def test_a_proxy_that_wants_a_password_is_named_in_the_log(
    slack: Emulator,
    sqlite_url: str,
    through_proxy: CompanyProxy,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the variable to set."""
    monkeypatch.setenv("HTTPS_PROXY", f"http://{through_proxy.address}")
    with Service(settings_for(f"https://{HOST}/api/", sqlite_url, Mode.SOCKET), None, with_bot=True) as started:
        assert started.bot is not None
    assert through_proxy.refused
    assert "the proxy asks for a name and a password" in caplog.text


def test_a_name_that_cannot_be_resolved_at_the_start_is_no_reason_to_stop(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """DNS may be back in a moment."""
    settings = settings_for("http://slack.invalid:1/api/", sqlite_url, Mode.SOCKET)
    with Service(settings, None, with_bot=True) as started:
        assert started.bot is not None
    assert "could not be resolved" in caplog.text
