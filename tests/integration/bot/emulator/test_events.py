"""The Events API: which events an app gets, in which envelope, and what happens when it does not ack."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from queue import Queue
from typing import Any

import pytest
from slack_bolt import App, BoltRequest, BoltResponse
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from signoff.bot.background_server import BackgroundServer, listen
from signoff.bot.emulator.events.inner_events import SCOPES
from signoff.testing import ActionFailed, AppManifest, Emulator
from tests.integration.bot.emulator.conftest import MANIFEST, Connect
from tests.support.generous_limits import ACK_LIMIT_SECONDS

Event = dict[str, Any]
Serve = Callable[[Callable[[Request], Any]], None]

EVERYTHING = replace(MANIFEST, events=frozenset(SCOPES))
HEARD_WITHIN = 30.0
"""Seconds that a test waits for an event before it fails."""


@pytest.fixture
def manifest() -> AppManifest:
    """The app that is installed."""
    return EVERYTHING


@pytest.fixture
def ack_limit() -> float:
    """Seconds within which the app acks, however busy the machine is."""
    return ACK_LIMIT_SECONDS


@pytest.fixture
def slack(manifest: AppManifest, ack_limit: float) -> Iterator[Emulator]:
    """A workspace that sends an event again at once."""
    with Emulator(manifest=manifest, ack_limit_seconds=ack_limit, event_retry_delays=(0.0, 0.0, 0.0)) as emulator:
        yield emulator


@pytest.fixture
def heard(app: App, connect: Connect) -> "Queue[Event]":
    """The events that a Bolt app hears over Socket Mode, all of which it acks."""
    events: Queue[Event] = Queue()

    @app.middleware
    def take(req: BoltRequest) -> BoltResponse:
        events.put(req.body["event"])
        return BoltResponse(status=200)

    connect(app)
    return events


@pytest.fixture
def serve(slack: Emulator) -> Iterator[Serve]:
    """Serves an endpoint at `/slack/events` and has the workspace deliver there."""
    with ExitStack() as stack:

        def start(endpoint: Callable[[Request], Any]) -> None:
            listening = listen("127.0.0.1", 0)
            server = BackgroundServer(Starlette(routes=[Route("/slack/events", endpoint, methods=["POST"])]), listening)
            server.start()
            stack.callback(server.stop)
            slack.deliver_to(f"http://127.0.0.1:{listening.getsockname()[1]}/slack/events")

        yield start


def next_of(events: "Queue[Event]", kind: str) -> Event:
    """The next event of that type or subtype."""
    while True:
        event = events.get(timeout=HEARD_WITHIN)
        if kind in {event["type"], event.get("subtype")}:
            return event


def test_reactions_are_told_and_change_no_message(slack: Emulator, client: WebClient, heard: "Queue[Event]") -> None:
    """Who added or removed which emoji, and whose message it is on."""
    ben = slack.person("ben")
    said = ben.say("Ship it", in_="#data")
    slack.person("ana").react(said, "eyes")
    added = next_of(heard, "reaction_added")
    item = {"type": "message", "channel": "C0DATASET1", "ts": said.ts}
    assert added.pop("event_ts")
    assert added == {
        "type": "reaction_added",
        "user": slack.person("ana").id,
        "reaction": "eyes",
        "item_user": ben.id,
        "item": item,
    }
    slack.person("ana").unreact(said, "eyes")
    removed = heard.get(timeout=HEARD_WITHIN)
    assert (removed["type"], removed["item"]) == ("reaction_removed", item)


def test_a_message_is_told_with_its_changes_and_its_end(slack: Emulator, heard: "Queue[Event]") -> None:
    """Posted, edited and deleted by a person, with what the message was before."""
    ben = slack.person("ben")
    said = ben.say("Ship it", in_="#data")
    posted = next_of(heard, "message")
    assert (posted["text"], posted["user"], posted["channel_type"]) == ("Ship it", ben.id, "channel")
    assert posted["event_ts"] == posted["ts"] == said.ts
    assert "subtype" not in posted
    ben.edit(said, "Hold it")
    changed = next_of(heard, "message_changed")
    assert (changed["message"]["text"], changed["previous_message"]["text"]) == ("Hold it", "Ship it")
    assert changed["message"]["edited"]["user"] == ben.id
    ben.delete(said)
    deleted = next_of(heard, "message_deleted")
    assert (deleted["deleted_ts"], deleted["previous_message"]["text"]) == (said.ts, "Hold it")
    assert deleted["hidden"] is True
    assert deleted["ts"] == deleted["event_ts"] > said.ts


def test_an_app_is_sent_its_own_messages(slack: Emulator, heard: "Queue[Event]", client: WebClient) -> None:
    """They name its app and bot id. Metadata comes in an event of its own only.

    Bolt ignores them, and their deletion too, unless it is told not to.
    """
    metadata = {"event_type": "signoff_prompt", "event_payload": {"id": "1"}}
    ts = client.chat_postMessage(channel="#releases", text="Ship?", metadata=metadata)["ts"]
    client.chat_delete(channel="C0RELEASE1", ts=ts)
    [posted] = slack.client.events("message_metadata_posted", at_least=1)
    assert (posted["event"]["metadata"], posted["event"]["message_ts"]) == (metadata, ts)
    [deleted] = slack.client.events("message_deleted", at_least=1)
    [message, _] = slack.client.events("message", at_least=2)
    for told in (message["event"], deleted["event"]["previous_message"]):
        assert (told["app_id"], told["bot_id"], "metadata" in told) == ("A0SIGNOFF1", "B0SIGNOFF1", False)
    assert heard.empty()


def test_a_deleted_message_with_replies_leaves_a_tombstone(
    slack: Emulator, heard: "Queue[Event]", client: WebClient
) -> None:
    """The app is told that it changed. It goes when its last reply does."""
    ts = client.chat_postMessage(channel="#releases", text="Ship?")["ts"]
    reply = slack.person("ben").say("No", in_="#releases", thread_ts=ts)
    ana = slack.person("ana")
    [card, _] = ana.sees("#releases")
    ana.delete(card)
    changed = next_of(heard, "message_changed")
    assert (changed["message"]["subtype"], changed["message"]["user"]) == ("tombstone", "USLACKBOT")
    assert (changed["message"]["ts"], changed["previous_message"]["app_id"]) == (ts, "A0SIGNOFF1")
    with pytest.raises(SlackApiError, match="cant_update_message"):
        client.chat_update(channel="C0RELEASE1", ts=ts, text="Still here")
    ana.delete(reply)
    assert next_of(heard, "message_deleted")["deleted_ts"] == reply.ts
    assert next_of(heard, "message_deleted")["deleted_ts"] == ts
    assert ana.sees("#releases") == []


def test_an_ephemeral_message_makes_no_event(slack: Emulator, heard: "Queue[Event]", client: WebClient) -> None:
    """Slack does not keep it."""
    client.chat_postEphemeral(channel="#releases", user="U0ANARUIZ1", text="Only you")
    slack.person("ana").say("All of you", in_="#releases")
    assert next_of(heard, "message")["text"] == "All of you"


def test_an_app_hears_nothing_of_a_channel_that_it_is_not_in(slack: Emulator, heard: "Queue[Event]") -> None:
    """As soon as it was invited it does, and until it was removed."""
    ana = slack.person("ana")
    ana.say("Unheard", in_="#general")
    slack.client.invite("@signoff", "#general")
    joined = next_of(heard, "member_joined_channel")
    assert (joined["user"], joined["channel"], joined["inviter"]) == ("U0SIGNOFF1", "C0GENERAL1", "U0ANARUIZ1")
    ana.say("Heard", in_="#general")
    assert next_of(heard, "message")["text"] == "Heard"
    slack.client.remove("@signoff", "#general")
    assert next_of(heard, "member_left_channel")["user"] == "U0SIGNOFF1"
    ana.say("Unheard again", in_="#general")
    ana.say("Elsewhere", in_="#data")
    assert next_of(heard, "message")["text"] == "Elsewhere"


def test_members_are_told_as_they_come_and_go(slack: Emulator, heard: "Queue[Event]") -> None:
    """A person who joins by themselves has no inviter, and nobody leaves #general."""
    ben = slack.person("ben")
    ben.leave("#data")
    left = next_of(heard, "member_left_channel")
    assert (left["user"], left["channel"], left["channel_type"]) == (ben.id, "C0DATASET1", "C")
    ben.join("#data")
    assert "inviter" not in next_of(heard, "member_joined_channel")
    with pytest.raises(ActionFailed, match="cant_leave_general"):
        ben.leave("#general")


