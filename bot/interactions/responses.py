"""What a person gets in response to an act in Slack, besides the ack: a modal opens, or a message tells them something.

Responses run in threads of their own, because Slack drops an ack that comes after 3 s, and Bolt turns an error after
an ack into a failed request. So no response can fail or delay the act that it follows.
"""

import functools
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from slack_bolt import Ack
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from signoff.bot.blockkit.blocks import Block, Message
from signoff.bot.blockkit.markup import escape, plain, unescaped
from signoff.bot.connection.people import People
from signoff.bot.connection.slack_urls import is_response_url
from signoff.bot.connection.web_client import CONNECTION_ERRORS, name_of, reason_of, webhook
from signoff.bot.forms import FormError
from signoff.bot.forms.draft import Draft
from signoff.bot.forms.editor_state import EditorState
from signoff.bot.interactions.open_views import OpenViews
from signoff.bot.interactions.payloads import origin_of, person_in
from signoff.bot.surfaces.modals import answer_modal, over_modal, refused_modal, reject_modal, settled_modal
from signoff.bot.surfaces.tally import own_vote, what_was_voted
from signoff.bot.surfaces.wording import form_of, outcome_sentence, refusal
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import AlreadySettled, Counted, NotAdmitted, Outdated, Refused, Unverified
from signoff.flows.approval.validation import FieldError
from signoff.store.database import Database
from signoff.store.errors import StoreError
from signoff.store.outbox import cards
from signoff.store.prompts import drafts, prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt

logger = logging.getLogger(__name__)

Body = Mapping[str, Any]
"""The payload of an interaction."""

WORKERS = 8
"""How many responses run at once. Each is a call to Slack."""

RESPONSE_URL_TIMEOUT = 5
"""Seconds that a post to a `response_url` may take."""

PRESS_AGAIN = "Press the button again."

_CALL_ERRORS = (SlackApiError, *CONNECTION_ERRORS)
_VOTE = 100
_NOTHING: Mapping[str, Any] = {}


class IdentityUnavailable(Exception):
    """Slack did not say who a person is, and the policy cannot be checked without that."""


