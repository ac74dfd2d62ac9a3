"""The form that a person fills in: page by page, kind by kind, entry by entry, until they submit it.

What a modal says of itself is a claim: its `private_metadata` names a prompt and a place in its form, a block id names
a list. All are looked up in the prompt's own schema, and what is nowhere is taken for the form's beginning.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, App

from signoff.bot.connection.people import People
from signoff.bot.forms import ACTION, Reading
from signoff.bot.forms.draft import Draft
from signoff.bot.forms.editor_state import NEW, EditorState
from signoff.bot.forms.elements.entry_list import ADD_ACTION, ENTRY_ACTION, REMOVE
from signoff.bot.forms.layout import rows_of
from signoff.bot.forms.pages import Page, page_with
from signoff.bot.interactions.responses import Responses
from signoff.bot.interactions.uploads import Uploads
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.modal_metadata import ModalMetadata
from signoff.bot.surfaces.modals import answer_errors, answer_modal, refused_modal, settled_modal
from signoff.bot.surfaces.wording import form_of
from signoff.flows.approval.desk import AlreadySettled, Desk, Invalid, Refused, Reply, Settled
from signoff.flows.approval.validation import FieldError, validate
from signoff.flows.names import now
from signoff.store.database import Database
from signoff.store.prompts import drafts, prompts
from signoff.store.records import Prompt

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a payload shows of a modal: where it stands, and what was typed there."""

    prompt: Prompt
    place: EditorState
    first: int
    reading: Reading

    @property
    def page(self) -> Page:
        """The page that is open."""
        return self.page_with(self.first)

    def page_with(self, position: int) -> Page:
        """The page that has that row."""
        return page_with(rows_of(self.place.form, self.place.draft.values, self.place.draft.raw_input), position)


