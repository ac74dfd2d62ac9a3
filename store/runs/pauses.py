"""How a run starts to wait for its prompts, and stops.

Each function that takes a `Database` is one transaction.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select, update

from signoff.store import ledger
from signoff.store.changes import Topic
from signoff.store.database import Database
from signoff.store.leases import require_lease
from signoff.store.outbox import cards, notices
from signoff.store.policy import BrokenPolicy, policy_as_json
from signoff.store.prompts import repeats
from signoff.store.prompts.repeats import CountAgain
from signoff.store.prompts.settle import OPEN_OF_RUN, cancel_all, settle_at_opening
from signoff.store.records.actors import SIGNOFF, Actor
from signoff.store.records.approvers import FoundBy
from signoff.store.records.outbox import NoticeKind
from signoff.store.records.prompts import SUPERSEDED, AutomaticAnswer, Earlier, Outcome, Prompt
from signoff.store.records.runs import RunState, Step
from signoff.store.rows import PROMPT_BY_ID, prompt, ruling_as_json, select_prompts, stages_as_json
from signoff.store.runs import journal
from signoff.store.sql.conflicts import transactional
from signoff.store.sql.statements import Statement, insert_into, param
from signoff.store.sql.transactions import Transaction
from signoff.store.tables import flow_runs, prompts
from signoff.store.tables import ledger as ledger_table

# Reaching a wait is progress, so crashes before it no longer count against the run.
_WAIT = update(flow_runs).where(flow_runs.c.id == param("run_id")).values(state=param("state"), crashes=0)
_WAIT_IN_MEMORY = Statement(_WAIT)
_LEAVE_MEMORY = Statement(_WAIT.values(lease_owner=None))

_OPEN_KEYS = Statement(select(prompts.c.key).where(prompts.c.run_id == param("run_id"), prompts.c.outcome.is_(None)))
PROMPT_BY_KEY = Statement(select_prompts().where(prompts.c.run_id == param("run_id"), prompts.c.key == param("key")))
_OPEN = insert_into(
    prompts,
    "id",
    "run_id",
    "key",
    "title",
    "description",
    "schema",
    "schema_hash",
    "fingerprint",
    "initial_values",
    "policy",
    "model",
    "opened_at",
    "deadline",
    "due_at",
    "approvers_due_at",
    "earlier",
    "ruling",
    "repeat_key",
    "stages",
)


REWORDED = "reworded"
"""The event of a question that was asked again with another time of day in it."""


@transactional
def open_prompt(
    db: Database,
    asked: Prompt,
    *,
    fencing_token: int,
    state: RunState | None,
    held: bool,
    instead_of: Prompt | None = None,
    is_withdrawn: bool = False,
    begun: Sequence[Step] = (),
    found_by: Sequence[FoundBy] = (),
    automatic: AutomaticAnswer | None = None,
    count_again: CountAgain | None = None,
) -> Prompt:
    """Open a prompt and let its run wait. If the run has asked it before, the run waits for it again.

    Args:
        asked: The prompt to open. It is found again by its run and key.
        fencing_token: The token of the claim under which the run is executed.
        state: `Paused` or `Suspended`; `None` for a run that does not wait yet.
        held: Whether the worker keeps the run in memory, and with it its lease.
        instead_of: What the run asked in this place before, in other words. Its answer does not count for `asked`,
            whose card shows both.
        is_withdrawn: Whether `instead_of` is cancelled if it is still open.
        begun: Calls that have begun, and have not ended, to be recorded with it: those that ask it, above all.
        found_by: What functions among its approvers have returned.
        automatic: What answers it at once, if it is opened now; `None` if people are asked.
        count_again: Makes an answer of an approval of the same request; `None` if none may count.

    Returns:
        The prompt as the database has it. If it is already settled, the run does not wait.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    with db.write() as tx:
        known_prompt = PROMPT_BY_KEY.bind(run_id=asked.run_id, key=asked.key)
        found, *_ = require_lease(tx, asked.run_id, fencing_token, known_prompt, *journal.begin(begun))
        known = found[0] if found else None
        if instead_of is not None and (known is None or known.id == instead_of.id):
            asked, known = _replacing(tx, asked, instead_of, is_withdrawn=is_withdrawn), None
        if known is not None and known.outcome is not None:
            return prompt(known)
        if known is None:
            asked = insert_prompt(tx, asked, found_by, automatic or repeats.find(tx, asked, count_again))
            if not asked.is_open:
                tx.touch(Topic.PROMPTS)
                return asked
        if state is not None:
            mark_waiting(tx, asked.run_id, state=state, held=held)
        tx.touch(Topic.PROMPTS)
        return asked if known is None else prompt(known)