class Responses:
    """Opens modals and tells people things. A modal must open within the 3 s for which its trigger is valid."""

    def __init__(self, db: Database, client: WebClient, people: People, desk: Desk) -> None:
        self._db = db
        self._desk = desk
        self._client = client
        self._people = people
        self._open_views = OpenViews()
        self._workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="signoff-responses")

    def stop(self) -> None:
        """Finish the responses that have begun, and drop the others."""
        self._workers.shutdown(wait=True, cancel_futures=True)

    def open_form(
        self, body: Body, prompt: Prompt, choice: Mapping[str, Any] = _NOTHING, errors: Sequence[FieldError] = ()
    ) -> None:
        """Open the form with this person's draft, or else the initial values.

        Args:
            choice: What they have just pressed. It goes into the draft, since the modal does not report it again.
        """

        def open_it() -> None:
            actor_id = str(body["user"]["id"])
            draft, is_earlier = self._draft_with(prompt, actor_id, choice)
            note = "Your earlier entries are still here." if is_earlier else ""
            if mine := prompt.ballot.vote_of(actor_id):
                said = plain(unescaped(what_was_voted(prompt, form_of(prompt), mine)), _VOTE)
                note = f"You have voted: {said}. What you submit takes its place."
            try:
                view = answer_modal(prompt, EditorState(form_of(prompt), draft), errors, note=note)
            except FormError as error:
                self._say(body, f"This cannot be answered in Slack: {escape(str(error))}")
            else:
                self._open(body, view, prompt, self._client.views_open)

        self._later(origin_of(body), open_it)

    def _draft_with(self, prompt: Prompt, actor_id: str, choice: Mapping[str, Any]) -> tuple[Draft, bool]:
        """A person's draft with what they have just pressed, and whether there was one before."""
        untouched = Draft(prompt.initial_values)
        while True:
            stored = drafts.load(self._db, prompt.id, actor_id)
            found = (stored and Draft.of_json(stored.values)) or untouched
            earlier = found.without_press(prompt.initial_values)
            draft = earlier.with_press(choice) if choice else earlier
            if draft != found:
                revision = stored.revision if stored else drafts.NO_DRAFT
                try:
                    drafts.save(self._db, prompt.id, actor_id, draft.as_json(), revision=revision, now=self._db.now())
                except drafts.DraftChanged:
                    continue
            return draft, earlier != untouched

    def push(self, body: Body, prompt: Prompt, draw: Callable[[], Block | None]) -> None:
        """Open a modal on top of the one in which a person acted; `None` if they may not see it for now."""

        def push_it() -> None:
            view = draw()
            if view is None:
                self._say(body, "Slack did not say whether you may see this. Press the button again in a moment.")
                return
            self._open(body, view, prompt, self._client.views_push)

        self._later(origin_of(body), push_it)

    def open(self, body: Body, draw: Callable[[], Block], otherwise: str = PRESS_AGAIN) -> None:
        """Open a modal that belongs to no prompt, or asks for nothing.

        Args:
            otherwise: What the person is to do if Slack does not open it.
        """

        def open_it() -> None:
            try:
                self._client.views_open(trigger_id=body.get("trigger_id", ""), view=draw())
            except _CALL_ERRORS as error:
                self._say_not_opened(body, error, otherwise)

        self._later(origin_of(body), open_it)

    def open_above(self, body: Body, draw: Callable[[], Block]) -> None:
        """Open a modal that asks for nothing, on top of the one in which a person acted."""

        def push_it() -> None:
            try:
                self._client.views_push(trigger_id=body["trigger_id"], view=draw())
            except _CALL_ERRORS as error:
                # Slack stacks three modals.
                self._say_not_opened(body, error, "Close the form, and press “Show all” on the card.")

        self._later(origin_of(body), push_it)

    def update(self, view_id: str, draw: Callable[[], Block | None]) -> None:
        """Draw an open modal again; `None` leaves it as it is."""

        def update_it() -> None:
            view = draw()
            if view is None:
                return
            try:
                self._client.views_update(view_id=view_id, view=view)
            except SlackApiError as error:
                if name_of(error) != "not_found":
                    raise
                # Slack does not say of every modal that it was closed: not if somebody quits Slack, for instance.
                logger.debug("A modal that was to be drawn again is closed")

        self._later(f"the form {view_id}", update_it)

    def settle_forms(self, prompt: Prompt) -> None:
        """Have every open modal of a prompt say how the prompt was settled, to those who may still see it."""
        for view_id, who in self._open_views.take(prompt.id):
            self.update(view_id, functools.partial(self._settled_for, who, prompt))

    def _settled_for(self, who: Body, prompt: Prompt) -> Block:
        visible, _ = self._desk.visible_to(self._people.actor(who), [prompt])
        return settled_modal(prompt) if visible else over_modal()

    def forget_view(self, view_id: str) -> None:
        """Note that a modal was closed."""
        self._open_views.forget(view_id)

    def closed(self, ack: Ack, body: Body) -> None:
        """Listens to a modal that its person closes. That decides nothing."""
        self.forget_view(str(body["view"]["id"]))
        ack()

    def open_reason(self, body: Body, prompt: Prompt) -> None:
        """Open the modal that asks for the reason of a rejection."""
        self.open_for(body, prompt, lambda: reject_modal(prompt))

    def open_for(self, body: Body, prompt: Prompt, draw: Callable[[], Block]) -> None:
        """Open a modal about a prompt, which says so once the prompt is settled."""
        self._later(origin_of(body), lambda: self._open(body, draw(), prompt, self._client.views_open))

    def tell_not_admitted(self, body: Body, actor: Actor, reply: NotAdmitted) -> None:
        """Tell a person why they cannot do anything about a prompt.

        Raises:
            IdentityUnavailable: If it is not known who they are.
        """
        match reply:
            case Refused():
                self.tell_refused(body, reply)
            case AlreadySettled(prompt):
                self.tell_settled(body, actor, prompt)
            case Unverified(_, reason):
                raise IdentityUnavailable(reason)

    def show_not_admitted(self, ack: Ack, reply: NotAdmitted) -> None:
        """Have the modal that a person has submitted say why they cannot do that.

        Raises:
            IdentityUnavailable: If it is not known who they are.
        """
        match reply:
            case AlreadySettled(prompt):
                ack(response_action="update", view=settled_modal(prompt))
            case Refused(prompt, may_see, why):
                mentions = self._people.mentions(prompt, ask=False)
                ack(response_action="update", view=refused_modal(prompt, mentions, may_see=may_see, reason=why))
            case Unverified(_, reason):
                raise IdentityUnavailable(reason)

    def tell_refused(self, body: Body, refused: Refused) -> None:
        """Tell a person that they may not answer, and who may if they may know that."""

        if isinstance(refused, Outdated):
            self.redraw(refused.prompt)

        def tell() -> None:
            mentions = self._people.mentions(refused.prompt, ask=False)
            self._say(body, refusal(refused.prompt, mentions, may_see=refused.may_see, reason=refused.reason))

        self._later(origin_of(body), tell)

    def tell_counted(self, body: Body, counted: Counted) -> None:
        """Tell a person that their vote counts, and how many are needed."""
        prompt = counted.prompt
        self._later(origin_of(body), lambda: self._say(body, own_vote(prompt, form_of(prompt), counted.vote)))

    def tell_settled(self, body: Body, actor: Actor, prompt: Prompt) -> None:
        """Tell a person how the prompt was settled before them, and redraw its card, which must have looked open."""

        def tell() -> None:
            cards.redraw(self._db, prompt.id, now=self._db.now())
            by = prompt.settled_by
            is_own = by is not None and by.id == actor.id and not by.claim
            opening = "You have already answered" if is_own else "Too late"
            self._say(body, f"{opening}: {outcome_sentence(prompt, form_of(prompt))}")

        self._later(origin_of(body), tell)

    def tell(self, body: Body, text: str) -> None:
        """Tell a person something."""
        self._later(origin_of(body), lambda: self._say(body, text))

    def whisper(self, user_id: str, channel: str, thread_ts: str, draw: Callable[[], Message | None]) -> None:
        """Say something in a thread that only one person sees; `None` says nothing."""

        def whisper_it() -> None:
            if (message := draw()) is not None:
                self._client.chat_postEphemeral(
                    channel=channel,
                    user=user_id,
                    thread_ts=thread_ts,
                    text=message.text,
                    blocks=message.blocks,
                )

        self._later(f"{user_id} in {channel}", whisper_it)

    def redraw(self, prompt: Prompt) -> None:
        """Have a card redrawn."""
        self._later(prompt.label, lambda: cards.redraw(self._db, prompt.id, now=self._db.now()))

    def replace(self, body: Body, draw: Callable[[], Message], otherwise: str) -> None:
        """Draw the message again in which a person pressed a button, and which only they see.

        Args:
            otherwise: What they are told if Slack does not take it.
        """

        def replace_it() -> None:
            if not self._respond(body, draw(), replace_original=True):
                self._say(body, otherwise)

        self._later(origin_of(body), replace_it)

    def _say(self, body: Body, text: str) -> None:
        """Say something to the person who acted, and to nobody else."""
        if not self._respond(body, Message(text, []), replace_original=False):
            self._client.chat_postMessage(channel=person_in(body) or "", text=text)

    def _respond(self, body: Body, message: Message, *, replace_original: bool) -> bool:
        """Post to a payload's `response_url`, which only the person who acted sees. Returns whether Slack took it.

        A press in a modal has no such URL, and one from a message expires after half an hour.
        """
        url = body.get("response_url")
        if not is_response_url(url, self._client.base_url):
            return False
        try:
            response = webhook(url, timeout=RESPONSE_URL_TIMEOUT).send(
                text=message.text,
                blocks=message.blocks or None,
                response_type="ephemeral",
                replace_original=replace_original,
            )
        except CONNECTION_ERRORS as error:
            logger.info("%s could not be told something where they acted: %s", origin_of(body), error)
            return False
        return bool(response.status_code == HTTPStatus.OK)

    def _open(self, body: Body, view: Block, prompt: Prompt, method: Callable[..., SlackResponse]) -> None:
        """Open a modal with a method of the Web API, and remember it until its prompt is settled."""
        try:
            opened = method(trigger_id=body.get("trigger_id", ""), view=view)
        except _CALL_ERRORS as error:
            self._say_not_opened(body, error)
        else:
            self._open_views.add(str(opened["view"]["id"]), prompt.id, body)
            current = prompts.get(self._db, prompt.id)
            if not current.is_open:
                # It was settled while Slack opened the modal, which nobody knew of when its card was drawn.
                self.settle_forms(current)

    def _say_not_opened(self, body: Body, error: Exception, what_to_do: str = PRESS_AGAIN) -> None:
        why = reason_of(error)
        logger.warning("Slack did not open a form for %s: %s", origin_of(body), why)
        self._say(body, f"Slack could not open this. {what_to_do}")

    def _later(self, about: str, respond: Callable[[], Any]) -> None:
        """Respond in another thread.

        Args:
            about: What it responds to, for the log.
        """

        def safely() -> None:
            try:
                respond()
            except (*_CALL_ERRORS, StoreError) as error:
                logger.warning("Could not respond to %s in Slack: %s", about, reason_of(error))
            except BaseException:  # the pool would keep it to itself
                logger.exception("Could not respond to %s in Slack", about)

        self._workers.submit(safely)