class FormSession:
    """What people do in an open form."""

    def __init__(self, db: Database, desk: Desk, people: People, responses: Responses, uploads: Uploads) -> None:
        self._db = db
        self._desk = desk
        self._people = people
        self._responses = responses
        self._uploads = uploads

    def register(self, app: App) -> None:
        """Have `app` call its listeners."""
        app.view(action_ids.ANSWER_MODAL)(self.submit)
        app.view_closed(action_ids.ANSWER_MODAL)(self.closed)
        app.action(ACTION)(self.changed)
        app.action(action_ids.BACK)(self.back)
        app.action(ADD_ACTION)(self.add)
        app.action(ENTRY_ACTION)(self.change_entry)
        app.options(ACTION)(self.suggest)

    def changed(self, ack: Ack, body: Body) -> None:
        """Something was typed or chosen: it is raw_input, and a kind's fields appear."""
        seen = self._see(body)
        if self._keep(body, seen) and seen.reading.switched:
            self._show(body, seen.prompt, seen.place, seen.first)
        ack()

    def back(self, ack: Ack, body: Body) -> None:
        """To the page before."""
        seen = self._see(body)
        if self._keep(body, seen):
            self._show(body, seen.prompt, seen.place, max(seen.page.first - 1, 0))
        ack()

    def add(self, ack: Ack, body: Body) -> None:
        """Another entry of a list: its form opens on top."""
        seen = self._see(body)
        if self._keep(body, seen):
            entry = seen.place.entry(_list_and_number(body)[0], NEW)
            if entry is None or not entry.has_room:
                self._show(body, seen.prompt, seen.place, seen.first)
            else:
                self._responses.push(body, seen.prompt, lambda: answer_modal(seen.prompt, entry))
        ack()

    def change_entry(self, ack: Ack, body: Body) -> None:
        """An entry of a list is to be edited, or removed."""
        seen = self._see(body)
        if self._keep(body, seen):
            entry = seen.place.entry(*_list_and_number(body))
            if entry is None:
                self._show(body, seen.prompt, seen.place, seen.first)
            elif body["actions"][0].get("selected_option", {}).get("value") == REMOVE:
                rest = entry.without_entry()
                self._save(body, seen.prompt, rest.whole)
                self._show(body, seen.prompt, rest, seen.first)
            else:
                self._responses.push(body, seen.prompt, lambda: answer_modal(seen.prompt, entry))
        ack()

    def suggest(self, ack: Ack, body: Body) -> None:
        """Something was typed into a select that searches on this side."""
        place = self._see(body).place
        query = str(body.get("value") or "")
        ack(options=place.form.matching(str(body["block_id"]), query, place.draft.values, place.draft.raw_input))

    def closed(self, ack: Ack, body: Body) -> None:
        """The modal was closed: that decides nothing."""
        self._responses.forget_view(str(body["view"]["id"]))
        ack()

    def submit(self, ack: Ack, body: Body) -> None:
        """A page was submitted: the next one comes, an entry goes into its list, or the answer counts."""
        seen = self._see(body)
        errors = [FieldError(path, message) for path, message in seen.reading.errors.items()]
        if not self._save(body, seen.prompt, seen.place.whole):
            ack(response_action="update", view=settled_modal(prompts.get(self._db, seen.prompt.id)))
        elif seen.reading.switched:
            ack(response_action="update", view=answer_modal(seen.prompt, seen.place, first=seen.first))
        elif not seen.page.is_last:
            self._next(ack, seen, errors)
        elif seen.place.around is not None:
            self._finish(ack, body, seen, errors)
        else:
            self._answer(ack, body, seen, errors)

    def _next(self, ack: Ack, seen: _Seen, errors: Sequence[FieldError]) -> None:
        paths = {row.field.path for row in seen.page.rows}
        here = [error for error in errors if error.path in paths]
        if here:
            ack(**answer_errors(seen.prompt, seen.place, here, first=seen.first))
        else:
            ack(response_action="update", view=answer_modal(seen.prompt, seen.place, first=seen.page.after))

    def _finish(self, ack: Ack, body: Body, seen: _Seen, errors: Sequence[FieldError]) -> None:
        """Put an entry into its list, if it is valid there."""
        list_place = seen.place.finished()
        values, missing = self._uploads.take(form_of(seen.prompt), _read(list_place.whole))
        inside = seen.place.inside([(each.path, each.message) for each in _wrong(seen.prompt, values, missing)])
        found = [*errors, *_others(errors, [FieldError(path, message) for path, message in inside])]
        if found:
            ack(**answer_errors(seen.prompt, seen.place, found, first=seen.first))
            return
        self._save(body, seen.prompt, list_place.whole)
        self._responses.update(
            str(body["view"].get("previous_view_id")),
            lambda: answer_modal(seen.prompt, list_place, first=seen.place.row_of_list),
        )
        self._responses.forget_view(str(body["view"]["id"]))
        ack()

    def _answer(self, ack: Ack, body: Body, seen: _Seen, errors: list[FieldError]) -> None:
        """Hand the whole answer to the desk."""
        prompt, actor = seen.prompt, self._people.actor(body["user"], seen.prompt)
        values, missing = self._uploads.take(seen.place.form, seen.reading)
        unreadable = [*errors, *missing]
        reply: Prompt | Reply
        if unreadable:
            reply = self._desk.admit(prompt.id, actor)
        else:
            reply = self._desk.submit(prompt.id, actor, values, via="slack", complete=True)
        match reply:
            case Prompt():
                rest = [error for error in _wrong(prompt, values, ()) if error.path]
                found = [*unreadable, *_others(unreadable, rest)]
                ack(**answer_errors(prompt, seen.place, found, first=seen.first))
            case Settled():
                self._responses.forget_view(str(body["view"]["id"]))
                ack()
            case Invalid(_, wrong):
                ack(**answer_errors(prompt, seen.place, wrong, first=seen.first))
            case AlreadySettled(settled):
                ack(response_action="update", view=settled_modal(settled))
            case Refused(refused):
                ack(response_action="update", view=refused_modal(refused, self._people.mentions(refused)))

    def _see(self, body: Body) -> _Seen:
        """What is on the modal, over what was typed before.

        Raises:
            NoSuchPrompt: If it is of no prompt.
        """
        view = body["view"]
        metadata = ModalMetadata.read(view.get("private_metadata"))
        prompt = prompts.named(self._db, metadata.prompt_id)
        draft = Draft.of_json(drafts.load(self._db, prompt.id, body["user"]["id"])) or Draft(prompt.initial_values)
        form = form_of(prompt)
        place = EditorState.at(form, draft, metadata.steps) or EditorState(form, draft)
        reading = place.form.read((view.get("state") or {}).get("values"), place.draft.values, place.draft.raw_input)
        if reading.draft != place.draft:
            place = place.with_draft(reading.draft)
        return _Seen(prompt, place, metadata.first, reading)

    def _keep(self, body: Body, seen: _Seen) -> bool:
        """Keep what was typed; whether the prompt is open. A modal of one that is not says how it ended."""
        if self._save(body, seen.prompt, seen.place.whole):
            return True
        settled = prompts.get(self._db, seen.prompt.id)
        self._responses.update(str(body["view"]["id"]), lambda: settled_modal(settled))
        return False

    def _save(self, body: Body, prompt: Prompt, draft: Draft) -> bool:
        return drafts.save(self._db, prompt.id, str(body["user"]["id"]), draft.as_json(), now=now())

    def _show(self, body: Body, prompt: Prompt, place: EditorState, first: int) -> None:
        self._responses.update(str(body["view"]["id"]), lambda: answer_modal(prompt, place, first=first))


def _list_and_number(body: Body) -> tuple[str, int]:
    """The list and the entry that a press claims to be about."""
    block_id, _, number = str(body["actions"][0].get("block_id")).rpartition("~")
    return block_id, int(number) if number.isdecimal() and len(number) < 10 else NEW


def _read(draft: Draft) -> Reading:
    return Reading(dict(draft.values), raw_input=dict(draft.raw_input))


def _wrong(prompt: Prompt, values: Mapping[str, Any], missing: Sequence[FieldError]) -> list[FieldError]:
    checked = validate(prompt, values)
    found = list(checked) if isinstance(checked, tuple) else []
    return [*missing, *_others(missing, found)]


def _others(told: Sequence[FieldError], errors: Sequence[FieldError]) -> list[FieldError]:
    """The errors that are not of a field of which something was told already."""
    paths = {error.path for error in told}
    return [
        error for error in errors if not any(error.path[:length] in paths for length in range(1, len(error.path) + 1))
    ]
