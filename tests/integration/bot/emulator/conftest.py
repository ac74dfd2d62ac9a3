"""A running emulator, Slack's own client, and a real Bolt app."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.socket_mode.builtin import SocketModeClient

from signoff.testing import SIGNOFF, Emulator

Connect = Callable[[App], None]

# Every method can be called, and no event comes between the payloads that a test waits for.
MANIFEST = replace(
    SIGNOFF,
    scopes=SIGNOFF.scopes | {"im:read", "im:write", "metadata.message:read", "reactions:read", "reactions:write"},
    events=frozenset(),
    home_tab=True,
)


def close_quickly(client: SocketModeClient) -> None:
    """Close a Socket Mode client without the seconds that it would wait for a next frame and a next message."""
    client.closed = True
    client.auto_reconnect_enabled = False
    if client.current_session is not None and client.current_session.sock is not None:
        client.current_session.sock.shutdown(socket.SHUT_RDWR)
    client.message_queue.put(None)
    client.close()


@pytest.fixture
def slack() -> Iterator[Emulator]:
    """A fresh workspace with an app that may use everything and hears of no events."""
    with Emulator(manifest=MANIFEST) as emulator:
        yield emulator


@pytest.fixture
def client(slack: Emulator) -> WebClient:
    """Slack's client with the bot's token."""
    return WebClient(slack.bot_token, base_url=slack.api_url)


@pytest.fixture
def app(client: WebClient) -> App:
    """A Bolt app, not connected yet."""
    return App(client=client)


@pytest.fixture
def connect(slack: Emulator) -> Iterator[Connect]:
    """Connects an app through Socket Mode until the test ends."""
    with ExitStack() as stack:

        def connect_app(app: App) -> None:
            handler = SocketModeHandler(app, slack.app_token)
            handler.client.connect()
            stack.callback(close_quickly, handler.client)

        yield connect_app