def test_an_archived_channel_is_told(slack: Emulator, heard: "Queue[Event]", client: WebClient) -> None:
    """Public and private ones have events of their own; nothing is posted in them."""
    private = slack.client.add_channel("secrets", is_private=True, members=["ana", "signoff"])
    for channel, archived, opened in (
        ("C0DATASET1", "channel_archive", "channel_unarchive"),
        (private, "group_archive", "group_unarchive"),
    ):
        slack.client.archive(channel)
        told = next_of(heard, archived)
        assert (told["channel"], told["user"]) == (channel, "U0ANARUIZ1")
        with pytest.raises(SlackApiError, match="is_archived"):
            client.chat_postMessage(channel=channel, text="Hello?")
        slack.client.unarchive(channel)
        assert next_of(heard, opened)["channel"] == channel


def test_a_new_and_a_renamed_channel_are_told(slack: Emulator, heard: "Queue[Event]", client: WebClient) -> None:
    """A private one only once the app is in it. Its earlier names are kept."""
    channel = slack.client.add_channel("deploys")
    assert next_of(heard, "channel_created")["channel"]["name"] == "deploys"
    slack.client.rename(channel, "#releases-2")
    told = next_of(heard, "channel_rename")["channel"]
    assert (told["id"], told["name"]) == (channel, "releases-2")
    assert client.conversations_info(channel=channel)["channel"]["previous_names"] == ["deploys"]
    private = slack.client.add_channel("secrets", is_private=True, members=["ana", "signoff"])
    slack.client.rename(private, "quiet")
    assert next_of(heard, "group_rename")["channel"]["name"] == "quiet"


