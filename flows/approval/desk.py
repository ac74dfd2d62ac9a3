"""The one place where a submission is authorised, validated, counted and settled.

Button, modal, slash command, command line, deadline and cancellation all come this way.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from signoff.flows.approval import assignment, endings, extension, runs
from signoff.flows.approval.acts import next_due_at_of
from signoff.flows.approval.admission import Admission
from signoff.flows.approval.approvers import Unknowable, may_see
from signoff.flows.approval.assignment import Assigned, NotAssigned
from signoff.flows.approval.ballot_box import BallotBox, as_approver
from signoff.flows.approval.comments import requester_id, text_fault, time_left_to_stop, told_of, with_comment
from signoff.flows.approval.confirmation import is_confirmed
from signoff.flows.approval.decision_log import log_comment, log_undone
from signoff.flows.approval.quorum import proposed
from signoff.flows.approval.replies import (
    AlreadySettled,
    Commented,
    Invalid,
    NotAdmitted,
    Refused,
    Reply,
    Settled,
    Unconfirmed,
    Undone,
    Unverified,
)
from signoff.flows.approval.validation import FieldError, Valid, validate
from signoff.store.prompts import assignments, comments, grace, prompts, timing
from signoff.store.records.actors import Actor
from signoff.store.records.assignment import HandOver
from signoff.store.records.prompts import Comment, Prompt
from signoff.store.records.runs import FlowRun
from signoff.store.records.votes import NOTHING_SHOWN, Shown, Vote

_NOTHING_TO_UNDO = "There is nothing that you could undo here."


class Desk(Admission):
    """Takes submissions for the prompts of one database. `Admission` says whose.

    Every method may raise `store.errors.NoSuchPrompt` and `store.errors.DatabaseUnavailable`.
    """

    def submit(
        self,
        prompt_id: str,
        actor: Actor,
        values: Mapping[str, Any],
        *,
        via: str,
        complete: bool = False,
        tentative: bool = False,
        confirmation: str = "",
        shown: Shown = NOTHING_SHOWN,
    ) -> Reply:
        """Take a person's values.

        Args:
            via: The way they came: `slack`, `cli`, `flow`.
            complete: Whether they are all there is; otherwise what they leave out is taken from the initial values.
            tentative: Whether what is missing will be asked for next, so that the ledger need not tell.
            confirmation: What they have typed to confirm a yes, if the policy has a word for that.
            shown: What the person had before them, for the ledger. What was drawn in another stage is refused.
        """
        prompt = self.admit(prompt_id, actor, via=via, shown=shown)
        if not isinstance(prompt, Prompt):
            return prompt
        checked = validate(prompt, values if complete else {**prompt.initial_values, **values})
        if not isinstance(checked, Valid):
            if not tentative:
                detail = {"via": via, "errors": [str(error) for error in checked]}
                self._note(prompt, "invalid", actor, detail)
            return Invalid(prompt, checked)
        if not is_confirmed(prompt, checked.answer, confirmation):
            if not tentative:
                self._note(prompt, "unconfirmed", actor, {"via": via})
            message = f"To confirm a yes, type this: {prompt.policy.word}"
            return Unconfirmed(prompt, (FieldError((), message),))
        vote = Vote(as_approver(actor, prompt), "submit", values, None, via, self._now(), checked.answer, shown=shown)
        return self._cast(prompt, vote)

    def agree(self, prompt_id: str, actor: Actor, key: str, *, via: str, shown: Shown = NOTHING_SHOWN) -> Reply:
        """Take a person's vote for what somebody else has proposed.

        If the policy wants a word typed, this never counts: the form asks for the word, with these values filled in.

        Args:
            key: Names what was proposed, see `quorum.proposed`. If nobody proposes that any more, it is invalid.
        """
        prompt = self.admit(prompt_id, actor, via=via, shown=shown)
        if not isinstance(prompt, Prompt):
            return prompt
        answer = proposed(prompt, key)
        if answer is None:
            return Invalid(prompt, (FieldError((), "Nobody proposes this any more. Look at the card again."),))
        return self.submit(prompt_id, actor, answer, via=via, complete=True, tentative=True, shown=shown)

    def reject(self, prompt_id: str, actor: Actor, reason: str, *, via: str, shown: Shown = NOTHING_SHOWN) -> Reply:
        """Take a person's no. It needs a reason."""
        prompt = self.admit(prompt_id, actor, via=via, shown=shown)
        if not isinstance(prompt, Prompt):
            return prompt
        said = reason.replace("\0", "").strip()
        if not said:
            return Invalid(prompt, (FieldError(("reason",), "Say why, in a few words."),))
        vote = Vote(as_approver(actor, prompt), "reject", None, said, via, self._now(), shown=shown)
        return self._cast(prompt, vote)

    def undo(self, prompt_id: str, actor: Actor, *, via: str) -> Undone | AlreadySettled | Refused:
        """Let the person who has decided a prompt take that back, as long as it is held back."""
        prompt, places = prompts.get_with_places(self._db, prompt_id)
        prompt = endings.as_of(self._db, prompt, now=self._now())
        decision = prompt.held if prompt.is_open else None
        own = as_approver(actor, prompt) if prompt.policy_fault is None else actor
        # Who has decided in Slack is nobody whom somebody else can claim to be.
        is_own = decision is not None and (own.id, own.claim) == (decision.vote.actor.id, decision.vote.actor.claim)
        if decision is not None and is_own:
            by = decision.vote.actor
            result = grace.undo(self._db, prompt.id, by, via=via, now=self._now(), next_due_at=next_due_at_of)
            if result.won:
                log_undone(prompt, actor, via)
                return Undone(result.prompt)
            prompt = endings.as_of(self._db, result.prompt, now=self._now())
        sees = may_see(prompt, actor, self._directory, places) is True
        if not prompt.is_open and sees:
            self._note(prompt, "too_late", actor, {"via": via})
            return AlreadySettled(prompt)
        reason = _NOTHING_TO_UNDO
        if decision is not None and not is_own and sees:
            reason = f"Only {decision.vote.actor.name} can undo this."
        self.note_refusal(prompt, actor, via=via, reason=reason)
        return Refused(prompt, sees, reason)

    def _cast(self, prompt: Prompt, vote: Vote) -> Reply:
        return BallotBox(self._db, self._directory, self._now).cast(prompt, vote)

    def claim(
        self, prompt_id: str, actor: Actor, *, via: str, shown: Shown = NOTHING_SHOWN
    ) -> Assigned | NotAssigned | NotAdmitted:
        """Let a person take a prompt on."""
        return self._assign(
            lambda prompt: assignment.claim(self._db, prompt, actor, now=self._now()), prompt_id, actor, via, shown
        )

    def release(
        self, prompt_id: str, actor: Actor, *, via: str, shown: Shown = NOTHING_SHOWN
    ) -> Assigned | NotAssigned | NotAdmitted:
        """Let a person give back a prompt that they have taken on."""
        return self._assign(
            lambda prompt: assignment.release(self._db, prompt, actor, now=self._now()), prompt_id, actor, via, shown
        )

    def hand_over(
        self, prompt_id: str, actor: Actor, wanted: HandOver, *, via: str, shown: Shown = NOTHING_SHOWN
    ) -> Assigned | NotAssigned | NotAdmitted:
        """Let a person who may answer a prompt hand it to somebody else."""
        return self._assign(
            lambda prompt: assignment.hand_over(self._db, self._directory, prompt, actor, wanted, now=self._now()),
            prompt_id,
            actor,
            via,
            shown,
        )

    def _assign(
        self, act: Callable[[Prompt], Assigned | NotAssigned], prompt_id: str, actor: Actor, via: str, shown: Shown
    ) -> Assigned | NotAssigned | NotAdmitted:
        while True:
            prompt = self.admit(prompt_id, actor, via=via, shown=shown)
            if not isinstance(prompt, Prompt):
                return prompt
            with suppress(assignments.PromptChanged):
                return act(prompt)

    def extend(self, prompt_id: str, actor: Actor, more: timedelta, *, via: str) -> Prompt | NotAdmitted:
        """Give a prompt more time. Returns it with its new deadline."""
        prompt = self.admit_extension(prompt_id, actor, via=via)
        if not isinstance(prompt, Prompt):
            return prompt
        now = self._now()
        changed = timing.extend(
            self._db, prompt.id, actor, lambda found: extension.extended(found, more, now=now), via=via, now=now
        )
        return changed if changed.is_open else AlreadySettled(changed)

    def snooze(self, prompt_id: str, actor: Actor, until: datetime, *, via: str) -> Prompt | NotAdmitted:
        """Have somebody who may answer reminded of a prompt at a moment, and not before."""
        prompt = self._admit(prompt_id, actor, via=via, comments=True)
        if not isinstance(prompt, Prompt):
            return prompt
        match self.may_fill_in(prompt, actor):
            case Unknowable(reason):
                return Unverified(prompt, reason)
            case False:
                return Refused(prompt, True, "You are not asked here, so nobody reminds you.")
        is_open = timing.snooze(self._db, prompt.id, actor, until=until, now=self._now())
        return prompt if is_open else AlreadySettled(prompts.get(self._db, prompt.id))

    def comment(
        self, prompt_id: str, actor: Actor, text: str, *, via: str, stops_clock: bool = False
    ) -> Commented | AlreadySettled | Refused | Unverified | Invalid:
        """Take what a person says without deciding. The requester is told; the others are, if the requester says it.

        Args:
            stops_clock: Whether the clock stops until the requester answers, if this person may stop it.
        """
        prompt = self.admit_comment(prompt_id, actor, via=via)
        if not isinstance(prompt, Prompt):
            return prompt
        said = text.replace("\0", "").strip()
        if fault := text_fault(prompt, said):
            return Invalid(prompt, (FieldError(("text",), fault),))
        requester = requester_id(prompt, self._directory)
        if isinstance(requester, Unknowable):
            self._note(prompt, "unverified", actor, {"via": via, "reason": requester.reason})
            return Unverified(prompt, requester.reason)
        comment = Comment(actor, said, self._now(), is_reply=actor.id == requester)
        stops = stops_clock and bool(self.time_to_stop(prompt, actor))
        change, told = partial(with_comment, comment=comment, stops_clock=stops), told_of(prompt, comment, requester)
        changed = comments.add(self._db, prompt.id, comment, via=via, change=change, told=told)
        if not changed.is_open:
            return AlreadySettled(changed)
        log_comment(prompt, actor, via)
        return Commented(changed, changed.comments[-1])

    def is_requester(self, prompt: Prompt, actor: Actor) -> bool:
        """Whether this person is certainly the requester, whose comment is an answer."""
        return requester_id(prompt, self._directory) == actor.id

    def time_to_stop(self, prompt: Prompt, actor: Actor) -> timedelta:
        """For how long this person may stop the clock with a question to the requester; zero if they may not."""
        left = time_left_to_stop(prompt, self._now()) if prompt.policy.comments == "pause-clock" else timedelta(0)
        requester = requester_id(prompt, self._directory) if left else None
        is_another = isinstance(requester, str) and requester != actor.id
        return left if is_another and self.may_fill_in(prompt, actor) is True else timedelta(0)

    def take_effect(self, prompt: Prompt) -> Settled | AlreadySettled:
        """End a prompt with the decision that was held back, once it cannot be undone any more."""
        return endings.take_effect(self._db, prompt, now=self._now())

    def time_out(self, prompt: Prompt) -> Settled | AlreadySettled:
        """End a prompt whose deadline has passed, as its policy says; unless that has moved since it was read."""
        return endings.time_out(self._db, prompt, now=self._now())

    def give_up(self, prompt: Prompt, reason: str) -> Settled | AlreadySettled:
        """End a prompt because nobody is left who could answer, see `endings.give_up`."""
        return endings.give_up(self._db, prompt, reason, now=self._now())

    def cancel(self, run_id: str, actor: Actor, reason: str, *, via: str = "cli") -> FlowRun:
        """End a run and everything it asks, see `runs.cancel`."""
        return runs.cancel(self._db, run_id, actor, reason, via=via, now=self._now())

    def retry(self, run_id: str, actor: Actor) -> FlowRun:
        """Have a run that failed run again from its journal, see `runs.retry`."""
        return runs.retry(self._db, run_id, actor, now=self._now())

    def note_refusal_of_run(self, run_id: str, actor: Actor, event: str, *, via: str, reason: str = "") -> None:
        """Note that somebody has tried to act on a run and may not, see `runs.note_refusal`."""
        runs.note_refusal(self._db, run_id, actor, event, via=via, now=self._now(), reason=reason)
