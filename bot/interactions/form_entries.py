"""The entries of lists in a form: each is added or edited in a modal of its own, on top of the form's."""

from slack_bolt import Ack, App

from signoff.bot.forms import Reading
from signoff.bot.forms.editor_state import NEW, EditorState
from signoff.bot.forms.elements.entry_list import ADD_ACTION, ENTRY_ACTION, REMOVE
from signoff.bot.interactions.form_session import (
    FormSession,
    FormSessions,
    repeated,
    validation_errors,
    without_fields_of,
)
from signoff.bot.interactions.responses import Body, Responses
from signoff.bot.interactions.uploads import Uploads
from signoff.bot.surfaces.modals import answer_modal, settled_modal
from signoff.bot.surfaces.wording import form_of
from signoff.flows.approval.validation import FieldError


class FormEntries:
    """Adds, edits and removes entries."""

    def __init__(self, sessions: FormSessions, responses: Responses, uploads: Uploads) -> None:
        self._sessions = sessions
        self._responses = responses
        self._uploads = uploads

    def register(self, app: App) -> None:
        """Have `app` call the listeners."""
        app.action(ADD_ACTION)(self.add)
        app.action(ENTRY_ACTION)(self.edit_or_remove)

    @repeated
    def add(self, ack: Ack, body: Body) -> None:
        """Open the form of a new entry."""
        session = self._sessions.read_and_save(body)
        if session:
            entry = session.editor.entry(_list_and_number(body)[0], NEW)
            if entry is None or not entry.has_room:
                self._sessions.redraw(session)
            else:
                self._open(body, session, entry)
        ack()

    @repeated
    def edit_or_remove(self, ack: Ack, body: Body) -> None:
        """Open the form of an entry, or remove the entry from its list."""
        session = self._sessions.read_and_save(body)
        if session:
            entry = session.editor.entry(*_list_and_number(body))
            if entry is None:
                self._sessions.redraw(session)
            elif body["actions"][0].get("selected_option", {}).get("value") == REMOVE:
                changed = self._sessions.save_or_close(session.with_editor(entry.without_entry()))
                if changed:
                    self._sessions.redraw(changed)
            else:
                self._open(body, session, entry)
        ack()

    def finish(self, ack: Ack, body: Body, session: FormSession) -> None:
        """Put a submitted entry into its list, if it is valid there, and close its modal.

        Raises:
            DraftChanged: If the draft was stored again since the session was read.
        """
        editor = session.editor.finished()
        # Only the answer as a whole can be validated. So the entry is checked in its place, and of the errors in the
        # answer those are shown that are in the entry.
        reading = Reading(dict(editor.whole.values), raw_input=dict(editor.whole.raw_input))
        values, file_errors = self._uploads.take(form_of(session.prompt), reading)
        errors = validation_errors(session.prompt, values, file_errors)
        in_entry = session.editor.errors_here([(error.path, error.message) for error in errors])
        unreadable = session.input_errors
        found = [*unreadable, *without_fields_of(unreadable, [FieldError(*error) for error in in_entry])]
        if found:
            ack(**session.errors_response(found))
            return
        if self._sessions.save(session.with_editor(editor)) is None:
            ack(response_action="update", view=settled_modal(self._sessions.settled(session)))
            return
        self._responses.update(
            str(body["view"].get("previous_view_id")),
            lambda: answer_modal(session.prompt, editor, first=session.editor.row_of_list),
        )
        self._responses.forget_view(session.view_id)
        ack()

    def _open(self, body: Body, session: FormSession, entry: EditorState) -> None:
        draw = self._sessions.shown(session, lambda: answer_modal(session.prompt, entry))
        self._responses.push(body, session.prompt, draw)


def _list_and_number(body: Body) -> tuple[str, int]:
    """The block id of the list and the number of the entry that a press claims to be about."""
    block_id, _, number = str(body["actions"][0].get("block_id")).rpartition("~")
    return block_id, int(number) if number.isdecimal() and len(number) < 10 else NEW
