"""The Bolt app: Signoff's listeners behind Slack's checks."""

import logging
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from signoff.bot.blockkit.markup import escape
from signoff.bot.connection.people import IdentityUnavailable, People
from signoff.bot.connection.web_client import CALL_TIMEOUT, NO_ANSWER, name_of, refuses_token, web_client
from signoff.bot.forms import FormError
from signoff.bot.interactions.buttons import Buttons
from signoff.bot.interactions.form_session import FormSession
from signoff.bot.interactions.responses import Responses
from signoff.bot.interactions.uploads import Uploads
from signoff.bot.settings import BadSettings, Mode, Settings
from signoff.bot.surfaces.modals import failed_modal
from signoff.flows.approval.desk import Desk
from signoff.store.database import Database
from signoff.store.errors import CommitInDoubt, NoSuchPrompt, StoreError
from signoff.store.sql.write_timeout import write_deadline

logger = logging.getLogger(__name__)

QUICK_CALL_TIMEOUT = 1
"""The same where a person's press waits for it: Slack gives up on the ack after 3."""


WRITE_WITHIN = 1.5
"""Seconds that a press waits for its turn to write. Slack gives up after 3, and a person presses again."""


def make_client(settings: Settings, *, timeout: int = CALL_TIMEOUT) -> WebClient:
    """A client for Slack's Web API.

    Raises:
        BadSettings: If SLACK_BOT_TOKEN is missing or is another kind of token.
    """
    return web_client(settings.bot_token(), settings.slack_api_url, timeout=timeout)


def check_token(client: WebClient) -> str | None:
    """Make sure that Slack takes the bot's token. Slack being away is no fault of the token.

    Returns:
        The workspace's id; `None` where Slack is away.

    Raises:
        BadSettings: If Slack refuses it.
    """
    try:
        return str(client.auth_test()["team_id"])
    except SlackApiError as error:
        if refuses_token(error):
            raise BadSettings(f"SLACK_BOT_TOKEN: Slack refuses it ({name_of(error)}). Copy it again.") from None
        trouble = name_of(error)
    except NO_ANSWER as error:
        trouble = str(error) or type(error).__name__
    logger.warning("Slack cannot be reached now, cards will follow when it can: %s", trouble)
    return None


def _is_news(record: logging.LogRecord) -> bool:
    return "`token` will be unused" not in record.getMessage()


_bolt_logger = logging.getLogger("signoff.bot.bolt")
# Bolt reads SLACK_BOT_TOKEN by itself, and warns that it does not need it.
_bolt_logger.addFilter(_is_news)


def make_app(settings: Settings, db: Database, people: People, responses: Responses, uploads: Uploads) -> App:
    """The app, ready to be served.

    Raises:
        BadSettings: If signed HTTP is to be served without a signing secret.
    """
    is_http = settings.mode is Mode.HTTP
    token = settings.bot_token()
    app = _HurriedApp(
        # Without a token: listeners answer by `Responses`, and never by Bolt's client.
        client=WebClient(base_url=settings.slack_api_url, timeout=CALL_TIMEOUT),
        # Nothing is asked of Slack before a listener runs: Slack being away must not block a decision.
        authorize=lambda enterprise_id, team_id: AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_token=token
        ),
        signing_secret=settings.signing_secret() if is_http else "",
        request_verification_enabled=is_http,
        # The listener has decided when it returns; Bolt's other way looks for the ack every 10 ms.
        process_before_response=True,
        logger=_bolt_logger,
    )
    desk = Desk(db)
    FormSession(db, desk, people, responses, uploads).register(app)
    Buttons(db, desk, people, responses).register(app)
    app.error(Explainer(responses))
    return app


class _HurriedApp(App):
    """Decides in time or not at all."""

    def dispatch(self, req: BoltRequest) -> BoltResponse:
        """Answer a request of Slack's."""
        with write_deadline(WRITE_WITHIN):
            return super().dispatch(req)


class Explainer:
    """Says in a sentence that a listener raised. Nothing is known to have counted, so only a sentence is acked."""

    def __init__(self, responses: Responses) -> None:
        self._responses = responses

    def __call__(self, error: Exception, body: dict[str, Any]) -> BoltResponse:
        """What the person gets: under the form's first input, as a command's answer, or as a message."""
        text = _explanation(error)
        if body.get("type") == "view_submission":
            return BoltResponse(status=200, body=_in_modal(body["view"], text))
        if "command" in body:
            return BoltResponse(status=200, body={"response_type": "ephemeral", "text": text})
        self._responses.tell(body, text)
        # Slack's client marks a press that was not acked; one on what is gone would never be.
        return BoltResponse(status=200 if isinstance(error, NoSuchPrompt) else 500)


def _explanation(error: Exception) -> str:
    match error:
        case NoSuchPrompt():
            return "This prompt is not in the record any more, so nothing was decided."
        case CommitInDoubt():
            logger.warning("A request from Slack may not have been recorded: %s", error)
            return "The record went away just now, so this may or may not have counted. Try again: you are told which."
        case StoreError():
            logger.warning("A request from Slack could not be taken: %s", error)
            return "The record cannot be reached, so nothing was decided. Try again in a moment."
        case IdentityUnavailable():
            return "Slack does not say who you are right now, so nothing was decided. Try again in a moment."
        case FormError():
            return f"This cannot be answered in Slack, so nothing was decided: {escape(str(error))}"
        case _:
            logger.error("A request from Slack failed", exc_info=error)
            return "Something went wrong here, so nothing was decided. Try again, or ask whoever runs Signoff."


def _in_modal(view: dict[str, Any], text: str) -> dict[str, Any]:
    inputs = [block["block_id"] for block in view.get("blocks", []) if block["type"] == "input"]
    if inputs:
        return {"response_action": "errors", "errors": {inputs[0]: text}}
    return {"response_action": "update", "view": failed_modal(text)}
