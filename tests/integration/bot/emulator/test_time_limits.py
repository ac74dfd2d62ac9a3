"""What Slack allows for a while only, with a clock that the test moves."""

from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from slack_bolt import Ack, App
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from signoff.testing import ActionFailed, Emulator
from tests.integration.bot.emulator.conftest import Connect
from tests.support.generous_limits import ACK_LIMIT_SECONDS
from tests.unit.bot.emulator.clock import Clock
from tests.unit.bot.emulator.samples import actions, button, modal

Body = dict[str, Any]


@pytest.fixture
def clock() -> Clock:
    """The workspace's clock."""
    return Clock()


@pytest.fixture
def ack_limit() -> float:
    """The seconds that an app has to ack."""
    return ACK_LIMIT_SECONDS


@pytest.fixture
def slack(clock: Clock, ack_limit: float) -> Iterator[Emulator]:
    """A workspace with that clock and that limit."""
    with Emulator(clock=clock, ack_limit_seconds=ack_limit) as emulator:
        yield emulator


@pytest.mark.parametrize("ack_limit", [0.1])
def test_an_app_that_acks_too_late_has_not_acked(slack: Emulator, app: App, connect: Connect) -> None:
    """After the limit, three seconds unless a test shortens it, the person sees an error."""
    may_ack = Event()

    @app.action("go")
    def go(ack: Ack) -> None:
        may_ack.wait()
        ack()

    connect(app)
    app.client.chat_postMessage(channel="#releases", text="Ship?", blocks=[actions(button())])
    with pytest.raises(ActionFailed, match="operation_timeout: Operation timed out"):
        slack.person("ana").press("Approve", in_="#releases")
    may_ack.set()


def test_a_trigger_id_opens_one_modal_and_only_at_once(
    slack: Emulator, clock: Clock, ack_limit: float, app: App, connect: Connect
) -> None:
    """Used again it is `exchanged_trigger_id`, and after as long as an app has to ack `expired_trigger_id`."""
    trigger_ids: list[str] = []

    @app.command("/approvals")
    def approvals(ack: Ack, body: Body) -> None:
        trigger_ids.append(body["trigger_id"])
        ack()

    connect(app)
    slack.person("ana").command("/approvals")
    slack.person("ana").command("/approvals")
    in_time, too_late = trigger_ids
    app.client.views_open(trigger_id=in_time, view=modal())
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        app.client.views_open(trigger_id=in_time, view=modal())
    clock.move(ack_limit + 0.1)
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        app.client.views_open(trigger_id=too_late, view=modal())


def test_a_scheduled_message_is_posted_when_its_time_comes(slack: Emulator, clock: Clock, app: App) -> None:
    """Until then it can be listed and deleted. One with metadata is never posted, as in Slack."""
    client = app.client
    soon, later = int(clock()) + 90, int(clock()) + 3600
    scheduled = client.chat_scheduleMessage(channel="#releases", post_at=soon, text="Ship?", blocks=[actions(button())])
    lost = {"event_type": "prompt", "event_payload": {}}
    client.chat_scheduleMessage(channel="#releases", post_at=soon, text="Lost", metadata=lost)
    other = client.chat_scheduleMessage(channel="U0BENOKAF1", post_at=later, text="Later")
    assert scheduled["message"]["type"] == "delayed_message"
    listed = client.chat_scheduledMessages_list(channel=scheduled["channel"])["scheduled_messages"]
    assert sorted(each["text"] for each in listed) == ["Lost", "Ship?"]
    assert listed[0].keys() == {"id", "channel_id", "post_at", "date_created", "text"}
    assert len(client.chat_scheduledMessages_list(latest=str(soon))["scheduled_messages"]) == 2
    client.chat_deleteScheduledMessage(channel=other["channel"], scheduled_message_id=other["scheduled_message_id"])
    clock.move(60)
    with pytest.raises(SlackApiError, match="invalid_scheduled_message_id"):
        client.chat_deleteScheduledMessage(
            channel=scheduled["channel"], scheduled_message_id=scheduled["scheduled_message_id"]
        )
    clock.move(30)
    posted = slack.person("ana").wait_for_message("#releases", "Ship?")
    assert posted.buttons == ["Approve"]
    assert client.chat_scheduledMessages_list()["scheduled_messages"] == []
    assert [message.text for message in slack.person("ana").sees("#releases")] == ["Ship?"]


def test_a_message_is_scheduled_only_as_slack_allows(clock: Clock, app: App) -> None:
    """Not in the past, not in half a year, no more than 30 within five minutes, and nothing that cannot be posted."""
    now = int(clock())
    refusals: dict[str, Body] = {
        "time_in_past": {"post_at": now},
        "time_too_far": {"post_at": now + 121 * 86_400},
        "invalid_time": {"post_at": "tomorrow"},
        "invalid_arguments": {"post_at": ""},
        "invalid_blocks": {"post_at": now + 60, "blocks": [button()]},
        "channel_not_found": {"post_at": now + 60, "channel": "C404"},
    }
    for error, arguments in refusals.items():
        with pytest.raises(SlackApiError, match=error):
            app.client.chat_scheduleMessage(**{"channel": "#orders", "text": "Hello", **arguments})
    for number in range(30):
        app.client.chat_scheduleMessage(channel="#orders", text="Hello", post_at=now + 600 + number)
    with pytest.raises(SlackApiError, match="restricted_too_many"):
        app.client.chat_scheduleMessage(channel="#orders", text="Hello", post_at=now + 890)
    app.client.chat_scheduleMessage(channel="#data", text="Hello", post_at=now + 890)
    app.client.chat_scheduleMessage(channel="#orders", text="Hello", post_at=now + 930)


def test_a_message_that_was_scheduled_before_a_restart_is_posted_after_it(tmp_path: Path, clock: Clock) -> None:
    """Those whose time came in between, too."""
    file = tmp_path / "workspace.db"
    with Emulator(path=file, clock=clock) as first:
        client = WebClient(first.bot_token, base_url=first.api_url)
        client.chat_scheduleMessage(channel="#orders", text="Hello", post_at=int(clock()) + 60)
    clock.move(60)
    with Emulator(path=file, clock=clock) as second:
        second.person("ana").wait_for_message("#orders", "Hello")
