"""What people see, do and wait for."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer
from typing import Any

import httpx
import pytest
from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.sync.client import ClientConnection, connect

from signoff.testing import ActionFailed, ControlClient, Emulator
from tests.integration.bot.emulator.conftest import Connect
from tests.support.local_http import LOCAL
from tests.unit.bot.emulator.samples import actions, button, modal

Event = dict[str, Any]


@contextmanager
def watching(slack: Emulator, name: str) -> Iterator[ClientConnection]:
    """The live websocket of a person, after its hello."""
    address = f"{slack.url.replace('http', 'ws')}/control/updates?as={slack.person(name).id}"
    with connect(address, proxy=None) as live:
        hello = json.loads(live.recv())
        assert hello["type"] == "hello"
        assert hello["team"]["name"] == "Northwind"
        yield live


def heard(live: ClientConnection) -> Event:
    """The next thing told."""
    event: Event = json.loads(live.recv(timeout=5))
    return event


def test_a_watcher_hears_of_messages_as_they_come_change_and_go(slack: Emulator, client: WebClient) -> None:
    """Posting, replying, changing and deleting are told with the whole message."""
    with watching(slack, "ana") as live:
        ts = client.chat_postMessage(channel="#data", text="One")["ts"]
        message = heard(live)["message"]
        assert (message["text"], message["channel"], message["ts"]) == ("One", "C0DATASET1", ts)
        reply = slack.person("ben").say("Two", in_="#data", thread_ts=ts)
        assert heard(live)["message"]["thread_ts"] == ts
        assert heard(live)["message"]["reply_count"] == 1
        client.chat_update(channel="C0DATASET1", ts=ts, text="Three")
        assert heard(live)["message"]["text"] == "Three"
        client.chat_delete(channel="C0DATASET1", ts=ts)
        tombstone = heard(live)["message"]
        assert (tombstone["subtype"], tombstone["text"]) == ("tombstone", "This message was deleted.")
        slack.person("ben").delete(reply)
        assert heard(live) == {"type": "message_deleted", "channel": "C0DATASET1", "ts": reply.ts}
        assert "reply_count" not in heard(live)["message"]
        assert heard(live) == {"type": "message_deleted", "channel": "C0DATASET1", "ts": ts}


def test_a_watcher_hears_only_what_their_person_sees(slack: Emulator, client: WebClient) -> None:
    """Ephemeral messages, direct messages and private channels of others are not told."""
    secret = slack.client.add_channel("board", is_private=True, members=["ben", "signoff"])
    with watching(slack, "ana") as live:
        client.chat_postEphemeral(channel="#data", user="U0BENOKAF1", text="For Ben")
        client.chat_postMessage(channel="U0BENOKAF1", text="For Ben")
        client.chat_postMessage(channel=secret, text="For the board")
        client.chat_postMessage(channel="#data", text="For all")
        assert heard(live)["message"]["text"] == "For all"


def test_a_watcher_hears_of_the_app_and_of_trouble(
    slack: Emulator, client: WebClient, app: App, connect: Connect
) -> None:
    """The app's coming, the modal's opening, and what the client says when the app failed."""
    client.chat_postMessage(channel="#data", text="x", blocks=[actions(button())])
    with watching(slack, "ana") as live:
        with pytest.raises(ActionFailed):
            slack.person("ana").press("Approve", in_="#data")
        assert heard(live) == {"type": "notice", "text": "This app is not connected right now."}

        @app.action("go")
        def go(ack: Ack, body: Event, client: WebClient) -> None:
            ack()
            client.views_open(trigger_id=body["trigger_id"], view=modal())

        connect(app)
        assert heard(live) == {"type": "app", "connected": True}
        slack.person("ana").press("Approve", in_="#data")
        opened = heard(live)
        assert (opened["type"], opened["views"][0]["callback_id"]) == ("views", "form")


def test_a_watcher_must_be_somebody(slack: Emulator) -> None:
    """Nobody watches as nobody."""
    with (
        pytest.raises(Exception, match="403"),
        connect(f"{slack.url.replace('http', 'ws')}/control/updates", proxy=None),
    ):
        pass


def test_waiting_ends_as_soon_as_the_message_is_there(slack: Emulator, client: WebClient) -> None:
    """A message that comes later ends the wait; one that is there already does at once."""
    later = Timer(0.1, client.chat_postMessage, kwargs={"channel": "#data", "text": "Later"})
    later.start()
    mei = slack.person("mei")
    assert mei.wait_for_message("#data", "Late").text == "Later"
    assert mei.wait_for_message("#data", lambda message: message.text == "Later", timeout=0).text == "Later"
    later.join()


def test_waiting_in_vain_says_for_what(slack: Emulator) -> None:
    """The error names who waited, how long and for what."""
    with pytest.raises(TimeoutError, match=r"ana waited 0.05 s for a message in #data"):
        slack.person("ana").wait_for_message("#data", "Never", timeout=0.05)


def test_the_workspace_is_driven_from_another_process(slack: Emulator) -> None:
    """All that is needed is the address."""
    elsewhere = ControlClient(slack.url)
    elsewhere.person("ana").say("Hello", in_="#general")
    assert [message.text for message in slack.person("ben").sees("#general")] == ["Hello"]
    elsewhere.close()


def test_more_people_channels_and_groups_can_be_added(slack: Emulator, client: WebClient) -> None:
    """A test brings its own cast."""
    zoe = slack.client.add_person("zoe", real_name="Zoe Adler")
    channel = slack.client.add_channel("#deploys")
    slack.client.post("usergroups", handle="deployers", users=["zoe", "ana"])
    client.chat_postMessage(channel="#deploys", text="Hello, Zoe")
    assert [message.text for message in zoe.sees("#deploys")] == ["Hello, Zoe"]
    assert client.users_lookupByEmail(email="zoe@example.com")["user"]["id"] == zoe.id
    assert channel in [shown["id"] for shown in client.conversations_list()["channels"]]
    groups = client.usergroups_list(include_users=True)["usergroups"]
    assert {group["handle"]: group["users"] for group in groups}["deployers"] == [zoe.id, "U0ANARUIZ1"]


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        ("press", {"as": "nobody"}, "user_not_found"),
        ("press", {"as": "signoff", "action_id": "go"}, "user_not_found"),
        ("press", {"as": "ana"}, "invalid_arguments"),
        ("press", {"as": "ana", "action_id": "go", "channel": "#data", "ts": "1.0"}, "message_not_found"),
        ("say", {"as": "ana", "channel": "#x", "text": "y"}, "channel_not_found"),
        ("submit", {"as": "ana", "view_id": "V404"}, "not_found"),
        ("delete", {"channel": "#data", "ts": "1.0"}, "message_not_found"),
        ("faults", {"method": "*", "colour": "red"}, "invalid_arguments"),
    ],
)
def test_a_wrong_request_is_refused_by_name(slack: Emulator, path: str, body: Event, error: str) -> None:
    """Every slip in the use of the control API has a name and status 400."""
    response = httpx.post(f"{slack.url}/control/{path}", json=body, **LOCAL)
    assert (response.status_code, response.json()["error"]) == (400, error)


def test_what_is_no_json_is_refused(slack: Emulator) -> None:
    """Nonsense gets an error, not a crash."""
    as_json = {"Content-Type": "application/json"}
    response = httpx.post(f"{slack.url}/control/say", content=b"[", headers=as_json, **LOCAL)
    assert (response.status_code, response.json()["error"]) == (400, "invalid_json")


def test_the_page_is_served(slack: Emulator) -> None:
    """The emulator's address opens in a browser."""
    assert "<!doctype html>" in httpx.get(slack.url, **LOCAL).text.lower()


