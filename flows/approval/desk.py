"""The one place where a submission is authorised, validated, counted and settled.

Button, modal, slash command, command line, deadline and cancellation all come this way.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from signoff.flows.approval import assignment, extension
from signoff.flows.approval.acts import Progress, next_due_at
from signoff.flows.approval.approvers import (
    Directory,
    StatedNames,
    Unknowable,
    goes_by,
    in_place_of,
    may_answer,
    may_see,
    represented_by,
)
from signoff.flows.approval.assignment import Assigned, NotAssigned
from signoff.flows.approval.at_deadline import answer_of
from signoff.flows.approval.comments import requester_id, text_fault, time_left_to_stop, told_of, with_comment
from signoff.flows.approval.confirmation import is_confirmed
from signoff.flows.approval.quorum import decide, proposed
from signoff.flows.approval.replies import (
    AlreadySettled,
    Commented,
    Counted,
    Invalid,
    NotAdmitted,
    Refused,
    Reply,
    Settled,
    Unconfirmed,
    Undone,
    Unverified,
)
from signoff.flows.approval.stages import TAKEN_PART, next_stage, taken_part
from signoff.flows.approval.validation import FieldError, Valid, validate
from signoff.flows.errors import NotAllowed
from signoff.flows.schema.slack_ids import is_user_id
from signoff.flows.schema.verdict import verdict_of
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.errors import UnreadablePolicy
from signoff.store.outbox import cards
from signoff.store.policy import Policy
from signoff.store.prompts import comments, grace, prompts, settle, timing, votes
from signoff.store.records.actors import DEADLINE, SIGNOFF, Actor
from signoff.store.records.assignment import HandOver
from signoff.store.records.prompts import NOTHING_SHOWN, Comment, Outcome, Prompt, Shown, Vote
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import retries, runs

logger = logging.getLogger(__name__)

NO_COMMENTS = "This prompt takes no comments: its policy has comments=off."
"""What whoever comments is told if the policy does not let people comment."""

_NOTHING_TO_UNDO = "There is nothing that you could undo here."

REQUESTED = "You requested this, so somebody else has to answer."
"""What the requester is told if the policy does not let them answer."""


_AT_DEADLINE = {
    "fail": "",
    "continue": "; its initial values are the answer",
    "approve": "; its policy approved it",
    "reject": "; its policy rejected it",
}


class Desk:
    """Takes submissions for the prompts of one database.

    Every method may raise `store.errors.NoSuchPrompt` and `store.errors.DatabaseUnavailable`.

    Args:
        directory: Knows who people are. Without one, they are known by the names of their `Actor` alone.
    """

    def __init__(
        self, db: Database, directory: Directory | None = None, *, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._db = db
        self._directory = directory or StatedNames()
        self._now = clock or db.now

    def admit(self, prompt_id: str, actor: Actor, *, via: str) -> Prompt | NotAdmitted:
        """The prompt, if this person may answer it now; otherwise why not.

        How it was settled is told only to those who may see the prompt.

        Args:
            via: The way the person came: `slack`, `cli`, `flow`.
        """
        return self._admit(prompt_id, actor, via=via)

    def admit_comment(self, prompt_id: str, actor: Actor, *, via: str) -> Prompt | NotAdmitted:
        """The same for a comment: whoever may see a prompt may comment on it, if its policy takes comments."""
        prompt = self._admit(prompt_id, actor, via=via, comments=True)
        if isinstance(prompt, Prompt) and prompt.policy.comments == "off":
            self.note_refusal(prompt, actor, via=via, reason=NO_COMMENTS)
            return Refused(prompt, True, NO_COMMENTS)
        return prompt

    def _admit(self, prompt_id: str, actor: Actor, *, via: str, comments: bool = False) -> Prompt | NotAdmitted:
        prompt, places = prompts.get_with_places(self._db, prompt_id)
        if prompt.is_open and prompt.policy_fault is not None:
            self._note(prompt, "refused", actor, {"via": via, "reason": prompt.policy_fault})
            raise UnreadablePolicy(prompt.policy_fault)
        prompt = self._as_of_now(prompt)
        if prompt.is_open and prompt.held is None and prompt.deadline is not None and prompt.deadline <= self._now():
            prompt = self.time_out(prompt).prompt if prompt.policy.ends_at_deadline else prompt
        if prompt.is_open and not comments and (reason := _refusal_outside_slack(prompt.policy, actor)):
            self.note_refusal(prompt, actor, via=via, reason=reason)
            return Refused(prompt, may_see(prompt, actor, self._directory, places) is True, reason)
        may = may_answer if prompt.is_open and not comments else may_see
        match may(prompt, actor, self._directory, places):
            case Unknowable(reason):
                self._note(prompt, "unverified", actor, {"via": via, "reason": reason})
                return Unverified(prompt, reason)
            case False:
                reason = self._refusal_of_requester(prompt, actor) if prompt.is_open and not comments else ""
                self.note_refusal(prompt, actor, via=via, reason=reason)
                sees = prompt.is_open and may_see(prompt, actor, self._directory, places) is True
                return Refused(prompt, sees, reason)
        if not prompt.is_open:
            self._note(prompt, "too_late", actor, {"via": via})
            return AlreadySettled(prompt)
        if prompt.held is not None and not comments:
            self._note(prompt, "too_late", actor, {"via": via})
            return AlreadySettled(prompt.decided)
        return prompt if comments else self._admit_to_stage(prompt, actor, via)

    def _admit_to_stage(self, prompt: Prompt, actor: Actor, via: str) -> Prompt | Refused | Unverified:
        """The prompt, unless this person counts in an earlier stage already."""
        match taken_part(prompt, actor, self._directory):
            case Unknowable(reason):
                self._note(prompt, "unverified", actor, {"via": via, "reason": reason})
                return Unverified(prompt, reason)
            case "":
                return prompt
            case earlier:
                reason = TAKEN_PART.format(earlier)
                self._note(prompt, "refused", actor, {"via": via, "reason": reason})
                return Refused(prompt, True, reason)

    def undo(self, prompt_id: str, actor: Actor, *, via: str) -> Undone | AlreadySettled | Refused:
        """Let the person who has decided a prompt take that back, as long as it is held back."""
        prompt, places = prompts.get_with_places(self._db, prompt_id)
        prompt = self._as_of_now(prompt)
        decision = prompt.held if prompt.is_open else None
        own = _as_approver(actor, prompt) if prompt.policy_fault is None else actor
        # Who has decided in Slack is nobody whom somebody else can claim to be.
        is_own = decision is not None and (own.id, own.claim) == (decision.vote.actor.id, decision.vote.actor.claim)
        if decision is not None and is_own:
            due_at = next_due_at(Progress.of(replace(prompt, held=None)))
            result = grace.undo(self._db, prompt.id, decision.vote.actor, via=via, now=self._now(), due_at=due_at)
            if result.won:
                logger.info("%s is open again: %s has undone it, via %s", prompt.label, _name_of(actor), via)
                return Undone(result.prompt)
            prompt = self._as_of_now(result.prompt)
        sees = may_see(prompt, actor, self._directory, places) is True
        if not prompt.is_open and sees:
            self._note(prompt, "too_late", actor, {"via": via})
            return AlreadySettled(prompt)
        reason = _NOTHING_TO_UNDO
        if decision is not None and not is_own and sees:
            reason = f"Only {decision.vote.actor.name} can undo this."
        self.note_refusal(prompt, actor, via=via, reason=reason)
        return Refused(prompt, sees, reason)

    def take_effect(self, prompt: Prompt) -> Settled | AlreadySettled:
        """End a prompt with the decision that was held back, once it cannot be undone any more."""
        result = votes.take_effect(self._db, prompt.id, now=self._now())
        if not result.won:
            return AlreadySettled(result.prompt)
        if prompt.held is not None:
            _log(prompt.held.vote, result.prompt, "; it cannot be undone any more")
        return Settled(result.prompt)

    def _as_of_now(self, prompt: Prompt) -> Prompt:
        """The prompt, settled if a decision was held back and its time is over."""
        is_over = prompt.is_open and prompt.held is not None and prompt.held.until <= self._now()
        return self.take_effect(prompt).prompt if is_over else prompt

    def may_fill_in(self, prompt: Prompt, actor: Actor) -> bool | Unknowable:
        """Whether this person may fill in the form of a prompt that is open. That they may not is noted in the ledger.

        Raises:
            UnreadablePolicy: If this version cannot read the policy.
        """
        may = may_answer(prompt, actor, self._directory, cards.places(self._db, [prompt.id])[prompt.id])
        if may is False:
            self.note_refusal(prompt, actor, via="slack")
        return may

    def may_read(self, prompt: Prompt, actor: Actor) -> bool | Unknowable:
        """Whether this person may see a prompt that they have asked for. That they may not is noted in the ledger.

        Raises:
            UnreadablePolicy: If the prompt is open and this version cannot read the policy.
        """
        if prompt.is_open and prompt.policy_fault is not None:
            self._note(prompt, "refused_reading", actor, {"via": "slack", "reason": prompt.policy_fault})
            raise UnreadablePolicy(prompt.policy_fault)
        may = may_see(prompt, actor, self._directory, cards.places(self._db, [prompt.id])[prompt.id])
        if may is False:
            self._note(prompt, "refused_reading", actor, {"via": "slack"})
        elif isinstance(may, Unknowable):
            self._note(prompt, "unverified", actor, {"via": "slack", "reason": may.reason})
        return may

    def note_refusal(self, prompt: Prompt, actor: Actor, *, via: str, reason: str = "") -> None:
        """Note in the ledger that somebody has tried to answer and may not.

        Args:
            reason: Why not, as a sentence, if it is not because of who they are.
        """
        self._note(prompt, "refused", actor, {"via": via} | ({"reason": reason} if reason else {}))

    def visible_to(self, actor: Actor, found: Sequence[Prompt]) -> tuple[list[Prompt], bool]:
        """Those of these prompts that a person may see, and whether that is known of all of them.

        Nobody sees an open prompt whose policy this version cannot read, because it may say who must not.
        """
        return self._those_who(may_see, actor, [each for each in found if not (each.is_open and each.policy_fault)])

    def answerable_by(self, actor: Actor, found: Sequence[Prompt]) -> tuple[list[Prompt], bool]:
        """Those of these prompts that wait for a person, and whether that is known of all of them.

        What they have voted on does not wait for them any more, although they may change their vote.
        """
        waiting = (
            each
            for each in found
            if each.is_open
            and each.held is None
            and not each.policy_fault
            and taken_part(each, actor, self._directory) == ""
        )
        return self._those_who(may_answer, actor, [each for each in waiting if not each.ballot.vote_of(actor.id)])

    def _those_who(
        self, may: Callable[..., bool | Unknowable], actor: Actor, found: Sequence[Prompt]
    ) -> tuple[list[Prompt], bool]:
        places = cards.places(self._db, [prompt.id for prompt in found])
        answers = [(prompt, may(prompt, actor, self._directory, places[prompt.id])) for prompt in found]
        return [prompt for prompt, is_so in answers if is_so is True], not any(
            isinstance(is_so, Unknowable) for _, is_so in answers
        )

    def _note(self, prompt: Prompt, event: str, actor: Actor, detail: Mapping[str, Any]) -> None:
        ledger.note(self._db, prompt.id, event, now=self._now(), actor=actor, detail=detail)

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
            shown: What the person had before them, for the ledger.
        """
        prompt = self.admit(prompt_id, actor, via=via)
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
        vote = Vote(_as_approver(actor, prompt), "submit", values, None, via, self._now(), checked.answer, shown=shown)
        return self._vote(prompt, vote)

    def agree(self, prompt_id: str, actor: Actor, key: str, *, via: str, shown: Shown = NOTHING_SHOWN) -> Reply:
        """Take a person's vote for what somebody else has proposed.

        If the policy wants a word typed, this never counts: the form asks for the word, with these values filled in.

        Args:
            key: Names what was proposed, see `quorum.proposed`. If nobody proposes that any more, it is invalid.
        """
        prompt = self.admit(prompt_id, actor, via=via)
        if not isinstance(prompt, Prompt):
            return prompt
        answer = proposed(prompt, key)
        if answer is None:
            return Invalid(prompt, (FieldError((), "Nobody proposes this any more. Look at the card again."),))
        return self.submit(prompt_id, actor, answer, via=via, complete=True, tentative=True, shown=shown)

    def reject(self, prompt_id: str, actor: Actor, reason: str, *, via: str, shown: Shown = NOTHING_SHOWN) -> Reply:
        """Take a person's no. It needs a reason."""
        prompt = self.admit(prompt_id, actor, via=via)
        if not isinstance(prompt, Prompt):
            return prompt
        said = reason.replace("\0", "").strip()
        if not said:
            return Invalid(prompt, (FieldError(("reason",), "Say why, in a few words."),))
        vote = Vote(_as_approver(actor, prompt), "reject", None, said, via, self._now(), shown=shown)
        return self._vote(prompt, vote)

    def claim(self, prompt_id: str, actor: Actor, *, via: str) -> Assigned | NotAssigned | NotAdmitted:
        """Let a person take a prompt on."""
        prompt = self.admit(prompt_id, actor, via=via)
        return assignment.claim(self._db, prompt, actor, now=self._now()) if isinstance(prompt, Prompt) else prompt

    def release(self, prompt_id: str, actor: Actor, *, via: str) -> Assigned | NotAssigned | NotAdmitted:
        """Let a person give back a prompt that they have taken on."""
        prompt = self.admit(prompt_id, actor, via=via)
        return assignment.release(self._db, prompt, actor, now=self._now()) if isinstance(prompt, Prompt) else prompt

    def hand_over(
        self, prompt_id: str, actor: Actor, wanted: HandOver, *, via: str
    ) -> Assigned | NotAssigned | NotAdmitted:
        """Let a person who may answer a prompt hand it to somebody else."""
        prompt = self.admit(prompt_id, actor, via=via)
        if not isinstance(prompt, Prompt):
            return prompt
        return assignment.hand_over(self._db, self._directory, prompt, actor, wanted, now=self._now())

    def admit_extension(self, prompt_id: str, actor: Actor, *, via: str) -> Prompt | NotAdmitted:
        """The prompt, if this person may give it more time now; otherwise why not."""
        prompt = self._admit(prompt_id, actor, via=via, comments=True)
        if not isinstance(prompt, Prompt):
            return prompt
        places = cards.places(self._db, [prompt.id])[prompt.id]
        match extension.may_extend(prompt, actor, self._directory, places):
            case Unknowable(reason):
                return Unverified(prompt, reason)
            case False:
                self.note_refusal(prompt, actor, via=via, reason=extension.NOT_ALLOWED)
                return Refused(prompt, True, extension.NOT_ALLOWED)
        return prompt

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
        logger.info("%s was commented on by %s, via %s", prompt.label, _name_of(actor), via)
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

    def time_out(self, prompt: Prompt) -> Settled | AlreadySettled:
        """End a prompt whose deadline has passed, as its policy says; unless that has moved since it was read."""
        answer = answer_of(prompt)
        then = "fail" if answer is None else prompt.policy.at_deadline
        settlement = settle.settle(
            self._db,
            prompt.id,
            outcome=Outcome.TIMED_OUT,
            actor=DEADLINE,
            via=DEADLINE.id,
            now=self._now(),
            answer=answer,
            at_deadline_of=prompt,
            then=then,
        )
        if not settlement.won:
            return AlreadySettled(settlement.prompt)
        logger.info("%s timed out%s", prompt.label, _AT_DEADLINE[then])
        return Settled(settlement.prompt)

    def give_up(self, prompt: Prompt, reason: str) -> Settled | AlreadySettled:
        """End a prompt because nobody is left who could answer, unless its policy says otherwise.

        Args:
            reason: Who cannot, and what to do, as sentences.
        """
        settlement = settle.settle(
            self._db,
            prompt.id,
            outcome=Outcome.UNANSWERABLE,
            actor=SIGNOFF,
            via="approvers",
            now=self._now(),
            reason=reason,
        )
        if not settlement.won:
            return AlreadySettled(settlement.prompt)
        logger.error("%s ended, because nobody can answer it. %s", prompt.label, reason)
        return Settled(settlement.prompt)

    def cancel(self, run_id: str, actor: Actor, reason: str, *, via: str = "cli") -> FlowRun:
        """End a run and everything it asks.

        Args:
            via: The way the cancellation came: `cli`, for instance.

        Raises:
            store.errors.NoSuchRun: If there is no such run.
            store.errors.RunFinished: If it is over already.
            NotAllowed: If the policy of one of its prompts forbids acting as somebody else.
        """
        self._check_claim(run_id, actor, "refused_cancelling", via)
        run = runs.cancel(self._db, run_id, actor=actor, reason=reason, now=self._now(), via=via)
        if run.state is RunState.CANCELLED:  # otherwise its engine is asked to
            logger.info("%s | was cancelled by %s (flow %s)", run.name, _name_of(actor), run.flow)
        return run

    def retry(self, run_id: str, actor: Actor) -> FlowRun:
        """Have a run that failed run again from its journal. What was rejected or timed out is asked again.

        Raises:
            store.errors.NoSuchRun: If there is no such run.
            store.errors.RunNotFailed: If it is not over, was completed, or was cancelled.
            NotAllowed: If the policy of one of its prompts forbids acting as somebody else.
        """
        self._check_claim(run_id, actor, "refused_retrying", "cli")
        return retries.retry(self._db, run_id, actor=actor, now=self._now())

    def _check_claim(self, run_id: str, actor: Actor, event: str, via: str) -> None:
        """Raise `NotAllowed` if somebody acts on a run as somebody else although its prompts forbid that."""
        if not actor.is_another_user:
            return
        for prompt in prompts.of_run(self._db, run_id):
            if prompt.policy_fault is None and (rule := prompt.policy.outside_slack) != "claims":
                reason = f"You may only act on this run as yourself: its policy has outside_slack={rule}."
                self.note_refusal_of_run(run_id, actor, event, via=via, reason=reason)
                raise NotAllowed(reason)

    def note_refusal_of_run(self, run_id: str, actor: Actor, event: str, *, via: str, reason: str = "") -> None:
        """Note in the ledgers of a run's prompts that somebody has tried to act on the run and may not.

        Args:
            event: `refused_cancelling` or `refused_retrying`.
            reason: Why not, as a sentence, if it is not because of who they are.
        """
        for prompt in prompts.of_run(self._db, run_id):
            if not prompt.is_superseded:
                self._note(prompt, event, actor, {"via": via} | ({"reason": reason} if reason else {}))

    def _vote(self, prompt: Prompt, vote: Vote) -> Reply:
        if prompt.policy.may_delegate:
            places = cards.places(self._db, [prompt.id])[prompt.id]
            match in_place_of(prompt, vote.actor, self._directory, places):
                case Unknowable(reason):
                    return self._unverified(prompt, vote, reason)
                case principal:
                    vote = replace(vote, instead_of=principal)
        return self._cast(prompt, vote if prompt.stage is None else replace(vote, stage=prompt.stage.name))

    def _cast(self, prompt: Prompt, vote: Vote) -> Reply:
        known = None
        stage, advance = len(prompt.passed), partial(next_stage, prompt) if prompt.stages else None
        while True:
            if prompt.policy.takes_votes:
                named = self._as_voter(prompt, vote)
                if isinstance(named, Unverified):
                    return named
                vote, known = named, {each.actor.id for each in prompt.votes}
            try:
                result = votes.cast(
                    self._db,
                    prompt.id,
                    vote,
                    decide=partial(decide, prompt),
                    known=known,
                    stage=stage,
                    advance=advance,
                    undo=prompt.policy.undo,
                )
            except votes.StageOver:
                reason = f"The stage {vote.stage} is over. Look at the card again."
                self._note(prompt, "refused", vote.actor, {"via": vote.via, "reason": reason})
                return Refused(prompts.get(self._db, prompt.id), True, reason)
            except votes.OtherVoters:
                prompt = prompts.get(self._db, prompt.id)
                continue
            if isinstance(result, votes.Counted):
                _log(vote, result.prompt, "; more votes are needed")
                return Counted(result.prompt, vote)
            if not result.won:
                return AlreadySettled(result.prompt.decided)
            _log(vote, result.prompt, "" if result.prompt.held is None else "; this can still be undone")
            return Settled(result.prompt.decided)

    def _as_voter(self, prompt: Prompt, vote: Vote) -> Vote | Unverified:
        """The vote under the id that this person has voted with before, and with whom they stand for.

        People are the same if they have the same id in Slack. Of those who vote by another name, outside of Slack, it
        has to be known whether they are one of the voters: nobody counts twice.
        """
        own, actor = prompt.ballot.person(vote.actor.id), vote.actor
        for each in prompt.votes:
            other = prompt.ballot.person(each.actor.id)
            if own == other or (is_user_id(own) and is_user_id(other)):
                continue
            match self._directory.is_person(actor, each.actor.id):
                case Unknowable(reason):
                    return self._unverified(
                        prompt, vote, f"{each.actor.name} has voted, and that may be the same person. {reason}"
                    )
                case True:
                    vote = replace(vote, actor=replace(actor, id=each.actor.id))
        match represented_by(prompt, vote.instead_of or actor, self._directory):
            case Unknowable(reason):
                return self._unverified(prompt, vote, reason)
            case entries:
                return replace(vote, counts_for=entries)

    def _unverified(self, prompt: Prompt, vote: Vote, reason: str) -> Unverified:
        self._note(prompt, "unverified", vote.actor, {"via": vote.via, "reason": reason})
        return Unverified(prompt, reason)

    def _refusal_of_requester(self, prompt: Prompt, actor: Actor) -> str:
        """Why somebody may not answer because they have requested the run; empty if it is not because of that."""
        return REQUESTED if assignment.is_excluded(prompt, actor, self._directory) else ""


