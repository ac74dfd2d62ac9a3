"""“Comment…”: what a person says about a prompt without deciding, and the answer of its requester."""

from functools import partial

from slack_bolt import Ack, App

from signoff.bot.connection.people import People
from signoff.bot.interactions.payloads import values_in
from signoff.bot.interactions.responses import Body, Responses
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.comments import comment_error, comment_in, comment_modal
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import Commented, Invalid
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt

_NOT_STOPPED = "Your comment stands on the card. The clock was not stopped: it cannot be, or no longer."


class Comments:
    """Opens the modal that asks for a comment, and hands it to the desk."""

    def __init__(self, db: Database, desk: Desk, people: People, responses: Responses) -> None:
        self._db = db
        self._desk = desk
        self._people = people
        self._responses = responses

    def register(self, app: App) -> None:
        """Have `app` call the listeners."""
        app.action(action_ids.COMMENT)(self.open)
        app.view(action_ids.COMMENT_MODAL)(self.submit)
        app.view_closed(action_ids.COMMENT_MODAL)(self._responses.closed)

    def open(self, ack: Ack, body: Body) -> None:
        """A press on "Comment…", or on "Answer…" in a message to the requester."""
        prompt = prompts.get_exact(self._db, str(body["actions"][0].get("value")))
        actor = self._people.actor(body)
        match self._desk.admit_comment(prompt.id, actor, via="slack"):
            case Prompt() as admitted:
                may_stop = self._desk.time_to_stop(admitted, actor)
                is_requester = self._desk.is_requester(admitted, actor)
                self._responses.open_for(
                    body, admitted, partial(comment_modal, admitted, may_stop=may_stop, is_requester=is_requester)
                )
            case not_admitted:
                self._responses.tell_not_admitted(body, actor, not_admitted)
        ack()

    def submit(self, ack: Ack, body: Body) -> None:
        """The modal was submitted."""
        view = body["view"]
        prompt = prompts.get_exact(self._db, str(view.get("private_metadata")))
        text, stops = comment_in(values_in(view))
        actor = self._people.actor(body)
        match self._desk.comment(prompt.id, actor, text, via="slack", stops_clock=stops):
            case Commented(_, comment):
                self._responses.forget_view(str(view["id"]))
                if stops and comment.stops_until is None:
                    self._responses.tell(body, _NOT_STOPPED)
                ack()
            case Invalid(_, errors):
                ack(**comment_error(errors[0].message))
            case not_admitted:
                self._responses.show_not_admitted(ack, not_admitted)