def test_direct_messages_between_people_are_nobody_elses(slack: Emulator, client: WebClient) -> None:
    """The two see them under each other's name. For others and the app, they do not exist."""
    ana, ben = slack.person("ana"), slack.person("ben")
    said = ana.say("Lunch?", in_="@ben")
    assert [message.text for message in ben.sees("@ana")] == ["Lunch?"]
    with pytest.raises(ActionFailed, match="channel_not_found"):
        slack.person("mei").say("Me too", in_=said.channel)
    with pytest.raises(SlackApiError, match="channel_not_found"):
        client.chat_postMessage(channel=said.channel, text="Me too")
    assert client.conversations_list(types="im")["channels"] == []
    note = ana.say("Buy milk", in_="@ana")
    assert note.channel != said.channel
    opened = slack.client.post("open_direct", user="signoff", **{"as": ana.id})["channel"]
    assert [each["id"] for each in client.conversations_list(types="im")["channels"]] == [opened["id"]]
    assert ana.sees("@signoff") == []


def test_a_condition_that_does_not_hold_yet_is_waited_for(slack: Emulator, client: WebClient) -> None:
    """Neither `False` nor an empty list is what somebody waits for."""
    ana = slack.person("ana")
    with pytest.raises(TimeoutError):
        ana.wait_until(lambda: len(ana.sees("#data")) == 1, timeout=0.05)
    with pytest.raises(TimeoutError):
        ana.wait_until(lambda: ana.sees("#data"), timeout=0.05)
    client.chat_postMessage(channel="#data", text="Here")
    assert ana.wait_until(lambda: len(ana.sees("#data")) == 1) is True
    assert [message.text for message in ana.wait_until(lambda: ana.sees("#data"))] == ["Here"]
