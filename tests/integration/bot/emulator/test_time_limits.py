"""What Slack allows for a while only, with a clock that the test moves."""

from collections.abc import Iterator
from threading import Event
from typing import Any

import pytest
from slack_bolt import Ack, App
from slack_sdk.errors import SlackApiError

from signoff.bot.emulator.delivery.delivery import ACK_LIMIT_SECONDS
from signoff.testing import ActionFailed, Emulator
from tests.integration.bot.emulator.conftest import Connect
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
    slack: Emulator, clock: Clock, app: App, connect: Connect
) -> None:
    """Used again it is `exchanged_trigger_id`, and after three seconds `expired_trigger_id`."""
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
    clock.move(3.1)
    with pytest.raises(SlackApiError, match="expired_trigger_id"):
        app.client.views_open(trigger_id=too_late, view=modal())
