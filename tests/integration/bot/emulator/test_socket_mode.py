"""Socket Mode: connections, envelopes, acks."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Thread

import pytest
from slack_bolt import Ack, App
from slack_sdk import WebClient
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as connect_websocket

from signoff.testing import ActionFailed, Emulator
from tests.integration.bot.emulator.conftest import Connect
from tests.unit.bot.emulator.samples import actions, button


def open_connection(slack: Emulator, client: WebClient) -> ClientConnection:
    """A raw Socket Mode connection."""
    return connect_websocket(client.apps_connections_open(app_token=slack.app_token)["url"], proxy=None)


def post_button(client: WebClient) -> None:
    """A card with one button."""
    client.chat_postMessage(channel="#releases", text="Ship?", blocks=[actions(button())])


def test_a_connection_starts_with_hello(slack: Emulator, client: WebClient) -> None:
    """The first message says which app it is, and how many connections there are."""
    with open_connection(slack, client) as connection:
        hello = json.loads(connection.recv())
        assert hello["type"] == "hello"
        assert hello["num_connections"] == 1
        assert hello["connection_info"] == {"app_id": "A0SIGNOFF1"}
        assert slack.client.get("workspace")["connected"] is True


def test_an_address_is_good_for_one_connection(slack: Emulator, client: WebClient) -> None:
    """The ticket in the address is used up, and an invented one is refused."""
    url = client.apps_connections_open(app_token=slack.app_token)["url"]
    with connect_websocket(url, proxy=None):
        for refused in (url, f"{slack.url.replace('http', 'ws')}/socket/?ticket=invented"):
            with pytest.raises(InvalidStatus):
                connect_websocket(refused, proxy=None)


def test_each_payload_goes_to_one_of_several_connections(slack: Emulator, client: WebClient) -> None:
    """Two connections share the presses, and no press comes twice."""
    post_button(client)
    came_to: list[list[str]] = [[], []]
    with ExitStack() as stack:
        for acts in came_to:
            connection = stack.enter_context(open_connection(slack, client))
            connection.recv()
            stack.enter_context(acking(connection, acts))
        for _ in range(6):
            slack.person("ana").press("Approve", in_="#releases")
    assert [len(acts) for acts in came_to] == [3, 3]
    assert len({*came_to[0], *came_to[1]}) == 6


def test_an_envelope_is_as_slack_sends_it(slack: Emulator, client: WebClient) -> None:
    """It says its type and whether the ack may carry an answer."""
    post_button(client)
    with open_connection(slack, client) as connection, ThreadPoolExecutor() as pool:
        connection.recv()
        for act, kind, answerable in (
            (lambda: slack.person("ana").press("Approve", in_="#releases"), "interactive", False),
            (lambda: slack.person("ana").command("/approvals"), "slash_commands", True),
        ):
            answer = pool.submit(act)
            envelope = json.loads(connection.recv())
            assert envelope["type"] == kind
            assert envelope["accepts_response_payload"] is answerable
            assert envelope["payload"]["api_app_id"] == "A0SIGNOFF1"
            connection.send(json.dumps({"envelope_id": envelope["envelope_id"], "payload": {"text": "Yes"}}))
            assert answer.result()["response"] == {"text": "Yes"}


def test_an_app_that_dies_with_an_envelope_has_not_acked(slack: Emulator, client: WebClient) -> None:
    """The press fails as soon as the connection is gone; the next press goes to the next connection."""
    post_button(client)
    with ThreadPoolExecutor() as pool:
        with open_connection(slack, client) as connection:
            connection.recv()
            answer = pool.submit(slack.person("ana").press, "Approve", "#releases")
            connection.recv()
        with pytest.raises(ActionFailed, match="app_unreachable"):
            answer.result()
    acts: list[str] = []
    with open_connection(slack, client) as connection, acking(connection, acts):
        slack.person("ana").press("Approve", in_="#releases")
    assert len(acts) == 1


def test_the_eleventh_connection_is_turned_away(slack: Emulator, client: WebClient) -> None:
    """Slack allows ten, and says so with `too_many_websockets`."""
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(open_connection(slack, client)).recv()
        eleventh = stack.enter_context(open_connection(slack, client))
        assert json.loads(eleventh.recv())["reason"] == "too_many_websockets"
        with pytest.raises(ConnectionClosed):
            eleventh.recv()


def test_an_app_comes_back_after_slack_has_refreshed_its_connection(
    slack: Emulator, client: WebClient, app: App, connect: Connect
) -> None:
    """Slack ends connections every few hours: a Bolt app opens a new one and goes on."""

    @app.action("go")
    def go(ack: Ack) -> None:
        ack()

    connect(app)
    post_button(client)
    ana = slack.person("ana")
    ana.press("Approve", in_="#releases")
    opened = len(slack.client.calls("apps.connections.open"))
    slack.client.post("disconnect")
    ana.wait_until(lambda: slack.client.get("workspace")["connected"], what="the app to come back")
    assert len(slack.client.calls("apps.connections.open")) > opened
    assert ana.press("Approve", in_="#releases")["ok"]


@contextmanager
def acking(connection: ClientConnection, acts: list[str]) -> Iterator[None]:
    """Ack every envelope on this connection at once, noting its id."""

    def listen() -> None:
        for message in connection:
            envelope = json.loads(message)
            if "envelope_id" in envelope:
                acts.append(envelope["envelope_id"])
                connection.send(json.dumps({"envelope_id": envelope["envelope_id"]}))

    thread = Thread(target=listen)
    thread.start()
    yield
    connection.close()
    thread.join()
