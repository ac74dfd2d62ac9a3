"""The Bolt app, which checks requests from Slack and passes them to the listeners."""

import logging
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from slack_bolt import App, BoltRequest, BoltResponse
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.error import BoltUnhandledRequestError
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from signoff.bot.blockkit.markup import escape, plain
from signoff.bot.connection.directory import SlackDirectory
from signoff.bot.connection.lookup_deadline import lookup_deadline
from signoff.bot.connection.lookups import Lookups
from signoff.bot.connection.people import People
from signoff.bot.connection.slack_clock import skew_message, skew_to_slack
from signoff.bot.connection.web_client import (
    CALL_TIMEOUT,
    CONNECTION_ERRORS,
    explain,
    name_of,
    refuses_token,
    web_client,
)
from signoff.bot.delivery.homes import Homes
from signoff.bot.delivery.rate_limits import RateLimits
from signoff.bot.forms import FormError
from signoff.bot.grants import Grants
from signoff.bot.interactions.absences import absence_commands
from signoff.bot.interactions.approvals import Approvals
from signoff.bot.interactions.assignments import Assignments
from signoff.bot.interactions.buttons import Buttons
from signoff.bot.interactions.channel_changes import ChannelChanges
from signoff.bot.interactions.commands import Commands, sub_commands
from signoff.bot.interactions.comments import Comments
from signoff.bot.interactions.deleted_cards import DeletedCards
from signoff.bot.interactions.directory_changes import DirectoryChanges
from signoff.bot.interactions.events import Events
from signoff.bot.interactions.form_answer import FormAnswer
from signoff.bot.interactions.form_entries import FormEntries
from signoff.bot.interactions.form_pages import FormPages
from signoff.bot.interactions.form_session import FormSessions
from signoff.bot.interactions.full_text import FullText
from signoff.bot.interactions.home import AppHome, HomeOpenings
from signoff.bot.interactions.nudges import Nudges
from signoff.bot.interactions.payloads import MalformedPayload, check, origin_of, person_in
from signoff.bot.interactions.responses import IdentityUnavailable, Responses
from signoff.bot.interactions.runs import Cancelling, Starting
from signoff.bot.interactions.several import Several
from signoff.bot.interactions.showing import Showing
from signoff.bot.interactions.timing import Timing
from signoff.bot.interactions.uploads import Uploads
from signoff.bot.settings import Settings
from signoff.bot.surfaces.modals import failed_modal
from signoff.bot.surfaces.wording import UNREADABLE_POLICY
from signoff.flows.approval.desk import Desk
from signoff.flows.errors import BadSettings
from signoff.flows.flow import Flow
from signoff.flows.services.foreground import foreground
from signoff.flows.startable import StartableFlows
from signoff.store.clock import MAX_SKEW
from signoff.store.database import Database
from signoff.store.errors import CommitInDoubt, DatabaseReplaced, NoSuchPrompt, StoreError, UnreadablePolicy
from signoff.store.prompts import absences, approvers
from signoff.store.sql.write_timeout import write_deadline

logger = logging.getLogger(__name__)

QUICK_CALL_TIMEOUT = 1
"""Seconds that a call to Slack may take while a person's press waits for it. Slack drops an ack after 3 s."""

LOOKUP_TIMEOUT = 1.5
"""Seconds after which no further call to Slack is made to find out whether somebody may answer. The last one may take
`QUICK_CALL_TIMEOUT` longer."""

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
        answer = client.auth_test()
        skew = skew_to_slack(answer)
        if skew is not None and abs(skew) > MAX_SKEW:
            logger.warning("%s", skew_message(skew))
        return str(answer["team_id"])
    except SlackApiError as error:
        if refuses_token(error):
            raise BadSettings(f"SLACK_BOT_TOKEN: Slack rejects it ({name_of(error)}). Copy the token again.") from None
        trouble = name_of(error)
    except CONNECTION_ERRORS as error:
        trouble = explain(error)
    logger.warning("Slack is unreachable; cards will be posted when it is back: %s", trouble)
    return None


def _is_relevant(record: logging.LogRecord) -> bool:
    return "`token` will be unused" not in record.getMessage()


_bolt_logger = logging.getLogger("signoff.bot.bolt")
# Bolt reads SLACK_BOT_TOKEN from the environment by itself, and warns that it will not use it.
_bolt_logger.addFilter(_is_relevant)


