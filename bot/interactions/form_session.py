"""A person's open form, as Slack shows it in a payload, and the draft in which it is kept.

Nothing of a form is held in memory. Each payload is read together with the draft that is stored for this person and
prompt, so that any process can answer it, and so that a form can be closed and opened again without loss.

What a modal says of itself is a claim: its `private_metadata` names a prompt and a place in its form, and a block id
names a list. Each is looked up in the prompt's own schema. If there is no such place, the form starts at its beginning.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, TypeVar

from slack_bolt import Ack

from signoff.bot.connection.people import People
from signoff.bot.forms import Reading
from signoff.bot.forms.draft import Draft
from signoff.bot.forms.editor_state import EditorState
from signoff.bot.forms.layout import rows_of
from signoff.bot.forms.pages import Page, page_with
from signoff.bot.interactions.payloads import MalformedPayload
from signoff.bot.interactions.responses import Body, Responses
from signoff.bot.surfaces.modal_metadata import ModalMetadata
from signoff.bot.surfaces.modals import answer_errors, answer_modal, failed_modal, refused_modal, settled_modal
from signoff.bot.surfaces.wording import UNREADABLE_POLICY, form_of
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.stages import stage_over
from signoff.flows.approval.validation import FieldError, validate
from signoff.store.database import Database
from signoff.store.prompts import drafts, prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt

Owner = TypeVar("Owner")


@dataclass(frozen=True, slots=True)
class FormSession:
    """One person's open form.

    Attributes:
        view_id: The modal that shows it.
        editor: The form in that modal, with everything that was filled in so far.
        first_row: The number of the first row on the open page.
        stage: The number of stages that the prompt had passed when the modal was drawn. It is a claim.
        reading: What the modal's inputs hold.
        revision: The revision of the stored draft.
    """

    actor: Actor
    view_id: str
    prompt: Prompt
    editor: EditorState
    first_row: int
    reading: Reading
    revision: int
    stage: int = 0

    @property
    def page(self) -> Page:
        """The page that is open."""
        draft = self.editor.draft
        return page_with(rows_of(self.editor.form, draft.values, draft.raw_input), self.first_row)

    @property
    def input_errors(self) -> list[FieldError]:
        """What could not be read from the inputs."""
        return [FieldError(path, message) for path, message in self.reading.errors.items()]

    def modal(self, *, first_row: int | None = None) -> dict[str, Any]:
        """The modal that shows this form, on the page with that row; by default on the open one."""
        return answer_modal(self.prompt, self.editor, first=self.first_row if first_row is None else first_row)

    def errors_response(self, errors: Sequence[FieldError]) -> dict[str, Any]:
        """The response to a submission with these errors."""
        return answer_errors(self.prompt, self.editor, errors, first=self.first_row)

    def with_editor(self, editor: EditorState) -> "FormSession":
        """The same session with another form or draft in its modal."""
        return replace(self, editor=editor)


class FormSessions:
    """Reads sessions from payloads, and stores their drafts."""

    def __init__(self, db: Database, desk: Desk, people: People, responses: Responses) -> None:
        self._db = db
        self._desk = desk
        self._people = people
        self._responses = responses

    def read(self, body: Body) -> FormSession:
        """The session that a payload shows, with its inputs read on top of the stored draft.

        Raises:
            MalformedPayload: If there is no modal.
            NoSuchPrompt: If the modal belongs to no prompt.
        """
        if body.get("view") is None:
            raise MalformedPayload("a press in a form names no view")
        view, actor = body["view"], self._people.actor(body)
        metadata = ModalMetadata.read(view.get("private_metadata"))
        prompt = prompts.get_exact(self._db, metadata.claim.prompt_id)
        stored = drafts.load(self._db, prompt.id, actor.id)
        draft = (stored and Draft.of_json(stored.values)) or Draft(prompt.initial_values)
        form = form_of(prompt)
        editor = EditorState.at(form, draft, metadata.steps) or EditorState(form, draft)
        state = (view.get("state") or {}).get("values")
        reading = editor.form.read(state, editor.draft.values, editor.draft.raw_input)
        if reading.draft != editor.draft:
            editor = editor.with_draft(reading.draft)
        revision = stored.revision if stored else drafts.NO_DRAFT
        stage = metadata.claim.stage
        return FormSession(actor, str(view["id"]), prompt, editor, metadata.first, reading, revision, stage)

    def save(self, session: FormSession) -> FormSession | None:
        """Store the draft. Returns the session with its new revision; `None` if the prompt is settled.

        Of somebody who may not answer, nothing is stored, and the session is returned as it is. If Slack does not say
        whether they may, it is stored: only they ever see it.

        Raises:
            DraftChanged: If the draft was stored again since the session was read. See `repeated`.
        """
        return session if self._is_refused(session) else self._store(session)

    def read_and_save(self, body: Body) -> FormSession | None:
        """Read a session and store its draft. `None` if its prompt is settled, or if its person may not answer: then
        its modal says so.

        Raises:
            NoSuchPrompt: If the modal belongs to no prompt.
            DraftChanged: If the draft was stored again in between. See `repeated`.
        """
        return self.save_or_close(self.read(body))

    def save_or_close(self, session: FormSession) -> FormSession | None:
        """Store the draft as `save` does. `None` if the prompt is settled, or if the session's person may not answer:
        then its modal says so.
        """
        if self._is_refused(session):
            self._responses.update(session.view_id, lambda: self._refused_modal(session))
            return None
        saved = self._store(session)
        if saved is None:
            settled = self.settled(session)
            self._responses.update(session.view_id, self.shown(session, lambda: settled_modal(settled)))
        return saved

    def _is_refused(self, session: FormSession) -> bool:
        """Whether it is known that the session's person may not answer, or not with this form."""
        prompt = session.prompt
        if not prompt.is_open or prompt.policy_fault is not None:
            return False
        return bool(stage_over(prompt, session.stage)) or self._desk.may_fill_in(prompt, session.actor) is False

    def _refused_modal(self, session: FormSession) -> dict[str, Any]:
        visible, _ = self._desk.visible_to(session.actor, [session.prompt])
        reason = stage_over(session.prompt, session.stage) if visible else ""
        return refused_modal(session.prompt, {}, may_see=bool(visible), reason=reason)

    def _store(self, session: FormSession) -> FormSession | None:
        draft = session.editor.whole.as_json()
        revision = drafts.save(
            self._db, session.prompt.id, session.actor.id, draft, revision=session.revision, now=self._db.now()
        )
        return None if revision is None else replace(session, revision=revision)

    def settled(self, session: FormSession) -> Prompt:
        """The session's prompt as it is in the database now."""
        return prompts.get(self._db, session.prompt.id)

    def may_see(self, session: FormSession) -> bool:
        """Whether the session's person may see its prompt. If Slack does not say so, they may not."""
        prompt = session.prompt
        return not (prompt.is_open and prompt.policy_fault) and self._desk.may_read(prompt, session.actor) is True

    def redraw(self, session: FormSession, *, first_row: int | None = None) -> None:
        """Draw the session's modal again."""
        self._responses.update(session.view_id, self.shown(session, lambda: session.modal(first_row=first_row)))

    def shown(self, session: FormSession, draw: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any] | None]:
        """Draws a modal only for somebody who may still see the prompt: they may have left its channel since.

        They are asked about when it is drawn, which no ack waits for. If Slack does not answer, nothing is drawn: they
        keep what they have open.
        """

        def drawn() -> dict[str, Any] | None:
            prompt = session.prompt
            if prompt.is_open and prompt.policy_fault is not None:
                return failed_modal(UNREADABLE_POLICY)
            match self._desk.may_read(prompt, session.actor):
                case True:
                    return draw()
                case False:
                    return refused_modal(prompt, {}, may_see=False)
            return None

        return drawn


def repeated(listener: Callable[[Owner, Ack, Body], None]) -> Callable[[Owner, Ack, Body], None]:
    """Call a listener again, from the start, when another has stored the person's draft since this one read it.

    Such a listener saves before it acks or responds.
    """

    @wraps(listener)
    def until_saved(self: Owner, ack: Ack, body: Body) -> None:
        while True:
            try:
                return listener(self, ack, body)
            except drafts.DraftChanged:
                continue  # That save is what the next attempt reads.

    return until_saved


def validation_errors(prompt: Prompt, values: Mapping[str, Any], known: Sequence[FieldError] = ()) -> list[FieldError]:
    """The known errors of an answer, followed by what its validation finds in other fields."""
    checked = validate(prompt, values)
    found = list(checked) if isinstance(checked, tuple) else []
    return [*known, *without_fields_of(known, found)]


def without_fields_of(known: Sequence[FieldError], errors: Sequence[FieldError]) -> list[FieldError]:
    """Those `errors` that are in fields without a known error. Each field gets one message, from its first check."""
    paths = {error.path for error in known}
    return [
        error for error in errors if not any(error.path[:length] in paths for length in range(1, len(error.path) + 1))
    ]
