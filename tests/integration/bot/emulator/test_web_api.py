"""The Web API, called by Slack's own client."""

import json

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from signoff.bot.emulator.protocol import Json
from signoff.testing import ActionFailed, AppManifest, Emulator
from tests.integration.bot.emulator.conftest import MANIFEST
from tests.support.local_http import LOCAL
from tests.unit.bot.emulator.samples import actions, button, modal, plain, section

CARD = [section("Ship 2.1?"), actions(button())]
RELEASES = "C0RELEASE1"


def test_the_token_says_who_the_app_is(client: WebClient) -> None:
    """`auth.test` names the bot user and the workspace, and the scopes are in a header, as in Slack."""
    answer = client.auth_test()
    assert answer["user"] == "signoff"
    assert answer["team"] == "Northwind"
    assert set(answer.headers["x-oauth-scopes"].split(",")) == MANIFEST.scopes


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("xoxb-wrong", "invalid_auth"), ("xapp-emulator-app-token", "not_allowed_token_type")],
)
def test_a_wrong_token_is_refused(slack: Emulator, token: str, error: str) -> None:
    """No token, an unknown one and one of the other kind each get Slack's error."""
    with pytest.raises(SlackApiError) as refusal:
        WebClient(token, base_url=slack.api_url).auth_test()
    assert refusal.value.response["error"] == error


def test_socket_mode_wants_the_app_token(slack: Emulator, client: WebClient) -> None:
    """`apps.connections.open` takes `xapp-` and refuses `xoxb-`."""
    assert client.apps_connections_open(app_token=slack.app_token)["url"].startswith("ws://127.0.0.1:")
    with pytest.raises(SlackApiError) as refusal:
        client.apps_connections_open(app_token=slack.bot_token)
    assert refusal.value.response["error"] == "not_allowed_token_type"


def test_a_scope_that_the_manifest_does_not_ask_for_is_missing() -> None:
    """`missing_scope` says what is needed and what there is."""
    manifest = AppManifest("Reader", "reader", frozenset({"users:read", "channels:read"}))
    with Emulator(manifest=manifest) as slack:
        client = WebClient(slack.bot_token, base_url=slack.api_url)
        with pytest.raises(SlackApiError) as refusal:
            client.chat_postMessage(channel="#orders", text="Hello")
        assert refusal.value.response["error"] == "missing_scope"
        assert refusal.value.response["needed"] == "chat:write"
        assert refusal.value.response["provided"] == "channels:read,users:read"
        assert "email" not in client.users_info(user="U0ANARUIZ1")["user"]["profile"]


def test_an_unknown_method_is_refused(client: WebClient) -> None:
    """What is not emulated says so."""
    with pytest.raises(SlackApiError) as refusal:
        client.api_call("calls.add")
    assert refusal.value.response["error"] == "unknown_method"


def test_a_posted_message_is_seen_and_found_by_its_metadata(slack: Emulator, client: WebClient) -> None:
    """People see the card, and the app finds it again in the history."""
    metadata = {"event_type": "prompt", "event_payload": {"prompt_id": "p1"}}
    posted = client.chat_postMessage(channel="#releases", text="Ship?", blocks=CARD, metadata=metadata)
    assert posted["channel"] == RELEASES
    [message] = slack.person("ana").sees("#releases")
    assert message.buttons == ["Approve"]
    assert message.full_text == "Ship?\nShip 2.1?\nApprove"

    [found] = client.conversations_history(channel=RELEASES, include_all_metadata=True)["messages"]
    assert found["metadata"] == metadata
    assert found["ts"] == posted["ts"]
    [found] = client.conversations_history(channel=RELEASES)["messages"]
    assert "metadata" not in found


