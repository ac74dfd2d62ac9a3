"""Presses on cards and in lists, handed to the desk; and the modal that asks for the reason of a rejection.

A button's value and a modal's `private_metadata` are claims, see `Claim`, and nothing else in them is trusted.

Every listener decides first and acks afterwards, so that whatever was acked is in the database. The rest, such as
opening a modal, goes to `Responses`: Bolt would turn an error after an ack into a failed request.
"""

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App

from signoff.bot.blockkit.fingerprint import fingerprint
from signoff.bot.connection.people import People
from signoff.bot.interactions.payloads import claim_in, pressed_in, values_in
from signoff.bot.interactions.responses import Body, Responses
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.claims import Claim
from signoff.bot.surfaces.modals import reason_error, reason_in, reject_modal, voted_modal
from signoff.bot.surfaces.wording import form_of, verdict_in
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.quorum import proposed
from signoff.flows.approval.replies import (
    AlreadySettled,
    Counted,
    Invalid,
    Refused,
    Settled,
    Unconfirmed,
    Undone,
    Unverified,
)
from signoff.flows.approval.validation import FieldError
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.prompts import Prompt
from signoff.store.records.votes import Shown

_NOTHING: Mapping[str, Any] = {}


class Buttons:
    """Listens to buttons."""

    def __init__(self, db: Database, desk: Desk, people: People, responses: Responses) -> None:
        self._db = db
        self._desk = desk
        self._people = people
        self._responses = responses

    def register(self, app: App) -> None:
        """Have `app` call the listeners."""
        app.action(action_ids.CHOOSE)(self.choose)
        app.action(action_ids.ANSWER)(self.answer)
        app.action(action_ids.AGREE)(self.agree)
        app.action(action_ids.EDIT)(self.open_form)
        app.action(action_ids.OPEN)(self.open_listed)
        app.action(action_ids.REJECT)(self.open_reason)
        app.action(action_ids.UNDO)(self.undo)
        app.view(action_ids.REJECT_MODAL)(self.reject)
        app.view_closed(action_ids.REJECT_MODAL)(self._responses.closed)

    def register_unknown(self, app: App) -> None:
        """Have `app` call the listener for any other button. Bolt calls the first that matches, so it goes last.

        What reaches it is an outdated button, or a forged one.
        """
        app.action(action_ids.ANY)(self.unknown)

    def choose(self, ack: Ack, body: Body) -> None:
        """A press on one of the verdict's choices: it settles the prompt, or opens the form for what is missing."""
        prompt = self._pressed(body)
        verdict = verdict_in(prompt, form_of(prompt))
        position = action_ids.chosen(str(body["actions"][0]["action_id"]))
        if verdict is None or position is None or position >= len(verdict.choices):
            self._responses.redraw(prompt)
            self.unknown(ack, body)
        else:
            self._try(ack, body, prompt, {verdict.field.name: verdict.choices[position].value})

    def answer(self, ack: Ack, body: Body) -> None:
        """A press on "Submit as shown", "Resume" or "Answer…"."""
        self._try(ack, body, self._pressed(body), {})

    def agree(self, ack: Ack, body: Body) -> None:
        """A press on "Agree with …": vote for what somebody else has proposed, which the button names by its hash."""
        prompt, actor = self._pressed(body), self._people.actor(body)
        key = action_ids.agreed(str(body["actions"][0]["action_id"])) or ""
        match self._desk.agree(prompt.id, actor, key, via="slack", shown=pressed_in(body)):
            case Settled():
                pass
            case Counted() as counted:
                self._responses.tell_counted(body, counted)
            case Unconfirmed(asked):
                self._responses.open_form(body, asked, proposed(asked, key) or {})
            case Invalid(asked, errors):
                self._responses.redraw(asked)
                self._responses.tell(body, f"Nothing was decided. {errors[0].message}")
            case AlreadySettled() | Refused() | Unverified() as reply:
                self._responses.tell_not_admitted(body, actor, reply)
        ack()

    def open_listed(self, ack: Ack, body: Body) -> None:
        """A press in the list of prompts: open the form, and post the card again in case somebody has deleted it."""
        self._open_form(ack, body, is_listed=True)

    def open_form(self, ack: Ack, body: Body) -> None:
        """A press on "Edit…": open the form."""
        self._open_form(ack, body, is_listed=False)

    def _open_form(self, ack: Ack, body: Body, *, is_listed: bool, choice: Mapping[str, Any] = _NOTHING) -> None:
        prompt = self._pressed(body)
        actor = self._people.actor(body)
        admitted = self._desk.admit(prompt.id, actor, via="slack", shown=pressed_in(body))
        if isinstance(admitted, Prompt):
            if is_listed:
                self._responses.redraw(admitted)
            self._responses.open_form(body, admitted, choice)
        else:
            self._responses.tell_not_admitted(body, actor, admitted)
        ack()

    def open_reason(self, ack: Ack, body: Body) -> None:
        """A press on "Reject…": open the modal that asks for the reason."""
        prompt = self._pressed(body)
        actor = self._people.actor(body)
        admitted = self._desk.admit(prompt.id, actor, via="slack", shown=pressed_in(body))
        if isinstance(admitted, Prompt):
            self._responses.open_reason(body, admitted)
        else:
            self._responses.tell_not_admitted(body, actor, admitted)
        ack()

    def undo(self, ack: Ack, body: Body) -> None:
        """A press on "Undo": the person who has decided takes it back."""
        prompt, actor = self._pressed(body), self._people.actor(body)
        reply = self._desk.undo(prompt.id, actor, via="slack")
        if not isinstance(reply, Undone):
            self._responses.tell_not_admitted(body, actor, reply)
        ack()

    def unknown(self, ack: Ack, body: Body) -> None:
        """A press on a button that its prompt does not have."""
        self._responses.tell(body, "This button does not fit its prompt, so nothing was decided. Press another one.")
        ack()

    def reject(self, ack: Ack, body: Body) -> None:
        """The modal with the reason of a rejection was submitted."""
        view = body["view"]
        claim = Claim.read(view.get("private_metadata"))
        prompt = prompts.get_exact(self._db, claim.prompt_id)
        reason = reason_in(values_in(view))
        shown = Shown(form=fingerprint(reject_modal(prompt)["blocks"]), stage=claim.stage)
        reply = self._desk.reject(prompt.id, self._people.actor(body), reason, via="slack", shown=shown)
        if isinstance(reply, Invalid):
            ack(**reason_error(reply.errors[0].message))
            return
        if isinstance(reply, Settled | Counted):
            self._responses.forget_view(str(view["id"]))
        self._close(ack, reply)

    def _try(self, ack: Ack, body: Body, prompt: Prompt, choice: Mapping[str, Any]) -> None:
        """Press, then ask only for what is missing.

        The choice is submitted together with the initial values. If the model accepts that, the prompt is settled by
        one press. If not, the form opens with both filled in, and shows what the model found wrong.
        """
        actor = self._people.actor(body)
        if prompt.is_open and prompt.policy_fault is None and prompt.policy.word:
            # Not even a no is decided with one press.
            self._open_form(ack, body, is_listed=False, choice=choice)
            return
        reply = self._desk.submit(prompt.id, actor, choice, via="slack", tentative=True, shown=pressed_in(body))
        match reply:
            case Settled():
                pass
            case Counted() as counted:
                self._responses.tell_counted(body, counted)
            case Invalid(asked, errors):
                known = {**asked.initial_values, **choice}
                self._responses.open_form(body, asked, choice, _errors_in(known, errors))
            case _:
                self._responses.tell_not_admitted(body, actor, reply)
        ack()

    def _close(self, ack: Ack, reply: Settled | Counted | AlreadySettled | Refused | Unverified) -> None:
        match reply:
            case Settled():
                ack()
            case Counted(prompt, vote):
                ack(response_action="update", view=voted_modal(prompt, vote))
            case not_admitted:
                self._responses.show_not_admitted(ack, not_admitted)

    def _pressed(self, body: Body) -> Prompt:
        """The prompt with exactly this id. Unlike on the command line, the beginning of an id is not enough.

        Raises:
            NoSuchPrompt: If there is no such prompt.
        """
        return prompts.get_exact(self._db, claim_in(body).prompt_id)


def _errors_in(known: Mapping[str, Any], errors: tuple[FieldError, ...]) -> tuple[FieldError, ...]:
    """The errors in known values. A person who has not seen the form yet need not be told that a field is empty."""
    return tuple(error for error in errors if not error.path or error.path[0] in known)
