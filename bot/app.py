"""The Bolt app, which checks requests from Slack and passes them to the listeners."""

import logging
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from signoff.bot.blockkit.markup import escape
from signoff.bot.connection.people import People
from signoff.bot.connection.web_client import CALL_TIMEOUT, NO_ANSWER, name_of, refuses_token, web_client
from signoff.bot.forms import FormError
from signoff.bot.interactions.buttons import Buttons
from signoff.bot.interactions.commands import Commands, sub_commands
from signoff.bot.interactions.deleted_cards import DeletedCards
from signoff.bot.interactions.events import Events
from signoff.bot.interactions.form_answer import FormAnswer
from signoff.bot.interactions.form_entries import FormEntries
from signoff.bot.interactions.form_pages import FormPages
from signoff.bot.interactions.form_session import FormSessions
from signoff.bot.interactions.full_text import FullText
from signoff.bot.interactions.responses import IdentityUnavailable, Responses
from signoff.bot.interactions.uploads import Uploads
from signoff.bot.settings import BadSettings, Mode, Settings
from signoff.bot.surfaces.modals import failed_modal
from signoff.flows.approval.desk import Desk
from signoff.store.database import Database
from signoff.store.errors import CommitInDoubt, NoSuchPrompt, StoreError, UnreadablePolicy
from signoff.store.sql.write_timeout import write_deadline

logger = logging.getLogger(__name__)

QUICK_CALL_TIMEOUT = 1
"""Seconds that a call to Slack may take while a person's press waits for it. Slack drops an ack after 3 s."""

WRITE_TIMEOUT = 1.5
"""Seconds that a press waits for the database. Slack drops an ack after 3 s, and then the person presses again."""


def make_client(settings: Settings, *, timeout: int = CALL_TIMEOUT) -> WebClient:
    """A client for Slack's Web API.

    Raises:
        BadSettings: If SLACK_BOT_TOKEN is missing or is another kind of token.
    """
    return web_client(settings.bot_token(), settings.slack_api_url, timeout=timeout)


def check_token(client: WebClient) -> str | None:
    """Check that Slack accepts the bot's token. An outage of Slack is not an error.

    Returns:
        The workspace's id; `None` if Slack did not answer.

    Raises:
        BadSettings: If Slack refuses the token.
    """
    try:
        return str(client.auth_test()["team_id"])
    except SlackApiError as error:
        if refuses_token(error):
            raise BadSettings(f"SLACK_BOT_TOKEN: Slack refuses it ({name_of(error)}). Copy the token again.") from None
        trouble = name_of(error)
    except NO_ANSWER as error:
        trouble = str(error) or type(error).__name__
    logger.warning("Slack is unreachable; cards will be posted when it is back: %s", trouble)
    return None


def _is_relevant(record: logging.LogRecord) -> bool:
    return "`token` will be unused" not in record.getMessage()


_bolt_logger = logging.getLogger("signoff.bot.bolt")
# Bolt reads SLACK_BOT_TOKEN from the environment by itself, and warns that it will not use it.
_bolt_logger.addFilter(_is_relevant)


def make_app(
    settings: Settings, desk: Desk, db: Database, people: People, responses: Responses, uploads: Uploads
) -> App:
    """The app with its listeners.

    Raises:
        BadSettings: If the mode is signed HTTP and there is no signing secret.
    """
    is_http = settings.mode is Mode.HTTP
    token = settings.bot_token()
    app = _TimedApp(
        # This client has no token: listeners answer through `Responses`, never through Bolt's client.
        client=WebClient(base_url=settings.slack_api_url, timeout=CALL_TIMEOUT),
        # Bolt would call Slack to authorize each request. An outage of Slack must not block a decision.
        authorize=lambda enterprise_id, team_id: AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_token=token
        ),
        signing_secret=settings.signing_secret() if is_http else "",
        request_verification_enabled=is_http,
        # A listener has decided when it returns. Otherwise Bolt would poll for the ack every 10 ms.
        process_before_response=True,
        # Bolt would also ignore that somebody deleted one of the app's own messages.
        ignoring_self_events_enabled=False,
        logger=_bolt_logger,
    )
    sessions = FormSessions(db, responses)
    entries = FormEntries(sessions, responses, uploads)
    entries.register(app)
    FormPages(sessions, entries, FormAnswer(desk, people, responses, uploads), responses).register(app)
    Commands(sub_commands(db)).register(app)
    events = Events()
    DeletedCards(db).register(events)
    events.register(app)
    FullText(db, desk, people, responses).register(app)
    # Last, because its listeners include one that takes any button.
    Buttons(db, desk, people, responses).register(app)
    app.error(ErrorHandler(responses))
    return app


class _TimedApp(App):
    """Gives up a decision that cannot be stored before Slack drops its ack."""

    def dispatch(self, req: BoltRequest) -> BoltResponse:
        """Answer a request from Slack."""
        with write_deadline(WRITE_TIMEOUT):
            return super().dispatch(req)


class ErrorHandler:
    """Tells a person in one sentence that a listener failed. Their action may not have counted, so it is not acked."""

    def __init__(self, responses: Responses) -> None:
        self._responses = responses

    def __call__(self, error: Exception, body: dict[str, Any]) -> BoltResponse:
        """Show the sentence under the form's first input, as the command's response, or as a message."""
        text = _explanation(error)
        if body.get("type") == "view_submission":
            return BoltResponse(status=200, body=_in_modal(body["view"], text))
        if "command" in body:
            return BoltResponse(status=200, body={"response_type": "ephemeral", "text": text})
        self._responses.tell(body, text)
        # Slack marks a press that was not acked, and people press again. For a prompt that is gone, that is pointless.
        return BoltResponse(status=200 if isinstance(error, NoSuchPrompt) else 500)


def _explanation(error: Exception) -> str:
    match error:
        case NoSuchPrompt():
            return "This prompt no longer exists, so nothing was decided."
        case CommitInDoubt():
            logger.warning("The database may not have stored a request from Slack: %s", error)
            return "The database connection was lost, so this may or may not have counted. Try again to find out."
        case UnreadablePolicy():
            logger.error("A request from Slack was refused: %s", error)
            return (
                "This version of Signoff cannot read who may answer here, so nothing was decided. "
                "Ask whoever runs Signoff: `signoff doctor` says more."
            )
        case StoreError():
            logger.warning("The database could not store a request from Slack: %s", error)
            return "The database is unavailable, so nothing was decided. Try again in a moment."
        case IdentityUnavailable():
            return "Slack could not confirm who you are, so nothing was decided. Try again in a moment."
        case FormError():
            return f"This cannot be answered in Slack, so nothing was decided: {escape(str(error))}"
        case _:
            logger.error("A request from Slack failed", exc_info=error)
            return "Something went wrong, so nothing was decided. Try again, or ask whoever runs Signoff for help."


def _in_modal(view: dict[str, Any], text: str) -> dict[str, Any]:
    inputs = [block["block_id"] for block in view.get("blocks", []) if block["type"] == "input"]
    if inputs:
        return {"response_action": "errors", "errors": {inputs[0]: text}}
    return {"response_action": "update", "view": failed_modal(text)}
