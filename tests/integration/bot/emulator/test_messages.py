"""What people do in messages, with a real Bolt app on the other side."""

from typing import Any

import pytest
from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from signoff.bot.emulator.blocks.returned import returned
from signoff.testing import ActionFailed, Emulator
from tests.integration.bot.emulator.conftest import Connect
from tests.unit.bot.emulator.samples import actions, button, element, option, options, plain, section

Body = dict[str, Any]
RELEASES = "C0RELEASE1"


def post(client: WebClient, *blocks: Body, channel: str = "#releases") -> str:
    """Post a card; gives its ts."""
    ts: str = client.chat_postMessage(channel=channel, text="Ship?", blocks=list(blocks))["ts"]
    return ts


def test_a_press_reaches_the_app_as_slack_would_send_it(
    slack: Emulator, client: WebClient, app: App, connect: Connect
) -> None:
    """The payload of a button has everything that Slack's has."""
    bodies: list[Body] = []

    @app.action("go")
    def go(ack: Ack, body: Body) -> None:
        bodies.append(body)
        ack()

    connect(app)
    ts = post(client, section(), actions(button(value="p1", style="primary"), block_id="row"))
    answer = slack.person("ana").press("Approve", in_="#releases")
    assert answer["ok"]
    assert answer["response"] is None

    [body] = bodies
    assert body["type"] == "block_actions"
    assert body["team"] == {"id": "T0SIGNOFF1", "domain": "northwind"}
    assert body["user"] == {"id": "U0ANARUIZ1", "username": "ana", "name": "ana", "team_id": "T0SIGNOFF1"}
    assert body["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": RELEASES,
        "is_ephemeral": False,
    }
    assert body["channel"] == {"id": RELEASES, "name": "releases"}
    assert body["message"]["ts"] == ts
    assert body["message"]["blocks"][1]["block_id"] == "row"
    assert body["response_url"].startswith(f"{slack.url}/respond/")
    [action] = body["actions"]
    assert action.pop("action_ts")
    assert action == {
        "type": "button",
        "action_id": "go",
        "block_id": "row",
        "text": plain("Approve") | {"emoji": True},
        "value": "p1",
        "style": "primary",
    }
    assert body["state"] == {"values": {}}


def test_a_choice_in_a_message_is_part_of_the_next_press(
    slack: Emulator, client: WebClient, app: App, connect: Connect
) -> None:
    """`state.values` has what this person chose before, and nothing of what others chose."""
    states: list[Body] = []

    @app.action("a")
    @app.action("go")
    def any_act(ack: Ack, body: Body) -> None:
        states.append(body["state"]["values"]["row"]["a"])
        ack()

    connect(app)
    select = element("static_select", placeholder=plain("Colour"), options=options(2), initial_option=options(2)[0])
    post(client, actions(select, button(), block_id="row"))
    chosen = {"type": "static_select", "selected_option": returned(options(2)[1])}
    slack.person("ana").press("Colour", in_="#releases", value=chosen)
    slack.person("ana").press("Approve", in_="#releases")
    slack.person("ben").press("Approve", in_="#releases")
    untouched = {"type": "static_select", "selected_option": returned(options(2)[0])}
    assert states == [chosen, chosen, untouched]


def test_buttons_in_cards_containers_and_below_answers_are_pressed(
    slack: Emulator, client: WebClient, app: App, connect: Connect
) -> None:
    """Each payload names the block that the button is in, and feedback has the value that was chosen."""
    bodies: list[Body] = []

    @app.action({"block_id": "card"})
    @app.action({"block_id": "row"})
    @app.action({"block_id": "below"})
    def any_act(ack: Ack, body: Body) -> None:
        bodies.append(body["actions"][0])
        ack()

    connect(app)
    card = {"type": "card", "block_id": "card", "title": plain("A card"), "actions": [button("Open")]}
    rating = {
        "type": "feedback_buttons",
        "action_id": "rate",
        "positive_button": {"text": plain("Good"), "value": "good"},
        "negative_button": {"text": plain("Bad"), "value": "bad"},
    }
    delete = {"type": "icon_button", "action_id": "delete", "icon": "trash", "text": plain("Delete")}
    post(
        client,
        {"type": "carousel", "elements": [card]},
        {"type": "container", "title": plain("Details"), "child_blocks": [actions(button(), block_id="row")]},
        {
            "type": "context_actions",
            "block_id": "below",
            "elements": [rating, {**delete, "visible_to_user_ids": ["U0ANARUIZ1"]}],
        },
    )
    ana = slack.person("ana")
    ana.press("Open", in_="#releases")
    ana.press("Approve", in_="#releases")
    ana.press("rate", in_="#releases", value={"value": "bad"})
    ana.press("Delete", in_="#releases")
    pressed = [(each["block_id"], each["type"], each.get("value")) for each in bodies]
    assert pressed == [
        ("card", "button", None),
        ("row", "button", None),
        ("below", "feedback_buttons", "bad"),
        ("below", "icon_button", None),
    ]
    with pytest.raises(ActionFailed, match="invalid_value"):
        ana.press("rate", in_="#releases", value={"value": "fine"})
    with pytest.raises(ActionFailed, match="action_not_found"):
        slack.person("ben").press("Delete", in_="#releases")