def make_app(
    settings: Settings,
    db: Database,
    lookups: Lookups,
    responses: Responses,
    uploads: Uploads,
    flows: Iterable[Flow[Any, Any]] = (),
) -> "SlackApp":
    """The app with its listeners. Whoever hands it a request has verified that it comes from Slack.

    Args:
        flows: The flows that a worker in this process runs.
    """
    token = settings.bot_token()
    app = SlackApp(
        ErrorHandler(responses),
        # This client has no token: listeners answer through `Responses`, never through Bolt's client.
        client=web_client(None, settings.slack_api_url),
        # Bolt would call Slack to authorize each request. An outage of Slack must not block a decision.
        authorize=lambda enterprise_id, team_id: AuthorizeResult(
            enterprise_id=enterprise_id, team_id=team_id, bot_token=token
        ),
        # Verified by the transport, before Bolt reads anything of a request.
        signing_secret="",
        request_verification_enabled=False,
        # A listener has decided when it returns. Otherwise Bolt would poll for the ack every 10 ms.
        process_before_response=True,
        # Bolt would also ignore that somebody deleted one of the app's own messages.
        ignoring_self_events_enabled=False,
        # Bolt would answer a payload of an unknown type with a 404, and tell the person nothing.
        raise_error_for_unhandled_request=True,
        logger=_bolt_logger,
    )
    people, directory = People(lookups), SlackDirectory(lookups, settings.channel)
    desk = Desk(db, directory)
    sessions = FormSessions(db, desk, people, responses)
    entries = FormEntries(sessions, responses, uploads)
    buttons = Buttons(db, desk, people, responses)
    # Bolt asks one listener after the other whether it takes a payload, and presses on cards are the most frequent.
    buttons.register(app)
    starting = Starting(db, StartableFlows(db, flows), Grants(directory, settings.may_start), people, responses)
    starting.register(app)
    entries.register(app)
    FormPages(sessions, entries, FormAnswer(desk, people, responses, uploads), responses).register(app)
    Assignments(db, desk, people, responses).register(app)
    Timing(db, desk, people, responses).register(app)
    approvals = Approvals(db, desk, directory, people, responses)
    approvals.register(app)
    Several(db, desk, people, responses, approvals).register(app)
    cancelling = Cancelling(db, desk, directory, Grants(directory, settings.may_cancel), people, responses)
    cancelling.register(app)
    commands = (*sub_commands(approvals, Showing(db, desk, people)), starting.command(), cancelling.command())
    commands = (*commands, *absence_commands(db, directory, people))
    Commands(commands, people).register(app)
    home = AppHome(db, desk, directory, people, approvals, lambda actor: bool(starting.may_start(actor)[0]))
    app.homes = Homes(
        db, make_client(settings), RateLimits(settings.slack_api_url), draw=home.draw, concerned=home.concerned
    )
    events = Events()
    Nudges(db, desk, people, responses).register(events)
    HomeOpenings(app.homes.opened).register(events)
    DeletedCards(db).register(events)
    ChannelChanges(db, make_client(settings, timeout=QUICK_CALL_TIMEOUT), settings.channel).register(events)
    DirectoryChanges(
        lookups,
        lambda: approvers.look_again(db, now=db.now()),
        lambda person: approvers.look_again(db, now=db.now(), assignee=person),
        lambda person: absences.without_cover(db, person, now=db.now()),
    ).register(events)
    events.register(app)
    FullText(db, desk, people, responses).register(app)
    Comments(db, desk, people, responses).register(app)
    buttons.register_unknown(app)
    return app


class SlackApp(App):
    """Hands a payload to its listener, and answers every error.

    Attributes:
        homes: Publishes App Homes, once it is started.
    """

    homes: Homes

    def __init__(self, on_error: "ErrorHandler", **arguments: Any) -> None:
        super().__init__(**arguments)
        self._on_error = on_error
        self.error(on_error)

    def dispatch(self, req: BoltRequest) -> BoltResponse:
        """Answer a request from Slack. A decision that cannot be stored is given up before Slack drops its ack."""
        # Bolt's `respond` would post to any URL that a payload names. `Responses` posts to Slack's alone.
        req.context.pop("response_url", None)
        with foreground.work(), write_deadline(WRITE_TIMEOUT), lookup_deadline(LOOKUP_TIMEOUT):
            try:
                check(req.body)
                return super().dispatch(req)
            # Bolt lets a SystemExit through, and the thread that called this would keep it to itself.
            except BaseException as error:  # noqa: BLE001
                return self._on_error(error, req.body)

    def refuse(self, body: object, error: Exception) -> BoltResponse:
        """Answer a payload of which Bolt could not make a request."""
        return self._on_error(MalformedPayload(f"Bolt cannot read it ({type(error).__name__})"), body)


