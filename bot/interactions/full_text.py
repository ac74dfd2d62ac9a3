"""“Show all”: everything that a prompt says, in a modal with as many pages as it takes."""

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App

from signoff.bot.connection.people import People
from signoff.bot.forms.draft import Draft
from signoff.bot.interactions.responses import Body, IdentityUnavailable, Responses
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.full_text import full_text_modal, is_of_form
from signoff.flows.approval.desk import Desk
from signoff.store.database import Database
from signoff.store.prompts import drafts, prompts
from signoff.store.records.prompts import Prompt


class FullText:
    """Shows a page to whoever may see the prompt."""

    def __init__(self, db: Database, desk: Desk, people: People, responses: Responses) -> None:
        self._db = db
        self._desk = desk
        self._people = people
        self._responses = responses

    def register(self, app: App) -> None:
        """Have `app` call the listener."""
        app.action(action_ids.READ)(self.show)

    def show(self, ack: Ack, body: Body) -> None:
        """A press on "Show all", on "Back" or on "Next"."""
        action = body["actions"][0]
        prompt = prompts.get_exact(self._db, str(action.get("value")))
        visible, is_known = self._desk.visible_to(self._people.actor(body), [prompt])
        if visible:
            self._show(body, prompt, action_ids.page_to_read(str(action.get("action_id"))))
        elif is_known:
            self._responses.tell(body, "You may not see this prompt.")
        else:
            raise IdentityUnavailable("Slack did not say who may see a prompt.")
        ack()

    def _show(self, body: Body, prompt: Prompt, number: int) -> None:
        view = body.get("view") or {}
        is_open = view.get("callback_id") == action_ids.READ_MODAL
        of_form = is_of_form(view.get("private_metadata")) if is_open else bool(view)
        values = self._filled_in(prompt, str(body["user"]["id"])) if of_form else _shown(prompt)

        def draw() -> dict[str, Any]:
            return full_text_modal(prompt, values, number, of_form=of_form)

        if is_open:
            self._responses.update(str(view["id"]), draw)
        elif view:
            self._responses.open_above(body, draw)
        else:
            self._responses.open(body, draw)

    def _filled_in(self, prompt: Prompt, user_id: str) -> Mapping[str, Any]:
        """What this person has filled in so far. Nobody else sees it."""
        stored = drafts.load(self._db, prompt.id, user_id) if prompt.is_open else None
        draft = Draft.of_json(stored.values) if stored else None
        return _shown(prompt) if draft is None else draft.values


def _shown(prompt: Prompt) -> Mapping[str, Any]:
    return prompt.initial_values if prompt.answer is None else prompt.answer