def test_what_cannot_be_chosen_is_refused_before_the_app_hears_of_it(
    slack: Emulator, client: WebClient, app: App, connect: Connect
) -> None:
    """An option that is not there, a button that is not there, a message that is gone."""
    connect(app)
    ts = post(
        client,
        actions(
            element("static_select", options=options(2)),
            element("overflow", options=options(2)) | {"action_id": "more"},
        ),
    )
    ana = slack.person("ana")
    for label, kind in (("a", "static_select"), ("more", "overflow")):
        with pytest.raises(ActionFailed, match="invalid_value"):
            ana.press(label, in_="#releases", value={"type": kind, "selected_option": option("Blue")})
    with pytest.raises(LookupError, match="no element 'Reject' to press"):
        ana.press("Reject", in_="#releases")
    [message] = ana.sees("#releases")
    client.chat_delete(channel=RELEASES, ts=ts)
    with pytest.raises(ActionFailed, match="message_not_found"):
        ana.press("a", message=message)
    assert slack.client.deliveries() == []


def test_an_ephemeral_message_is_pressed_by_its_person_only(
    slack: Emulator, client: WebClient, app: App, connect: Connect
) -> None:
    """Its payload says that it is ephemeral; to others it does not exist."""
    containers: list[Body] = []

    @app.action("go")
    def go(ack: Ack, body: Body) -> None:
        containers.append(body["container"])
        ack()

    connect(app)
    client.chat_postEphemeral(channel=RELEASES, user="U0ANARUIZ1", text="x", blocks=[actions(button())])
    [message] = slack.person("ana").sees("#releases")
    with pytest.raises(ActionFailed, match="message_not_found"):
        slack.person("ben").press("Approve", message=message)
    slack.person("ana").press("Approve", in_="#releases")
    assert containers[0]["is_ephemeral"] is True


def test_a_response_url_replaces_deletes_and_adds(
    slack: Emulator, client: WebClient, app: App, connect: Connect
) -> None:
    """All that can be done with a `response_url`, and a sixth use that fails."""
    responds: list[Respond] = []

    @app.action("go")
    def go(ack: Ack, respond: Respond) -> None:
        ack()
        responds.append(respond)

    connect(app)
    post(client, actions(button()))
    ana, ben = slack.person("ana"), slack.person("ben")
    ana.press("Approve", in_="#releases")
    [respond] = responds
    assert respond("Only you").status_code == 200
    assert [message.text for message in ben.sees("#releases")] == ["Ship?"]
    assert [message.text for message in ana.sees("#releases")] == ["Ship?", "Only you"]
    assert respond("All of you", response_type="in_channel").status_code == 200
    assert [message.text for message in ben.sees("#releases")] == ["Ship?", "All of you"]
    assert respond("Shipped", replace_original=True).status_code == 200
    assert ben.sees("#releases")[0].text == "Shipped"
    assert respond("", delete_original=True).status_code == 200
    assert [message.text for message in ben.sees("#releases")] == ["All of you"]
    refused = respond("x" * 10, blocks=[section("x" * 3001)])
    assert (refused.status_code, "invalid_blocks" in refused.body) == (400, True)
    assert respond("The fifth").status_code == 200
    sixth = respond("The sixth")
    assert (sixth.status_code, "used_url" in sixth.body) == (404, True)


def test_a_command_is_answered_to_one_person(slack: Emulator, app: App, connect: Connect) -> None:
    """The app gets all fields of a command, and what it acks with is shown to the person who typed."""
    bodies: list[Body] = []

    @app.command("/approvals")
    def approvals(ack: Ack, body: Body) -> None:
        bodies.append(body)
        ack("Nothing waits")

    connect(app)
    answer = slack.person("chloe").command("/approvals  all of them ", in_="#orders")
    assert answer["response"] == {"text": "Nothing waits"}
    [body] = bodies
    assert (body["command"], body["text"], body["user_name"]) == ("/approvals", "all of them", "chloe")
    assert (body["channel_id"], body["channel_name"], body["team_domain"]) == ("C0ORDERS01", "orders", "northwind")
    assert body["response_url"].startswith(slack.url)
    assert [message.text for message in slack.person("chloe").sees("#orders")] == ["Nothing waits"]
    assert slack.person("ben").sees("#orders") == []


def test_a_command_that_the_app_does_not_have_is_not_sent(slack: Emulator, app: App, connect: Connect) -> None:
    """Slack's client itself says that there is no such command."""
    connect(app)
    with pytest.raises(ActionFailed, match="/deploy is not a valid command"):
        slack.person("ana").command("/deploy now")
    assert slack.client.deliveries() == []


def test_an_app_that_is_away_is_said_to_be_away(slack: Emulator, client: WebClient) -> None:
    """Without a connection each act fails at once, with the words of Slack's client."""
    post(client, actions(button()))
    with pytest.raises(ActionFailed, match="app_unreachable: This app is not connected right now"):
        slack.person("ana").press("Approve", in_="#releases")
    with pytest.raises(ActionFailed, match="app_unreachable"):
        slack.person("ana").command("/approvals")
    assert [delivery["error"] for delivery in slack.client.deliveries()] == ["app_unreachable"] * 2
