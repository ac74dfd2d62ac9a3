"""Presses with which people give a prompt more time, or put off their own reminders of it.

What they are told is seen by them alone.
"""

from slack_bolt import Ack, App

from signoff.bot.connection.people import People
from signoff.bot.interactions.payloads import values_in
from signoff.bot.interactions.responses import Body, Responses
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.timing import more_time, more_time_error, more_time_modal, snoozed, snoozed_until
from signoff.flows.approval.desk import Desk
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt


class Timing:
    """Listens to the buttons of `surfaces.timing`."""

    def __init__(self, db: Database, desk: Desk, people: People, responses: Responses) -> None:
        self._db = db
        self._desk = desk
        self._people = people
        self._responses = responses

    def register(self, app: App) -> None:
        """Have `app` call the listeners."""
        app.action(action_ids.SNOOZE_HOUR)(self.snooze)
        app.action(action_ids.SNOOZE_TOMORROW)(self.snooze)
        app.action(action_ids.MORE_TIME)(self.ask_how_much)
        app.view(action_ids.MORE_TIME_MODAL)(self.extend)
        app.view_closed(action_ids.MORE_TIME_MODAL)(self._responses.closed)

    def snooze(self, ack: Ack, body: Body) -> None:
        """A press on "Remind me in an hour" or "Remind me tomorrow"."""
        action, actor = body["actions"][0], self._people.actor(body)
        prompt = prompts.get_exact(self._db, str(action.get("value")))
        until = snoozed_until(str(action.get("action_id")), self._db.now(), self._people.zone(actor.id))
        reply = self._desk.snooze(prompt.id, actor, until, via="slack")
        if isinstance(reply, Prompt):
            self._responses.tell(body, snoozed(until))
        else:
            self._responses.tell_not_admitted(body, actor, reply)
        ack()

    def ask_how_much(self, ack: Ack, body: Body) -> None:
        """A press on "More time…": open the modal."""
        prompt = prompts.get_exact(self._db, str(body["actions"][0].get("value")))
        actor = self._people.actor(body)
        admitted = self._desk.admit_extension(prompt.id, actor, via="slack")
        if isinstance(admitted, Prompt):
            self._responses.open_for(body, admitted, lambda: more_time_modal(admitted))
        else:
            self._responses.tell_not_admitted(body, actor, admitted)
        ack()

    def extend(self, ack: Ack, body: Body) -> None:
        """The modal was submitted."""
        view = body["view"]
        prompt = prompts.get_exact(self._db, str(view.get("private_metadata")))
        more = more_time(values_in(view))
        if more is None:
            ack(**more_time_error("Choose one of these."))
            return
        match self._desk.extend(prompt.id, self._people.actor(body), more, via="slack"):
            case Prompt():
                self._responses.forget_view(str(view["id"]))
                ack()
            case not_admitted:
                self._responses.show_not_admitted(ack, not_admitted)
