"""“Approve several…”: prompts that need nothing but a yes are approved together, each by itself at the desk.

What a modal says of itself is a claim: it names prompts, and each is looked up, checked and decided as a press on its
card would be.
"""

import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

from slack_bolt import Ack, App

from signoff.bot.blockkit.fingerprint import fingerprint
from signoff.bot.blockkit.markup import bold, escape
from signoff.bot.connection.people import People
from signoff.bot.interactions.approvals import Approvals
from signoff.bot.interactions.payloads import values_in
from signoff.bot.interactions.responses import Body, Responses
from signoff.bot.surfaces import action_ids
from signoff.bot.surfaces.listings import Listing
from signoff.bot.surfaces.question import asked_by
from signoff.bot.surfaces.several_modals import (
    MAX_SHOWN,
    Outcome,
    choice_among,
    done_modal,
    drawn_in_full,
    nothing_ticked,
    several_modal,
    ticked_in,
)
from signoff.bot.surfaces.tally import own_vote
from signoff.bot.surfaces.wording import form_of, outcome_sentence
from signoff.flows.approval.desk import Desk
from signoff.flows.approval.replies import AlreadySettled, Counted, Invalid, Refused, Reply, Settled, Unverified
from signoff.flows.approval.several import yes_to
from signoff.store.database import Database
from signoff.store.errors import CommitInDoubt, NoSuchPrompt, StoreError, UnreadablePolicy
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Prompt
from signoff.store.records.votes import Shown

MAX_SECONDS = 1.5
"""Seconds after which no further prompt is decided. Slack drops an ack after 3 s."""

SECONDS_TO_OPEN = 1.0
"""How long prompts are looked at before the modal opens. Its trigger is valid for 3 s."""

_TITLE = 200
_UNAVAILABLE = "The database is unavailable, so this was not decided. Try again in a moment."
_IN_DOUBT = "The database connection was lost, so this may or may not have counted."


class Several:
    """Opens the modal, and takes it."""

    def __init__(self, db: Database, desk: Desk, people: People, responses: Responses, approvals: Approvals) -> None:
        self._db = db
        self._desk = desk
        self._people = people
        self._responses = responses
        self._approvals = approvals

    def register(self, app: App) -> None:
        """Have `app` call the listeners."""
        app.action(action_ids.SEVERAL)(self.open)
        app.view(action_ids.SEVERAL_MODAL)(self.submit)

    def open(self, ack: Ack, body: Body) -> None:
        """A press on "Approve several…": show what can be approved together, and name the rest."""

        def draw() -> dict[str, Any]:
            found, _, are_all = self._approvals.find(self._people.actor(body), Listing(), within=SECONDS_TO_OPEN)
            return several_modal(choice_among(found), are_all=are_all)

        self._responses.open(body, draw)
        ack()

    def submit(self, ack: Ack, body: Body) -> None:
        """The modal was submitted: approve what is ticked, one after the other."""
        values = values_in(body["view"])
        ticked = ticked_in(values)[:MAX_SHOWN]
        if not ticked:
            ack(**nothing_ticked(next(iter(values), "")))
            return
        actor, until = self._people.actor(body), time.monotonic() + MAX_SECONDS
        outcomes: list[Outcome] = []
        for number, claim in enumerate(ticked):
            if time.monotonic() > until:
                ack(response_action="update", view=done_modal(outcomes, not_reached=len(ticked) - number))
                return
            with suppress(NoSuchPrompt):
                prompt = prompts.get_exact(self._db, claim.prompt_id)
                outcomes.append(_outcome(prompt, self._approve(prompt, actor, Shown(stage=claim.stage))))
        ack(response_action="update", view=done_modal(outcomes))

    def _approve(self, prompt: Prompt, actor: Actor, shown: Shown) -> Reply | str:
        """What came of one of them. A failure must not keep the person from hearing of those before it."""
        choice, drawn = yes_to(prompt), drawn_in_full(prompt)
        try:
            if isinstance(choice, str) or isinstance(drawn, str):
                # It may have been settled since; then that is told. Otherwise it cannot be approved here.
                admitted = self._desk.admit(prompt.id, actor, via="slack", shown=shown)
                reason = choice if isinstance(choice, str) else drawn
                return f"This has to be answered by itself: {reason}." if isinstance(admitted, Prompt) else admitted
            shown = replace(shown, form=fingerprint(drawn))
            return self._desk.submit(prompt.id, actor, choice, via="slack", shown=shown)
        except CommitInDoubt:
            return _IN_DOUBT
        except UnreadablePolicy:
            return "This has to be answered by itself."
        except StoreError:
            return _UNAVAILABLE


def _outcome(prompt: Prompt, reply: Reply | str) -> Outcome:
    """What came of a prompt. Its question is not repeated to somebody who may not see it, or not any more."""
    may_see = not isinstance(reply, Unverified) and not (isinstance(reply, Refused) and not reply.may_see)
    what = bold(asked_by(prompt).question, _TITLE) if may_see else f"Prompt {prompt.id[:8]}"
    return Outcome(what, _told(reply), isinstance(reply, Settled | Counted))


def _told(reply: Reply | str) -> str:
    match reply:
        case str():
            return f"⚠️ {escape(reply)}"
        case Settled(settled):
            return "✅ Approved." if settled.held is None else "✅ Approved. Its card lets you undo that for a moment."
        case Counted(counted, vote):
            return f"🗳️ {own_vote(counted, form_of(counted), vote)}"
        case AlreadySettled(settled):
            return f"⚠️ Too late: {outcome_sentence(settled, form_of(settled))}"
        case Refused(_, _, reason):
            return f"⚠️ {escape(reason) or 'You may not answer this.'}"
        case Unverified():
            return "⚠️ Slack could not confirm that you may answer. Try again in a moment."
        case Invalid(_, errors):
            return f"⚠️ {escape(errors[0].message)}"