def test_a_message_to_a_person_opens_direct_messages(slack: Emulator, client: WebClient) -> None:
    """Posting to a user id and `conversations.open` lead to the same place, which nobody else sees."""
    posted = client.chat_postMessage(channel="U0MEITANA1", text="Psst")
    assert posted["channel"].startswith("D")
    assert client.conversations_open(users="U0MEITANA1")["channel"]["id"] == posted["channel"]
    assert [message.text for message in slack.person("mei").sees("@signoff")] == ["Psst"]
    assert slack.person("ana").sees("@signoff") == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "#nowhere", "text": "x"}, "channel_not_found"),
        ({"channel": "#orders", "text": ""}, "no_text"),
        ({"channel": "#orders", "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": "#orders", "text": "x", "blocks": [section("x" * 3001)]}, "invalid_blocks"),
        ({"channel": "#orders", "text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ({"channel": "#orders", "text": "x", "thread_ts": "1.000000"}, "cannot_reply_to_message"),
        ({"channel": "#orders", "text": "x", "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
    ],
)
def test_a_message_that_slack_would_refuse_is_refused(
    slack: Emulator, client: WebClient, arguments: dict[str, str], error: str
) -> None:
    """Each slip has Slack's error name, and nothing is posted."""
    with pytest.raises(SlackApiError) as refusal:
        client.api_call("chat.postMessage", json=arguments)
    assert refusal.value.response["error"] == error
    assert slack.person("ana").sees("#orders") == []


def test_an_update_with_text_alone_removes_the_blocks(slack: Emulator, client: WebClient) -> None:
    """`chat.update` keeps metadata, and blocks only when no text is given."""
    metadata: Json = {"event_type": "prompt", "event_payload": {"prompt_id": "p1"}}
    ts = client.chat_postMessage(channel=RELEASES, text="Ship?", blocks=CARD, metadata=metadata)["ts"]
    metadata["event_payload"] = {"prompt_id": "p2"}
    client.api_call("chat.update", json={"channel": RELEASES, "ts": ts, "metadata": metadata})
    assert slack.person("ana").sees("#releases")[0].buttons == ["Approve"]
    client.chat_update(channel=RELEASES, ts=ts, text="Shipped")
    [message] = slack.person("ana").sees("#releases")
    assert message.blocks == []
    assert message.metadata == metadata
    assert "edited" in message.json


def test_only_its_own_messages_can_be_changed_by_the_app(slack: Emulator, client: WebClient) -> None:
    """A person's message, a deleted one and an ephemeral one are each refused."""
    said = slack.person("ben").say("Mine", in_="#releases")
    for call, error in ((client.chat_update, "cant_update_message"), (client.chat_delete, "cant_delete_message")):
        with pytest.raises(SlackApiError) as refusal:
            call(channel=RELEASES, ts=said.ts, text="Not yours")
        assert refusal.value.response["error"] == error
    ephemeral = client.chat_postEphemeral(channel=RELEASES, user="U0BENOKAF1", text="Only you")["message_ts"]
    for ts in ("1.000000", ephemeral):
        with pytest.raises(SlackApiError) as refusal:
            client.chat_update(channel=RELEASES, ts=ts, text="x")
        assert refusal.value.response["error"] == "message_not_found"


def test_an_ephemeral_message_is_seen_by_one_person(slack: Emulator, client: WebClient) -> None:
    """Nobody else sees it, and the history does not have it."""
    client.chat_postEphemeral(channel="#orders", user="U0CHLOEM01", text="Only approvers may answer")
    [message] = slack.person("chloe").sees("#orders")
    assert message.is_ephemeral
    assert slack.person("ana").sees("#orders") == []
    assert client.conversations_history(channel="C0ORDERS01")["messages"] == []


def test_replies_stand_in_the_thread_of_their_message(slack: Emulator, client: WebClient) -> None:
    """A reply to a reply joins the thread; the parent counts; the channel's history has the parent only."""
    ts = client.chat_postMessage(channel=RELEASES, text="Ship?")["ts"]
    reply = client.chat_postMessage(channel=RELEASES, text="Reminder", thread_ts=ts)["ts"]
    slack.person("ana").say("Looks good", in_="#releases", thread_ts=reply)
    thread = client.conversations_replies(channel=RELEASES, ts=ts)["messages"]
    assert [message["text"] for message in thread] == ["Ship?", "Reminder", "Looks good"]
    [parent] = client.conversations_history(channel=RELEASES)["messages"]
    assert parent["reply_count"] == 2
    assert parent["reply_users"] == ["U0ANARUIZ1", "U0SIGNOFF1"]


def test_history_goes_by_pages_and_by_time(client: WebClient) -> None:
    """Newest first, with cursors, and bounds that are exclusive unless asked otherwise."""
    sent = [client.chat_postMessage(channel=RELEASES, text=str(number))["ts"] for number in range(5)]
    cursor = ""
    pages: list[list[str]] = []
    while cursor or not pages:
        page = client.conversations_history(channel=RELEASES, limit=2, cursor=cursor)
        pages.append([message["text"] for message in page["messages"]])
        cursor = page["response_metadata"]["next_cursor"]
    assert pages == [["4", "3"], ["2", "1"], ["0"]]
    for inclusive, expected in ((False, ["2"]), (True, ["3", "2", "1"])):
        found = client.conversations_history(channel=RELEASES, oldest=sent[1], latest=sent[3], inclusive=inclusive)
        assert [message["text"] for message in found["messages"]] == expected


def test_a_channel_is_read_only_by_its_members(client: WebClient) -> None:
    """`chat:write.public` lets the app post in #general, but it must join before it may read there."""
    client.chat_postMessage(channel="#general", text="Hello")
    with pytest.raises(SlackApiError) as refusal:
        client.conversations_history(channel="C0GENERAL1")
    assert refusal.value.response["error"] == "not_in_channel"
    client.conversations_join(channel="C0GENERAL1")
    assert len(client.conversations_history(channel="C0GENERAL1")["messages"]) == 1


def test_a_private_channel_hides_from_an_app_that_is_not_in_it(slack: Emulator, client: WebClient) -> None:
    """The app does not even learn that it exists."""
    secret = slack.client.add_channel("board", is_private=True, members=["ana"])
    with pytest.raises(SlackApiError) as refusal:
        client.chat_postMessage(channel=secret, text="x")
    assert refusal.value.response["error"] == "channel_not_found"
    listed = client.conversations_list(types="public_channel,private_channel")["channels"]
    assert [channel["name"] for channel in listed] == ["general", "releases", "orders", "data"]


def test_nothing_is_posted_in_an_archived_channel(slack: Emulator, client: WebClient) -> None:
    """`is_archived`, for new messages and for changes."""
    ts = client.chat_postMessage(channel=RELEASES, text="x")["ts"]
    slack.client.post("archive", channel=RELEASES)
    with pytest.raises(SlackApiError, match="is_archived"):
        client.chat_postMessage(channel=RELEASES, text="y")
    with pytest.raises(SlackApiError, match="is_archived"):
        client.chat_update(channel=RELEASES, ts=ts, text="y")


def test_people_are_found_by_id_address_and_group(client: WebClient) -> None:
    """All ways in which a policy may name approvers."""
    ana = client.users_lookupByEmail(email="ana@example.com")["user"]
    assert client.users_info(user=ana["id"])["user"]["profile"]["display_name"] == "ana"
    assert ana["id"] in [member["id"] for member in client.users_list()["members"]]
    [buyers, _] = client.usergroups_list(include_users=True)["usergroups"]
    assert buyers["handle"] == "buyers"
    assert client.usergroups_users_list(usergroup=buyers["id"])["users"] == buyers["users"]
    assert ana["id"] in client.conversations_members(channel=RELEASES)["members"]
    with pytest.raises(SlackApiError) as refusal:
        client.users_lookupByEmail(email="nobody@example.com")
    assert refusal.value.response["error"] == "users_not_found"


def test_a_permalink_leads_to_the_page(slack: Emulator, client: WebClient) -> None:
    """The link of a message is one that a browser can open."""
    ts = client.chat_postMessage(channel=RELEASES, text="x")["ts"]
    link = client.chat_getPermalink(channel=RELEASES, message_ts=ts)["permalink"]
    assert link == f"{slack.url}/#/archives/{RELEASES}/p{ts.replace('.', '')}"


def test_blocks_validate_points_at_every_fault(client: WebClient) -> None:
    """Blocks, messages and views are checked without being sent, and each fault has a pointer."""
    wrong = [section("x" * 3001), actions(button("x" * 76))]
    for name, subject, prefix in (
        ("blocks", wrong, ""),
        ("message", {"text": "x", "blocks": wrong}, "/blocks"),
        ("view", modal(*wrong), "/blocks"),
    ):
        with pytest.raises(SlackApiError) as refusal:
            client.api_call("blocks.validate", json={name: subject})
        assert refusal.value.response["error"] == f"invalid_{name}"
        assert refusal.value.response["errors"] == [
            {
                "pointer": f"{prefix}/0/text/text",
                "code": "failed_constraint",
                "message": "must be less than 3001 characters",
            },
            {
                "pointer": f"{prefix}/1/elements/0/text/text",
                "code": "failed_constraint",
                "message": "must be less than 76 characters",
            },
        ]
    assert client.api_call("blocks.validate", json={"blocks": CARD})["ok"]
    with pytest.raises(SlackApiError, match="invalid_arguments"):
        client.api_call("blocks.validate", json={"blocks": CARD, "view": modal()})


def test_the_home_tab_is_published_for_one_person(slack: Emulator, client: WebClient) -> None:
    """A stale hash is a `hash_conflict`."""
    home = {"type": "home", "blocks": [section("Your approvals")]}
    first = client.views_publish(user_id="U0ANARUIZ1", view=home)["view"]
    client.views_publish(user_id="U0ANARUIZ1", view=home, hash=first["hash"])
    with pytest.raises(SlackApiError, match="hash_conflict"):
        client.views_publish(user_id="U0ANARUIZ1", view=home, hash=first["hash"])
    assert slack.client.get("home", **{"as": "ana"})["view"]["blocks"][0]["text"]["text"] == "Your approvals"
    assert slack.client.get("home", **{"as": "ben"})["view"] is None


def test_an_uploaded_file_is_read_with_the_bots_token(slack: Emulator, client: WebClient) -> None:
    """The bytes are there for the app, and for nobody without its token."""
    url = f"{slack.url}/control/upload?as=mei&name=users.csv"
    binary = {"Content-Type": "application/octet-stream"}
    file = httpx.post(url, content=b"id\n1\n", headers=binary, **LOCAL).json()["file"]
    known = client.files_info(file=file["id"])["file"]
    assert (known["name"], known["size"], known["mimetype"]) == ("users.csv", 5, "text/csv")
    with httpx.Client(**LOCAL) as http:
        assert http.get(known["url_private"]).status_code == 403
        signed_in = {"authorization": f"Bearer {slack.bot_token}"}
        assert http.get(known["url_private"], headers=signed_in).content == b"id\n1\n"


def test_every_call_is_remembered_without_its_token(slack: Emulator, client: WebClient) -> None:
    """A test can look at what the app called."""
    client.api_call("chat.postMessage", params={"channel": "#data", "text": "x", "token": slack.bot_token})
    with pytest.raises(SlackApiError):
        client.users_info(user="U404")
    [posted, asked] = slack.client.calls()
    assert (posted["method"], posted["ok"], posted["arguments"]) == (
        "chat.postMessage",
        True,
        {"channel": "#data", "text": "x"},
    )
    assert (asked["method"], asked["ok"], asked["error"]) == ("users.info", False, "user_not_found")


def test_forms_and_json_are_both_understood(client: WebClient) -> None:
    """slack_sdk sends some methods as forms, with structures as text, and others as JSON."""
    client.api_call("chat.postMessage", json={"channel": "#data", "text": "x", "blocks": [section()]})
    header = {"type": "header", "text": plain("Done")}
    client.api_call("chat.postMessage", params={"channel": "#data", "text": "x", "blocks": json.dumps([header])})
    kinds = [m["blocks"][0]["type"] for m in client.conversations_history(channel="C0DATASET1")["messages"]]
    assert kinds == ["header", "section"]


def test_a_thread_is_counted(slack: Emulator, client: WebClient) -> None:
    """The parent says how many replied and who, and a reply says whose message it replies to."""
    parent = client.chat_postMessage(channel="#releases", text="Ship?")["message"]
    for name in ("ben", "ana", "ben"):
        slack.person(name).say("Yes", in_="#releases", thread_ts=parent["ts"])
    root, reply, *_ = client.conversations_replies(channel=RELEASES, ts=parent["ts"])["messages"]
    assert (root["reply_count"], root["reply_users_count"]) == (3, 2)
    assert root["reply_users"] == ["U0ANARUIZ1", "U0BENOKAF1"]
    assert (root["subscribed"], root["is_locked"]) == (False, False)
    assert reply["parent_user_id"] == "U0SIGNOFF1"
    assert root["bot_profile"]["app_id"] == "A0SIGNOFF1"
    assert "bot_profile" not in reply


def test_a_text_comes_back_escaped(client: WebClient) -> None:
    """In the message and in its blocks, with the fields that the app left out. Markup stays markup."""
    blocks = [section("A & B <@U0ANARUIZ1>"), actions(button(text="R&D <1>"))]
    posted = client.chat_postMessage(
        channel="#releases", text="1 < 2 &amp; <https://x.example?a=1&b=2|link>", blocks=blocks
    )
    message = posted["message"]
    assert message["text"] == "1 &lt; 2 &amp; <https://x.example?a=1&b=2|link>"
    text, row = message["blocks"]
    assert text["text"] == {"type": "mrkdwn", "text": "A &amp; B <@U0ANARUIZ1>", "verbatim": False}
    assert row["elements"][0]["text"] == {"type": "plain_text", "text": "R&amp;D &lt;1&gt;", "emoji": True}


def test_an_escaped_button_is_pressed_by_what_it_says(slack: Emulator, client: WebClient) -> None:
    """People see the characters, and not their escapes."""
    client.chat_postMessage(channel="#releases", text="x", blocks=[actions(button(text="R&D <1>"))])
    [card] = slack.person("ana").sees("#releases")
    assert card.buttons == ["R&D <1>"]
    assert "R&D <1>" in card.full_text


def test_channels_and_people_have_the_fields_of_slack_connect(client: WebClient) -> None:
    """Nothing is shared here, and Slack says so in each channel."""
    channel = client.conversations_info(channel=RELEASES)["channel"]
    assert (channel["is_shared"], channel["is_ext_shared"], channel["is_org_shared"]) == (False, False, False)
    assert (channel["shared_team_ids"], channel["context_team_id"]) == (["T0SIGNOFF1"], "T0SIGNOFF1")
    user = client.users_info(user="U0ANARUIZ1")["user"]
    assert (user["is_email_confirmed"], user["is_admin"], isinstance(user["updated"], int)) == (True, True, True)
    assert "is_stranger" not in user


def test_little_is_said_of_a_deactivated_account(slack: Emulator, client: WebClient) -> None:
    """Slack leaves out the time zone, the name outside the profile, and what the person may do."""
    before = client.users_info(user="U0BENOKAF1")["user"]["updated"]
    slack.client.change_person("ben", deleted=True)
    user = client.users_info(user="U0BENOKAF1")["user"]
    assert (user["deleted"], user["profile"]["real_name"]) == (True, "Ben Okafor")
    assert user["updated"] > before
    assert not {"tz", "real_name", "is_admin"} & user.keys()


def test_a_user_s_conversations_are_those_that_the_app_may_know_of(slack: Emulator, client: WebClient) -> None:
    """Public channels, and private ones and direct messages that it shares with the user."""
    slack.client.add_channel("board", is_private=True, members=["mei"])
    shared = slack.client.add_channel("plans", is_private=True, members=["mei", "signoff"])
    slack.person("mei").leave("#data")
    types = "public_channel,private_channel"
    found = client.users_conversations(user="U0MEITANA1", types=types)["channels"]
    assert {each["id"] for each in found} == {"C0GENERAL1", "C0RELEASE1", "C0ORDERS01", shared}
    assert all(each.keys().isdisjoint({"is_member", "num_members"}) for each in found)
    assert {each["name"] for each in client.users_conversations()["channels"]} == {"releases", "orders", "data"}
    paged = client.users_conversations(user="U0MEITANA1", types=types, limit=2)
    assert len(paged["channels"]) == 2
    assert paged["response_metadata"]["next_cursor"]
    for wrong, error in (({"user": "U0NOBODY"}, "user_not_found"), ({"limit": 1000}, "invalid_limit")):
        with pytest.raises(SlackApiError, match=error):
            client.users_conversations(**wrong)


def test_people_of_another_workspace_are_strangers(slack: Emulator, client: WebClient) -> None:
    """Slack tells their workspace and not their address, and may list them beside its own people."""
    eve = slack.client.add_person("eve", team="T0ELSEWHERE")
    told = client.users_info(user=eve.id)["user"]
    assert (told["team_id"], told["is_stranger"]) == ("T0ELSEWHERE", True)
    assert "email" not in told["profile"]
    assert eve.id in {each["id"] for each in client.users_list()["members"] if each.get("is_stranger")}
    assert client.users_conversations(user=eve.id)["channels"] == []
    for act in (lambda: eve.say("Hello", in_="#orders"), lambda: eve.command("/approvals", in_="#orders")):
        with pytest.raises(ActionFailed, match="channel_not_found"):
            act()
    slack.client.invite(eve.id, "#orders")
    assert eve.say("Hello", in_="#orders").text == "Hello"
    with pytest.raises(ActionFailed, match="unknown_command"):
        eve.command("/approvals", in_="#orders")
    assert eve.id in client.conversations_members(channel="C0ORDERS01")["members"]
    with pytest.raises(SlackApiError, match="users_not_found"):
        client.users_lookupByEmail(email="eve@example.com")


def test_emoji_are_added_removed_and_listed(slack: Emulator, client: WebClient) -> None:
    """Each with Slack's refusals. An emoji that nobody has added any more is gone."""
    posted = client.chat_postMessage(channel="#data", text="Done")
    message = {"channel": posted["channel"], "timestamp": posted["ts"]}
    client.reactions_add(**message, name="eyes")
    with pytest.raises(SlackApiError, match="already_reacted"):
        client.reactions_add(**message, name="eyes")
    with pytest.raises(SlackApiError, match="invalid_name"):
        client.reactions_add(**message, name="no such emoji")
    [seen] = slack.person("ana").sees("#data")
    slack.person("ana").react(seen, "eyes")
    ana, bot = slack.person("ana").id, client.auth_test()["user_id"]
    shown = client.reactions_get(**message)["message"]
    assert shown["reactions"] == [{"name": "eyes", "users": [bot, ana], "count": 2}]
    assert client.conversations_history(channel="C0DATASET1")["messages"][0]["reactions"] == shown["reactions"]
    [item] = client.reactions_list()["items"]
    assert (item["channel"], item["message"]["ts"]) == ("C0DATASET1", posted["ts"])
    client.reactions_remove(**message, name="eyes")
    with pytest.raises(SlackApiError, match="no_reaction"):
        client.reactions_remove(**message, name="eyes")
    slack.person("ana").unreact(seen, "eyes")
    assert "reactions" not in client.reactions_get(**message)["message"]
    with pytest.raises(SlackApiError, match="message_not_found"):
        client.reactions_add(channel="C0DATASET1", timestamp="1.000000", name="eyes")
    with pytest.raises(SlackApiError, match="no_item_specified"):
        client.reactions_get(channel="C0DATASET1")