def test_people_are_told_as_they_come_change_and_go(slack: Emulator, heard: "Queue[Event]", client: WebClient) -> None:
    """A deactivated person is found by no address and can do nothing."""
    zoe = slack.client.add_person("zoe")
    assert next_of(heard, "team_join")["user"]["id"] == zoe.id
    slack.client.change_person("zoe", real_name="Zoe Adler")
    assert next_of(heard, "user_change")["user"]["real_name"] == "Zoe Adler"
    slack.client.change_person("zoe", deleted=True)
    assert next_of(heard, "user_change")["user"]["deleted"] is True
    with pytest.raises(SlackApiError, match="users_not_found"):
        client.users_lookupByEmail(email="zoe@example.com")
    with pytest.raises(ActionFailed, match="account_inactive"):
        zoe.say("Still here?")


def test_a_user_group_is_told_with_its_people(slack: Emulator, heard: "Queue[Event]") -> None:
    """New, renamed, and with other people."""
    slack.client.set_user_group("deployers", ["ana"])
    assert next_of(heard, "subteam_created")["subteam"]["users"] == ["U0ANARUIZ1"]
    slack.client.set_user_group("deployers", ["ben"], name="Those who deploy")
    assert next_of(heard, "subteam_updated")["subteam"]["name"] == "Those who deploy"
    members = next_of(heard, "subteam_members_changed")
    assert (members["added_users"], members["removed_users"]) == (["U0BENOKAF1"], ["U0ANARUIZ1"])


