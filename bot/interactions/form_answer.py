"""Hands a finished form to the desk, and tells the person what the desk said."""

from dataclasses import replace

from slack_bolt import Ack

from signoff.bot.connection.people import People
from signoff.bot.interactions.form_session import FormSession, validation_errors, without_fields_of
from signoff.bot.interactions.payloads import values_in
from signoff.bot.interactions.responses import Body, Responses
from signoff.bot.interactions.uploads import Uploads
from signoff.bot.surfaces.confirmation import word_in
from signoff.bot.surfaces.modals import form_hash, voted_modal, word_error
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import (
    Counted,
    Invalid,
    Refused,
    Reply,
    Settled,
    Unconfirmed,
    Unverified,
)
from signoff.store.records.prompts import Prompt
from signoff.store.records.votes import Shown


class FormAnswer:
    """Submits whole answers."""

    def __init__(self, desk: Desk, people: People, responses: Responses, uploads: Uploads) -> None:
        self._desk = desk
        self._people = people
        self._responses = responses
        self._uploads = uploads

    def may_continue(self, ack: Ack, body: Body, session: FormSession) -> bool:
        """Whether this person may still see the form that they are filling in. Otherwise this is acked."""
        match self._desk.admit(session.prompt.id, self._people.actor(body), via="slack", shown=_shown(session)):
            case Refused() | Unverified() as not_admitted:
                self._responses.show_not_admitted(ack, not_admitted)
                return False
            case _:
                return True

    def submit(self, ack: Ack, body: Body, session: FormSession) -> None:
        """Submit the answer, and ack what became of it."""
        prompt, actor = session.prompt, self._people.actor(body)
        values, file_errors = self._uploads.take(session.editor.form, session.reading)
        unreadable = [*session.input_errors, *file_errors]
        reply: Prompt | Reply
        if unreadable:
            # Nothing to submit yet, but somebody may have settled the prompt in the meantime. Nobody should be made
            # to correct values that no longer count.
            reply = self._desk.admit(prompt.id, actor, via="slack", shown=_shown(session))
        else:
            typed = word_in(values_in(body["view"]))
            shown = replace(_shown(session), form=form_hash(prompt, session.editor))
            reply = self._desk.submit(
                prompt.id, actor, values, via="slack", complete=True, confirmation=typed, shown=shown
            )
        match reply:
            case Prompt():
                # Errors of the answer as a whole may be caused by what could not be read, so they wait.
                others = [error for error in validation_errors(prompt, values) if error.path]
                ack(**session.errors_response([*unreadable, *without_fields_of(unreadable, others)]))
            case Settled():
                self._responses.forget_view(session.view_id)
                ack()
            case Counted(counted, vote):
                self._responses.forget_view(session.view_id)
                ack(response_action="update", view=voted_modal(counted, vote))
            case Unconfirmed(_, errors):
                ack(**word_error(errors[0].message))
            case Invalid(_, errors):
                ack(**session.errors_response(errors))
            case not_admitted:
                self._responses.show_not_admitted(ack, not_admitted)


def _shown(session: FormSession) -> Shown:
    return Shown(stage=session.stage)
