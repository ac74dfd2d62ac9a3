"""“Show all”: everything that a prompt says, in a modal with as many pages as it takes."""

from collections.abc import Mapping
from typing import Any

from slack_bolt import Ack, App

from signoff.bot.connection.people import People
from signoff.bot.forms.draft import Draft
from signoff.bot.interactions.responses import Body, IdentityUnavailable, Responses
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.full_text import OpenPage, full_text_modal
from signoff.flows.approval.approvers import Unknowable
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
        for action_id in (action_ids.READ, action_ids.READ_BACK, action_ids.READ_NEXT):
            app.action(action_id)(self.show)

    def show(self, ack: Ack, body: Body) -> None:
        """A press on "Show all", on "Back" or on "Next"."""
        action = body["actions"][0]
        prompt = prompts.get_exact(self._db, str(action.get("value")))
        match self._desk.may_read(prompt, self._people.actor(body)):
            case Unknowable(reason):
                raise IdentityUnavailable(reason)
            case False:
                self._responses.tell(body, "You may not see this prompt.")
            case _:
                self._show(body, prompt, str(action.get("action_id")))
        ack()

    def _show(self, body: Body, prompt: Prompt, action_id: str) -> None:
        view = body.get("view") or {}
        is_open = view.get("callback_id") == action_ids.READ_MODAL
        shown = OpenPage.read(view.get("private_metadata")) if is_open else OpenPage(of_form=bool(view))
        page = shown.turned(action_id)
        values = self._filled_in(prompt, str(body["user"]["id"])) if page.of_form else _shown(prompt)

        def draw() -> dict[str, Any]:
            return full_text_modal(prompt, values, page)

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
