"""What people do to a whole run: they cancel it, or have it run again."""

from datetime import datetime

from signoff.flows.approval.decision_log import log_cancelled
from signoff.flows.errors import NotAllowed
from signoff.store import ledger
from signoff.store.database import Database
from signoff.store.prompts import prompts
from signoff.store.records.actors import Actor
from signoff.store.records.runs import FlowRun, RunState
from signoff.store.runs import retries, runs


def cancel(db: Database, run_id: str, actor: Actor, reason: str, *, via: str, now: datetime) -> FlowRun:
    """End a run and everything it asks.

    Args:
        via: The way the cancellation came: `cli`, for instance.

    Raises:
        store.errors.NoSuchRun: If there is no such run.
        store.errors.RunFinished: If it is over already.
        NotAllowed: If the policy of one of its prompts forbids acting as somebody else.
    """
    _check_claim(db, run_id, actor, "refused_cancelling", via=via, now=now)
    run = runs.cancel(db, run_id, actor=actor, reason=reason, now=now, via=via)
    if run.state is RunState.CANCELLED:  # otherwise its engine is asked to
        log_cancelled(run, actor)
    return run


def retry(db: Database, run_id: str, actor: Actor, *, now: datetime) -> FlowRun:
    """Have a run that failed run again from its journal. What was rejected or timed out is asked again.

    Raises:
        store.errors.NoSuchRun: If there is no such run.
        store.errors.RunNotFailed: If it is not over, was completed, or was cancelled.
        NotAllowed: If the policy of one of its prompts forbids acting as somebody else.
    """
    _check_claim(db, run_id, actor, "refused_retrying", via="cli", now=now)
    return retries.retry(db, run_id, actor=actor, now=now)


def note_refusal(
    db: Database, run_id: str, actor: Actor, event: str, *, via: str, now: datetime, reason: str = ""
) -> None:
    """Note in the ledgers of a run's prompts that somebody has tried to act on the run and may not.

    Args:
        event: `refused_cancelling` or `refused_retrying`.
        reason: Why not, as a sentence, if it is not because of who they are.
    """
    for prompt in prompts.of_run(db, run_id):
        if not prompt.is_superseded:
            detail = {"via": via} | ({"reason": reason} if reason else {})
            ledger.note(db, prompt.id, event, now=now, actor=actor, detail=detail)


def _check_claim(db: Database, run_id: str, actor: Actor, event: str, *, via: str, now: datetime) -> None:
    """Raise `NotAllowed` if somebody acts on a run as somebody else although its prompts forbid that."""
    if not actor.is_another_user:
        return
    for prompt in prompts.of_run(db, run_id):
        if prompt.policy_fault is None and (rule := prompt.policy.outside_slack) != "claims":
            reason = f"You may only act on this run as yourself: its policy has outside_slack={rule}."
            note_refusal(db, run_id, actor, event, via=via, now=now, reason=reason)
            raise NotAllowed(reason)