def log_automatic(prompt: Prompt) -> None:
    """Log what has answered a prompt in place of people as it opened, if anything has."""
    if prompt.settled_by is not None:
        done = _done(prompt, prompt.outcome is Outcome.REJECTED, prompt.answer)
        logger.info("%s was %s by %s", prompt.label, done, prompt.settled_by.name)


def _log(vote: Vote, prompt: Prompt, what_follows: str = "") -> None:
    """Log who answered what, and whether it was a yes or a no. What they filled in is nothing for a log."""
    done = _done(prompt, vote.verdict == "reject", vote.answer)
    who = _name_of(vote.actor) + (f" for {_name_of(vote.instead_of)}" if vote.instead_of is not None else "")
    logger.info("%s was %s by %s, via %s%s", prompt.label, done, who, vote.via, what_follows)


def _done(prompt: Prompt, is_rejection: bool, answer: Mapping[str, Any] | None) -> str:
    """`approved`, `rejected` or, where an answer is neither, `answered`."""
    verdict = None if answer is None else verdict_of(prompt.schema, prompt.initial_values)
    stance = "reject" if is_rejection else verdict and verdict.stance_of(answer or {})
    return {"approve": "approved", "reject": "rejected"}.get(stance or "", "answered")


def _name_of(actor: Actor) -> str:
    """Who somebody is, for the log: the name, and Slack's id or whose claim it is."""
    return f"{actor.name} ({actor.claim or actor.id})"


def _as_approver(actor: Actor, prompt: Prompt) -> Actor:
    """The actor under the id that Slack has for the approver who they claim to be.

    So a flow sees one person, whether they have answered in Slack or on the command line.
    """
    for approver in prompt.approvers if actor.claim else ():
        if is_user_id(approver.id) and goes_by((actor.id, *actor.aliases), approver.name):
            return replace(actor, id=str(approver.id))
    return actor


def _refusal_outside_slack(policy: Policy, actor: Actor) -> str:
    """Why a policy does not let somebody answer whom nobody has checked; empty if it does, or if Slack knows them."""
    if not actor.claim or policy.identities == "claims":
        return ""
    if policy.identities == "never":
        return "This prompt can only be answered in Slack: its policy has outside_slack=never."
    if not actor.is_another_user:
        return ""
    if policy.outside_slack == "own-name":
        return "You may only answer this prompt as yourself: its policy has outside_slack=own-name."
    rule = "several people have to agree" if policy.takes_votes else "the requester may not answer"
    return f"You may only answer this prompt as yourself, because {rule}."
