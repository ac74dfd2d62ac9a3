"""What Bolt costs without Signoff: an app that posts one button and does nothing but ack, by the same transports."""

import threading

from slack_bolt import Ack, App, BoltResponse

from signoff.bot.app import make_client
from signoff.bot.connection.signed_http import HttpTransport
from signoff.bot.connection.socket_mode import SocketTransport
from signoff.bot.settings import load_settings
from tests.benchmarks.questions import CHANNEL

BUTTON = "Ack"


def main() -> None:
    """Serve until killed. The settings come from the environment, as Signoff's do."""
    settings = load_settings()
    app = App(
        client=make_client(settings),
        signing_secret="",
        request_verification_enabled=False,
        process_before_response=True,
    )
    app.action("press")(acknowledge)
    transport = (
        HttpTransport(
            app, settings.host, settings.port, signing_secret=settings.signing_secret(), unreadable=_unreadable
        )
        if settings.slack_app_token is None
        else SocketTransport(app, settings.app_token(), unreadable=_unreadable)
    )
    transport.start()
    button = {"type": "button", "action_id": "press", "text": {"type": "plain_text", "text": BUTTON}}
    app.client.chat_postMessage(channel=CHANNEL, text="Bare", blocks=[{"type": "actions", "elements": [button]}])
    threading.Event().wait()


def acknowledge(ack: Ack) -> None:
    """Ack."""
    ack()


def _unreadable(_payload: object, error: Exception) -> BoltResponse:
    raise error


if __name__ == "__main__":
    main()