def _replacing(tx: Transaction, asked: Prompt, instead_of: Prompt, *, is_withdrawn: bool) -> Prompt:
    """The prompt to open, which says what was asked before, and how that has ended by now."""
    old = prompt(tx.row(PROMPT_BY_ID, prompt_id=instead_of.id))
    asked = replace(asked, earlier=_earlier(old, asked))
    ledger.add(tx, old.id, "asked_again", now=asked.opened_at, actor=SIGNOFF, detail={"as": asked.id})
    is_open = old.is_open
    if old.outcome in (Outcome.SUBMITTED, Outcome.REJECTED):
        notices.add(tx, old.id, kind=NoticeKind.ASKED_AGAIN, detail={}, now=asked.opened_at)
    if is_open and is_withdrawn:
        cancel_all(tx, [(old.id,)], actor=SIGNOFF, reason="It is asked again, in other words.", now=asked.opened_at)
    if old.key == asked.key or (is_open and is_withdrawn):
        supersede(tx, prompts.c.id == old.id, actor=SIGNOFF, now=asked.opened_at)
    return asked


def _earlier(old: Prompt, asked: Prompt) -> Earlier:
    # Whoever is asked now may not be among those who were shown the old question.
    ours, theirs = asked.stored_policy, old.stored_policy
    if isinstance(theirs, BrokenPolicy) or isinstance(ours, BrokenPolicy):
        return Earlier(old.id)
    if (ours.places(), set(ours.named)) != (theirs.places(), set(theirs.named)):
        return Earlier(old.id)
    names = ("title", "description", "schema", "initial_values", "outcome", "answer", "reason", "settled_at")
    return Earlier(old.id, {**{name: getattr(old, name) for name in names}, "settled_by": old.settled_by})


def _earlier_as_json(earlier: Earlier | None) -> dict[str, Any] | None:
    if earlier is None or earlier.question is None:
        return None if earlier is None else {"prompt_id": earlier.prompt_id}
    by, at = earlier.question["settled_by"], earlier.question["settled_at"]
    question = {
        **earlier.question,
        "settled_by": None if by is None else {"id": by.id, "name": by.name, "claim": by.claim},
        "settled_at": None if at is None else at.isoformat(),
    }
    return {"prompt_id": earlier.prompt_id, "question": question}