def test_opening_the_home_tells_what_is_published_there(
    slack: Emulator, heard: "Queue[Event]", client: WebClient
) -> None:
    """The tab that was opened, the direct messages, and the view once there is one."""
    mei = slack.person("mei")
    mei.open_home()
    opened = next_of(heard, "app_home_opened")
    assert (opened["user"], opened["tab"], "view" in opened) == (mei.id, "home", False)
    assert opened["channel"].startswith("D")
    view = {"type": "home", "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "Your approvals"}}]}
    client.views_publish(user_id=mei.id, view=view)
    assert mei.wait_for_home("Your approvals").id
    mei.open_home()
    assert next_of(heard, "app_home_opened")["view"]["type"] == "home"
    mei.open_home("messages")
    assert next_of(heard, "app_home_opened")["tab"] == "messages"


def test_an_app_that_was_removed_is_told_and_may_do_nothing(
    slack: Emulator, heard: "Queue[Event]", client: WebClient
) -> None:
    """Its token works again once it was installed again."""
    slack.client.uninstall()
    assert next_of(heard, "tokens_revoked")["tokens"] == {"oauth": [], "bot": ["U0SIGNOFF1"]}
    next_of(heard, "app_uninstalled")
    with pytest.raises(SlackApiError, match="account_inactive"):
        client.auth_test()
    slack.person("ana").say("Unheard", in_="#data")
    slack.client.install()
    assert client.auth_test()["ok"]
    slack.person("ana").say("Heard", in_="#data")
    assert next_of(heard, "message")["text"] == "Heard"


@pytest.mark.parametrize(
    "manifest",
    [
        replace(EVERYTHING, events=EVERYTHING.events - {"message.channels"}),
        replace(EVERYTHING, scopes=EVERYTHING.scopes - {"channels:history"}),
    ],
    ids=["no subscription", "no scope"],
)
def test_an_event_needs_a_subscription_and_a_scope(slack: Emulator, heard: "Queue[Event]") -> None:
    """Messages in channels are not told, those in direct messages are."""
    slack.person("ana").say("In a channel", in_="#data")
    slack.person("ana").say("Directly", in_="@signoff")
    told = next_of(heard, "message")
    assert (told["text"], told["channel_type"]) == ("Directly", "im")


def test_an_envelope_says_whose_event_it_is(slack: Emulator, app: App, connect: Connect) -> None:
    """Team, app, authorizations, id and time, as the docs have them."""
    bodies: Queue[Event] = Queue()

    @app.event("app_home_opened")
    def opened(body: Event) -> None:
        bodies.put(body)

    connect(app)
    slack.person("mei").open_home()
    body = bodies.get(timeout=HEARD_WITHIN)
    assert (body["type"], body["team_id"], body["api_app_id"]) == ("event_callback", "T0SIGNOFF1", "A0SIGNOFF1")
    assert body["event_id"].startswith("Ev")
    assert isinstance(body["event_time"], int)
    assert body["event_context"].startswith("4-")
    [authorization] = body["authorizations"]
    assert (authorization["user_id"], authorization["is_bot"]) == ("U0SIGNOFF1", True)


@pytest.mark.parametrize("ack_limit", [0.1])
def test_an_event_that_is_not_acked_is_sent_three_times_more(slack: Emulator, app: App, connect: Connect) -> None:
    """With the same id, over Socket Mode in an envelope that says which attempt it is, and why."""
    connect(app)  # Bolt answers what nobody listens to with 404, which over Socket Mode is no ack
    slack.person("mei").open_home()
    sent = slack.client.events("app_home_opened", at_least=4)
    assert [(each["retry_attempt"], each["retry_reason"]) for each in sent] == [
        (0, ""),
        *((attempt, "timeout") for attempt in (1, 2, 3)),
    ]
    assert len({each["event_id"] for each in sent}) == 1
    assert {each["error"] for each in sent} == {"operation_timeout"}


def test_an_event_waits_for_an_app_that_is_away(slack: Emulator, app: App, connect: Connect) -> None:
    """What happens while no connection is open is sent again too."""
    bodies: Queue[Event] = Queue()

    @app.event("app_home_opened")
    def opened(body: Event) -> None:
        bodies.put(body)

    slack.event_retry_delays = (0.0, *[0.2] * 50)
    slack.person("mei").open_home()
    slack.client.events("app_home_opened", at_least=2)
    connect(app)
    assert bodies.get(timeout=HEARD_WITHIN)["event"]["tab"] == "home"
    assert [each["error"] for each in slack.client.events("app_home_opened")][:2] == ["app_unreachable"] * 2


def test_a_request_url_is_asked_to_repeat_a_challenge(slack: Emulator, client: WebClient, serve: Serve) -> None:
    """A Bolt app does so by itself; every request is signed."""
    verifier = SignatureVerifier(slack.signing_secret)
    bodies: Queue[Event] = Queue()

    async def endpoint(request: Request) -> Response:
        text = (await request.body()).decode()
        assert verifier.is_valid_request(text, dict(request.headers))
        body = json.loads(text)
        bodies.put(body)
        return PlainTextResponse(body.get("challenge", ""))

    serve(endpoint)
    assert bodies.get(timeout=HEARD_WITHIN)["type"] == "url_verification"
    slack.person("mei").open_home()
    assert bodies.get(timeout=HEARD_WITHIN)["event"]["type"] == "app_home_opened"
    assert [each["error"] for each in slack.client.events("app_home_opened", at_least=1)] == [None]


def test_a_request_url_that_does_not_repeat_it_gets_no_events(slack: Emulator, serve: Serve) -> None:
    """It is asked again when there is one to send, and interactions are delivered all the same."""
    bodies: list[Event] = []

    async def endpoint(request: Request) -> Response:
        if request.headers["content-type"] == "application/json":
            bodies.append(await request.json())
        return Response()

    serve(endpoint)
    slack.person("mei").open_home()
    slack.client.events("app_home_opened", at_least=4)
    assert [body["type"] for body in bodies] == ["url_verification"] * 5
    assert slack.person("mei").command("/approvals")["ok"]


@pytest.mark.parametrize(("headers", "number"), [({}, 4), ({"X-Slack-No-Retry": "1"}, 1)], ids=["retry", "no retry"])
def test_a_refused_event_is_sent_again_with_headers(
    slack: Emulator, serve: Serve, headers: dict[str, str], number: int
) -> None:
    """They say which attempt it is, and why; an app may ask for none."""
    asked: Queue[tuple[str | None, str | None]] = Queue()

    async def endpoint(request: Request) -> Response:
        body = await request.json()
        if body["type"] == "url_verification":
            return JSONResponse({"challenge": body["challenge"]})
        asked.put((request.headers.get("x-slack-retry-num"), request.headers.get("x-slack-retry-reason")))
        is_last = body["event"]["tab"] == "messages"
        return Response(status_code=200 if is_last else 503, headers=headers)

    serve(endpoint)
    slack.person("mei").open_home()
    slack.client.events("app_home_opened", at_least=number)
    slack.person("mei").open_home("messages")
    slack.client.events("app_home_opened", at_least=number + 1)
    expected = [(None, None), *((str(attempt), "http_error") for attempt in range(1, number)), (None, None)]
    assert [asked.get_nowait() for _ in range(asked.qsize())] == expected


def test_only_ones_own_message_is_changed_or_deleted(slack: Emulator, client: WebClient) -> None:
    """Except by an administrator, who may delete any but edit none."""
    client.chat_postMessage(channel="#data", text="Ship?")
    ben, ana = slack.person("ben"), slack.person("ana")
    [card] = ben.sees("#data")
    for act in (lambda: ben.delete(card), lambda: ben.edit(card, "No"), lambda: ana.edit(card, "No")):
        with pytest.raises(ActionFailed, match=r"cant_(delete|update)_message"):
            act()
    ana.delete(card)
    assert ben.sees("#data") == []


@pytest.mark.parametrize("manifest", [replace(EVERYTHING, messages_tab=False)], ids=["no messages tab"])
def test_direct_messages_need_the_messages_tab(slack: Emulator, client: WebClient) -> None:
    """Without it Slack refuses them."""
    with pytest.raises(SlackApiError, match="messages_tab_disabled"):
        client.chat_postMessage(channel="U0MEITANA1", text="Hello")
