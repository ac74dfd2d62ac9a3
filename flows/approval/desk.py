"""The one place where a submission is authorised, validated, counted and settled.

Button, modal, slash command, command line, deadline and cancellation all come this way.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from signoff.flows.approval.approvers import Directory, StatedNames, Unknowable, may_answer
from signoff.flows.approval.quorum import decide
from signoff.flows.approval.validation import FieldError, Valid, validate
from signoff.flows.names import now
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.prompts import prompts, settle, votes
from signoff.store.records.actors import Actor
from signoff.store.records.prompts import Outcome, Prompt, Vote
from signoff.store.records.runs import FlowRun
from signoff.store.redaction import redacted
from signoff.store.runs import retries, runs

CLOCK = Actor("clock", "the clock")


@dataclass(frozen=True, slots=True)
class Settled:
    """It counted: this submission ended the prompt."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class AlreadySettled:
    """Too late: the prompt had ended. It says how, by whom and with what."""

    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Refused:
    """This person may not answer."""

    prompt: Prompt

    @property
    def may(self) -> tuple[str, ...]:
        """Who may, as the policy names them."""
        return self.prompt.policy.approvers


@dataclass(frozen=True, slots=True)
class Unverified:
    """Whether this person may answer cannot be known, so nothing has changed."""

    prompt: Prompt
    reason: str


@dataclass(frozen=True, slots=True)
class Invalid:
    """The values do not fit; nothing has changed."""

    prompt: Prompt
    errors: tuple[FieldError, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """It counts, and more votes are needed before the prompt is settled.

    Attributes:
        votes: The votes so far, the oldest first.
    """

    prompt: Prompt
    votes: tuple[Vote, ...]


Reply = Settled | Counted | AlreadySettled | Refused | Unverified | Invalid


class Desk:
    """Takes submissions for the prompts of one database.

    Every method may raise `store.errors.NoSuchPrompt` and `store.errors.DatabaseUnavailable`.

    Args:
        directory: Knows who people are. Without one, they are known by the names of their `Actor` alone.
    """

    def __init__(
        self, db: Database, directory: Directory | None = None, *, clock: Callable[[], datetime] = now
    ) -> None:
        self._db = db
        self._directory = directory or StatedNames()
        self._now = clock

    def admit(self, prompt_id: str, actor: Actor) -> Prompt | AlreadySettled | Refused | Unverified:
        """The prompt, if this person may answer it now; otherwise why not."""
        prompt = prompts.get(self._db, prompt_id)
        if prompt.is_open and prompt.deadline is not None and prompt.deadline <= self._now():
            prompt = self.time_out(prompt).prompt
        if not prompt.is_open:
            ledger.note(self._db, prompt.id, "too_late", now=self._now(), actor=actor)
            return AlreadySettled(prompt)
        match may_answer(prompt.policy, actor, self._directory):
            case Unknowable(reason):
                ledger.note(self._db, prompt.id, "unverified", now=self._now(), actor=actor, detail={"reason": reason})
                return Unverified(prompt, reason)
            case False:
                ledger.note(self._db, prompt.id, "refused", now=self._now(), actor=actor)
                return Refused(prompt)
        return prompt

    def visible_to(self, actor: Actor, found: Sequence[Prompt]) -> tuple[list[Prompt], bool]:
        """Those of these prompts that a person may see, and whether that is known of all of them."""
        del actor
        return [prompt for prompt in found if prompt.policy_fault is None], True

    def submit(
        self,
        prompt_id: str,
        actor: Actor,
        values: Mapping[str, Any],
        *,
        via: str,
        complete: bool = False,
        tentative: bool = False,
    ) -> Reply:
        """Take a person's values.

        Args:
            via: The way they came: `slack`, `cli`, `flow`.
            complete: Whether they are all there is; otherwise what they leave out is taken from the initial values.
            tentative: Whether what is missing will be asked for next, so that the ledger need not tell.
        """
        prompt = self.admit(prompt_id, actor)
        if not isinstance(prompt, Prompt):
            return prompt
        checked = validate(prompt, values if complete else {**prompt.initial_values, **values})
        if not isinstance(checked, Valid):
            if not tentative:
                detail = {"via": via, "errors": [str(error) for error in checked]}
                ledger.note(self._db, prompt.id, "invalid", now=self._now(), actor=actor, detail=detail)
            return Invalid(prompt, checked)
        vote = Vote(actor, "submit", values, None, via, self._now())
        return self._vote(prompt, vote, checked.answer)

    def reject(self, prompt_id: str, actor: Actor, reason: str, *, via: str) -> Reply:
        """Take a person's no. It needs a reason."""
        prompt = self.admit(prompt_id, actor)
        if not isinstance(prompt, Prompt):
            return prompt
        said = reason.replace("\0", "").strip()
        if not said:
            return Invalid(prompt, (FieldError(("reason",), "Say why, in a few words."),))
        return self._vote(prompt, Vote(actor, "reject", None, said, via, self._now()))

    def time_out(self, prompt: Prompt) -> Settled | AlreadySettled:
        """End a prompt whose deadline has passed, as its policy says."""
        answer = None
        if prompt.policy.at_deadline == "continue":
            checked = validate(prompt, prompt.initial_values)
            answer = checked.answer if isinstance(checked, Valid) else None
        settlement = settle.settle(
            self._db,
            prompt.id,
            outcome=Outcome.TIMED_OUT,
            actor=CLOCK,
            via="clock",
            now=self._now(),
            answer=answer,
        )
        return Settled(settlement.prompt) if settlement.won else AlreadySettled(settlement.prompt)

    def cancel(self, run_id: str, actor: Actor, reason: str) -> FlowRun:
        """End a run and everything it asks.

        Raises:
            store.errors.NoSuchRun: If there is no such run.
            store.errors.RunFinished: If it is over already.
        """
        return runs.cancel(self._db, run_id, actor=actor, reason=redacted(reason), now=self._now())

    def retry(self, run_id: str, actor: Actor) -> FlowRun:
        """Have a run that failed run again from its journal. What was rejected or timed out is asked again.

        Raises:
            store.errors.NoSuchRun: If there is no such run.
            store.errors.RunNotFailed: If it is not over, was completed, or was cancelled.
        """
        return retries.retry(self._db, run_id, actor=actor, now=self._now())

    def _vote(self, prompt: Prompt, vote: Vote, answer: Mapping[str, Any] | None = None) -> Reply:
        result = votes.cast(self._db, prompt.id, vote, decide=decide, answer=answer)
        if isinstance(result, votes.Tally):
            return Counted(result.prompt, result.votes)
        return Settled(result.prompt) if result.won else AlreadySettled(result.prompt)
