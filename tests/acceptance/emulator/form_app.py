"""A small Bolt app for the page's tests: a card with a button, the modal behind it, and what people sent."""

from queue import Queue
from threading import Event
from typing import Any

from slack_bolt import Ack, App, BoltContext
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient

from signoff.testing import Emulator
from tests.integration.bot.emulator.conftest import close_quickly

Json = dict[str, Any]
REQUEST_TIMEOUT = 10


def plain(text: str) -> Json:
    """A plain text object with the field that Slack would add, so that what comes back equals what was sent."""
    return {"type": "plain_text", "text": text, "emoji": True}


def option(text: str) -> Json:
    """An option whose value is its text in small letters."""
    return {"text": plain(text), "value": text.lower()}


def button(text: str, action_id: str, **more: Any) -> Json:
    """A button."""
    return {"type": "button", "text": plain(text), "action_id": action_id, **more}


def question(element: Json, **more: Any) -> Json:
    """An input block called Answer."""
    return {
        "type": "input",
        "block_id": "answer",
        "label": plain("Answer"),
        "element": {"action_id": "value", **element},
        **more,
    }


class FormApp:
    """Connected by Socket Mode.

    `blocks` is what its modal asks, `answer` how it acks a submission; actions are acked while it is `awake`.
    """

    def __init__(self, slack: Emulator) -> None:
        self.client = WebClient(token=slack.bot_token, base_url=slack.api_url)
        self.blocks: list[Json] = []
        self.answer: Json = {}
        self.awake = Event()
        self.awake.set()
        self._actions: Queue[Json] = Queue()
        self._submissions: Queue[Json] = Queue()
        app = App(client=self.client)
        app.action("open")(self._open)
        app.action("add")(self._add)
        app.action("deaf")(lambda: None)
        app.action("count")(self._count)
        app.command("/approvals")(self._command)
        app.options("value")(self._suggest)
        app.view("form")(self._submitted)
        self._socket = SocketModeHandler(app, slack.app_token)
        self._socket.connect()  # type: ignore[no-untyped-call]

    def close(self) -> None:
        """Disconnect."""
        close_quickly(self._socket.client)

    def post(self, channel: str, text: str, *blocks: Json) -> str:
        """Post a message and give its ts."""
        posted = self.client.chat_postMessage(channel=channel, text=text, blocks=list(blocks) or None)
        return str(posted["ts"])

    def offer(self, channel: str, *blocks: Json, **answer: Any) -> str:
        """Post a card with the button Open, which opens a modal of these blocks."""
        self.blocks, self.answer = list(blocks), answer
        return self.post(channel, "A form", {"type": "actions", "elements": [button("Open", "open")]})

    def submitted(self) -> Json:
        """The state value object of the question called Answer in the next submission."""
        view = self._submissions.get(timeout=REQUEST_TIMEOUT)
        value: Json = view["state"]["values"]["answer"]["value"]
        return value

    def acted(self) -> Json:
        """The next action or command."""
        return self._actions.get(timeout=REQUEST_TIMEOUT)

    def forget(self) -> None:
        """Start with empty hands."""
        for queue in (self._actions, self._submissions):
            while not queue.empty():
                queue.get()

    def has_heard_nothing(self) -> bool:
        """Whether every action and command was asked for by now."""
        return self._actions.empty()

    def _view(self, *more: Json) -> Json:
        view = {"type": "modal", "callback_id": "form", "title": plain("A form"), "submit": plain("Send")}
        return {**view, "blocks": [*self.blocks, *more]}

    def _open(self, ack: Ack, body: Json) -> None:
        show = self.client.views_push if "view" in body else self.client.views_open
        show(trigger_id=body["trigger_id"], view=self._view())
        ack()

    def _add(self, ack: Ack, body: Json) -> None:
        note = {"type": "section", "text": plain("One more thing")}
        self.client.views_update(view_id=body["view"]["id"], view=self._view(note))
        self._actions.put(body)
        ack()

    def _count(self, ack: Ack, body: Json) -> None:
        self._actions.put(body)
        self.awake.wait(REQUEST_TIMEOUT)
        ack()

    def _command(self, ack: Ack, body: Json) -> None:
        self._actions.put(body)
        ack("Two prompts wait")

    def _suggest(self, ack: Ack, context: BoltContext, payload: Json) -> None:
        ack(options=[option(f"{payload['value']}-{number}") for number in (1, 2, 3)])

    def _submitted(self, ack: Ack, view: Json) -> None:
        self._submissions.put(view)
        ack(**self.answer)
