"""Settling: a prompt ends once. Later attempts are told who ended it and how.

People, the deadline, the flow and the command line may try to settle a prompt at the same moment. Settling is therefore
one compare-and-set: an UPDATE that applies only while the prompt has no outcome. The same transaction makes the run
runnable, so an answer is never recorded without its run continuing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select, update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.outbox import cards, deliveries, notices
from signoff.store.places import Place, PlaceKind
from signoff.store.prompts import drafts
from signoff.store.prompts.prompts import no_such_prompt
from signoff.store.records.actors import SIGNOFF, Actor
from signoff.store.records.approvers import Reviewers
from signoff.store.records.outbox import NoticeKind
from signoff.store.records.prompts import AutomaticAnswer, Delivery, DeliveryState, Outcome, Prompt
from signoff.store.records.runs import EMBEDDED, RunState
from signoff.store.rows import PROMPT_BY_ID, prompt
from signoff.store.run_locks import LOCK_RUN_OF_PROMPT
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import BoundStatement, Statement, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import flow_runs, prompts

_WITH_ID = prompts.c.id == param("prompt_id")
_IS_OPEN = prompts.c.outcome.is_(None)
OPEN_OF_RUN = Statement(select(prompts.c.id).where(prompts.c.run_id == param("run_id"), _IS_OPEN))
# The compare-and-set: of all attempts, one finds the prompt open.
_ENDING = (
    update(prompts)
    .where(_WITH_ID, _IS_OPEN)
    .values(
        outcome=param("outcome"),
        settled_at=param("settled_at"),
        settled_by=param("settled_by"),
        settled_by_name=param("settled_by_name"),
        settled_claim=param("settled_claim"),
        answer=param("answer"),
        reason=param("reason"),
        due_at=None,
        approvers_due_at=None,
        held=None,
        revision=prompts.c.revision + 1,
    )
    .returning(prompts)
)
_END = Statement(_ENDING)
# What a person has decided counts before anything that comes by itself.
_END_UNDECIDED = _ENDING.where(prompts.c.held.is_(None))
_END_BY_ITSELF = Statement(_END_UNDECIDED)
_END_AT_DEADLINE = Statement(_END_UNDECIDED.where(prompts.c.deadline.is_not_distinct_from(param("deadline"))))
_MAKE_RUNNABLE = Statement(
    update(flow_runs)
    .where(
        flow_runs.c.id == param("run_id"),
        or_(flow_runs.c.state == RunState.PAUSED, flow_runs.c.state == RunState.SUSPENDED),
    )
    .values(runnable_at=param("now"))
)


@dataclass(frozen=True, slots=True)
class Settlement:
    """The result of an attempt to settle a prompt.

    Attributes:
        won: Whether this attempt ended the prompt.
        prompt: The prompt, settled by this attempt or by an earlier one.
    """

    won: bool
    prompt: Prompt


@transactional
def settle(
    db: Database,
    prompt_id: str,
    *,
    outcome: Outcome,
    actor: Actor,
    via: str,
    now: datetime,
    answer: Mapping[str, Any] | None = None,
    reason: str | None = None,
    at_deadline_of: Prompt | None = None,
    then: str | None = None,
) -> Settlement:
    """End a prompt without a vote, unless it has ended: its deadline has passed, for instance.

    Its run becomes runnable, or the engine that runs it is due the outcome. What people submit goes through
    `votes.cast`.

    Args:
        via: How the attempt came: `deadline`, for instance.
        answer: The validated values that the flow gets.
        reason: Why.
        at_deadline_of: The prompt as it was read. If its deadline has moved since, it stays open. It also does if a
            person has decided it, and may still undo that.
        then: What followed from a deadline that passed, as the policy calls it.

    Raises:
        NoSuchPrompt: If there is no such prompt.
    """
    with db.write() as tx:
        # The run is locked first and then the prompt. `open_prompt` uses the same order, so they cannot deadlock.
        end = ending(prompt_id, outcome=outcome, actor=actor, now=now, answer=answer, reason=reason)
        if at_deadline_of is None:
            end = _END_BY_ITSELF.bind(**end.values)
        else:
            end = _END_AT_DEADLINE.bind(**end.values, deadline=at_deadline_of.deadline)
        locked, won = tx.execute_many(LOCK_RUN_OF_PROMPT.bind(prompt_id=prompt_id), end)
        if not locked:
            raise no_such_prompt(prompt_id)
        run, ended = locked[0], won[0] if won else None
        current = prompt(tx.row(PROMPT_BY_ID, prompt_id=prompt_id)) if ended is None else None
        if current is not None and current.is_open:
            return Settlement(False, current)
        detail = {"via": via, "answer": answer, "reason": reason, "then": then if ended is not None else None}
        if at_deadline_of is not None and ended is not None and at_deadline_of.stage is not None:
            detail["stage"] = at_deadline_of.stage.name
        event = "too_late" if ended is None else outcome.value
        ledger.add(
            tx,
            prompt_id,
            event,
            now=now,
            actor=actor,
            detail={key: value for key, value in detail.items() if value is not None},
        )
        if current is not None:
            return Settlement(False, current)
        hand_on(tx, run, prompt_id, outcome, now=now)
        settled = settled_prompt(ended, run)
        tell_requester(tx, prompt_id, settled.requester, settled.reviewers, by=actor, now=now)
        return Settlement(True, settled)


def tell_requester(
    tx: Transaction, prompt_id: str, requester: Actor | None, reviewers: Reviewers, *, by: Actor, now: datetime
) -> None:
    """Have the requester of a run hear in direct messages how its prompt has ended, if Slack can know who that is.

    Args:
        reviewers: What Slack has said of the requester, among others.
        by: Who has ended it. They need not hear of it.
    """
    whom = reviewers.requester or (requester.id if requester is not None and requester.is_in_slack else None)
    if whom is None or by.id in {whom, requester and requester.id}:
        return
    notices.add(tx, prompt_id, kind=NoticeKind.OUTCOME, detail={}, now=now, place=Place(PlaceKind.PERSON, whom))


def hand_on(tx: Transaction, run: Any, prompt_id: str, outcome: Outcome, *, now: datetime) -> None:
    """Have a run continue with the outcome of its prompt, within the transaction that settles it.

    Args:
        run: What `LOCK_RUN_OF_PROMPT` has found.
    """
    _clean_up(tx, prompt_id, now)
    tx.touch(Topic.PROMPTS)
    if run.engine != EMBEDDED:
        deliveries.add(tx, prompt_id, engine=run.engine, outcome=outcome, now=now)
        return
    tx.run(_MAKE_RUNNABLE, run_id=run.id, now=now)
    tx.touch(Topic.RUNS)


def settle_at_opening(tx: Transaction, opened: Prompt, automatic: AutomaticAnswer) -> None:
    """End a prompt in the transaction that opens it, so that nobody ever sees it open.

    Its run is locked, and does not wait yet: it is given the settled prompt. Another engine is due the outcome.
    """
    outcome, answer, now = automatic.outcome, automatic.answer, opened.opened_at
    end = ending(opened.id, outcome=outcome, actor=automatic.actor, now=now, answer=answer, reason=automatic.reason)
    tx.execute_many(end)
    repeated = None if automatic.ruling is None else automatic.ruling.repeats
    detail = {
        "via": automatic.actor.id,
        "answer": answer,
        "reason": automatic.reason,
        "stage": None if opened.stage is None or automatic.ruling is not None else opened.stage.name,
        "repeats": None if repeated is None else repeated.prompt_id,
        "approved_by": None if repeated is None else [f"{each.name} ({each.claim or each.id})" for each in repeated.by],
    }
    told = {name: value for name, value in detail.items() if value is not None}
    ledger.add(tx, opened.id, outcome.value, now=now, actor=automatic.actor, detail=told)
    if repeated is not None:
        ledger.add(tx, repeated.prompt_id, "counted_again", now=now, actor=SIGNOFF, detail={"for": opened.id})
    tell_requester(tx, opened.id, opened.requester, opened.reviewers, by=automatic.actor, now=now)
    if opened.engine != EMBEDDED:
        deliveries.add(tx, opened.id, engine=opened.engine, outcome=outcome, now=now)


def settled_prompt(row: Any, run: Any) -> Prompt:
    """The prompt that `ending` has settled.

    Args:
        row: What `ending` has found.
        run: What `LOCK_RUN_OF_PROMPT` has found.
    """
    settled = prompt(row, run=run)
    return settled if run.engine == EMBEDDED else replace(settled, delivery=Delivery(DeliveryState.PENDING))


def cancel_all(
    tx: Transaction,
    still_open: Sequence[Any],
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    via: str | None = None,
    tell_engine: str = EMBEDDED,
) -> None:
    """Cancel the prompts that `OPEN_OF_RUN` has found, within a transaction that has locked their run.

    Args:
        via: How the cancellation came; `None` if Signoff cancels them by itself.
        tell_engine: The engine that the outcomes are delivered to; the embedded one needs no delivery.
    """
    for (prompt_id,) in still_open:
        end = ending(prompt_id, outcome=Outcome.CANCELLED, actor=actor, now=now, answer=None, reason=reason)
        tx.execute_many(end)
        _clean_up(tx, prompt_id, now)
        if actor != SIGNOFF:
            ended = prompt(tx.row(PROMPT_BY_ID, prompt_id=prompt_id))
            tell_requester(tx, prompt_id, ended.requester, ended.reviewers, by=actor, now=now)
        detail = {"reason": reason} | ({} if via is None else {"via": via})
        ledger.add(tx, prompt_id, Outcome.CANCELLED.value, now=now, actor=actor, detail=detail)
        if tell_engine != EMBEDDED:
            deliveries.add(tx, prompt_id, engine=tell_engine, outcome=Outcome.CANCELLED, now=now)
        tx.touch(Topic.PROMPTS)


def ending(
    prompt_id: str,
    *,
    outcome: Outcome,
    actor: Actor,
    now: datetime,
    answer: Mapping[str, Any] | None,
    reason: str | None,
) -> BoundStatement:
    """The compare-and-set with its values. It returns the prompt, unless that had ended before."""
    return _END.bind(
        prompt_id=prompt_id,
        outcome=outcome,
        settled_at=now,
        settled_by=actor.id,
        settled_by_name=actor.name,
        settled_claim=actor.claim or None,
        answer=answer,
        reason=reason,
    )


def _clean_up(tx: Transaction, prompt_id: str, now: datetime) -> None:
    """Delete the drafts of a prompt that has ended, and have its card updated."""
    drafts.discard_all(tx, prompt_id)
    cards.touch(tx, prompt_id, now)