class ErrorHandler:
    """Tells a person in one sentence that a listener failed. Their action may not have counted, so it is not acked."""

    def __init__(self, responses: Responses) -> None:
        self._responses = responses

    def __call__(self, error: BaseException, body: object) -> BoltResponse:
        """Show the sentence under the form's first input, as the command's response, or as a message. Raises nothing.

        Args:
            body: The payload; any JSON value, if it is malformed.
        """
        payload = body if isinstance(body, Mapping) else {}
        text = _explanation(error, origin_of(payload))
        if payload.get("type") == "view_submission":
            return BoltResponse(status=HTTPStatus.OK, body=_in_modal(payload.get("view"), text))
        if "command" in payload:
            return BoltResponse(status=HTTPStatus.OK, body={"response_type": "ephemeral", "text": text})
        if person_in(payload) is not None and payload.get("type") != "view_closed":
            self._responses.tell(payload, text)
        return BoltResponse(status=_status(error))


def _status(error: BaseException) -> HTTPStatus:
    match error:
        case NoSuchPrompt() | BoltUnhandledRequestError() | IdentityUnavailable() | UnreadablePolicy():
            # Slack marks a press that was not acked, besides what the person is told, and that mark says less.
            return HTTPStatus.OK
        case MalformedPayload():
            return HTTPStatus.BAD_REQUEST
        case _:
            return HTTPStatus.INTERNAL_SERVER_ERROR


def _explanation(error: BaseException, origin: str) -> str:
    match error:
        case MalformedPayload():
            logger.warning("Slack sent a payload that cannot be read (%s): %s", origin, error)
            return "Slack sent something that Signoff cannot read, so nothing was decided. Try again."
        case BoltUnhandledRequestError():
            logger.warning("Slack sent a payload of an unknown type (%s): %s", origin, _kind(error))
            return "This version of Signoff does not know that action, so nothing was decided."
        case NoSuchPrompt():
            return "This prompt no longer exists, so nothing was decided."
        case CommitInDoubt():
            logger.warning("The database may not have stored a request from Slack (%s): %s", origin, error)
            return "The database connection was lost, so this may or may not have counted. Try again to find out."
        case UnreadablePolicy():
            logger.error("A request from Slack was refused (%s): %s", origin, error)
            return UNREADABLE_POLICY
        case DatabaseReplaced():
            logger.error("A request from Slack was refused (%s): %s", origin, error)
            return (
                "The database is not the one that Signoff was using, so nothing was decided. "
                "Ask whoever runs Signoff to check it with `signoff doctor`."
            )
        case StoreError():
            logger.warning("The database could not store a request from Slack (%s): %s", origin, error)
            return "The database is unavailable, so nothing was decided. Try again in a moment."
        case IdentityUnavailable():
            return "Slack could not confirm that you may answer, so nothing was decided. Try again in a moment."
        case FormError():
            return f"This cannot be answered in Slack, so nothing was decided: {escape(str(error))}"
        case _:
            logger.error("A request from Slack failed (%s)", origin, exc_info=error)
            return "Something went wrong, so nothing was decided. Try again, or ask whoever runs Signoff for help."


def _kind(error: BoltUnhandledRequestError) -> str:
    body = error.request.body
    return plain(f"{body.get('type')} {body.get('callback_id') or ''}", 100)


def _in_modal(view: object, text: str) -> dict[str, Any]:
    blocks = view.get("blocks") if isinstance(view, Mapping) else None
    for block in blocks if isinstance(blocks, list) else ():
        if isinstance(block, Mapping) and block.get("type") == "input" and isinstance(block.get("block_id"), str):
            return {"response_action": "errors", "errors": {block["block_id"]: text}}
    return {"response_action": "update", "view": failed_modal(text)}
