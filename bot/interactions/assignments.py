"""Presses with which people take a prompt on, give it back or hand it over; and the modal that asks to whom.

What they are told is seen by them alone.
"""

from slack_bolt import Ack, App

from signoff.bot.blockkit.markup import escape
from signoff.bot.connection.people import People
from signoff.bot.interactions.payloads import claim_in, pressed_in, values_in
from signoff.bot.interactions.responses import Body, Responses
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.assignment import hand_over_error, hand_over_modal, handed_over
from signoff.bot.surfaces.claims import Claim
from signoff.flows.approval.assignment import Assigned, NotAssigned
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import NotAdmitted
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.store.records.votes import Shown


class Assignments:
    """Listens to the buttons of `surfaces.assignment`."""

    def __init__(self, db: Database, desk: Desk, people: People, responses: Responses) -> None:
        self._db = db
        self._desk = desk
        self._people = people
        self._responses = responses

    def register(self, app: App) -> None:
        """Have `app` call the listeners."""
        app.action(action_ids.CLAIM)(self.claim)
        app.action(action_ids.RELEASE)(self.release)
        app.action(action_ids.HAND_OVER)(self.ask_to_whom)
        app.view(action_ids.HAND_OVER_MODAL)(self.hand_over)
        app.view_closed(action_ids.HAND_OVER_MODAL)(self._responses.closed)

    def claim(self, ack: Ack, body: Body) -> None:
        """A press on "I'll take it"."""
        prompt, actor = self._pressed(body), self._people.actor(body)
        self._tell(body, actor, self._desk.claim(prompt.id, actor, via="slack", shown=pressed_in(body)))
        ack()

    def release(self, ack: Ack, body: Body) -> None:
        """A press on "Release"."""
        prompt, actor = self._pressed(body), self._people.actor(body)
        self._tell(body, actor, self._desk.release(prompt.id, actor, via="slack", shown=pressed_in(body)))
        ack()

    def ask_to_whom(self, ack: Ack, body: Body) -> None:
        """A press on "Hand over…": open the modal."""
        prompt, actor = self._pressed(body), self._people.actor(body)
        admitted = self._desk.admit(prompt.id, actor, via="slack", shown=pressed_in(body))
        if isinstance(admitted, Prompt):
            self._responses.open_for(body, admitted, lambda: hand_over_modal(admitted))
        else:
            self._responses.tell_not_admitted(body, actor, admitted)
        ack()

    def hand_over(self, ack: Ack, body: Body) -> None:
        """The modal was submitted."""
        view = body["view"]
        claim = Claim.read(view.get("private_metadata"))
        prompt, shown = prompts.get_exact(self._db, claim.prompt_id), Shown(stage=claim.stage)
        wanted = handed_over(values_in(view))
        match self._desk.hand_over(prompt.id, self._people.actor(body), wanted, via="slack", shown=shown):
            case Assigned():
                self._responses.forget_view(str(view["id"]))
                ack()
            case NotAssigned(_, reason):
                ack(**hand_over_error(reason))
            case not_admitted:
                self._responses.show_not_admitted(ack, not_admitted)

    def _tell(self, body: Body, actor: Actor, reply: Assigned | NotAssigned | NotAdmitted) -> None:
        match reply:
            case Assigned():
                pass
            case NotAssigned(prompt, reason):
                # The card must have looked as if it could be.
                self._responses.redraw(prompt)
                self._responses.tell(body, escape(reason))
            case _:
                self._responses.tell_not_admitted(body, actor, reply)

    def _pressed(self, body: Body) -> Prompt:
        return prompts.get_exact(self._db, claim_in(body).prompt_id)
