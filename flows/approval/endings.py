"""What ends a prompt while nobody acts: its deadline, a decision that takes effect, and that nobody can answer it."""

from datetime import datetime

from signoff.flows.approval.at_deadline import answer_of
from signoff.flows.approval.decision_log import log_timed_out, log_unanswerable, log_vote
from signoff.flows.approval.replies import AlreadySettled, Settled
from signoff.store.database import Database
from signoff.store.prompts import settle, votes
from signoff.store.records.actors import DEADLINE, SIGNOFF
from signoff.store.records.prompts import Outcome, Prompt


def as_of(db: Database, prompt: Prompt, *, now: datetime) -> Prompt:
    """The prompt, settled if a decision was held back and its time is over."""
    is_over = prompt.is_open and prompt.held is not None and prompt.held.until <= now
    return take_effect(db, prompt, now=now).prompt if is_over else prompt


def take_effect(db: Database, prompt: Prompt, *, now: datetime) -> Settled | AlreadySettled:
    """End a prompt with the decision that was held back, once it cannot be undone any more."""
    result = votes.take_effect(db, prompt.id, now=now)
    if not result.won:
        return AlreadySettled(result.prompt)
    if prompt.held is not None:
        log_vote(prompt.held.vote, result.prompt, "; it cannot be undone any more")
    return Settled(result.prompt)


def time_out(db: Database, prompt: Prompt, *, now: datetime) -> Settled | AlreadySettled:
    """End a prompt whose deadline has passed, as its policy says; unless that has moved since it was read."""
    answer = answer_of(prompt)
    then = "fail" if answer is None else prompt.policy.at_deadline
    settlement = settle.settle(
        db,
        prompt.id,
        outcome=Outcome.TIMED_OUT,
        actor=DEADLINE,
        via=DEADLINE.id,
        now=now,
        answer=answer,
        at_deadline_of=prompt,
        then=then,
    )
    if not settlement.won:
        return AlreadySettled(settlement.prompt)
    log_timed_out(prompt, then)
    return Settled(settlement.prompt)


def give_up(db: Database, prompt: Prompt, reason: str, *, now: datetime) -> Settled | AlreadySettled:
    """End a prompt because nobody is left who could answer, unless its policy says otherwise.

    Args:
        reason: Who cannot, and what to do, as sentences.
    """
    settlement = settle.settle(
        db,
        prompt.id,
        outcome=Outcome.UNANSWERABLE,
        actor=SIGNOFF,
        via="approvers",
        now=now,
        reason=reason,
    )
    if not settlement.won:
        return AlreadySettled(settlement.prompt)
    log_unanswerable(prompt, reason)
    return Settled(settlement.prompt)
