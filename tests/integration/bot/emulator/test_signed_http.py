"""Signed HTTP: the same app behind a request URL."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import parse_qs

import pytest
from slack_bolt import Ack, App
from slack_bolt.adapter.starlette import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from signoff.bot.background_server import BackgroundServer, listen
from signoff.testing import ActionFailed, Emulator
from tests.unit.bot.emulator.samples import actions, button, field, modal

Serve = Callable[[Callable[[Request], Any]], None]


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


@pytest.fixture
def bolt(slack: Emulator, client: WebClient) -> App:
    """A Bolt app that checks signatures."""
    return App(client=client, signing_secret=slack.signing_secret)


def post_button(client: WebClient) -> None:
    """A card with one button."""
    client.chat_postMessage(channel="#releases", text="Ship?", blocks=[actions(button())])


def test_a_bolt_app_behind_a_request_url_is_the_same(slack: Emulator, bolt: App, serve: Serve) -> None:
    """Press, modal, errors and command work as they do through Socket Mode."""

    @bolt.action("go")
    def go(ack: Ack, body: dict[str, Any], client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=modal(field(label="Reason")))

    @bolt.view("form")
    def form(ack: Ack, view: dict[str, Any]) -> None:
        reason = view["state"]["values"]["b"]["a"]["value"]
        if len(reason) < 5:
            ack(response_action="errors", errors={"b": "Say more"})
        else:
            ack()

    @bolt.command("/approvals")
    def approvals(ack: Ack) -> None:
        ack("Nothing waits")

    handler = SlackRequestHandler(bolt)
    serve(handler.handle)
    post_button(bolt.client)
    ana = slack.person("ana")
    ana.press("Approve", in_="#releases")
    ana.wait_for_modal()
    ana.submit({"Reason": "no"})
    assert ana.modal is not None
    assert ana.modal.errors == {"Reason": "Say more"}
    ana.submit({"Reason": "not today"})
    assert ana.modal is None
    assert ana.command("/approvals", in_="#releases")["response"] == {"text": "Nothing waits"}
    assert {delivery["via"] for delivery in slack.client.deliveries()} == {"http"}


def test_every_request_is_signed(slack: Emulator, client: WebClient, serve: Serve) -> None:
    """The signature is of timestamp and body with the signing secret; a command is a form of its own."""
    bodies: list[dict[str, list[str]]] = []
    verifier = SignatureVerifier(slack.signing_secret)

    async def endpoint(request: Request) -> Response:
        body = (await request.body()).decode()
        assert verifier.is_valid_request(body, dict(request.headers))
        bodies.append(parse_qs(body))
        return Response()

    serve(endpoint)
    post_button(client)
    slack.person("ana").press("Approve", in_="#releases")
    slack.person("ana").command("/approvals mine")
    [press, command] = bodies
    assert list(press) == ["payload"]
    assert command["command"] == ["/approvals"]
    assert command["text"] == ["mine"]


@pytest.mark.parametrize("status", [401, 404, 500])
def test_an_app_that_answers_with_an_error_has_failed(
    slack: Emulator, client: WebClient, serve: Serve, status: int
) -> None:
    """The person is told the status, and a command fails with `dispatch_failed`."""

    async def endpoint(_request: Request) -> Response:
        return Response("no", status_code=status)

    serve(endpoint)
    post_button(client)
    with pytest.raises(ActionFailed, match=f"dispatch_failed: This app responded with Status Code {status}"):
        slack.person("ana").press("Approve", in_="#releases")
    assert slack.client.deliveries()[-1]["status"] == status


def test_an_app_that_cannot_be_reached_has_failed(slack: Emulator, client: WebClient) -> None:
    """Nobody listens at the request URL."""
    slack.deliver_to("http://127.0.0.1:9/slack/events")
    post_button(client)
    with pytest.raises(ActionFailed, match="app_unreachable"):
        slack.person("ana").press("Approve", in_="#releases")
