"""Faults on demand: what an app must live with."""

from concurrent.futures import ThreadPoolExecutor
from http.client import IncompleteRead

import pytest
from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from signoff.testing import Emulator
from tests.integration.bot.emulator.conftest import Connect
from tests.integration.bot.emulator.test_messages import post
from tests.unit.bot.emulator.samples import actions, button


def test_a_rate_limit_is_answered_as_slack_does(slack: Emulator, client: WebClient) -> None:
    """429 with Retry-After, as often as wished, and then all is well."""
    slack.client.inject_fault("chat.postMessage", error="ratelimited", retry_after=7, times=2)
    for _ in range(2):
        with pytest.raises(SlackApiError) as refusal:
            client.chat_postMessage(channel="#data", text="x")
        assert refusal.value.response.status_code == 429
        assert refusal.value.response["error"] == "ratelimited"
        assert refusal.value.response.headers["Retry-After"] == "7"
    assert client.chat_postMessage(channel="#data", text="x")["ok"]


def test_slacks_retry_handler_gets_over_a_rate_limit(slack: Emulator, client: WebClient) -> None:
    """The handler of slack_sdk waits as long as it is told, and tries again."""
    slack.client.inject_fault("chat.postMessage", error="ratelimited", retry_after=0)
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=1))
    assert client.chat_postMessage(channel="#data", text="x")["ok"]
    assert [call["error"] for call in slack.client.calls("chat.postMessage")] == ["ratelimited", None]


def test_a_named_error_and_a_status_can_be_wished_for(slack: Emulator, client: WebClient) -> None:
    """Other methods are not touched; `*` means any."""
    slack.client.inject_fault("users.info", error="fatal_error")
    slack.client.inject_fault("*", error="service_unavailable", status=503)
    with pytest.raises(SlackApiError, match="service_unavailable") as refusal:
        client.auth_test()
    assert refusal.value.response.status_code == 503
    with pytest.raises(SlackApiError, match="fatal_error"):
        client.users_info(user="U0ANARUIZ1")
    assert client.auth_test()["ok"]


def test_a_response_url_fails_with_the_status_of_a_real_refusal(
    slack: Emulator, client: WebClient, app: App, connect: Connect
) -> None:
    """404, as after the fifth use, unless a test wants another one."""
    responds: list[Respond] = []

    @app.action("go")
    def go(ack: Ack, respond: Respond) -> None:
        ack()
        responds.append(respond)

    connect(app)
    post(client, actions(button()))
    slack.person("ana").press("Approve", in_="#releases")
    [respond] = responds
    slack.client.inject_fault("response_url", error="used_url")
    slack.client.inject_fault("response_url", error="internal_error", status=500)
    refused, failed, taken = respond("One"), respond("Two"), respond("Three")
    assert (refused.status_code, refused.body, failed.status_code, taken.status_code) == (404, "used_url", 500, 200)


def test_a_lost_answer_leaves_the_work_done(slack: Emulator, client: WebClient) -> None:
    """The message is posted, but the app never learns its ts."""
    slack.client.inject_fault("chat.postMessage", drop=True)
    with pytest.raises(IncompleteRead):
        client.chat_postMessage(channel="#data", text="Posted once")
    assert [message.text for message in slack.person("mei").sees("#data")] == ["Posted once"]


def test_faults_can_be_forgotten(slack: Emulator, client: WebClient) -> None:
    """After `clear_faults` everything works."""
    slack.client.inject_fault("*", error="fatal_error", times=100)
    slack.client.clear_faults()
    assert client.auth_test()["ok"]


@pytest.mark.parametrize(("moment", "posted"), [("before", []), ("after", ["Held"])])
def test_a_call_can_be_held(slack: Emulator, client: WebClient, moment: str, posted: list[str]) -> None:
    """The app waits, before its message is posted or after it, until the faults are cleared."""
    slack.client.inject_fault("chat.postMessage", hold=moment)
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(client.chat_postMessage, channel="#data", text="Held")
        slack.client.wait_until_held()
        assert [message.text for message in slack.person("mei").sees("#data")] == posted
        slack.client.clear_faults()
        assert waiting.result()["ok"]
    assert [message.text for message in slack.person("mei").sees("#data")] == ["Held"]
