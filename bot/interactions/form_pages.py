"""The modal of an open form: what was typed is kept, pages are turned, and a submission goes where it belongs."""

from slack_bolt import Ack, App

from signoff.bot.forms import ACTION
from signoff.bot.interactions.form_answer import FormAnswer
from signoff.bot.interactions.form_entries import FormEntries
from signoff.bot.interactions.form_session import FormSession, FormSessions, repeated
from signoff.bot.interactions.responses import Body, Responses
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.modals import settled_modal


class FormPages:
    """Routes what people do in a form's modal."""

    def __init__(self, sessions: FormSessions, entries: FormEntries, answer: FormAnswer, responses: Responses) -> None:
        self._sessions = sessions
        self._entries = entries
        self._answer = answer
        self._responses = responses

    def register(self, app: App) -> None:
        """Have `app` call the listeners."""
        app.view(action_ids.ANSWER_MODAL)(self.submit)
        app.view_closed(action_ids.ANSWER_MODAL)(self._responses.closed)
        app.action(ACTION)(self.changed)
        app.action(action_ids.BACK)(self.back)
        app.options(ACTION)(self.suggest)

    @repeated
    def changed(self, ack: Ack, body: Body) -> None:
        """An input changed. Slack says nothing of the inputs when a modal is closed, so each change is stored.

        The modal is drawn again only if another variant of a union was chosen, whose fields have to appear.
        """
        session = self._sessions.read_and_save(body)
        if session and session.reading.switched:
            self._sessions.redraw(session)
        ack()

    @repeated
    def back(self, ack: Ack, body: Body) -> None:
        """Show the previous page."""
        session = self._sessions.read_and_save(body)
        if session:
            self._sessions.redraw(session, first_row=max(session.page.first - 1, 0))
        ack()

    def suggest(self, ack: Ack, body: Body) -> None:
        """Something was typed into a select whose options the bot searches."""
        session = self._sessions.read(body)
        if not self._sessions.may_see(session):
            ack(options=[])
            return
        editor = session.editor
        query = str(body.get("value") or "")
        draft = editor.draft
        ack(options=editor.form.matching(str(body["block_id"]), query, draft.values, draft.raw_input))

    @repeated
    def submit(self, ack: Ack, body: Body) -> None:
        """A page was submitted: show the next page, put an entry into its list, or submit the answer."""
        read = self._sessions.read(body)
        session = self._sessions.save(read)
        if session is not None and _is_answer(session):
            self._answer.submit(ack, body, session)
        elif not self._answer.may_continue(ack, body, read):
            return
        elif session is None:
            ack(response_action="update", view=settled_modal(self._sessions.settled(read)))
        elif session.reading.switched:
            ack(response_action="update", view=session.modal())
        elif not session.page.is_last:
            _turn_page(ack, session)
        else:
            self._entries.finish(ack, body, session)


def _is_answer(session: FormSession) -> bool:
    """Whether the whole answer was submitted, and not a page of it or an entry of a list."""
    return not session.reading.switched and session.page.is_last and session.editor.parent is None


def _turn_page(ack: Ack, session: FormSession) -> None:
    """Show the next page, unless an input on this one cannot be read."""
    page = session.page
    on_page = {row.field.path for row in page.rows}
    errors = [error for error in session.input_errors if error.path in on_page]
    if errors:
        ack(**session.errors_response(errors))
    else:
        ack(response_action="update", view=session.modal(first_row=page.after))