@transactional
def note_reworded(db: Database, prompt_id: str, asked: Prompt, *, fencing_token: int) -> None:
    """Note that a run now asks a question with another time of day in it. Written once for each prompt.

    The answer is that to the text on the card.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    known = select(ledger_table.c.id).where(ledger_table.c.prompt_id == prompt_id, ledger_table.c.event == REWORDED)
    with db.write() as tx:
        require_lease(tx, asked.run_id, fencing_token)
        if tx.execute(known.limit(1)).first() is None:
            detail = {"title": asked.title, "description": asked.description, "answered": "the text on the card"}
            ledger.add(tx, prompt_id, REWORDED, now=asked.opened_at, actor=SIGNOFF, detail=detail)


def insert_prompt(
    tx: Transaction, asked: Prompt, found_by: Sequence[FoundBy] = (), automatic: AutomaticAnswer | None = None
) -> Prompt:
    """Write a new prompt, the first line of its ledger, and what is due in Slack, within an open transaction.

    Args:
        found_by: What functions among its approvers have returned.
        automatic: What settles it at once.

    Returns:
        The prompt, open or settled.
    """
    if automatic is not None and automatic.ruling is not None:
        asked = replace(asked, ruling=automatic.ruling)
    tx.run(
        _OPEN,
        id=asked.id,
        run_id=asked.run_id,
        key=asked.key,
        title=asked.title,
        description=asked.description,
        schema=asked.schema,
        schema_hash=asked.schema_hash,
        fingerprint=asked.fingerprint,
        initial_values=asked.initial_values,
        policy=policy_as_json(asked.stored_policy),
        model=asked.model,
        opened_at=asked.opened_at,
        deadline=asked.deadline,
        due_at=asked.due_at,
        approvers_due_at=asked.opened_at if _has_names(asked) else None,
        earlier=_earlier_as_json(asked.earlier),
        ruling=ruling_as_json(asked.ruling),
        repeat_key=asked.repeat_key,
        stages=stages_as_json(asked.passed),
    )
    detail = {"run_id": asked.run_id, "key": asked.key}
    if asked.earlier is not None:
        detail["asked_before"] = asked.earlier.prompt_id
    ledger.begin(tx, asked.id, "opened", now=asked.opened_at, detail=detail)
    for each in found_by:
        found = {"function": each.function, "approvers": list(each.approvers)}
        ledger.add(tx, asked.id, "approvers_found_by", now=asked.opened_at, detail=found)
    for passed in asked.passed:
        detail = {"stage": passed.name, "check": passed.check}
        ledger.add(tx, asked.id, "stage_passed", now=passed.at, actor=SIGNOFF, detail=detail)
    if asked.ruling is not None and not asked.ruling.has_answered:
        ledger.add(tx, asked.id, "ruled", now=asked.opened_at, detail=ruling_as_json(asked.ruling))
    cards.add(tx, asked.id, asked.policy.places(), now=asked.opened_at)
    if automatic is None:
        return asked
    settle_at_opening(tx, asked, automatic)
    return prompt(tx.row(PROMPT_BY_ID, prompt_id=asked.id))


def _has_names(asked: Prompt) -> bool:
    """Whether Slack has to be asked whom a prompt means."""
    return bool(asked.approvers_to_come) or (asked.requester is not None and not asked.policy.requester_may_answer)


def supersede(tx: Transaction, which: ColumnElement[bool], *, actor: Actor, now: datetime) -> None:
    """Free the keys of settled prompts, so that their run can ask again, within an open transaction.

    The old prompts stay, under other keys.
    """
    rows = tx.execute(
        update(prompts)
        .where(which, prompts.c.outcome.is_not(None), ~prompts.c.key.contains(SUPERSEDED))
        .values(key=prompts.c.key + SUPERSEDED + prompts.c.id)
        .returning(prompts.c.id)
    )
    for (prompt_id,) in rows.all():
        ledger.add(tx, prompt_id, "superseded", now=now, actor=actor)


def mark_waiting(tx: Transaction, run_id: str, *, state: RunState, held: bool) -> None:
    """Mark a run as waiting, within a transaction that has seen that what it waits for is open.

    Args:
        state: `Paused` or `Suspended`.
        held: Whether the worker keeps the run in memory, and with it its lease.
    """
    tx.run(_WAIT_IN_MEMORY if held else _LEAVE_MEMORY, run_id=run_id, state=state)
    tx.touch(Topic.STATES)


@transactional
def wait_for_any(
    db: Database, run_id: str, prompt_ids: Collection[str], *, fencing_token: int, state: RunState, held: bool
) -> list[Prompt]:
    """Those of a run's prompts that are settled, in the order in which they were. If none is, the run waits.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    # Ordered by the ledger and not by `settled_at`, which is read before the transaction: a replay has to see the
    # order in which the transactions committed.
    settled_in_ledger = select(func.max(ledger_table.c.id)).where(
        ledger_table.c.prompt_id == prompts.c.id, ledger_table.c.event == prompts.c.outcome
    )
    settled = (
        select_prompts()
        .where(prompts.c.id.in_(prompt_ids), prompts.c.outcome.is_not(None))
        .order_by(settled_in_ledger.scalar_subquery())
    )
    with db.write() as tx:
        require_lease(tx, run_id, fencing_token)
        found = [prompt(row) for row in tx.execute(settled)]
        if not found:
            mark_waiting(tx, run_id, state=state, held=held)
        return found


@transactional
def wait_again(db: Database, run_id: str, keys: Collection[str], *, fencing_token: int) -> set[str]:
    """Those of a run's prompts that are still open, by their keys. If there are any, the run waits in memory again.

    Args:
        keys: What the run waits for.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    with db.write() as tx:
        (rows,) = require_lease(tx, run_id, fencing_token, _OPEN_KEYS.bind(run_id=run_id))
        still_open = {row.key for row in rows}.intersection(keys)
        if still_open:
            mark_waiting(tx, run_id, state=RunState.PAUSED, held=True)
        return still_open


@transactional
def abandon_wait(db: Database, run_id: str, prompt_id: str | None, *, fencing_token: int, now: datetime) -> None:
    """Let a run that waits in memory continue without an answer, and cancel the prompt unless it is settled.

    If the run also waits for other prompts, the caller has to let it wait again.

    Args:
        prompt_id: `None` if the flow may still come back to what it asked.

    Raises:
        LeaseLost: If another worker holds the run now.
    """
    with db.write() as tx:
        (still_open,) = require_lease(tx, run_id, fencing_token, OPEN_OF_RUN.bind(run_id=run_id))
        # Another part of the flow may have suspended the run just now. Then nothing runs it until it is answered.
        in_memory = (flow_runs.c.id == run_id) & flow_runs.c.lease_owner.is_not(None)
        tx.execute(update(flow_runs).where(in_memory).values(state=RunState.RUNNING))
        tx.touch(Topic.STATES)
        abandoned = [row for row in still_open if row.id == prompt_id]
        cancel_all(tx, abandoned, actor=SIGNOFF, reason="The flow no longer waits for an answer.", now=now)
